/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "../base/rand.h"
#include "../base/secret.h"

#define RANDOM_PAGE 1024
#define HMAC_BLOCK 64
#define NONCE 12
#define TAG 16

struct jt_crypt {
    EVP_MD *sha256;
    EVP_MD_CTX *md;
    EVP_CIPHER *gcm, *ecb;
    EVP_CIPHER_CTX *seal, *enc, *dec;
    uint8_t enc_key[JT_KEY_SIZE], dec_key[JT_KEY_SIZE]; /* of the schedules that enc and dec hold */
    bool enc_set, dec_set;
    size_t left; /* random bytes not yet given out */
    uint8_t random[RANDOM_PAGE];
};

enum jt_err jt_crypt_new(struct jt_crypt **out)
{
    struct jt_crypt *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return JT_E_NOMEM;
    }
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    c->ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    c->md = EVP_MD_CTX_new();
    c->seal = EVP_CIPHER_CTX_new();
    c->enc = EVP_CIPHER_CTX_new();
    c->dec = EVP_CIPHER_CTX_new();
    if (c->sha256 == NULL || c->gcm == NULL || c->ecb == NULL || c->md == NULL || c->seal == NULL ||
        c->enc == NULL || c->dec == NULL) {
        jt_crypt_free(&c);
        return JT_E_CRYPTO;
    }
    *out = c;
    return JT_OK;
}

void jt_crypt_free(struct jt_crypt **c)
{
    if (*c == NULL) {
        return;
    }
    EVP_CIPHER_CTX_free((*c)->seal);
    EVP_CIPHER_CTX_free((*c)->enc);
    EVP_CIPHER_CTX_free((*c)->dec);
    EVP_MD_CTX_free((*c)->md);
    EVP_CIPHER_free((*c)->gcm);
    EVP_CIPHER_free((*c)->ecb);
    EVP_MD_free((*c)->sha256);
    explicit_bzero(*c, sizeof **c);
    free(*c);
    *c = NULL;
}

/* SHA-256 of a then b. */
static enum jt_err digest2(struct jt_crypt *c, struct jt_slice a, struct jt_slice b,
                           uint8_t out[static JT_SHA256_SIZE])
{
    unsigned n = 0;
    return EVP_DigestInit_ex2(c->md, c->sha256, NULL) == 1 &&
                   EVP_DigestUpdate(c->md, a.p, a.n) == 1 &&
                   EVP_DigestUpdate(c->md, b.p, b.n) == 1 &&
                   EVP_DigestFinal_ex(c->md, out, &n) == 1 && n == JT_SHA256_SIZE
               ? JT_OK
               : JT_E_CRYPTO;
}

enum jt_err jt_sha256(struct jt_crypt *c, struct jt_slice in, uint8_t out[static JT_SHA256_SIZE])
{
    return digest2(c, in, jt_slice(NULL, 0), out);
}

/* RFC 2104 over the context that is set up already: no fetch, no allocation. */
enum jt_err jt_hmac_sha256(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                           struct jt_slice in, uint8_t out[static JT_SHA256_SIZE])
{
    uint8_t pad[HMAC_BLOCK];
    uint8_t inner[JT_SHA256_SIZE];
    memset(pad, 0x36, sizeof pad);
    for (size_t i = 0; i < JT_KEY_SIZE; i++) {
        pad[i] ^= key[i];
    }
    enum jt_err e = digest2(c, jt_slice(pad, sizeof pad), in, inner);
    for (size_t i = 0; i < HMAC_BLOCK; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    if (e == JT_OK) {
        e = digest2(c, jt_slice(pad, sizeof pad), jt_slice(inner, sizeof inner), out);
    }
    explicit_bzero(pad, sizeof pad);
    explicit_bzero(inner, sizeof inner);
    return e;
}

enum jt_err jt_seal(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE], struct jt_slice aad,
                    struct jt_slice plain, struct jt_buf *out)
{
    uint8_t nonce[NONCE];
    int n = 0;
    if (plain.n > INT32_MAX || aad.n > INT32_MAX) {
        return JT_E_LIMIT;
    }
    JT_TRY(jt_random(nonce, sizeof nonce));
    if (!jt_buf_reserve(out, plain.n + JT_SEAL_OVERHEAD)) {
        return JT_E_NOMEM;
    }
    uint8_t *p = out->p + out->n;
    memcpy(p, nonce, NONCE);
    if (EVP_EncryptInit_ex2(c->seal, c->gcm, key, nonce, NULL) != 1 ||
        EVP_EncryptUpdate(c->seal, NULL, &n, aad.p, (int)aad.n) != 1 ||
        EVP_EncryptUpdate(c->seal, p + NONCE, &n, plain.p, (int)plain.n) != 1 ||
        EVP_EncryptFinal_ex(c->seal, p + NONCE + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_AEAD_GET_TAG, TAG, p + NONCE + plain.n) != 1) {
        return JT_E_CRYPTO;
    }
    out->n += plain.n + JT_SEAL_OVERHEAD;
    return JT_OK;
}

