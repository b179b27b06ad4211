/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_revoke.c - jeton revoke TOKEN: a client ends a token of its own, at any issuer (RFC 7009).
 */
#include "asker.h"

enum jt_exit jt_net_revoke(const struct jt_args *args)
{
    JT_AUTO(jt_asker_free) struct jt_asker a;
    struct jt_oauth_error err = {0};
    jt_asker_init(&a, args);
    enum jt_exit code = jt_asker_token(&a);
    if (code == JT_EXIT_DONE) {
        code = jt_asker_caller(&a);
    }
    if (code == JT_EXIT_DONE) {
        code = jt_asker_connect(&a);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_oauth_revoke(&a.session, jt_buf_slice(&a.token), &err) != JT_OAUTH_OK) {
        return jt_asker_say(&a, &err);
    }
    /* RFC 7009 section 2.2: the answer is the same for a token that is unknown or another's. */
    jt_say_hint("if the token was one of client %.*s's, it is no longer active",
                JT_FMT(a.session.caller.id));
    return JT_EXIT_DONE;
}
