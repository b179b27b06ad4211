/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "pkey_internal.h"

#define RSA_BITS 2048
#define RSA_BITS_MAX 8192

/* Takes evp. */
static enum jt_err wrap(EVP_PKEY *evp, enum jt_key_kind kind, bool is_private, struct jt_pkey **out)
{
    struct jt_pkey *k = evp == NULL ? NULL : calloc(1, sizeof *k);
    if (k == NULL) {
        EVP_PKEY_free(evp);
        ERR_clear_error();
        return evp == NULL ? JT_E_CRYPTO : JT_E_NOMEM;
    }
    *k = (struct jt_pkey){evp, kind, is_private};
    *out = k;
    return JT_OK;
}

enum jt_err jt_pkey_generate(enum jt_key_kind kind, struct jt_pkey **out)
{
    switch (kind) {
    case JT_KEY_RSA:
        return wrap(EVP_RSA_gen(RSA_BITS), kind, true, out);
    case JT_KEY_P256:
        return wrap(EVP_EC_gen("P-256"), kind, true, out);
    case JT_KEY_ED25519:
        return wrap(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), kind, true, out);
    case JT_KEY_NONE:
        break;
    }
    return JT_E_UNSUPPORTED;
}

struct jt_pkey *jt_pkey_ref(const struct jt_pkey *k)
{
    struct jt_pkey *copy = calloc(1, sizeof *copy);
    if (copy == NULL || EVP_PKEY_up_ref(k->evp) != 1) {
        free(copy);
        return NULL;
    }
    *copy = *k;
    return copy;
}

void jt_pkey_free(struct jt_pkey **k)
{
    if (*k != NULL) {
        EVP_PKEY_free((*k)->evp);
        free(*k);
        *k = NULL;
    }
}

enum jt_key_kind jt_pkey_kind(const struct jt_pkey *k)
{
    return k->kind;
}

/* What OpenSSL calls it; NONE for any other key. */
static enum jt_key_kind kind_of(EVP_PKEY *evp)
{
    char group[32];
    size_t n = 0;
    if (EVP_PKEY_is_a(evp, "RSA")) {
        int bits = EVP_PKEY_get_bits(evp);
        return bits >= RSA_BITS && bits <= RSA_BITS_MAX ? JT_KEY_RSA : JT_KEY_NONE;
    }
    if (EVP_PKEY_is_a(evp, "ED25519")) {
        return JT_KEY_ED25519;
    }
    if (EVP_PKEY_is_a(evp, "EC") && EVP_PKEY_get_group_name(evp, group, sizeof group, &n) == 1 &&
        jt_slice_eq(jt_slice(group, n), JT_LIT("prime256v1"))) {
        return JT_KEY_P256;
    }
    return JT_KEY_NONE;
}

enum jt_err jt_pkey_private_der(const struct jt_pkey *k, struct jt_buf *out)
{
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *p8 = k->is_private ? EVP_PKEY2PKCS8(k->evp) : NULL;
    int n = p8 == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
    PKCS8_PRIV_KEY_INFO_free(p8);
    if (n <= 0) {
        ERR_clear_error();
        return JT_E_CRYPTO;
    }
    jt_buf_put(out, jt_slice(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    return jt_buf_ok(out) ? JT_OK : JT_E_NOMEM;
}

enum jt_err jt_pkey_from_private_der(struct jt_slice der, struct jt_pkey **out)
{
    const unsigned char *p = der.p;
    EVP_PKEY *evp = der.n > 65536 ? NULL : d2i_AutoPrivateKey(NULL, &p, (long)der.n);
    enum jt_key_kind kind = evp == NULL ? JT_KEY_NONE : kind_of(evp);
    if (evp == NULL || kind == JT_KEY_NONE || p != der.p + der.n) {
        EVP_PKEY_free(evp);
        ERR_clear_error();
        return JT_E_CRYPTO;
    }
    return wrap(evp, kind, true, out);
}

enum jt_err jt_pkey_public_pem(const struct jt_pkey *k, struct jt_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum jt_err e = JT_E_CRYPTO;
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, k->evp) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        jt_buf_put(out, jt_slice(text, n > 0 ? (size_t)n : 0));
        e = jt_buf_ok(out) ? JT_OK : JT_E_NOMEM;
    }
    BIO_free(bio);
    ERR_clear_error();
    return e;
}

static bool get_number(const struct jt_pkey *k, const char *name, uint8_t *out, size_t fixed,
                       size_t *n)
{
    BIGNUM *bn = NULL;
    if (EVP_PKEY_get_bn_param(k->evp, name, &bn) != 1) {
        return false;
    }
    int len = BN_num_bytes(bn);
    bool ok = len > 0 && len <= 1024 && (fixed == 0 || (size_t)len <= fixed);
    if (ok) {
        *n = fixed != 0 ? fixed : (size_t)len;
        ok = BN_bn2binpad(bn, out, (int)*n) == (int)*n;
    }
    BN_free(bn);
    return ok;
}

