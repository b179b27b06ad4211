/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.c - /admin/v1/why: what a client would get, decided by the very code of the token endpoint,
 * with a principal that is only assumed. Nothing is minted and nothing is recorded.
 */
#include <stdio.h>

#include "admin.h"

#define ANSWER_MAX (64u << 10)

struct question {
    struct jt_slice client_id, address;
    struct jt_want want;
    struct jt_addr from; /* when address is not empty */
};

/* The scopes as a request would send them. NULL, or what is wrong. */
static const char *read_scopes(struct jt_flow *f, const struct jt_jval *list, struct jt_slice *out)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    size_t n = jt_jval_count(list);
    jt_buf_init(&b, JT_HTTP_BODY_MAX);
    if (list == NULL) {
        return NULL;
    }
    if (jt_jval_type(list) != JT_JARRAY) {
        return "scopes is a list of scope names";
    }
    for (size_t i = 0; i < n; i++) {
        struct jt_slice s = {0};
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || s.n == 0 || jt_slice_find(s, ' ') < s.n) {
            return "scopes is a list of scope names, each a string without spaces";
        }
        jt_buf_puts(&b, i > 0 ? " " : "");
        jt_buf_put(&b, s);
    }
    return jt_buf_ok(&b) && jt_arena_copy(&f->x->arena, jt_buf_slice(&b), out) ? NULL : "too large";
}

/* Writes the problem itself when it is false. */
static bool read_question(struct jt_flow *f, const struct jt_jval *root, struct question *q)
{
    static const char *const known[] = {"client_id", "resource", "scopes", "address", NULL};
    if (!jt_admin_known(f, root, "", known)) {
        (void)jt_admin_invalid(f, "member");
        return false;
    }
    const char *member = "client_id";
    const char *why = "client_id is the client that would ask";
    if (jt_admin_text(f, root, member, &q->client_id) && q->client_id.n > 0) {
        member = "resource";
        why = jt_admin_text(f, root, member, &q->want.resource)
                  ? NULL
                  : "resource is an audience, or left out";
    }
    if (why == NULL) {
        member = "scopes";
        why = read_scopes(f, jt_jobj_get(root, member), &q->want.scope);
    }
    if (why == NULL) {
        member = "address";
        bool ok = jt_admin_text(f, root, member, &q->address) &&
                  (q->address.n == 0 || jt_addr_read(q->address, &q->from) == JT_OK);
        why = ok ? NULL : "address is that of the caller, such as 192.0.2.7 or 2001:db8::7";
    }
    if (why != NULL) {
        char pointer[32];
        (void)snprintf(pointer, sizeof pointer, "/%s", member);
        (void)jt_admin_bad(f, pointer, "%s", why);
        (void)jt_admin_invalid(f, member);
    }
    return why == NULL;
}

static enum jt_next refused(struct jt_flow *f, const struct question *q, enum jt_reason r)
{
    const struct jt_reason_row *row = jt_reason_row(r);
    struct jt_buf b;
    jt_buf_init(&b, ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "decision", JT_LIT("refused"));
    jt_jw_kstr(&w, "reason", jt_str(row->name));
    jt_jw_kstr(&w, "explanation", jt_str(row->meaning));
    jt_jw_kstr(&w, "advice", jt_str(row->advice));
    if (q->want.resource.n > 0) {
        jt_jw_kstr(&w, "resource", q->want.resource);
    }
    if (q->want.scope.n > 0) {
        jt_jw_kstr(&w, "scope", q->want.scope);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

/* What the request has to bring beside its proof: a principal that is assumed has no connection. */
static void put_needs(struct jt_jw *w, const struct jt_resource *r)
{
    if (r->bind == JT_BIND_CERTIFICATE) {
        jt_jw_key(w, "needs");
        jt_jw_arr(w);
        jt_jw_str(w, JT_LIT("certificate"));
        jt_jw_end_arr(w);
    }
}

static enum jt_next granted(struct jt_flow *f, const struct jt_auth_result *auth,
                            const struct jt_grant *g)
{
    const struct jt_resource *r = jt_grant_resource(g);
    struct jt_at_claims c;
    struct jt_buf b;
    jt_mint_claims(f->app, f->settings, g, &c);
    JT_AUTO(jt_buf_free) struct jt_buf claims;
    jt_buf_init(&claims, ANSWER_MAX / 2);
    jt_at_payload(&c, &claims);
    if (!jt_buf_ok(&claims)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    jt_buf_init(&b, ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "decision", JT_LIT("granted"));
    jt_jw_kstr(&w, "credential_id", auth->credential_id);
    jt_jw_kstr(&w, "resource", c.aud);
    jt_jw_kstr(&w, "scope", c.scope);
    jt_jw_key(&w, "claims");
    jt_jw_raw(&w, jt_buf_slice(&claims));
    jt_jw_kint(&w, "expires_in", c.exp - c.iat);
    if (r->format == JT_FORMAT_OPAQUE) {
        jt_jw_kstr(&w, "format", JT_LIT("opaque"));
    } else {
        jt_jw_kstr(&w, "alg", jt_str(jt_alg_name(jt_mint_alg(f->local, f->settings, r))));
    }
    put_needs(&w, r);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

/* The token endpoint's steps after parsing, without minting (flow/token.c). */
static enum jt_next decide(struct jt_flow *f, const struct question *q)
{
    const struct jt_auth_context ctx = jt_flow_auth_context(f, q->address.n > 0 ? &q->from : NULL);
    struct jt_auth_result auth;
    const struct jt_grant *g = NULL;
    enum jt_reason why = JT_R_INTERNAL;
    jt_auth_assume(&ctx, q->client_id, &auth);
    if (auth.verdict != JT_AUTH_PROVEN) {
        return refused(f, q, auth.reason);
    }
    if (jt_decide(ctx.directory, auth.principal, &q->want, ctx.arena, &g, &why) !=
        JT_DECISION_GRANTED) {
        return refused(f, q, why);
    }
    const struct jt_resource *r = jt_grant_resource(g);
    if (jt_flow_keys(f) != JT_OK) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (r->format == JT_FORMAT_JWT &&
        jt_keys_active(&f->local->keys, jt_mint_alg(f->local, f->settings, r)) == NULL) {
        return refused(f, q, JT_R_NO_KEY);
    }
    return granted(f, &auth, g);
}

static enum jt_next answer(struct jt_flow *f)
{
    struct question q = {0};
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    bool read = read_question(f, jt_json_root(doc), &q);
    jt_json_free(&doc);
    return read ? decide(f, &q) : JT_DONE;
}

const struct jt_step jt_why_steps[] = {{"allow", jt_admin_allow}, {"answer", answer}};
