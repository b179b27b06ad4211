/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/pkey.h"

static struct jt_pkey *ec, *rsa;

static int setup(void **state)
{
    (void)state;
    return jt_pkey_generate(JT_KEY_P256, &ec) == JT_OK &&
                   jt_pkey_generate(JT_KEY_RSA, &rsa) == JT_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_pkey_free(&ec);
    jt_pkey_free(&rsa);
    return 0;
}

/* Among 3,000 signatures some have leading zeros in r or s, where DER and r || s differ most. */
static void es256_over_many(void **state)
{
    struct jt_signer *s = NULL;
    struct jt_sigcheck *v = NULL;
    uint8_t sig[JT_SIG_MAX];
    size_t n = 0;
    unsigned short_r = 0;
    unsigned short_s = 0;
    (void)state;
    assert_int_equal(jt_signer_new(ec, JT_ALG_ES256, &s), JT_OK);
    assert_int_equal(jt_sigcheck_new(ec, JT_ALG_ES256, &v), JT_OK);
    for (uint32_t i = 0; i < 3000 || short_r == 0 || short_s == 0; i++) {
        struct jt_slice m = jt_slice(&i, sizeof i);
        assert_int_equal(jt_sign(s, m, sig, &n), JT_OK);
        assert_int_equal(n, 64);
        assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n)), JT_SIG_VALID);
        short_r += sig[0] == 0;
        short_s += sig[32] == 0;
    }
    jt_signer_free(&s);
    jt_sigcheck_free(&v);
}

/* threats J12: r and s of 0, N and above; DER; other lengths */
static void es256_refuses(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    struct jt_signer *s = NULL;
    struct jt_sigcheck *v = NULL;
    uint8_t sig[JT_SIG_MAX];
    uint8_t bad[72] = {0};
    size_t n = 0;
    (void)state;
    assert_int_equal(jt_signer_new(ec, JT_ALG_ES256, &s), JT_OK);
    assert_int_equal(jt_sigcheck_new(ec, JT_ALG_ES256, &v), JT_OK);
    assert_int_equal(jt_sign(s, JT_LIT("m"), sig, &n), JT_OK);
    assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(bad, 64)), JT_SIG_INVALID);
    for (size_t half = 0; half <= 32; half += 32) {
        memcpy(bad, sig, 64);
        memset(bad + half, 0, 32);
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(bad, 64)), JT_SIG_INVALID);
        memcpy(bad + half, order, 32);
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(bad, 64)), JT_SIG_INVALID);
        memset(bad + half, 0xff, 32);
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(bad, 64)), JT_SIG_INVALID);
    }
    for (n = 0; n <= 72; n++) {
        memset(bad, 0, sizeof bad);
        memcpy(bad, sig, n < 64 ? n : 64);
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(bad, n)),
                         n == 64 ? JT_SIG_VALID : JT_SIG_INVALID);
    }
    assert_int_equal(jt_sigcheck(v, JT_LIT("n"), jt_slice(sig, 64)), JT_SIG_INVALID);
    jt_signer_free(&s);
    jt_sigcheck_free(&v);
}

static void rs256(void **state)
{
    struct jt_signer *s = NULL;
    struct jt_sigcheck *v = NULL;
    uint8_t sig[JT_SIG_MAX + 1];
    size_t n = 0;
    (void)state;
    assert_int_equal(jt_signer_new(rsa, JT_ALG_RS256, &s), JT_OK);
    assert_int_equal(jt_sigcheck_new(rsa, JT_ALG_RS256, &v), JT_OK);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(jt_sign(s, jt_slice(&i, sizeof i), sig, &n), JT_OK);
        assert_int_equal(n, 256);
        assert_int_equal(jt_sigcheck(v, jt_slice(&i, sizeof i), jt_slice(sig, n)), JT_SIG_VALID);
    }
    const uint32_t last = 19;
    struct jt_slice m = jt_slice(&last, sizeof last);
    assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n - 1)), JT_SIG_INVALID);
    sig[n] = 0;
    assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n + 1)), JT_SIG_INVALID);
    assert_int_equal(jt_sigcheck(v, m, jt_slice(NULL, 0)), JT_SIG_INVALID);
    for (size_t i = 0; i < n; i++) {
        sig[i] ^= 1;
        assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n)), JT_SIG_INVALID);
        sig[i] ^= 1;
    }
    assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n)), JT_SIG_VALID);
    jt_signer_free(&s);
    jt_sigcheck_free(&v);
}

