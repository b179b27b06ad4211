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

static struct jt_pkey *ec, *rsa, *ed;

static int setup(void **state)
{
    (void)state;
    return jt_pkey_generate(JT_KEY_P256, &ec) == JT_OK &&
                   jt_pkey_generate(JT_KEY_RSA, &rsa) == JT_OK &&
                   jt_pkey_generate(JT_KEY_ED25519, &ed) == JT_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_pkey_free(&ec);
    jt_pkey_free(&rsa);
    jt_pkey_free(&ed);
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

/* RFC 7518 section 3.5; what RS256 signed is none of PS256, and the other way around */
static void ps256(void **state)
{
    struct jt_signer *s = NULL;
    struct jt_signer *s15 = NULL;
    struct jt_sigcheck *v = NULL;
    struct jt_sigcheck *v15 = NULL;
    uint8_t sig[JT_SIG_MAX + 1];
    uint8_t before[JT_SIG_MAX];
    size_t n = 0;
    (void)state;
    assert_int_equal(jt_signer_new(rsa, JT_ALG_PS256, &s), JT_OK);
    assert_int_equal(jt_signer_new(rsa, JT_ALG_RS256, &s15), JT_OK);
    assert_int_equal(jt_sigcheck_new(rsa, JT_ALG_PS256, &v), JT_OK);
    assert_int_equal(jt_sigcheck_new(rsa, JT_ALG_RS256, &v15), JT_OK);
    assert_int_equal(jt_sign(s, JT_LIT("m"), before, &n), JT_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(jt_sign(s, JT_LIT("m"), sig, &n), JT_OK);
        assert_int_equal(n, 256);
        assert_memory_not_equal(sig, before, n); /* the salt is random */
        memcpy(before, sig, n);
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(sig, n)), JT_SIG_VALID);
        assert_int_equal(jt_sigcheck(v15, JT_LIT("m"), jt_slice(sig, n)), JT_SIG_INVALID);
    }
    sig[n] = 0;
    assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(sig, n + 1)), JT_SIG_INVALID);
    assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(sig, n - 1)), JT_SIG_INVALID);
    assert_int_equal(jt_sigcheck(v, JT_LIT("n"), jt_slice(sig, n)), JT_SIG_INVALID);
    for (size_t i = 0; i < n; i++) {
        sig[i] ^= 1;
        assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(sig, n)), JT_SIG_INVALID);
        sig[i] ^= 1;
    }
    assert_int_equal(jt_sign(s15, JT_LIT("m"), sig, &n), JT_OK);
    assert_int_equal(jt_sigcheck(v15, JT_LIT("m"), jt_slice(sig, n)), JT_SIG_VALID);
    assert_int_equal(jt_sigcheck(v, JT_LIT("m"), jt_slice(sig, n)), JT_SIG_INVALID);
    jt_signer_free(&s);
    jt_signer_free(&s15);
    jt_sigcheck_free(&v);
    jt_sigcheck_free(&v15);
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

/* PKCS#8 of an Ed25519 key (RFC 8410 section 7) */
static void ed_from_seed(const char *seed, struct jt_pkey **out)
{
    uint8_t der[48];
    size_t n = unhex("302e020100300506032b657004220420", der);
    n += unhex(seed, der + n);
    assert_int_equal(jt_pkey_from_private_der(jt_slice(der, n), out), JT_OK);
    assert_int_equal(jt_pkey_kind(*out), JT_KEY_ED25519);
}

/* RFC 8032 section 7.1, tests 1 to 3 */
static void rfc8032(void **state)
{
    static const struct {
        const char *seed, *public, *message, *signature;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "8"
         "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_pkey *k = NULL;
        struct jt_signer *s = NULL;
        struct jt_sigcheck *v = NULL;
        static struct jt_pubparams p;
        uint8_t want[64];
        uint8_t text[8];
        uint8_t sig[JT_SIG_MAX + 1];
        size_t n = 0;
        struct jt_slice m = jt_slice(text, unhex(rows[i].message, text));
        ed_from_seed(rows[i].seed, &k);
        assert_int_equal(jt_signer_new(k, JT_ALG_EDDSA, &s), JT_OK);
        assert_int_equal(jt_sigcheck_new(k, JT_ALG_EDDSA, &v), JT_OK);
        assert_int_equal(jt_pkey_params(k, &p), JT_OK);
        assert_int_equal(p.a_n, unhex(rows[i].public, want));
        assert_int_equal(p.b_n, 0);
        assert_memory_equal(p.a, want, 32);
        jt_pkey_free(&k); /* the signer goes on: a worker's keys outlive what the directory had */
        for (int again = 0; again < 2; again++) {
            assert_int_equal(jt_sign(s, m, sig, &n), JT_OK);
            assert_int_equal(n, unhex(rows[i].signature, want));
            assert_memory_equal(sig, want, 64);
            assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, n)), JT_SIG_VALID);
            assert_int_equal(jt_sigcheck(v, JT_LIT("other"), jt_slice(sig, n)), JT_SIG_INVALID);
        }
        for (size_t bit = 0; bit < 512; bit++) {
            sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, 64)), JT_SIG_INVALID);
            sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        sig[64] = 0;
        assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, 63)), JT_SIG_INVALID);
        assert_int_equal(jt_sigcheck(v, m, jt_slice(sig, 65)), JT_SIG_INVALID);
        assert_int_equal(jt_sigcheck(v, m, jt_slice(NULL, 0)), JT_SIG_INVALID);
        jt_signer_free(&s);
        jt_sigcheck_free(&v);
    }
}

