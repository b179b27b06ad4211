/* SPDX-License-Identifier: Apache-2.0 */
#include "remove.h"

#include "../core/json/jw.h"
#include "adm.h"
#include "confirm.h"
#include "out.h"

/* Looks at the thing first, so that the question says what goes with it, and what is deleted is
 * what was asked about. */
static enum jt_exit ask(const struct jt_args *args, const struct jt_remove *what,
                        struct jt_slice path, struct jt_adm_reply *now)
{
    enum jt_exit code = jt_adm_get(args, path, now);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    size_t n = jt_jval_count(jt_jobj_get(now->value, what->parts));
    if (n == 0) {
        return jt_confirm(args, "Delete %s %.200s", what->noun, args->operand);
    }
    return jt_confirm(args, "Delete %s %.200s with its %zu %s%s", what->noun, args->operand, n,
                      what->part, n == 1 ? "" : "s");
}

static void print(const struct jt_args *args, const struct jt_remove *what)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 65536);
    if (args->output == JT_OUT_TABLE) {
        jt_buf_printf(&b, "%s ", what->noun);
        jt_buf_puts(&b, args->operand);
        jt_card("deleted", jt_buf_slice(&b));
        return;
    }
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, what->id, jt_str(args->operand));
    jt_jw_kbool(&w, "deleted", true);
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&b));
}

enum jt_exit jt_remove_run(const struct jt_args *args, const struct jt_remove *what)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply now = {0};
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = JT_EXIT_DONE;
    jt_buf_init(&path, 65536);
    jt_adm_path(&path, what->prefix, args->operand);
    if (jt_confirm_asks(args)) {
        code = ask(args, what, jt_buf_slice(&path), &now);
    }
    if (code == JT_EXIT_DONE) {
        struct jt_adm_request request = {
            .method = "DELETE", .path = jt_buf_slice(&path), .if_match = now.etag};
        code = jt_adm_ask(args, &request, &reply);
    }
    if (code == JT_EXIT_DONE) {
        print(args, what);
    }
    return code;
}
