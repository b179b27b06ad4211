/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - jeton backup: the server writes the file, this says where.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "../core/json/jw.h"
#include "adm.h"
#include "out.h"
#include "remote.h"

/* The server has another working directory. */
static enum jt_exit absolute(const char *file, char out[static PATH_MAX])
{
    char here[PATH_MAX];
    if (file[0] != '/' && getcwd(here, sizeof here) == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "cannot find out the working directory: %s",
                           strerrordesc_np(errno));
    }
    int n = file[0] == '/' ? snprintf(out, PATH_MAX, "%s", file)
                           : snprintf(out, PATH_MAX, "%s/%s", here, file);
    return n > 0 && n < PATH_MAX ? JT_EXIT_DONE
                                 : jt_say_fail(JT_EXIT_USAGE, "the path of the file is too long");
}

static void print(const struct jt_adm_reply *reply)
{
    jt_card_member("file", reply->value, "file");
    jt_card_member("bytes", reply->value, "bytes");
    jt_card_member("audit events", reply->value, "audit_events");
    jt_say_hint("master.key is not in it: keep a copy of that in another place");
}

enum jt_exit jt_cmd_backup(const struct jt_args *args)
{
    char file[PATH_MAX];
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&body, 8 * (size_t)PATH_MAX);
    if (jt_remote_is(args)) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "a backup is a file on the server's machine, with every key in it: run "
                           "jeton backup there");
    }
    enum jt_exit code = absolute(args->operand, file);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "file", jt_str(file));
    jt_jw_end_obj(&w);
    const struct jt_adm_request request = {.method = "POST",
                                           .path = JT_LIT("/admin/v1/backup"),
                                           .content_type = "application/json",
                                           .body = jt_buf_slice(&body)};
    code = jt_adm_ask(args, &request, &reply);
    if (code == JT_EXIT_DONE && args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply.body);
    } else if (code == JT_EXIT_DONE) {
        print(&reply);
    }
    return code;
}
