/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private_key_jwt (RFC 7523 section 2.2, OpenID Connect Core section 9): the client signs an
 * assertion about itself with a key of which the server has the public half.
 *
 * Its audience is our issuer, as one string (draft-ietf-oauth-rfc7523bis): an assertion made for
 * another server must not be good here. It lives five minutes at most, and is good once. Older
 * libraries name the endpoint that they call and let it live an hour: compat aud-token-url.
 */
#include "assertion_text.h"
#include "method.h"

#define LIFE_S 300
#define LIFE_COMPAT_S 3600
#define TRIES 4 /* keys that are tried when the assertion names none */

static bool detect(const struct jt_auth_input *in)
{
    return in->assertion != NULL && !jt_assertion_is_foreign(in->assertion);
}

static struct jt_slice claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    (void)ctx;
    struct jt_slice said = jt_form_get(in->form, "client_id");
    return said.n > 0 ? said : in->assertion->sub;
}

static bool alg_taken(const struct jt_client *c, enum jt_alg alg)
{
    return alg != JT_ALG_RS256 || (c != NULL && (c->compat & JT_COMPAT_RS256_ASSERTION) != 0);
}

/* What looking for the key came to. */
struct search {
    const struct jt_credential *found;
    size_t nkeys, tries;
    bool undecided; /* no memory */
};

/* One key of the client; true ends the search. */
static bool try_key(const struct jt_auth_context *ctx, const struct jt_assertion *s,
                    const struct jt_credential *k, struct search *q)
{
    struct jt_check check = {0};
    struct jt_slice kid = s->header.kid;
    enum jt_err e = jt_checks_get(ctx->checks, k, s->header.alg, &check);
    if (e == JT_E_NOMEM) {
        q->undecided = true;
        return true;
    }
    if (e != JT_OK || (kid.n > 0 && !jt_slice_eq(kid, check.kid))) {
        return false;
    }
    q->nkeys++;
    switch (jt_jws_verify(&s->parts, check.check)) {
    case JT_SIG_VALID:
        q->found = k;
        return true;
    case JT_SIG_INVALID:
        return ++q->tries == TRIES;
    case JT_SIG_UNDECIDED:
        break;
    }
    q->undecided = true;
    return true;
}

static bool in_use(const struct jt_credential *k, int64_t now_s)
{
    return (k->state == JT_CRED_ACTIVE || k->state == JT_CRED_RETIRING) &&
           (k->expires_s == 0 || now_s < k->expires_s);
}

/* Those in use, or the others; the newest first. True ends the search. */
static bool try_keys(const struct jt_auth_context *ctx, const struct jt_client *c,
                     const struct jt_assertion *s, bool used, struct search *q)
{
    for (size_t i = c->ncredentials; i > 0; i--) {
        const struct jt_credential *k = &c->credentials[i - 1];
        if (k->kind == JT_CRED_JWK && in_use(k, ctx->now_s) == used && try_key(ctx, s, k, q)) {
            return true;
        }
    }
    return false;
}

/* What was replaced is tried last: where the assertion names no key it would use up the tries. As
 * many checks for a client that has no such key, or fewer, or is none, as for any other. */
static struct search find_key(const struct jt_auth_context *ctx, const struct jt_client *c,
                              const struct jt_assertion *s)
{
    struct search q = {0};
    if (c != NULL && !try_keys(ctx, c, s, true, &q)) {
        (void)try_keys(ctx, c, s, false, &q);
    }
    if (q.found != NULL || q.undecided) {
        return q;
    }
    struct jt_sigcheck *decoy = jt_checks_decoy(ctx->checks, s->header.alg);
    for (size_t want = s->header.kid.n > 0 ? 1 : TRIES; decoy != NULL && q.tries < want;
         q.tries++) {
        q.undecided = q.undecided || jt_jws_verify(&s->parts, decoy) == JT_SIG_UNDECIDED;
    }
    return q;
}

/* The endpoints that take assertions and their aliases, behind our issuer: some libraries name the
 * one that they call. */
static bool is_our_url(struct jt_slice issuer, struct jt_slice aud)
{
    static const char *const paths[] = {
        "/token",      "/oauth2/token",         "/oauth/token", "/token-srv/token",
        "/introspect", "/token-srv/introspect", "/revoke",      "/token-srv/revoke",
    };
    if (!jt_slice_starts(aud, issuer)) {
        return false;
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (jt_slice_eq(jt_slice_from(aud, issuer.n), jt_str(paths[i]))) {
            return true;
        }
    }
    return false;
}

