/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_once.c - an assertion that is right in everything is taken once: the last step of proving.
 */
#include "method.h"

/* What ended so long ago may be forgotten: beyond what clocks may differ by, and what a clock may
 * jump before it is distrusted. */
#define FORGET_S 120

enum jt_auth_verdict jt_auth_use_once(const struct jt_auth_context *ctx,
                                      const struct jt_assertion *s, struct jt_auth_result *out)
{
    struct jt_replay_id id = {0};
    int64_t before_s = ctx->clock_trusted ? ctx->now_s - FORGET_S : 0;
    enum jt_err e = jt_replay_name(ctx->crypt, out->claimed, s->iss.n > 0 ? s->iss : s->sub, s->jti,
                                   s->exp, &id);
    if (e == JT_OK) {
        e = jt_replays_claim(ctx->replays, &id, before_s);
    }
    if (e == JT_OK) {
        out->replay = id;
        return JT_AUTH_PROVEN;
    }
    return jt_auth_refuse(out,
                          e == JT_E_CONFLICT ? JT_R_ASSERTION_REPLAYED
                          : e == JT_E_LIMIT  ? JT_R_ASSERTION_ROOM
                                             : JT_R_INTERNAL,
                          NULL);
}