enum jt_err jt_pkey_params(const struct jt_pkey *k, struct jt_pubparams *out)
{
    bool ok = false;
    out->kind = k->kind;
    if (k->kind == JT_KEY_RSA) {
        ok = get_number(k, OSSL_PKEY_PARAM_RSA_N, out->a, 0, &out->a_n) &&
             get_number(k, OSSL_PKEY_PARAM_RSA_E, out->b, 0, &out->b_n);
    } else if (k->kind == JT_KEY_P256) {
        ok = get_number(k, OSSL_PKEY_PARAM_EC_PUB_X, out->a, JT_P256_SIZE, &out->a_n) &&
             get_number(k, OSSL_PKEY_PARAM_EC_PUB_Y, out->b, JT_P256_SIZE, &out->b_n);
    } else if (k->kind == JT_KEY_ED25519) {
        out->a_n = JT_ED25519_SIZE;
        out->b_n = 0;
        ok = EVP_PKEY_get_raw_public_key(k->evp, out->a, &out->a_n) == 1;
    }
    ERR_clear_error();
    return ok ? JT_OK : JT_E_CRYPTO;
}

/* Makes a public key of OpenSSL's parameters. */
static EVP_PKEY *from_data(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *evp = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        evp = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return evp;
}

static bool exponent_ok(const uint8_t *e, size_t n)
{
    uint64_t v = 0;
    if (n == 0 || n > 4 || e[0] == 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | e[i];
    }
    return v >= 65537 && (v & 1) == 1;
}

static EVP_PKEY *rsa_from(const struct jt_pubparams *p)
{
    if (!exponent_ok(p->b, p->b_n) || p->a_n < RSA_BITS / 8 || p->a_n > RSA_BITS_MAX / 8 ||
        p->a[0] == 0 || (p->a[p->a_n - 1] & 1) == 0) {
        return NULL;
    }
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(p->a, (int)p->a_n, NULL);
    BIGNUM *e = BN_bin2bn(p->b, (int)p->b_n, NULL);
    EVP_PKEY *evp = NULL;
    if (b != NULL && n != NULL && e != NULL && BN_num_bits(n) >= RSA_BITS &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        evp = from_data("RSA", OSSL_PARAM_BLD_to_param(b));
    }
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(b);
    return evp;
}

static EVP_PKEY *p256_from(const struct jt_pubparams *p)
{
    uint8_t point[1 + 2 * JT_P256_SIZE] = {4};
    if (p->a_n != JT_P256_SIZE || p->b_n != JT_P256_SIZE) {
        return NULL;
    }
    memcpy(point + 1, p->a, JT_P256_SIZE);
    memcpy(point + 1 + JT_P256_SIZE, p->b, JT_P256_SIZE);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *evp = NULL;
    if (b != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1) {
        evp = from_data("EC", OSSL_PARAM_BLD_to_param(b)); /* refuses a point off the curve */
    }
    OSSL_PARAM_BLD_free(b);
    return evp;
}

/*
 * Points of small order (RFC 8032 lets a verifier take them; with such a "key" one signature fits
 * many messages): the eight of them in every encoding, the sign bit aside.
 */
static bool small_order(const uint8_t x[static JT_ED25519_SIZE])
{
    static const uint8_t bad[][JT_ED25519_SIZE] = {
        {0},
        {1},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (memcmp(x, bad[i], JT_ED25519_SIZE - 1) == 0 &&
            (x[JT_ED25519_SIZE - 1] & 0x7f) == bad[i][JT_ED25519_SIZE - 1]) {
            return true;
        }
    }
    return false;
}

static EVP_PKEY *ed25519_from(const struct jt_pubparams *p)
{
    if (p->a_n != JT_ED25519_SIZE || p->b_n != 0 || small_order(p->a)) {
        return NULL;
    }
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, p->a, p->a_n);
}

/* Empties the queue of errors: was it the key, or memory? */
static enum jt_err failure(void)
{
    bool memory = false;
    unsigned long e = 0;
    while ((e = ERR_get_error()) != 0) {
        memory = memory || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    }
    return memory ? JT_E_NOMEM : JT_E_CRYPTO;
}

enum jt_err jt_pkey_from_params(const struct jt_pubparams *p, struct jt_pkey **out)
{
    EVP_PKEY *evp = NULL;
    ERR_clear_error(); /* what others left */
    if (p->kind == JT_KEY_RSA) {
        evp = rsa_from(p);
    } else if (p->kind == JT_KEY_P256) {
        evp = p256_from(p);
    } else if (p->kind == JT_KEY_ED25519) {
        evp = ed25519_from(p);
    }
    return evp == NULL ? failure() : wrap(evp, p->kind, false, out);
}

/* Through its numbers, so that what is refused there is refused here. */
static enum jt_err from_foreign(EVP_PKEY *evp, struct jt_pkey **out)
{
    const struct jt_pkey foreign = {.evp = evp, .kind = kind_of(evp)};
    struct jt_pubparams p = {0};
    if (foreign.kind == JT_KEY_NONE) {
        return JT_E_UNSUPPORTED;
    }
    JT_TRY(jt_pkey_params(&foreign, &p));
    return jt_pkey_from_params(&p, out);
}

enum jt_err jt_pkey_from_public_pem(struct jt_slice pem, struct jt_pkey **out)
{
    BIO *bio = pem.n > 65536 ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *evp = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    enum jt_err e = evp == NULL ? JT_E_SYNTAX : from_foreign(evp, out);
    EVP_PKEY_free(evp);
    BIO_free(bio);
    ERR_clear_error();
    return e;
}
