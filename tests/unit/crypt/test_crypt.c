/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/crypt.h"

static struct jt_crypt *crypt;

static int setup(void **state)
{
    (void)state;
    return jt_crypt_new(&crypt) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_crypt_free(&crypt);
    jt_crypt_free(&crypt);
    return 0;
}

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
    char hex[129] = "";
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", p[i]);
    }
    assert_string_equal(hex, want);
}

/* FIPS 180-4 */
static void sha256(void **state)
{
    uint8_t h[JT_SHA256_SIZE];
    (void)state;
    assert_int_equal(jt_sha256(crypt, JT_LIT("abc"), h), JT_OK);
    expect_hex(h, sizeof h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(jt_sha256(crypt, jt_slice(NULL, 0), h), JT_OK);
    expect_hex(h, sizeof h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231; a key shorter than 32 bytes means the same with zeros after it (RFC 2104) */
static void hmac(void **state)
{
    static const struct {
        const char *key;
        size_t key_n;
        uint8_t fill;
        const char *data;
        const char *want;
    } rows[] = {
        {NULL, 20, 0x0b, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, 0, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };
    uint8_t key[JT_KEY_SIZE];
    uint8_t h[JT_SHA256_SIZE];
    (void)state;
    for (int round = 0; round < 2; round++) { /* the context changes its key each time */
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            memset(key, 0, sizeof key);
            memset(key, rows[i].fill, rows[i].key_n);
            if (rows[i].key != NULL) {
                memcpy(key, rows[i].key, rows[i].key_n);
            }
            assert_int_equal(jt_hmac_sha256(crypt, key, jt_str(rows[i].data), h), JT_OK);
            expect_hex(h, sizeof h, rows[i].want);
        }
    }
}

static void seal_and_unseal(void **state)
{
    static const uint8_t key[JT_KEY_SIZE] = {7};
    static const uint8_t other[JT_KEY_SIZE] = {8};
    struct jt_slice aad = JT_LIT("name");
    struct jt_slice plain = JT_LIT("a private key");
    struct jt_buf s;
    struct jt_buf p;
    (void)state;
    jt_buf_init(&s, 1000);
    jt_buf_init(&p, 1000);
    jt_buf_puts(&p, "kept");
    assert_int_equal(jt_seal(crypt, key, aad, plain, &s), JT_OK);
    assert_int_equal(s.n, plain.n + JT_SEAL_OVERHEAD);
    assert_null(memmem(s.p, s.n, plain.p, plain.n));
    assert_int_equal(jt_unseal(crypt, other, aad, jt_buf_slice(&s), &p), JT_E_CRYPTO);
    assert_int_equal(jt_unseal(crypt, key, JT_LIT("nama"), jt_buf_slice(&s), &p), JT_E_CRYPTO);
    for (size_t i = 0; i < s.n * 8; i++) { /* every bit */
        s.p[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(jt_unseal(crypt, key, aad, jt_buf_slice(&s), &p), JT_E_CRYPTO);
        s.p[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t n = 0; n < s.n; n++) { /* every cut */
        assert_int_equal(jt_unseal(crypt, key, aad, jt_slice(s.p, n), &p), JT_E_CRYPTO);
    }
    assert_true(jt_slice_eq(jt_buf_slice(&p), JT_LIT("kept"))); /* nothing came out */
    assert_int_equal(jt_unseal(crypt, key, aad, jt_buf_slice(&s), &p), JT_OK);
    assert_true(jt_slice_eq(jt_buf_slice(&p), JT_LIT("kepta private key")));
    jt_buf_free(&s);
    jt_buf_free(&p);
}

static void seal_is_fresh_and_takes_nothing(void **state)
{
    static const uint8_t key[JT_KEY_SIZE] = {7};
    struct jt_buf a;
    struct jt_buf b;
    (void)state;
    jt_buf_init(&a, 100);
    jt_buf_init(&b, 100);
    assert_int_equal(jt_seal(crypt, key, JT_LIT(""), JT_LIT(""), &a), JT_OK);
    assert_int_equal(jt_seal(crypt, key, JT_LIT(""), JT_LIT(""), &b), JT_OK);
    assert_false(jt_slice_eq(jt_buf_slice(&a), jt_buf_slice(&b)));
    jt_buf_reset(&b);
    assert_int_equal(jt_unseal(crypt, key, JT_LIT(""), jt_buf_slice(&a), &b), JT_OK);
    assert_int_equal(b.n, 0);
    jt_buf_free(&a);
    jt_buf_free(&b);
}

/* FIPS 197 appendix C.3 */
static void block(void **state)
{
    uint8_t key[JT_KEY_SIZE];
    uint8_t b[JT_BLOCK_SIZE];
    uint8_t c[JT_BLOCK_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof b; i++) {
        b[i] = (uint8_t)(i * 17);
    }
    assert_int_equal(jt_block_encrypt(crypt, key, b, c), JT_OK);
    expect_hex(c, sizeof c, "8ea2b7ca516745bfeafc49904b496089");
    assert_int_equal(jt_block_decrypt(crypt, key, c, c), JT_OK);
    assert_memory_equal(b, c, sizeof b);
    /* the same place with other bytes is another key */
    key[0] = 1;
    assert_int_equal(jt_block_encrypt(crypt, key, b, c), JT_OK);
    assert_int_not_equal(c[0], 0x8e);
    assert_int_equal(jt_block_decrypt(crypt, key, c, c), JT_OK);
    assert_memory_equal(b, c, sizeof b);
}

static void random_differs(void **state)
{
    static uint8_t a[10000];
    static const uint8_t zeros[16];
    (void)state;
    assert_int_equal(jt_crypt_random(crypt, a, sizeof a), JT_OK); /* more than a page */
    for (size_t i = 0; i + 32 <= sizeof a; i += 16) {
        assert_memory_not_equal(a + i, a + i + 16, 16);
        assert_memory_not_equal(a + i, zeros, 16);
    }
    assert_int_equal(jt_crypt_random(crypt, a, 0), JT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),          cmocka_unit_test(hmac),
        cmocka_unit_test(seal_and_unseal), cmocka_unit_test(seal_is_fresh_and_takes_nothing),
        cmocka_unit_test(block),           cmocka_unit_test(random_differs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
