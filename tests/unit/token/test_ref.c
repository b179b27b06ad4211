/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "core/base/num.h"
#include "core/token/ref.h"

static struct jt_crypt *crypt;
static const uint8_t key[JT_KEY_SIZE] = {1, 2, 3};
static const uint8_t other[JT_KEY_SIZE] = {1, 2, 4};

static int setup(void **state)
{
    (void)state;
    return jt_crypt_new(&crypt) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_crypt_free(&crypt);
    return crypt == NULL ? 0 : -1;
}

static enum jt_err read_ref(const char text[static JT_REF_LEN], struct jt_ref *out)
{
    return jt_ref_read(crypt, key, jt_slice(text, JT_REF_LEN), out);
}

static void round_trip(void **state)
{
    static const struct jt_ref rows[] = {
        {JT_REF_EVENT, 0, 0},
        {JT_REF_EVENT, UINT64_MAX, 0},
        {JT_REF_COUNTED, 29000000, 65535},
        {JT_REF_REQUEST, UINT64_C(1) << 48 | 7, 0},
        {JT_REF_CURSOR, UINT64_C(4095) << 32 | 3, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[JT_REF_LEN];
        char upper[JT_REF_LEN];
        struct jt_ref got = {0};
        assert_int_equal(jt_ref_write(crypt, key, &rows[i], text), JT_OK);
        assert_int_equal(read_ref(text, &got), JT_OK);
        assert_int_equal(got.kind, rows[i].kind);
        assert_true(got.a == rows[i].a && got.b == rows[i].b);
        for (size_t k = 0; k < JT_REF_LEN; k++) {
            upper[k] = text[k] >= 'a' ? (char)(text[k] - 'a' + 'A') : text[k];
        }
        got = (struct jt_ref){0};
        assert_int_equal(read_ref(upper, &got), JT_OK); /* people type */
        assert_true(got.a == rows[i].a);
    }
}

static void tampered(void **state)
{
    char text[JT_REF_LEN];
    struct jt_ref got = {0};
    (void)state;
    assert_int_equal(jt_ref_write(crypt, key, &(struct jt_ref){JT_REF_EVENT, 1000, 0}, text),
                     JT_OK);
    for (size_t i = 0; i < JT_REF_LEN; i++) {
        const char was = text[i];
        for (const char *c = "abcdefghijklmnopqrstuvwxyz234567"; *c != '\0'; c++) {
            if (*c != was) {
                text[i] = *c;
                assert_int_not_equal(read_ref(text, &got), JT_OK);
            }
        }
        text[i] = '1';
        assert_int_equal(read_ref(text, &got), JT_E_SYNTAX);
        text[i] = was;
    }
    assert_int_equal(got.kind, JT_REF_NONE);
    assert_int_equal(jt_ref_read(crypt, other, jt_slice(text, JT_REF_LEN), &got), JT_E_CRYPTO);
    assert_int_equal(jt_ref_read(crypt, key, jt_slice(text, JT_REF_LEN - 1), &got), JT_E_SYNTAX);
    assert_int_equal(jt_ref_read(crypt, key, JT_LIT(""), &got), JT_E_SYNTAX);
}

/* The block of a made-up reference, encrypted with the right key. */
static enum jt_err read_block(const uint8_t block[static JT_BLOCK_SIZE], struct jt_ref *out)
{
    uint8_t sealed[JT_BLOCK_SIZE];
    char text[JT_REF_LEN];
    assert_int_equal(jt_block_encrypt(crypt, key, block, sealed), JT_OK);
    assert_int_equal(jt_b32_encode(jt_slice(sealed, sizeof sealed), text), JT_REF_LEN);
    return read_ref(text, out);
}

static void zeros_are_checked(void **state)
{
    struct jt_ref got = {0};
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        const uint8_t block[JT_BLOCK_SIZE] = {(uint8_t)kind};
        assert_int_equal(read_block(block, &got),
                         kind >= JT_REF_EVENT && kind <= JT_REF_CURSOR ? JT_OK : JT_E_CRYPTO);
    }
    for (size_t i = 1; i < 6; i++) {
        uint8_t block[JT_BLOCK_SIZE] = {JT_REF_EVENT};
        block[i] = 0x80;
        assert_int_equal(read_block(block, &got), JT_E_CRYPTO);
    }
    /* only a counted one has a reason code, and a cursor its list: the rest has 16 more zeros */
    for (uint8_t kind = JT_REF_EVENT; kind <= JT_REF_CURSOR; kind++) {
        const uint8_t block[JT_BLOCK_SIZE] = {kind, 0, 0, 0, 0, 0, 1, 0};
        bool second = kind == JT_REF_COUNTED || kind == JT_REF_CURSOR;
        assert_int_equal(read_block(block, &got), second ? JT_OK : JT_E_CRYPTO);
    }
}