/* RFC 8725 section 3.1; a public key does not sign */
static void key_and_algorithm_must_fit(void **state)
{
    struct jt_signer *s = NULL;
    struct jt_sigcheck *v = NULL;
    struct jt_pkey *public = NULL;
    static struct jt_pubparams p;
    (void)state;
    const struct {
        const struct jt_pkey *key;
        enum jt_alg alg;
    } wrong[] = {
        {ec, JT_ALG_RS256},  {ec, JT_ALG_PS256},  {ec, JT_ALG_EDDSA}, {ec, JT_ALG_NONE},
        {rsa, JT_ALG_ES256}, {rsa, JT_ALG_EDDSA}, {rsa, JT_ALG_NONE}, {ed, JT_ALG_RS256},
        {ed, JT_ALG_PS256},  {ed, JT_ALG_ES256},  {ed, JT_ALG_NONE},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(jt_signer_new(wrong[i].key, wrong[i].alg, &s), JT_E_UNSUPPORTED);
        assert_int_equal(jt_sigcheck_new(wrong[i].key, wrong[i].alg, &v), JT_E_UNSUPPORTED);
    }
    assert_int_equal(jt_pkey_params(ec, &p), JT_OK);
    assert_int_equal(jt_pkey_from_params(&p, &public), JT_OK);
    assert_int_equal(jt_signer_new(public, JT_ALG_ES256, &s), JT_E_UNSUPPORTED);
    jt_pkey_free(&public);
    assert_int_equal(jt_pkey_params(ed, &p), JT_OK);
    assert_int_equal(jt_pkey_from_params(&p, &public), JT_OK);
    assert_int_equal(jt_signer_new(public, JT_ALG_EDDSA, &s), JT_E_UNSUPPORTED);
    jt_pkey_free(&public);
    assert_null(s);
    assert_null(v);
}

static void private_der_round_trips(void **state)
{
    struct jt_pkey *const keys[3] = {ec, rsa, ed};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
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

/* With such a "key" the signature of one message fits many. */
static void small_order_is_refused(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
        "0100000000000000000000000000000000000000000000000000000000000000", /* order 1 */
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", /* order 8 */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p, for 0 */
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p + 1, for 1 */
    };
    static struct jt_pubparams good, p;
    struct jt_pkey *k = NULL;
    (void)state;
    assert_int_equal(jt_pkey_params(ed, &good), JT_OK);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        p = good;
        assert_int_equal(unhex(points[i], p.a), 32);
        refused_params(&p);
        p.a[31] ^= 0x80; /* the other sign */
        refused_params(&p);
        p.a[31] ^= 0x80;
        p.a[0] ^= 4; /* its neighbour is none of them */
        assert_int_equal(jt_pkey_from_params(&p, &k), JT_OK);
        jt_pkey_free(&k);
    }
    p = good;
    p.a_n = 31;
    refused_params(&p);
    p.a_n = 33;
    refused_params(&p);
    p = good;
    p.b_n = 1; /* Ed25519 has no second number */
    refused_params(&p);
    assert_int_equal(jt_pkey_from_params(&good, &k), JT_OK);
    jt_pkey_free(&k);
}

static void one_key_twice(void **state)
{
    (void)state;
    struct jt_pkey *first = NULL;
    assert_int_equal(jt_pkey_generate(JT_KEY_ED25519, &first), JT_OK);
    struct jt_pkey *second = jt_pkey_ref(first);
    static struct jt_pubparams a, b;
    assert_non_null(second);
    assert_int_equal(jt_pkey_params(first, &a), JT_OK);
    jt_pkey_free(&first);
    assert_int_equal(jt_pkey_kind(second), JT_KEY_ED25519);
    assert_int_equal(jt_pkey_params(second, &b), JT_OK);
    assert_memory_equal(a.a, b.a, 32);
    struct jt_signer *s = NULL;
    assert_int_equal(jt_signer_new(second, JT_ALG_EDDSA, &s), JT_OK); /* it is private still */
    jt_signer_free(&s);
    jt_pkey_free(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(es256_over_many),
        cmocka_unit_test(es256_refuses),
        cmocka_unit_test(rs256),
        cmocka_unit_test(ps256),
        cmocka_unit_test(rfc8032),
        cmocka_unit_test(small_order_is_refused),
        cmocka_unit_test(one_key_twice),
        cmocka_unit_test(key_and_algorithm_must_fit),
        cmocka_unit_test(private_der_round_trips),
        cmocka_unit_test(params),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
