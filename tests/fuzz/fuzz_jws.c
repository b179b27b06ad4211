/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jws.c - tokens (RFC 7515), and the forms of secrets and references. Whatever the bytes say,
 * a key that signed none of it accepts nothing. Behind "sign:" they are a payload that is signed:
 * that token reads, verifies and decodes to the payload, and with any one character changed it
 * does not verify.
 */
#include <stdlib.h>

#include "core/base/b64.h"
#include "core/jose/jws.h"
#include "core/token/client_secret.h"
#include "core/token/ref.h"
#include "fuzz.h"

/* The parts, put together, are the token; each decodes to what encodes to it. */
static void check_parts(const struct jt_jws_parts *p, struct jt_slice in, struct jt_arena *a)
{
    struct jt_slice payload = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    JT_ASSERT(p->header.n + p->payload.n + p->signature.n + 2 == in.n);
    JT_ASSERT(jt_slice_eq(jt_slice(in.p, p->header.n), p->header));
    JT_ASSERT(jt_slice_eq(jt_slice_from(in, p->signing_input.n + 1), p->signature));
    if (jt_jws_payload(p, a, &payload) == JT_OK) {
        JT_ASSERT(payload.n < p->payload.n);
        jt_b64url_put(&b, payload);
        JT_ASSERT(jt_slice_eq(jt_buf_slice(&b), p->payload));
    }
}

static void check_token(struct jt_slice in, struct jt_sigcheck *check)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    jt_arena_init(&a, 1u << 20);
    if (jt_jws_read(in, &a, &parts, &header) == JT_OK) {
        must_lie_in(parts.signing_input, in);
        must_lie_in(parts.signature, in);
        JT_ASSERT(header.alg != JT_ALG_NONE);
        JT_ASSERT(jt_jws_verify(&parts, check) == JT_SIG_INVALID);
        check_parts(&parts, in, &a);
    }
    jt_arena_free(&a);
}

/* Any one character other than it is. */
static void check_changed(struct jt_slice token, size_t at, struct jt_sigcheck *check)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    char text[JT_JWS_MAX];
    memcpy(text, token.p, token.n);
    text[at] = text[at] == 'A' ? 'B' : 'A';
    jt_arena_init(&a, 1u << 20);
    if (jt_jws_read(jt_slice(text, token.n), &a, &parts, &header) == JT_OK) {
        JT_ASSERT(jt_jws_verify(&parts, check) == JT_SIG_INVALID);
    }
    jt_arena_free(&a);
}

static void check_signed(struct jt_slice payload, struct jt_signer *signer,
                         struct jt_sigcheck *check)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice out = {0};
    JT_AUTO(jt_buf_free) struct jt_buf token;
    jt_buf_init(&token, JT_JWS_MAX);
    /* {"alg":"ES256"} */
    if (payload.n == 0 ||
        jt_jws_write(signer, JT_LIT("eyJhbGciOiJFUzI1NiJ9"), payload, &token) != JT_OK) {
        JT_ASSERT(token.n == 0);
        return;
    }
    jt_arena_init(&a, 1u << 20);
    JT_ASSERT(jt_jws_read(jt_buf_slice(&token), &a, &parts, &header) == JT_OK);
    JT_ASSERT(header.alg == JT_ALG_ES256 && jt_jws_verify(&parts, check) == JT_SIG_VALID);
    JT_ASSERT(jt_jws_payload(&parts, &a, &out) == JT_OK && jt_slice_eq(out, payload));
    check_changed(jt_buf_slice(&token), (size_t)payload.p[0] * 61 % token.n, check);
    check_changed(jt_buf_slice(&token), token.n - 1 - payload.n % 86, check);
    jt_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_pkey *key;
    static struct jt_sigcheck *check;
    static struct jt_signer *signer;
    static struct jt_crypt *c;
    static const uint8_t secret[JT_KEY_SIZE] = {1};
    struct jt_slice in = jt_slice(data, size);
    struct jt_slice id = {0};
    struct jt_ref ref;
    if (key == NULL) {
        JT_ASSERT(jt_pkey_generate(JT_KEY_P256, &key) == JT_OK);
        JT_ASSERT(jt_sigcheck_new(key, JT_ALG_ES256, &check) == JT_OK);
        JT_ASSERT(jt_signer_new(key, JT_ALG_ES256, &signer) == JT_OK);
        JT_ASSERT(jt_crypt_new(&c) == JT_OK);
    }
    check_token(in, check);
    if (jt_slice_starts(in, JT_LIT("sign:"))) {
        check_signed(jt_slice_from(in, 5), signer, check);
    }
    JT_ASSERT(jt_client_secret_form(in, &id) != JT_SECRET_OURS || id.n == JT_CREDENTIAL_ID_LEN);
    JT_ASSERT(jt_ref_read(c, secret, in, &ref) != JT_OK || size == JT_REF_LEN);
    return 0;
}
