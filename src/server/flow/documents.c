/* SPDX-License-Identifier: Apache-2.0 */
/*
 * documents.c - what anyone may read: metadata (RFC 8414), the JWKS (RFC 7517), and the
 * authorization endpoint that always refuses.
 */
#include <stdio.h>

#include "../../core/json/jw.h"
#include "flow.h"

#define METADATA_MAX 8192u
#define URL_MAX 1024u

static void url(struct jt_jw *w, const char *name, struct jt_slice issuer, const char *path)
{
    char text[URL_MAX];
    int n = snprintf(text, sizeof text, "%.*s%s", JT_FMT(issuer), path);
    jt_jw_kstr(w, name, jt_slice(text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0));
}

static void list(struct jt_jw *w, const char *name, const char *const *values)
{
    jt_jw_key(w, name);
    jt_jw_arr(w);
    for (; *values != NULL; values++) {
        jt_jw_str(w, jt_str(*values));
    }
    jt_jw_end_arr(w);
}

/* The authentication methods of an endpoint. */
static void methods(struct jt_jw *w, const struct jt_app *app, const char *name, bool bearer)
{
    static const char *const always[] = {"client_secret_basic", "client_secret_post",
                                         "private_key_jwt"};
    static const char *const by_certificate[] = {"tls_client_auth", "self_signed_tls_client_auth"};
    jt_jw_key(w, name);
    jt_jw_arr(w);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        jt_jw_str(w, jt_str(always[i]));
    }
    for (size_t i = 0; app->has_certificates && i < 2; i++) {
        jt_jw_str(w, jt_str(by_certificate[i]));
    }
    if (bearer) {
        jt_jw_str(w, JT_LIT("bearer"));
    }
    jt_jw_end_arr(w);
}

enum jt_err jt_metadata_make(struct jt_app *app)
{
    static const char *const none[] = {NULL};
    static const char *const grants[] = {"client_credentials", NULL};
    /* Those of private_key_jwt; RS256 only where a client's compat says so. */
    static const char *const algs[] = {"ES256", "PS256", "EdDSA", "RS256", NULL};
    bool cidaas = app->profile_cidaas;
    jt_buf_init(&app->metadata, METADATA_MAX);
    struct jt_jw w = jt_jw(&app->metadata);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "issuer", app->issuer);
    url(&w, "token_endpoint", app->issuer, cidaas ? "/token-srv/token" : "/token");
    url(&w, "introspection_endpoint", app->issuer,
        cidaas ? "/token-srv/introspect" : "/introspect");
    url(&w, "revocation_endpoint", app->issuer, cidaas ? "/token-srv/revoke" : "/revoke");
    url(&w, "credential_rotation_endpoint", app->issuer, "/credentials/rotate"); /* our own */
    url(&w, "jwks_uri", app->issuer, "/.well-known/jwks.json");
    url(&w, "authorization_endpoint", app->issuer, "/authorize");
    list(&w, "response_types_supported", none);
    list(&w, "grant_types_supported", grants);
    methods(&w, app, "token_endpoint_auth_methods_supported", false);
    list(&w, "token_endpoint_auth_signing_alg_values_supported", algs);
    methods(&w, app, "introspection_endpoint_auth_methods_supported", true);
    list(&w, "introspection_endpoint_auth_signing_alg_values_supported", algs);
    methods(&w, app, "revocation_endpoint_auth_methods_supported", false);
    list(&w, "revocation_endpoint_auth_signing_alg_values_supported", algs);
    jt_jw_kbool(&w, "tls_client_certificate_bound_access_tokens", /* RFC 8705 section 3.3 */
                app->has_certificates);
    jt_jw_end_obj(&w);
    return jt_buf_ok(&app->metadata) ? JT_OK : JT_E_NOMEM;
}

static const char *max_age(struct jt_flow *f, int64_t s)
{
    char *p = jt_arena_alloc(&f->x->arena, 64);
    if (p == NULL) {
        return "no-cache";
    }
    (void)snprintf(p, 64, "public, max-age=%lld", (long long)s);
    return p;
}

static enum jt_next metadata(struct jt_flow *f)
{
    const struct jt_answer a = {.status = 200,
                                .content_type = "application/json",
                                .body = jt_buf_slice(&f->app->metadata),
                                .cache = max_age(f, f->settings->jwks_max_age_s)};
    return jt_answer(f, &a);
}

static enum jt_next jwks(struct jt_flow *f)
{
    struct jt_keys *k = &f->local->keys;
    if (jt_flow_keys(f) != JT_OK) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    struct jt_answer a = {.status = 200,
                          .content_type = "application/jwk-set+json",
                          .body = jt_buf_slice(&k->jwks),
                          .cache = max_age(f, f->settings->jwks_max_age_s),
                          .etag = jt_str(k->etag)};
    const struct jt_http_field *had = jt_http_field(&f->x->head, JT_LIT("if-none-match"));
    if (had != NULL && jt_slice_eq(had->value, a.etag)) {
        a.status = 304; /* RFC 9110 section 13.1.2 */
        a.content_type = NULL;
        a.body = jt_slice(NULL, 0);
    }
    return jt_answer(f, &a);
}

static enum jt_next authorize(struct jt_flow *f)
{
    static const char body[] = "{\"error\":\"unsupported_response_type\",\"error_description\":"
                               "\"This server has no users: use grant_type=client_credentials.\"}";
    const struct jt_answer a = {.status = 400,
                                .content_type = "application/json",
                                .body = jt_slice(body, sizeof body - 1),
                                .cache = "no-store"};
    return jt_answer(f, &a);
}

const struct jt_step jt_metadata_steps[] = {{"respond", metadata}};
const struct jt_step jt_jwks_steps[] = {{"respond", jwks}};
const struct jt_step jt_authorize_steps[] = {{"respond", authorize}};
