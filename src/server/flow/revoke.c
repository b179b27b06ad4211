/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - POST /revoke (RFC 7009): a client ends a token of its own.
 *
 * The answer is the same, 200 and empty, for a token that is unknown, over, revoked already or
 * another client's: it tells nothing about tokens that are not the caller's. When a token was
 * ended, that is on disk and seen by every worker before the answer leaves.
 */
#include "../../core/base/num.h"
#include "flow.h"

static enum jt_next parse(struct jt_flow *f)
{
    enum jt_next n = jt_read_params(f);
    return n == JT_NEXT && jt_flow_keys(f) != JT_OK ? jt_fail(f, JT_R_INTERNAL) : n;
}

static enum jt_next authenticate(struct jt_flow *f)
{
    return jt_client_authenticate(f);
}

static enum jt_next inspect(struct jt_flow *f)
{
    struct jt_slice token = jt_form_get(&f->form, "token");
    if (token.n == 0) { /* after authentication: an anonymous caller learns nothing */
        return jt_deny(f, JT_R_TOKEN_MISSING);
    }
    f->inspection = jt_inspect_origin(f->local, token, &f->x->arena, &f->inspected);
    return f->inspection == JT_INSPECT_UNDECIDED ? jt_fail(f, JT_R_INTERNAL) : JT_NEXT;
}

static enum jt_err put_revocation(struct jt_change *chg, void *ctx)
{
    struct jt_flow *f = ctx;
    uint8_t name[8];
    jt_put_be64(name, f->inspected.id.sequence);
    const struct jt_revocation r = {
        .o = {.kind = JT_OBJ_REVOCATION, .name = jt_slice(name, sizeof name)},
        .expires_s = f->inspected.claims.exp,
    };
    return jt_change_put_copy(chg, &r.o);
}

static enum jt_next record(struct jt_flow *f)
{
    const struct jt_at_claims *c = &f->inspected.claims;
    bool whole = f->inspection == JT_INSPECT_ACTIVE;
    bool own = whole && jt_slice_eq(c->client_id, jt_principal_client(f->auth.principal)->o.name);
    bool again = own && jt_directory_revoked(f->app->directory, f->inspected.id.sequence);
    bool ends = own && !again;
    f->job.event = jt_flow_event(f, ends ? JT_EV_TOKEN_REVOKED : JT_EV_REVOCATION_IGNORED);
    if (whole) {
        f->job.event.resource = c->aud;
        f->job.event.jti = c->jti;
    }
    if (!ends) {
        f->job.event.reason = again   ? JT_LIT("revoked_already")
                              : whole ? JT_LIT("not_own")
                                      : JT_LIT("unknown_or_over");
    }
    f->job.change = ends ? put_revocation : NULL;
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}

static enum jt_next respond(struct jt_flow *f)
{
    if (f->job.result != JT_OK) { /* the change could not be made: never say that it was */
        return jt_fail(f, JT_R_BUSY);
    }
    if (f->job.change != NULL) {
        jt_count(&f->local->metrics.revocations);
    }
    const struct jt_answer a = {.status = 200, .cache = "no-store"};
    return jt_answer(f, &a);
}

const struct jt_step jt_revoke_steps[] = {
    {"parse", parse},         {"authenticate", authenticate},
    {"keep", jt_client_keep}, {"inspect", inspect},
    {"record", record},       {"respond", respond},
};
