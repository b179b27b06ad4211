/* SPDX-License-Identifier: Apache-2.0 */
/*
 * introspect.c - POST /introspect (RFC 7662).
 *
 * Who may ask: a bearer about its own token; about another, a client that the token's resource
 * names, or one that holds jeton:introspect. To everybody else a token is inactive, byte for byte
 * as an unknown one. A bearer token stands for its client only when it was issued for this server:
 * a token that some API has received must not let that API ask about others.
 */
#include "../../core/json/jw.h"
#include "flow.h"

static enum jt_next parse(struct jt_flow *f)
{
    enum jt_next n = jt_read_params(f);
    if (n != JT_NEXT) {
        return n;
    }
    f->introspection.token = jt_form_get(&f->form, "token");
    if (!jt_match_form(&f->introspection.required, &f->form)) {
        return jt_deny(f, JT_R_BODY_SYNTAX);
    }
    if (jt_flow_keys(f) != JT_OK) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    return JT_NEXT;
}

static const struct jt_resource *builtin(const struct jt_flow *f)
{
    return jt_directory_resource(f->app->directory, f->app->issuer);
}

static enum jt_next by_bearer(struct jt_flow *f)
{
    struct jt_introspection *in = &f->introspection;
    struct jt_inspected own;
    if (jt_form_get(&f->form, "client_secret").n > 0 ||
        jt_form_get(&f->form, "client_assertion").n > 0) {
        return jt_deny(f, JT_R_AUTH_TWO_METHODS);
    }
    switch (jt_inspect(f->local, f->authz.token, &f->x->arena, &own)) {
    case JT_INSPECT_ACTIVE:
        break;
    case JT_INSPECT_INACTIVE:
        return jt_deny(f, JT_R_BEARER_INVALID);
    case JT_INSPECT_UNDECIDED:
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (!jt_inspected_shown_by(&own, f->x->cert)) {
        f->detail = f->x->cert == NULL
                        ? JT_LIT("the token is bound to a certificate; the connection has none")
                        : JT_LIT("the token is bound to another certificate than the connection's");
        return jt_deny(f, JT_R_BEARER_BOUND);
    }
    in->bearer = f->authz.token;
    in->caller = own.claims.client_id;
    in->caller_client = own.client;
    f->auth.claimed = in->caller;
    in->may_bound = own.resource->builtin;
    struct jt_slice rest = own.claims.scope;
    struct jt_slice word = {0};
    while (in->may_bound && jt_slice_next_word(&rest, &word)) {
        in->may_all = in->may_all || jt_slice_eq(word, JT_LIT("jeton:introspect"));
    }
    return JT_NEXT;
}

static enum jt_next by_client(struct jt_flow *f)
{
    struct jt_introspection *in = &f->introspection;
    enum jt_next n = jt_client_authenticate(f);
    if (n != JT_NEXT) {
        return n;
    }
    const struct jt_resource *self = builtin(f);
    in->caller_client = jt_principal_client(f->auth.principal);
    in->caller = in->caller_client->o.name;
    in->may_bound = true;
    in->may_all = self != NULL && jt_may(in->caller_client, self, JT_LIT("jeton:introspect"));
    return JT_NEXT;
}

static enum jt_next authenticate(struct jt_flow *f)
{
    return f->authz.scheme == JT_AUTHZ_BEARER ? by_bearer(f) : by_client(f);
}

static bool bound(const struct jt_resource *r, struct jt_slice client_id)
{
    for (size_t i = 0; i < r->nintrospectors; i++) {
        if (jt_slice_eq(r->introspectors[i], client_id)) {
            return true;
        }
    }
    return false;
}

static bool may_see(const struct jt_introspection *in, const struct jt_inspected *t)
{
    return in->may_all || (in->bearer.n > 0 && jt_slice_eq(in->bearer, in->token)) ||
           (in->may_bound && bound(t->resource, in->caller));
}

static enum jt_next inspect(struct jt_flow *f)
{
    struct jt_introspection *in = &f->introspection;
    if (in->token.n == 0) { /* after authentication: an anonymous caller learns nothing */
        return jt_deny(f, JT_R_TOKEN_MISSING);
    }
    f->inspection = jt_inspect(f->local, in->token, &f->x->arena, &f->inspected);
    if (f->inspection == JT_INSPECT_UNDECIDED) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    bool one_suffices = (in->caller_client->compat & JT_COMPAT_CIDAAS_OR) != 0;
    if (f->inspection == JT_INSPECT_ACTIVE &&
        (!may_see(in, &f->inspected) ||
         !jt_match(&in->required, f->inspected.claims.scope, one_suffices))) {
        f->inspection = JT_INSPECT_INACTIVE;
    }
    return JT_NEXT;
}

static enum jt_next account(struct jt_flow *f)
{
    bool active = f->inspection == JT_INSPECT_ACTIVE;
    jt_count(&f->local->metrics
                  .introspections[active ? JT_INTROSPECT_IS_ACTIVE : JT_INTROSPECT_INACTIVE]);
    struct jt_slice none = {0};
    struct jt_slice client = active ? f->inspected.claims.client_id : none;
    struct jt_slice resource = active ? f->inspected.claims.aud : none;
    if (!f->settings->introspection_each) {
        const struct jt_count_key k = {f->introspection.caller, client, resource, f->x->peer,
                                       active};
        jt_counts_add(&f->local->counts, f->app->writer, &k, f->now_us);
        return JT_NEXT;
    }
    f->job.event = jt_flow_event(f, JT_EV_INTROSPECTED);
    f->job.event.client_id = f->introspection.caller;
    f->job.event.resource = resource;
    f->job.event.jti = active ? f->inspected.claims.jti : none;
    f->job.event.reason = active ? JT_LIT("active") : JT_LIT("inactive");
    f->job.event.detail = client;
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}

static void write_active(struct jt_buf *b, const struct jt_at_claims *c)
{
    struct jt_jw w = jt_jw(b);
    jt_jw_obj(&w);
    jt_jw_kbool(&w, "active", true);
    jt_jw_kstr(&w, "iss", c->iss);
    jt_jw_kstr(&w, "sub", c->sub);
    jt_jw_kstr(&w, "aud", c->aud);
    jt_jw_kstr(&w, "client_id", c->client_id);
    jt_jw_kstr(&w, "scope", c->scope);
    jt_jw_kstr(&w, "token_type", JT_LIT("Bearer"));
    jt_jw_kint(&w, "iat", c->iat);
    jt_jw_kint(&w, "exp", c->exp);
    jt_jw_kstr(&w, "jti", c->jti);
    jt_at_put_cnf(&w, c->cnf);
    jt_jw_end_obj(&w);
}

static enum jt_next respond(struct jt_flow *f)
{
    struct jt_buf *body = &f->local->text;
    jt_buf_reset(body);
    if (f->inspection == JT_INSPECT_ACTIVE) {
        write_active(body, &f->inspected.claims);
    } else {
        jt_buf_puts(body, "{\"active\":false}");
    }
    return jt_answer_json(f, body);
}

const struct jt_step jt_introspect_steps[] = {
    {"parse", parse},     {"authenticate", authenticate}, {"keep", jt_client_keep},
    {"inspect", inspect}, {"account", account},           {"respond", respond},
};