enum jt_err jt_unseal(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                      struct jt_slice aad, struct jt_slice sealed, struct jt_buf *out)
{
    int n = 0;
    uint8_t tag[TAG];
    if (sealed.n < JT_SEAL_OVERHEAD || sealed.n > INT32_MAX || aad.n > INT32_MAX) {
        return JT_E_CRYPTO;
    }
    size_t len = sealed.n - JT_SEAL_OVERHEAD;
    memcpy(tag, sealed.p + NONCE + len, TAG);
    if (!jt_buf_reserve(out, len)) {
        return JT_E_NOMEM;
    }
    uint8_t *p = out->p + out->n;
    if (EVP_DecryptInit_ex2(c->seal, c->gcm, key, sealed.p, NULL) != 1 ||
        EVP_DecryptUpdate(c->seal, NULL, &n, aad.p, (int)aad.n) != 1 ||
        EVP_DecryptUpdate(c->seal, p, &n, sealed.p + NONCE, (int)len) != 1 ||
        EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1 ||
        EVP_DecryptFinal_ex(c->seal, p + n, &n) != 1) {
        explicit_bzero(p, len); /* nothing of a broken seal may be used */
        return JT_E_CRYPTO;
    }
    out->n += len;
    return JT_OK;
}

enum jt_err jt_block_encrypt(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                             const uint8_t in[static JT_BLOCK_SIZE],
                             uint8_t out[static JT_BLOCK_SIZE])
{
    int n = 0;
    if (!c->enc_set || !jt_equal_ct(key, c->enc_key, JT_KEY_SIZE)) {
        c->enc_set = EVP_EncryptInit_ex2(c->enc, c->ecb, key, NULL, NULL) == 1 &&
                     EVP_CIPHER_CTX_set_padding(c->enc, 0) == 1;
        memcpy(c->enc_key, key, JT_KEY_SIZE);
    }
    return c->enc_set && EVP_EncryptUpdate(c->enc, out, &n, in, JT_BLOCK_SIZE) == 1 &&
                   n == JT_BLOCK_SIZE
               ? JT_OK
               : JT_E_CRYPTO;
}

enum jt_err jt_block_decrypt(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                             const uint8_t in[static JT_BLOCK_SIZE],
                             uint8_t out[static JT_BLOCK_SIZE])
{
    int n = 0;
    if (!c->dec_set || !jt_equal_ct(key, c->dec_key, JT_KEY_SIZE)) {
        c->dec_set = EVP_DecryptInit_ex2(c->dec, c->ecb, key, NULL, NULL) == 1 &&
                     EVP_CIPHER_CTX_set_padding(c->dec, 0) == 1;
        memcpy(c->dec_key, key, JT_KEY_SIZE);
    }
    return c->dec_set && EVP_DecryptUpdate(c->dec, out, &n, in, JT_BLOCK_SIZE) == 1 &&
                   n == JT_BLOCK_SIZE
               ? JT_OK
               : JT_E_CRYPTO;
}

enum jt_err jt_crypt_random(struct jt_crypt *c, void *out, size_t n)
{
    if (n > RANDOM_PAGE) {
        return jt_random(out, n);
    }
    if (c->left < n) {
        c->left = 0;
        JT_TRY(jt_random(c->random, RANDOM_PAGE));
        c->left = RANDOM_PAGE;
    }
    uint8_t *from = c->random + (RANDOM_PAGE - c->left);
    memcpy(out, from, n);
    explicit_bzero(from, n); /* given out once */
    c->left -= n;
    return JT_OK;
}