static void jti(void **state)
{
    static const struct jt_jti rows[] = {
        {0, 0}, {1, 2}, {UINT64_C(5) << 40 | 99, UINT32_MAX}, {UINT64_MAX, 7}};
    char text[JT_JTI_LEN];
    char again[JT_JTI_LEN];
    struct jt_jti got = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(jt_jti_write(crypt, key, &rows[i], text), JT_OK);
        assert_int_equal(jt_jti_read(crypt, key, jt_slice(text, JT_JTI_LEN), &got), JT_OK);
        assert_true(got.sequence == rows[i].sequence && got.credential == rows[i].credential);
        assert_int_equal(jt_jti_write(crypt, key, &rows[i], again), JT_OK);
        assert_memory_not_equal(text, again, JT_JTI_LEN); /* random bytes complete it */
    }
    assert_int_equal(jt_jti_read(crypt, key, jt_slice(text, JT_JTI_LEN - 1), &got), JT_E_SYNTAX);
    text[3] = '+';
    assert_int_equal(jt_jti_read(crypt, key, jt_slice(text, JT_JTI_LEN), &got), JT_E_SYNTAX);
}

/* An opaque token's: the same text whenever it is asked about, another one for another salt. */
static void jti_with_salt(void **state)
{
    const struct jt_jti j = {UINT64_C(3) << 40 | 5, 17};
    uint8_t salt[4] = {1, 2, 3, 4};
    char text[JT_JTI_LEN];
    char again[JT_JTI_LEN];
    struct jt_jti got = {0};
    (void)state;
    assert_int_equal(jt_jti_write_with(crypt, key, &j, salt, text), JT_OK);
    assert_int_equal(jt_jti_write_with(crypt, key, &j, salt, again), JT_OK);
    assert_memory_equal(text, again, JT_JTI_LEN);
    assert_int_equal(jt_jti_read(crypt, key, jt_slice(text, JT_JTI_LEN), &got), JT_OK);
    assert_true(got.sequence == j.sequence && got.credential == j.credential);
    salt[3] ^= 1;
    assert_int_equal(jt_jti_write_with(crypt, key, &j, salt, again), JT_OK);
    assert_memory_not_equal(text, again, JT_JTI_LEN);
}

/* A jti is public: it must not open as a reference. */
static void jti_is_no_reference(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        const struct jt_jti j = {i, i};
        char text[JT_REF_LEN];
        char b64[JT_JTI_LEN];
        uint8_t block[JT_B64_BYTES(JT_REF_LEN)];
        size_t n = 0;
        struct jt_ref ref = {0};
        assert_int_equal(jt_jti_write(crypt, key, &j, b64), JT_OK);
        assert_int_equal(jt_b64url_decode(jt_slice(b64, sizeof b64), block, &n), JT_OK);
        assert_int_equal(jt_b32_encode(jt_slice(block, n), text), JT_REF_LEN);
        assert_int_equal(read_ref(text, &ref), JT_E_CRYPTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),        cmocka_unit_test(tampered),
        cmocka_unit_test(zeros_are_checked), cmocka_unit_test(jti),
        cmocka_unit_test(jti_with_salt),     cmocka_unit_test(jti_is_no_reference),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