static bool audience_ok(const struct jt_auth_context *ctx, const struct jt_client *c,
                        const struct jt_assertion *s)
{
    if (s->aud_is_array) {
        return false;
    }
    return jt_slice_eq(s->aud, ctx->issuer) ||
           ((c->compat & JT_COMPAT_AUD_TOKEN_URL) != 0 && is_our_url(ctx->issuer, s->aud));
}

static enum jt_reason audience_words(const struct jt_auth_context *ctx,
                                     const struct jt_assertion *s, const char **detail)
{
    *detail = s->aud_is_array                   ? "aud is an array"
              : s->aud.n == 0                   ? "aud is absent"
              : is_our_url(ctx->issuer, s->aud) ? "aud is the endpoint, not the issuer"
                                                : "aud is something else than the issuer";
    return JT_R_ASSERTION_AUDIENCE;
}

/* The claims of an assertion whose signature is right. */
static enum jt_reason judge(const struct jt_auth_context *ctx, const struct jt_client *c,
                            const struct jt_assertion *s, const char **detail)
{
    bool old_ways = (c->compat & JT_COMPAT_AUD_TOKEN_URL) != 0;
    const struct jt_assertion_moment at = {ctx->arena, ctx->now_s,
                                           old_ways ? LIFE_COMPAT_S : LIFE_S};
    if (!audience_ok(ctx, c, s)) {
        return audience_words(ctx, s, detail);
    }
    enum jt_reason why = jt_assertion_in_time(s, &at, detail);
    return why != JT_R_NONE ? why : jt_assertion_has_jti(s, detail);
}

static enum jt_auth_verdict wrong(struct jt_auth_result *out, enum jt_reason why,
                                  const char *detail)
{
    out->tried = why != JT_R_INTERNAL;
    return jt_auth_refuse(out, why, detail);
}

/* No key that it has did sign. */
static enum jt_auth_verdict no_key(const struct jt_auth_context *ctx, const struct jt_client *c,
                                   const struct jt_assertion *s, const struct search *q,
                                   struct jt_auth_result *out)
{
    if (q->undecided) {
        return wrong(out, JT_R_INTERNAL, NULL);
    }
    if (c == NULL) {
        return wrong(out, JT_R_CLIENT_UNKNOWN, NULL);
    }
    return q->nkeys > 0
               ? wrong(out, JT_R_ASSERTION_SIGNATURE, NULL)
               : wrong(out, JT_R_ASSERTION_KEY,
                       jt_told_keys(ctx->arena, s->header.kid, jt_alg_name(s->header.alg), c));
}

/* Who is it, and is the signature its own? */
static enum jt_auth_verdict identify(const struct jt_auth_context *ctx, const struct jt_client *c,
                                     const struct jt_assertion *s, struct jt_auth_proof *proof,
                                     struct jt_auth_result *out)
{
    if (!jt_slice_eq(s->iss, s->sub) || !jt_slice_eq(s->sub, out->claimed)) {
        return wrong(out, JT_R_ASSERTION_ISSUER, NULL);
    }
    if (!alg_taken(c, s->header.alg)) {
        return c == NULL ? wrong(out, JT_R_CLIENT_UNKNOWN, NULL)
                         : wrong(out, JT_R_ASSERTION_ALG,
                                 jt_told_alg(ctx->arena, jt_str(jt_alg_name(s->header.alg))));
    }
    const struct search q = find_key(ctx, c, s);
    if (q.found == NULL) {
        return no_key(ctx, c, s, &q, out);
    }
    *proof = (struct jt_auth_proof){.client = c, .credential = q.found};
    out->credential_id = q.found->id;
    return JT_AUTH_PROVEN;
}

static enum jt_auth_verdict verify(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    const struct jt_assertion *s = in->assertion;
    const char *detail = NULL;
    out->claimed = claimed(ctx, in);
    if (s->why != JT_R_NONE) {
        return wrong(out, s->why, s->detail);
    }
    const struct jt_client *c = jt_directory_client(ctx->directory, out->claimed);
    if (identify(ctx, c, s, proof, out) != JT_AUTH_PROVEN) {
        return JT_AUTH_REFUSED;
    }
    enum jt_reason why = judge(ctx, c, s, &detail);
    if (why == JT_R_NONE) {
        why = jt_auth_usable(c, proof->credential, ctx);
    }
    return why == JT_R_NONE ? jt_auth_use_once(ctx, s, out) : jt_auth_refuse(out, why, detail);
}

const struct jt_auth_ops jt_auth_private_key_jwt = {"private_key_jwt", detect, claimed, verify};
