/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include "../base/b64.h"

#define NUMBER_MAX 1024

/* base64url of a public number as a member. */
static void put_number(struct jt_jw *w, const char *name, const uint8_t *p, size_t n)
{
    char text[JT_B64URL_LEN(NUMBER_MAX)];
    size_t k = jt_b64url_encode(jt_slice(p, n), text);
    jt_jw_kstr(w, name, jt_slice(text, k));
}

/* How a kind of key is written: RFC 7518 section 6, RFC 8037 section 2. */
static const struct form {
    enum jt_key_kind kind;
    const char *kty, *crv; /* crv NULL: none */
    const char *a, *b;     /* names of the public numbers; b NULL: one only */
} forms[] = {
    {JT_KEY_RSA, "RSA", NULL, "n", "e"},
    {JT_KEY_P256, "EC", "P-256", "x", "y"},
    {JT_KEY_ED25519, "OKP", "Ed25519", "x", NULL},
};

static const struct form *form_of(enum jt_key_kind kind)
{
    const struct form *f = &forms[0];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        f = forms[i].kind == kind ? &forms[i] : f;
    }
    return f;
}

enum jt_err jt_jwk_write(struct jt_jw *w, const struct jt_pkey *k, enum jt_alg alg,
                         struct jt_slice kid)
{
    struct jt_pubparams p;
    if (alg != JT_ALG_NONE && jt_alg_kind(alg) != jt_pkey_kind(k)) {
        return JT_E_UNSUPPORTED;
    }
    JT_TRY(jt_pkey_params(k, &p));
    const struct form *form = form_of(p.kind);
    jt_jw_obj(w);
    jt_jw_kstr(w, "kty", jt_str(form->kty));
    jt_jw_kstr(w, "kid", kid);
    jt_jw_kstr(w, "use", JT_LIT("sig"));
    if (alg != JT_ALG_NONE) {
        jt_jw_kstr(w, "alg", jt_str(jt_alg_name(alg)));
    }
    if (form->crv != NULL) {
        jt_jw_kstr(w, "crv", jt_str(form->crv));
    }
    put_number(w, form->a, p.a, p.a_n);
    if (form->b != NULL) {
        put_number(w, form->b, p.b, p.b_n);
    }
    jt_jw_end_obj(w);
    return JT_OK;
}

enum jt_err jt_jwk_thumbprint(struct jt_crypt *c, const struct jt_pkey *k,
                              char out[static JT_THUMBPRINT_LEN])
{
    struct jt_pubparams p;
    uint8_t hash[JT_SHA256_SIZE];
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 8192);
    JT_TRY(jt_pkey_params(k, &p));
    /* the required members in lexicographic order (RFC 7638 section 3.2) */
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    if (p.kind == JT_KEY_RSA) {
        put_number(&w, "e", p.b, p.b_n);
        jt_jw_kstr(&w, "kty", JT_LIT("RSA"));
        put_number(&w, "n", p.a, p.a_n);
    } else {
        const struct form *form = form_of(p.kind);
        jt_jw_kstr(&w, "crv", jt_str(form->crv));
        jt_jw_kstr(&w, "kty", jt_str(form->kty));
        put_number(&w, form->a, p.a, p.a_n);
        if (form->b != NULL) {
            put_number(&w, form->b, p.b, p.b_n);
        }
    }
    jt_jw_end_obj(&w);
    if (!jt_buf_ok(&b)) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_sha256(c, jt_buf_slice(&b), hash));
    return jt_b64url_encode(jt_slice(hash, sizeof hash), out) == JT_THUMBPRINT_LEN ? JT_OK
                                                                                   : JT_E_CRYPTO;
}

/* A string member; false when it is there and no string. */
static bool text(const struct jt_jval *v, const char *name, struct jt_slice *out)
{
    const struct jt_jval *m = jt_jobj_get(v, name);
    return m == NULL || jt_jval_str(m, out);
}

static enum jt_err number(const struct jt_jval *v, const char *name, uint8_t *out, size_t *n)
{
    struct jt_slice s = {0};
    if (!jt_jval_str(jt_jobj_get(v, name), &s) || s.n == 0 || s.n > JT_B64URL_LEN(NUMBER_MAX)) {
        return JT_E_SYNTAX;
    }
    return jt_b64url_decode(s, out, n);
}

bool jt_jwk_has_private(const struct jt_jval *v)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_jobj_get(v, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* key_ops, where given, must let the key verify, and nothing odd (RFC 7517 section 4.3). */
static bool ops_ok(const struct jt_jval *v)
{
    const struct jt_jval *ops = jt_jobj_get(v, "key_ops");
    bool verify = ops == NULL;
    if (ops != NULL && jt_jval_type(ops) != JT_JARRAY) {
        return false;
    }
    for (size_t i = 0; i < jt_jval_count(ops); i++) {
        struct jt_slice s = {0};
        if (!jt_jval_str(jt_jarr_at(ops, i), &s)) {
            return false;
        }
        verify = verify || jt_slice_eq(s, JT_LIT("verify"));
    }
    return verify;
}

static enum jt_err read_alg(const struct jt_jval *v, enum jt_key_kind kind,
                            struct jt_slice other_use, enum jt_alg *out)
{
    struct jt_slice alg = {0};
    struct jt_slice use = {0};
    if (!text(v, "alg", &alg) || !text(v, "use", &use) || !ops_ok(v) || jt_jwk_has_private(v)) {
        return JT_E_SYNTAX;
    }
    if (jt_jobj_get(v, "use") != NULL && !jt_slice_eq(use, JT_LIT("sig")) &&
        (other_use.n == 0 || !jt_slice_eq(use, other_use))) {
        return JT_E_UNSUPPORTED;
    }
    *out = jt_alg_from_jose(alg);
    if (jt_jobj_get(v, "alg") != NULL && jt_alg_kind(*out) != kind) {
        return JT_E_UNSUPPORTED;
    }
    return JT_OK;
}

static enum jt_err read_key(const struct jt_jval *v, struct jt_pubparams *p)
{
    struct jt_slice kty = {0};
    struct jt_slice crv = {0};
    if (!jt_jval_str(jt_jobj_get(v, "kty"), &kty) || !text(v, "crv", &crv)) {
        return JT_E_SYNTAX;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct form *f = &forms[i];
        if (!jt_slice_eq(kty, jt_str(f->kty)) ||
            (f->crv != NULL && !jt_slice_eq(crv, jt_str(f->crv)))) {
            continue;
        }
        p->kind = f->kind;
        JT_TRY(number(v, f->a, p->a, &p->a_n));
        return f->b == NULL ? JT_OK : number(v, f->b, p->b, &p->b_n);
    }
    return JT_E_UNSUPPORTED;
}

enum jt_err jt_jwk_read(const struct jt_jval *v, struct jt_jwk *out)
{
    return jt_jwk_read_use(v, jt_slice(NULL, 0), out);
}

enum jt_err jt_jwk_read_use(const struct jt_jval *v, struct jt_slice other_use, struct jt_jwk *out)
{
    struct jt_pubparams p = {.kind = JT_KEY_NONE};
    struct jt_jwk k = {0};
    if (!text(v, "kid", &k.kid) || k.kid.n > JT_KID_MAX) {
        return JT_E_SYNTAX;
    }
    JT_TRY(read_key(v, &p));
    JT_TRY(read_alg(v, p.kind, other_use, &k.alg));
    JT_TRY(jt_pkey_from_params(&p, &k.key));
    *out = k;
    return JT_OK;
}
