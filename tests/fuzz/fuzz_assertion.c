/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_assertion.c - what a client_assertion says (RFC 7523). The bytes are a form; behind
 * "claims:" they are the claims of an assertion of the right form. What was read is what its rules
 * promise, and judging it never takes one that is over or has no jti.
 */
#include "core/base/b64.h"
#include "fuzz.h"
#include "server/auth/assertion.h"

#define NOW 1800000000

/* Everything that is promised of one that could be read. */
static void check(const struct jt_assertion *s, struct jt_arena *a)
{
    const struct jt_assertion_moment at = {a, NOW, 300};
    const char *detail = NULL;
    if (s == NULL || s->why != JT_R_NONE) {
        return;
    }
    JT_ASSERT(s->header.alg != JT_ALG_NONE && s->payload.n > 0);
    JT_ASSERT(s->exp >= 0 && s->exp <= UINT32_MAX && s->iat <= UINT32_MAX && s->nbf <= UINT32_MAX);
    if (jt_assertion_in_time(s, &at, &detail) == JT_R_NONE) {
        JT_ASSERT(s->exp > NOW - JT_ASSERTION_SKEW_S && s->exp <= NOW + 300 + JT_ASSERTION_SKEW_S);
        JT_ASSERT(!s->has_nbf || s->nbf <= NOW + JT_ASSERTION_SKEW_S);
        JT_ASSERT(!s->has_iat || s->iat <= NOW + JT_ASSERTION_SKEW_S);
    }
    if (jt_assertion_has_jti(s, &detail) == JT_R_NONE) {
        JT_ASSERT(s->jti.n > 0 && s->jti.n <= JT_ASSERTION_JTI_MAX);
    }
}

static void check_claims(struct jt_slice claims)
{
    struct jt_arena a;
    struct jt_form f = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    jt_buf_puts(&b, "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
                    "jwt-bearer&client_assertion=eyJhbGciOiJFUzI1NiJ9."); /* {"alg":"ES256"} */
    jt_b64url_put(&b, claims);
    jt_buf_puts(&b, ".AA");
    jt_arena_init(&a, 1u << 20);
    if (jt_buf_ok(&b) && jt_form_read(jt_buf_slice(&b), &a, &f) == JT_FORM_OK) {
        check(jt_assertion_read(&f, &a), &a);
    }
    jt_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    struct jt_arena a;
    struct jt_form f = {0};
    if (jt_slice_starts(in, JT_LIT("claims:"))) {
        check_claims(jt_slice_from(in, 7));
        return 0;
    }
    jt_arena_init(&a, 1u << 20);
    if (jt_form_read(in, &a, &f) == JT_FORM_OK) {
        check(jt_assertion_read(&f, &a), &a);
    }
    jt_arena_free(&a);
    return 0;
}
