/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - what token and introspection requests begin with: parameters from the body only, once
 * each, what a token request asks for, and who asks.
 */
#include "flow.h"
#include "hashing.h"

struct jt_token_req {
    struct jt_slice scope, resource;
};

struct jt_slice jt_token_req_scope(const struct jt_token_req *r)
{
    return r->scope;
}

struct jt_slice jt_token_req_resource(const struct jt_token_req *r)
{
    return r->resource;
}

static enum jt_reason reason_of(enum jt_form_fault fault)
{
    switch (fault) {
    case JT_FORM_OK:
        return JT_R_NONE;
    case JT_FORM_ENCODING:
        return JT_R_BODY_ENCODING;
    case JT_FORM_REPEATED:
        return JT_R_PARAMETER_REPEATED;
    case JT_FORM_TOO_MANY:
        return JT_R_PARAMETER_COUNT;
    case JT_FORM_SYNTAX:
        return JT_R_BODY_SYNTAX;
    case JT_FORM_NOMEM:
        break;
    }
    return JT_R_INTERNAL;
}

/* RFC 8707 section 2 allows several; one token is for one resource here. */
static bool names_resource(struct jt_slice name)
{
    return jt_slice_eq(name, JT_LIT("resource")) || jt_slice_eq(name, JT_LIT("audience"));
}

enum jt_next jt_read_params(struct jt_flow *f)
{
    struct jt_exchange *x = f->x;
    if (x->head.has_query) {
        return jt_deny(f, JT_R_QUERY);
    }
    enum jt_content_type t = jt_content_type(x->head.content_type);
    enum jt_form_fault fault;
    if (t == JT_CONTENT_FORM || (t == JT_CONTENT_NONE && x->body.n == 0)) {
        fault = jt_form_read(x->body, &x->arena, &f->form);
    } else if (t == JT_CONTENT_JSON && f->endpoint->json) {
        struct jt_match_reading reading = {&f->introspection.required, &x->arena};
        const struct jt_form_more more = {jt_match_take, &reading};
        fault = jt_form_read_json(x->body, &x->arena, f->endpoint->lists ? &more : NULL, &f->form);
    } else {
        return jt_deny(f, JT_R_CONTENT_TYPE);
    }
    if (fault == JT_FORM_REPEATED && names_resource(f->form.repeated)) {
        return jt_deny(f, JT_R_RESOURCE_TWO);
    }
    if (fault != JT_FORM_OK) {
        return jt_deny(f, reason_of(fault));
    }
    jt_authz_read(x->head.authorization, &x->arena, &f->authz);
    f->auth.claimed = jt_form_get(&f->form, "client_id");
    return JT_NEXT;
}

