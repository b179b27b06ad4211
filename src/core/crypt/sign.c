/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c - signatures in JWS form. A context is set up once for its key; each signature then costs
 * a digest and the signature itself.
 */
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "crypt.h"
#include "pkey_internal.h"

#define DER_MAX 80 /* of an ECDSA signature on P-256: at most 72 */

/* A key, set up for one direction. */
struct context {
    EVP_PKEY_CTX *ctx;
    EVP_MD_CTX *md; /* EdDSA alone: it takes the message, not its digest */
    EVP_PKEY *evp;  /* and then this, counted: the key may go before */
    struct jt_crypt *crypt;
    enum jt_alg alg;
};

struct jt_signer {
    struct context c;
    EC_KEY *ec;         /* ES256 alone; the context then only hashes */
    struct jt_pkey key; /* counted */
    bool spoilt;        /* a signature failed: what it left in the context may be half done */
};

struct jt_sigcheck {
    struct context c;
    size_t length; /* of a signature, exactly */
};

static bool fits(const struct jt_pkey *k, enum jt_alg alg)
{
    switch (alg) {
    case JT_ALG_RS256:
    case JT_ALG_PS256:
        return k->kind == JT_KEY_RSA;
    case JT_ALG_EDDSA:
        return k->kind == JT_KEY_ED25519;
    case JT_ALG_ES256:
        return k->kind == JT_KEY_P256;
    case JT_ALG_NONE:
        break;
    }
    return false;
}

