/* SPDX-License-Identifier: Apache-2.0 */
#include "patch.h"

#define TRIES 4
#define BODY_MAX ((size_t)512 * 1024)

/* One round: GET, edit, PATCH. *again when somebody else changed it in between. */
static enum jt_exit round_trip(const struct jt_args *args, const struct jt_patch *p, bool *again)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply now = {0};
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&body, BODY_MAX);
    bool may_retry = *again;
    *again = false;
    enum jt_exit code = jt_adm_get(args, p->path, &now);
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    if (code == JT_EXIT_DONE) {
        code = p->edit(args, now.value, p->ctx, &w);
    }
    jt_jw_end_obj(&w);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_slice_eq(jt_buf_slice(&body), JT_LIT("{}"))) {
        p->print(args, &now);
        return JT_EXIT_DONE;
    }
    struct jt_adm_request patch = {.method = "PATCH",
                                   .path = p->path,
                                   .content_type = "application/merge-patch+json",
                                   .body = jt_buf_slice(&body),
                                   .if_match = now.etag};
    code = jt_adm_call(args, &patch, &reply);
    if (code == JT_EXIT_DONE && reply.status == 412 && may_retry) {
        *again = true;
        return JT_EXIT_CONFLICT;
    }
    code = code == JT_EXIT_DONE ? jt_adm_judge(args, &reply) : code;
    if (code == JT_EXIT_DONE) {
        p->print(args, &reply);
    }
    return code;
}

enum jt_exit jt_patch_run(const struct jt_args *args, const struct jt_patch *patch)
{
    enum jt_exit code = JT_EXIT_CONFLICT;
    bool again = true;
    for (int i = 1; i <= TRIES && again; i++) {
        again = i < TRIES;
        code = round_trip(args, patch, &again);
    }
    return code;
}