enum jt_next jt_token_req_read(struct jt_flow *f)
{
    struct jt_slice grant_type = jt_form_get(&f->form, "grant_type");
    if (grant_type.n == 0) {
        return jt_deny(f, JT_R_GRANT_TYPE_MISSING);
    }
    if (!jt_slice_eq(grant_type, JT_LIT("client_credentials"))) {
        return jt_deny(f, JT_R_GRANT_TYPE);
    }
    struct jt_token_req *r = jt_arena_alloc(&f->x->arena, sizeof *r);
    if (r == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    r->scope = jt_form_get(&f->form, "scope");
    r->resource = jt_form_get(&f->form, "resource");
    struct jt_slice audience = jt_form_get(&f->form, "audience");
    f->request = r;
    if (r->resource.n > 0 && audience.n > 0 && !jt_slice_eq(r->resource, audience)) {
        return jt_deny(f, JT_R_RESOURCE_TWO);
    }
    if (r->resource.n == 0) {
        r->resource = audience;
    }
    return JT_NEXT;
}

/* Too many wrong proofs lately, for this client from this address or from its network? */
static bool throttled(struct jt_flow *f, struct jt_slice client_id)
{
    bool by_prefix = false;
    if (client_id.n == 0) {
        return false;
    }
    f->wait_s = jt_throttle_wait(f->app->throttle, client_id, &f->x->peer, f->begun_us, &by_prefix);
    if (f->wait_s == 0) {
        return false;
    }
    jt_count(by_prefix ? &f->local->metrics.limited_prefix : &f->local->metrics.limited_client);
    return true;
}

struct jt_auth_context jt_flow_auth_context(const struct jt_flow *f, const struct jt_addr *peer)
{
    return (struct jt_auth_context){
        .directory = f->app->directory,
        .keyring = f->app->keyring,
        .crypt = f->local->crypt,
        .checks = f->local->checks,
        .replays = f->app->replays,
        .issuers = f->app->issuers,
        .arena = &f->x->arena,
        .issuer = f->app->issuer,
        .now_s = f->now_us / 1000000,
        .clock_trusted = jt_writer_clock_trusted(f->app->writer),
        .peer = peer,
        .environment = f->app->environment,
        .rotating = f->rotating,
    };
}

/* Evidence of use: for "who still uses it?". */
static void note_use(struct jt_flow *f, int64_t now_s)
{
    struct jt_usage_from from = {&f->x->peer, f->x->head.user_agent};
    jt_event_hide(&from.agent);
    jt_usage_add(&f->local->used, f->app->usage, jt_principal_credential(f->auth.principal)->number,
                 now_s, &from);
}

/* The use of an assertion goes to the disk with the next job of this request. */
static bool remember(struct jt_flow *f)
{
    const struct jt_replay_id *id = &f->auth.replay;
    struct jt_replay *r = id->used ? jt_arena_alloc(&f->x->arena, sizeof *r) : NULL;
    if (r != NULL) {
        *r = (struct jt_replay){
            .o = {.kind = JT_OBJ_REPLAY, .name = jt_slice(id->id, sizeof id->id)},
            .expires_s = id->expires_s,
        };
    }
    f->job.replay = r;
    return r != NULL || !id->used;
}

static enum jt_next proven(struct jt_flow *f, int64_t now_s)
{
    note_use(f, now_s);
    jt_hashing_upgrade(f);
    return remember(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next refused(struct jt_flow *f)
{
    jt_count(&f->local->metrics.auth_failures[f->auth.reason]);
    if (f->auth.reason == JT_R_CLIENT_NETWORK || f->auth.reason == JT_R_CREDENTIAL_NETWORK) {
        jt_count(&f->local->metrics.network_denied);
    }
    if (f->auth.tried) {
        jt_throttle_fail(f->app->throttle, f->auth.claimed, &f->x->peer, f->begun_us);
    }
    if (f->auth.detail != NULL) {
        f->detail = jt_str(f->auth.detail);
    }
    return jt_deny(f, f->auth.reason);
}

enum jt_next jt_client_authenticate(struct jt_flow *f)
{
    const struct jt_auth_context ctx = jt_flow_auth_context(f, &f->x->peer);
    if (!f->proof_read) {
        f->proof_read = true;
        if (!jt_auth_input_read(&f->x->arena, &f->authz, &f->form, f->x->cert, &f->proof)) {
            return jt_fail(f, JT_R_INTERNAL);
        }
        struct jt_slice said = jt_auth_claimed(&ctx, &f->proof);
        if (throttled(f, said)) {
            f->auth.claimed = said;
            return jt_deny(f, JT_R_THROTTLED);
        }
    }
    jt_authenticate(&ctx, &f->proof, &f->auth);
    if (f->x->arena.starved) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    switch (f->auth.verdict) {
    case JT_AUTH_PROVEN:
        return proven(f, ctx.now_s);
    case JT_AUTH_LATER:
        return jt_errand_run(f, f->auth.errand);
    case JT_AUTH_REFUSED:
    case JT_AUTH_UNDECIDED:
        break;
    }
    return refused(f);
}

enum jt_next jt_client_keep(struct jt_flow *f)
{
    if (f->job.replay == NULL) {
        return JT_NEXT;
    }
    f->job.event = (struct jt_event){.type = JT_EV_NONE};
    f->job.change = NULL;
    return jt_flow_submit(f);
}
