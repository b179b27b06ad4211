/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - POST /token: the client credentials grant (RFC 6749 section 4.4).
 */
#include "../../core/json/jw.h"
#include "flow.h"

static enum jt_next parse(struct jt_flow *f)
{
    enum jt_next n = jt_read_params(f);
    return n == JT_NEXT ? jt_token_req_read(f) : n;
}

static enum jt_next authenticate(struct jt_flow *f)
{
    /* Drawn before the client is looked up: a revocation after this moment has a higher number. */
    f->sequence = atomic_fetch_add(f->app->issue_sequence, 1);
    return jt_client_authenticate(f);
}

static enum jt_next authorize(struct jt_flow *f)
{
    const struct jt_want want = {jt_token_req_scope(f->request), jt_token_req_resource(f->request)};
    enum jt_reason why = JT_R_INTERNAL;
    enum jt_decision d =
        jt_decide(f->app->directory, f->auth.principal, &want, &f->x->arena, &f->grant, &why);
    return d == JT_DECISION_GRANTED ? jt_flow_later(f) : jt_deny(f, why);
}

static enum jt_next mint(struct jt_flow *f)
{
    if (jt_flow_keys(f) != JT_OK) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    enum jt_err e = jt_mint(f->local, f->settings, f->grant, f->sequence, &f->x->arena, &f->token);
    if (e == JT_E_NOTFOUND) {
        return jt_deny(f, JT_R_NO_KEY);
    }
    if (e == JT_E_LIMIT) {
        return jt_deny(f, JT_R_TOKEN_SIZE);
    }
    return e == JT_OK ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next audit(struct jt_flow *f)
{
    f->job.event = jt_flow_event(f, JT_EV_TOKEN_ISSUED);
    f->job.event.resource = jt_grant_resource(f->grant)->o.name;
    f->job.event.scope = jt_token_scope(f->token);
    f->job.event.jti = jt_token_jti(f->token);
    f->job.opaque = jt_token_opaque(f->token);
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}

#define WARN_S (14 * INT64_C(86400))

/* An extension (RFC 6749 section 5.1): how long the client can still prove itself this way. */
static void warn(struct jt_jw *w, const struct jt_flow *f)
{
    int64_t ends_s = jt_credential_ends(jt_principal_client(f->auth.principal),
                                        jt_principal_credential(f->auth.principal));
    int64_t left_s = ends_s - f->now_us / 1000000;
    if (ends_s != 0 && left_s <= WARN_S) {
        jt_jw_kint(w, "credential_expires_in", left_s > 0 ? left_s : 0);
    }
}

/* A token leaves only against the receipt of its event. */
static enum jt_next respond_token(struct jt_flow *f, const struct jt_token *t,
                                  struct jt_receipt receipt)
{
    JT_ASSERT(receipt.on_disk || receipt.unaudited);
    struct jt_buf *body = &f->local->text;
    jt_buf_reset(body);
    struct jt_jw w = jt_jw(body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "access_token", jt_token_value(t));
    jt_jw_kstr(&w, "token_type", JT_LIT("Bearer"));
    jt_jw_kint(&w, "expires_in", jt_token_lifetime_s(t));
    jt_jw_kstr(&w, "scope", jt_token_scope(t));
    warn(&w, f);
    jt_jw_end_obj(&w);
    return jt_answer_json(f, body);
}

static enum jt_next respond(struct jt_flow *f)
{
    struct jt_metrics *m = &f->local->metrics;
    jt_count(&m->token[jt_metric_method(f->auth.method)][JT_R_NONE]);
    jt_histogram_add(&m->token_requests, jt_mono_us(f->app->clock) - f->begun_us);
    return respond_token(f, f->token, f->job.receipt);
}

const struct jt_step jt_token_steps[] = {
    {"parse", parse},     {"authenticate", authenticate}, {"authorize", authorize}, {"mint", mint},
    {"audit", audit}, /* parks until the group commit */
    {"respond", respond},
};