static bool configure(EVP_PKEY_CTX *ctx, enum jt_alg alg)
{
    if (EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1) {
        return false;
    }
    if (alg == JT_ALG_PS256) { /* RFC 7518 section 3.5: MGF1 and salt of the digest's size */
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    return alg != JT_ALG_RS256 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
}

/* init: EVP_PKEY_sign_init or EVP_PKEY_verify_init. On failure the caller closes it all the same.
 */
static enum jt_err open_context(struct context *c, const struct jt_pkey *k, enum jt_alg alg,
                                int (*init)(EVP_PKEY_CTX *ctx))
{
    bool ok = false;
    c->alg = alg;
    if (alg == JT_ALG_EDDSA) {
        c->md = EVP_MD_CTX_new();
        ok = c->md != NULL && EVP_PKEY_up_ref(k->evp) == 1;
        c->evp = ok ? k->evp : NULL;
    } else {
        c->ctx = EVP_PKEY_CTX_new(k->evp, NULL);
        ok = c->ctx != NULL && init(c->ctx) == 1 && configure(c->ctx, alg);
    }
    if (!ok || jt_crypt_new(&c->crypt) != JT_OK) {
        ERR_clear_error();
        return JT_E_CRYPTO;
    }
    return JT_OK;
}

static void close_context(struct context *c)
{
    EVP_PKEY_CTX_free(c->ctx);
    EVP_MD_CTX_free(c->md);
    EVP_PKEY_free(c->evp);
    jt_crypt_free(&c->crypt);
}

/*
 * RSA blinds with numbers that it keeps in the key and changes for each signature. When memory runs
 * out in between, OpenSSL 3.0 goes on with a pair that does not match, and every signature is wrong
 * until the numbers are drawn anew. So each signer has a copy of the key to itself (which also
 * spares it their lock), and takes a fresh one after a failure.
 */
static enum jt_err open_signer(struct jt_signer *s, enum jt_alg alg)
{
    struct jt_pkey own = s->key;
    if (own.kind == JT_KEY_P256) {
        s->c.alg = alg;
        enum jt_err e = jt_crypt_new(&s->c.crypt);
        e = e == JT_OK ? jt_ecdsa_open(own.evp, &s->ec) : e;
        ERR_clear_error();
        return e;
    }
    if (own.kind != JT_KEY_RSA) {
        return open_context(&s->c, &own, alg, EVP_PKEY_sign_init);
    }
    own.evp = EVP_PKEY_dup(s->key.evp);
    if (own.evp == NULL) {
        ERR_clear_error();
        return JT_E_CRYPTO;
    }
    enum jt_err e = open_context(&s->c, &own, alg, EVP_PKEY_sign_init);
    EVP_PKEY_free(own.evp); /* the context counts it */
    return e;
}

static void close_signer(struct jt_signer *s)
{
    close_context(&s->c);
    jt_ecdsa_close(s->ec);
}

static enum jt_err renew(struct jt_signer *s)
{
    struct jt_signer fresh = {.key = s->key};
    enum jt_err e = open_signer(&fresh, s->c.alg);
    if (e != JT_OK) {
        close_signer(&fresh);
        return e;
    }
    close_signer(s);
    *s = fresh;
    return JT_OK;
}

enum jt_err jt_signer_new(const struct jt_pkey *k, enum jt_alg alg, struct jt_signer **out)
{
    if (!fits(k, alg) || !k->is_private) {
        return JT_E_UNSUPPORTED;
    }
    struct jt_signer *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = EVP_PKEY_up_ref(k->evp) == 1 ? JT_OK : JT_E_CRYPTO;
    if (e == JT_OK) {
        s->key = *k;
        e = open_signer(s, alg);
    }
    if (e != JT_OK) {
        jt_signer_free(&s);
        return e;
    }
    *out = s;
    return JT_OK;
}

void jt_signer_free(struct jt_signer **s)
{
    if (*s != NULL) {
        close_signer(*s);
        EVP_PKEY_free((*s)->key.evp);
        free(*s);
        *s = NULL;
    }
}

static enum jt_err sign_message(struct jt_signer *s, struct jt_slice message, uint8_t *out,
                                size_t *out_n)
{
    *out_n = JT_SIG_MAX;
    if (EVP_DigestSignInit_ex(s->c.md, NULL, NULL, NULL, NULL, s->c.evp, NULL) != 1 ||
        EVP_DigestSign(s->c.md, out, out_n, message.p, message.n) != 1) {
        s->spoilt = true;
        ERR_clear_error();
        return JT_E_CRYPTO;
    }
    return JT_OK;
}

static enum jt_err sign_hash(struct jt_signer *s, const uint8_t hash[static JT_SHA256_SIZE],
                             uint8_t *out, size_t *out_n)
{
    bool ok = false;
    if (s->ec != NULL) {
        *out_n = (size_t)2 * JT_P256_SIZE;
        ok = jt_ecdsa_sign(s->ec, hash, out);
    } else {
        *out_n = JT_SIG_MAX;
        ok = EVP_PKEY_sign(s->c.ctx, out, out_n, hash, JT_SHA256_SIZE) == 1;
    }
    if (!ok) {
        s->spoilt = true;
        ERR_clear_error();
    }
    return ok ? JT_OK : JT_E_CRYPTO;
}

enum jt_err jt_sign(struct jt_signer *s, struct jt_slice message, uint8_t out[static JT_SIG_MAX],
                    size_t *out_n)
{
    uint8_t hash[JT_SHA256_SIZE];
    if (s->spoilt) {
        JT_TRY(renew(s));
    }
    if (s->c.alg == JT_ALG_EDDSA) {
        return sign_message(s, message, out, out_n);
    }
    JT_TRY(jt_sha256(s->c.crypt, message, hash));
    return sign_hash(s, hash, out, out_n);
}

enum jt_err jt_sigcheck_new(const struct jt_pkey *k, enum jt_alg alg, struct jt_sigcheck **out)
{
    if (!fits(k, alg)) {
        return JT_E_UNSUPPORTED;
    }
    struct jt_sigcheck *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    s->length = alg == JT_ALG_ES256 ? (size_t)2 * JT_P256_SIZE : (size_t)EVP_PKEY_get_size(k->evp);
    enum jt_err e = open_context(&s->c, k, alg, EVP_PKEY_verify_init);
    if (e != JT_OK) {
        jt_sigcheck_free(&s);
        return e;
    }
    *out = s;
    return JT_OK;
}

void jt_sigcheck_free(struct jt_sigcheck **s)
{
    if (*s != NULL) {
        close_context(&(*s)->c);
        free(*s);
        *s = NULL;
    }
}

/* One INTEGER of a DER signature: no leading zeros but the one that keeps it positive. */
static size_t put_integer(uint8_t *der, const uint8_t *v)
{
    size_t skip = 0;
    while (skip < JT_P256_SIZE - 1 && v[skip] == 0) {
        skip++;
    }
    size_t n = JT_P256_SIZE - skip;
    size_t pad = v[skip] >= 0x80 ? 1 : 0;
    der[0] = 0x02;
    der[1] = (uint8_t)(n + pad);
    der[2] = 0;
    memcpy(der + 2 + pad, v + skip, n);
    return 2 + pad + n;
}

static size_t to_der(const uint8_t *raw, uint8_t der[static DER_MAX])
{
    size_t n = put_integer(der + 2, raw);
    n += put_integer(der + 2 + n, raw + JT_P256_SIZE);
    der[0] = 0x30;
    der[1] = (uint8_t)n;
    return n + 2;
}

/*
 * Empties the queue of errors, where the one that matters may stand below those of its callers: was
 * it that memory ran out, or that EVP could not begin? A signature that is wrong leaves none of
 * these, only what RSA or EC say about it, or nothing.
 */
static bool could_not_check(void)
{
    bool yes = false;
    unsigned long e = 0;
    while ((e = ERR_get_error()) != 0) {
        yes = yes || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE || ERR_GET_LIB(e) == ERR_LIB_EVP;
    }
    return yes;
}

/*
 * OpenSSL 3.0 says nothing when memory runs out below Ed25519: it looks like a wrong signature. So
 * that is looked at twice, and only while there is memory.
 */
static enum jt_sig_verdict check_message(struct jt_sigcheck *s, struct jt_slice message,
                                         struct jt_slice signature)
{
    ERR_clear_error(); /* what others left */
    for (int i = 0; i < 2; i++) {
        if (EVP_DigestVerifyInit_ex(s->c.md, NULL, NULL, NULL, NULL, s->c.evp, NULL) != 1) {
            ERR_clear_error();
            return JT_SIG_UNDECIDED;
        }
        int r = EVP_DigestVerify(s->c.md, signature.p, signature.n, message.p, message.n);
        if (r == 1) {
            return JT_SIG_VALID;
        }
        EVP_MD_CTX *probe = EVP_MD_CTX_new();
        bool could = probe != NULL && !could_not_check();
        EVP_MD_CTX_free(probe);
        if (!could) {
            ERR_clear_error();
            return JT_SIG_UNDECIDED;
        }
    }
    return JT_SIG_INVALID;
}

enum jt_sig_verdict jt_sigcheck(struct jt_sigcheck *s, struct jt_slice message,
                                struct jt_slice signature)
{
    uint8_t hash[JT_SHA256_SIZE];
    uint8_t der[DER_MAX];
    if (signature.n != s->length) {
        return JT_SIG_INVALID;
    }
    if (s->c.alg == JT_ALG_EDDSA) {
        return check_message(s, message, signature);
    }
    if (jt_sha256(s->c.crypt, message, hash) != JT_OK) {
        return JT_SIG_UNDECIDED;
    }
    if (s->c.alg == JT_ALG_ES256) {
        signature = jt_slice(der, to_der(signature.p, der));
    }
    ERR_clear_error(); /* what others left */
    if (EVP_PKEY_verify(s->c.ctx, signature.p, signature.n, hash, sizeof hash) == 1) {
        return JT_SIG_VALID;
    }
    return could_not_check() ? JT_SIG_UNDECIDED : JT_SIG_INVALID;
}
