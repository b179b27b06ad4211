/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - jeton revoke, the administrator's: all tokens of a client, a credential or a key, or
 * one by its jti. Without any of these it is the client's own (net_revoke.c).
 */
#include "../core/json/jw.h"
#include "adm.h"
#include "confirm.h"
#include "out.h"

static const struct form {
    const char *flag, *member;
    bool asks;
    const char *what; /* is revoked; the name follows */
    const char *more; /* the command that also stops tokens to come; NULL: there are none */
} forms[] = {
    {"jti", "jti", false, "token", NULL},
    {"client", "client_id", true, "all tokens of client", "jeton client disable"},
    {"credential", "credential_id", false, "all tokens got with credential",
     "jeton credential revoke"},
    {"key", "kid", true, "all tokens signed with key", "jeton key revoke"},
};

/* The form that was given; NULL: none. USAGE, said, for several. */
static enum jt_exit find(const struct jt_args *args, const struct form **out)
{
    *out = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (!jt_args_has(args, forms[i].flag)) {
            continue;
        }
        if (*out != NULL) {
            return jt_say_fail(JT_EXIT_USAGE, "--%s and --%s exclude each other", (*out)->flag,
                               forms[i].flag);
        }
        *out = &forms[i];
    }
    return JT_EXIT_DONE;
}

static void print(const struct jt_args *args, const struct form *f, const char *name,
                  const struct jt_adm_reply *reply)
{
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply->body);
        return;
    }
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, 65536);
    jt_buf_printf(&line, "%s ", f->what);
    jt_buf_puts(&line, name);
    jt_card("revoked", jt_buf_slice(&line));
    if (f->more == NULL) {
        return;
    }
    struct jt_slice client = {0};
    bool has_client = strcmp(f->flag, "credential") == 0 &&
                      jt_jval_str(jt_jobj_get(reply->value, "client_id"), &client);
    jt_say_hint("tokens issued from now on are good; to stop those too: %s%s%.*s %s", f->more,
                has_client ? " " : "", JT_FMT(client), name);
}

static enum jt_exit revoke(const struct jt_args *args, const struct form *f)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    const char *name = jt_args_get(args, f->flag);
    jt_buf_init(&body, 65536);
    enum jt_exit code =
        f->asks ? jt_confirm(args, "Revoke %s %.200s", f->what, name) : JT_EXIT_DONE;
    if (code != JT_EXIT_DONE) {
        return code;
    }
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, f->member, jt_str(name));
    jt_jw_end_obj(&w);
    code = jt_adm_post(args, JT_LIT("/admin/v1/revocations"), jt_buf_slice(&body), &reply);
    if (code == JT_EXIT_DONE) {
        print(args, f, name, &reply);
    }
    return code;
}

enum jt_exit jt_cmd_revoke(const struct jt_args *args)
{
    const struct form *form = NULL;
    enum jt_exit code = find(args, &form);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (form != NULL && args->operand != NULL) {
        return jt_say_fail(JT_EXIT_USAGE, "TOKEN and --%s exclude each other", form->flag);
    }
    if (form == NULL && args->operand == NULL) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "say what to revoke: TOKEN, --jti, --client, --credential or "
                           "--key; to read a token from standard input: jeton revoke -");
    }
    return form != NULL ? revoke(args, form) : jt_net_revoke(args);
}
