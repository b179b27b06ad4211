/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_jwk.c - a public key as a credential (private_key_jwt). It is kept as we write keys,
 * with a kid always: its own, or its thumbprint (RFC 7638).
 */
#include "../../core/jose/jwk.h"
#include "admin.h"

#define JWK_MAX 4096u

static const struct jt_json_limits stored_limits = {JWK_MAX, 4, 32};

static const char *fault(const struct jt_jval *v)
{
    if (jt_jval_type(v) != JT_JOBJECT) {
        return "jwk is a public key as a JSON object (RFC 7517)";
    }
    if (jt_jobj_get(v, "keys") != NULL) {
        return "jwk is one key, not a set of keys: take the one out of \"keys\"";
    }
    return jt_jwk_has_private(v)
               ? "this is a private key, and it has left its owner now: make another "
                 "one, and give only its public half"
               : "jwk is a public key for signatures: EC with P-256, OKP with Ed25519, "
                 "or RSA with 2048 to 8192 bits";
}

static bool keep(struct jt_flow *f, const struct jt_jwk *jwk)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    char thumbprint[JT_THUMBPRINT_LEN];
    struct jt_slice kid = jwk->kid;
    jt_buf_init(&b, JWK_MAX);
    struct jt_jw w = jt_jw(&b);
    if (kid.n == 0) {
        if (jt_jwk_thumbprint(f->local->crypt, jwk->key, thumbprint) != JT_OK) {
            return false;
        }
        kid = jt_slice(thumbprint, sizeof thumbprint);
    }
    return jt_jwk_write(&w, jwk->key, jwk->alg, kid) == JT_OK && jt_buf_ok(&b) &&
           jt_arena_copy(&f->x->arena, jt_buf_slice(&b), &jt_admin_of(f)->credential.material);
}

bool jt_credential_read_jwk(struct jt_flow *f, const struct jt_jval *root)
{
    const struct jt_jval *v = jt_jobj_get(root, "jwk");
    struct jt_jwk jwk = {0};
    bool is_key = jt_jval_type(v) == JT_JOBJECT && !jt_jwk_has_private(v);
    enum jt_err e = is_key ? jt_jwk_read(v, &jwk) : JT_E_SYNTAX;
    if (e != JT_OK) {
        return e != JT_E_NOMEM && jt_admin_bad(f, "/jwk", "%s", fault(v));
    }
    bool kept = keep(f, &jwk);
    jt_pkey_free(&jwk.key);
    return kept;
}

/* The numbers of a key, whatever it is called and used for. */
static bool same_key(const struct jt_jval *a, const struct jt_jval *b)
{
    static const char *const names[] = {"kty", "crv", "x", "y", "n", "e"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct jt_slice have = {0};
        struct jt_slice want = {0};
        (void)jt_jval_str(jt_jobj_get(a, names[i]), &have);
        (void)jt_jval_str(jt_jobj_get(b, names[i]), &want);
        if (!jt_slice_eq(have, want)) {
            return false;
        }
    }
    return true;
}

enum jt_err jt_change_has_key(const struct jt_client *c, struct jt_slice jwk, bool *out)
{
    struct jt_json *fresh = NULL;
    *out = false;
    JT_TRY(jt_json_parse(jwk, &stored_limits, &fresh));
    enum jt_err e = JT_OK;
    for (size_t i = 0; e == JT_OK && !*out && i < c->ncredentials; i++) {
        struct jt_json *doc = NULL;
        if (c->credentials[i].kind != JT_CRED_JWK) {
            continue;
        }
        e = jt_json_parse(c->credentials[i].material, &stored_limits, &doc);
        *out = e == JT_OK && same_key(jt_json_root(fresh), jt_json_root(doc));
        jt_json_free(&doc);
    }
    jt_json_free(&fresh);
    return e;
}

enum jt_err jt_change_no_twin(const struct jt_client *c, struct jt_admin *a)
{
    const struct jt_credential *fresh = &a->credential;
    for (size_t i = 0; i < c->ncredentials && fresh->kind != JT_CRED_SECRET; i++) {
        const struct jt_credential *k = &c->credentials[i];
        if (k->kind == fresh->kind && k->tls == fresh->tls &&
            jt_slice_eq(k->material, fresh->material) && jt_slice_eq(k->ca, fresh->ca)) {
            return jt_admin_refuse(a, 409, "exists",
                                   "the client has this %s already, as credential %.*s",
                                   fresh->kind == JT_CRED_JWK ? "key" : "one", JT_FMT(k->id));
        }
    }
    return JT_OK;
}