/* RFC 8725 section 3.1; a public key does not sign */
static void key_and_algorithm_must_fit(void **state)
{
    struct jt_signer *s = NULL;
    struct jt_sigcheck *v = NULL;
    struct jt_pkey *public = NULL;
    static struct jt_pubparams p;
    (void)state;
    assert_int_equal(jt_signer_new(ec, JT_ALG_RS256, &s), JT_E_UNSUPPORTED);
    assert_int_equal(jt_signer_new(rsa, JT_ALG_ES256, &s), JT_E_UNSUPPORTED);
    assert_int_equal(jt_signer_new(ec, JT_ALG_NONE, &s), JT_E_UNSUPPORTED);
    assert_int_equal(jt_sigcheck_new(ec, JT_ALG_RS256, &v), JT_E_UNSUPPORTED);
    assert_int_equal(jt_sigcheck_new(rsa, JT_ALG_ES256, &v), JT_E_UNSUPPORTED);
    assert_int_equal(jt_sigcheck_new(rsa, JT_ALG_NONE, &v), JT_E_UNSUPPORTED);
    assert_int_equal(jt_pkey_params(ec, &p), JT_OK);
    assert_int_equal(jt_pkey_from_params(&p, &public), JT_OK);
    assert_int_equal(jt_signer_new(public, JT_ALG_ES256, &s), JT_E_UNSUPPORTED);
    jt_pkey_free(&public);
    assert_null(s);
    assert_null(v);
}

static void private_der_round_trips(void **state)
{
    struct jt_pkey *const keys[2] = {ec, rsa};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct jt_pkey *again = NULL;
        struct jt_buf der;
        struct jt_buf pem[2];
        jt_buf_init(&der, 8192);
        assert_int_equal(jt_pkey_private_der(keys[i], &der), JT_OK);
        assert_int_equal(jt_pkey_from_private_der(jt_slice(der.p, der.n - 1), &again), JT_E_CRYPTO);
        assert_int_equal(jt_pkey_from_private_der(jt_buf_slice(&der), &again), JT_OK);
        assert_int_equal(jt_pkey_kind(again), jt_pkey_kind(keys[i]));
        for (size_t k = 0; k < 2; k++) {
            jt_buf_init(&pem[k], 8192);
            assert_int_equal(jt_pkey_public_pem(k == 0 ? keys[i] : again, &pem[k]), JT_OK);
        }
        assert_true(jt_slice_eq(jt_buf_slice(&pem[0]), jt_buf_slice(&pem[1])));
        assert_null(memmem(pem[0].p, pem[0].n, "PRIVATE", 7));
        jt_buf_free(&pem[0]);
        jt_buf_free(&pem[1]);
        jt_buf_free(&der);
        jt_pkey_free(&again);
    }
}

static void refused_params(const struct jt_pubparams *p)
{
    struct jt_pkey *k = NULL;
    assert_int_equal(jt_pkey_from_params(p, &k), JT_E_CRYPTO);
    assert_null(k);
}

/* threats J13, J15 */
static void params(void **state)
{
    static struct jt_pubparams good, p;
    (void)state;
    assert_int_equal(jt_pkey_params(rsa, &good), JT_OK);
    static const uint8_t exponents[][5] = {{1}, {3}, {1, 0, 0}, {0xff, 0xff}, {1, 0, 0, 0, 1}};
    static const size_t lengths[] = {1, 1, 3, 2, 5};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        p = good;
        memcpy(p.b, exponents[i], lengths[i]);
        p.b_n = lengths[i];
        refused_params(&p);
    }
    p = good;
    p.a_n = 255; /* under 2048 bits */
    refused_params(&p);
    p = good;
    p.a[0] &= 0x7f;
    refused_params(&p);
    p = good;
    p.a[255] &= 0xfe;
    refused_params(&p);
    p = good;
    memmove(p.a + 1, p.a, 256); /* not minimal */
    p.a[0] = 0;
    p.a_n = 257;
    refused_params(&p);
    p = good;
    p.kind = JT_KEY_NONE;
    refused_params(&p);
    assert_int_equal(jt_pkey_params(ec, &good), JT_OK);
    p = good;
    p.a[31] ^= 1; /* off the curve */
    refused_params(&p);
    p = good;
    memset(p.a, 0, 32);
    memset(p.b, 0, 32);
    refused_params(&p);
    p = good;
    p.a_n = 31;
    refused_params(&p);
    p = good;
    p.b_n = 33;
    refused_params(&p);
    p = good;
    memset(p.a, 0xff, 32); /* not below the field's prime */
    refused_params(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(es256_over_many),
        cmocka_unit_test(es256_refuses),
        cmocka_unit_test(rs256),
        cmocka_unit_test(key_and_algorithm_must_fit),
        cmocka_unit_test(private_der_round_trips),
        cmocka_unit_test(params),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
