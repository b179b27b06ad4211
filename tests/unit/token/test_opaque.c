/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/token/opaque.h"

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
    return crypt == NULL ? 0 : -1;
}

static void made_has_the_form(void **state)
{
    char before[JT_OPAQUE_LEN] = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char t[JT_OPAQUE_LEN];
        assert_int_equal(jt_opaque_make(crypt, t), JT_OK);
        assert_memory_equal(t, "jat_", 4);
        assert_true(jt_opaque_form(jt_slice(t, sizeof t)));
        assert_memory_not_equal(t, before, sizeof t);
        memcpy(before, t, sizeof t);
    }
}

/* Every other text of the same value is none: a revoked token has no second spelling. */
static void one_text_for_each_value(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
    char t[JT_OPAQUE_LEN + 1] = "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    size_t taken = 0;
    (void)state;
    for (const char *c = alphabet; *c != '\0'; c++) {
        t[JT_OPAQUE_LEN - 1] = *c; /* the last character has two bits too many */
        taken += jt_opaque_form(jt_slice(t, JT_OPAQUE_LEN)) ? 1 : 0;
    }
    assert_int_equal(taken, 16);
    t[JT_OPAQUE_LEN - 1] = 'A';
    for (size_t i = 4; i < JT_OPAQUE_LEN; i++) {
        for (const char *c = "+/=. \n\x80"; *c != '\0'; c++) {
            t[i] = *c;
            assert_false(jt_opaque_form(jt_slice(t, JT_OPAQUE_LEN)));
        }
        t[i] = 'A';
    }
}

static void other_forms(void **state)
{
    static const char good[] = "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char *const bad[] = {
        "",
        "jat_",
        "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "JAT_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "jcs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "jat-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        " jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    (void)state;
    assert_true(jt_opaque_form(jt_str(good)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(jt_opaque_form(jt_str(bad[i])));
    }
}

/* SHA-256 of the whole text: what a store has is no token. */
static void hash_is_of_the_whole_text(void **state)
{
    static const char good[] = "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    uint8_t a[JT_SHA256_SIZE];
    uint8_t b[JT_SHA256_SIZE];
    (void)state;
    assert_int_equal(jt_opaque_hash(crypt, jt_str(good), a), JT_OK);
    assert_int_equal(jt_sha256(crypt, jt_slice(good, JT_OPAQUE_LEN), b), JT_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(jt_opaque_hash(crypt, jt_slice(good, JT_OPAQUE_LEN - 1), b), JT_OK);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_has_the_form),
        cmocka_unit_test(one_text_for_each_value),
        cmocka_unit_test(other_forms),
        cmocka_unit_test(hash_is_of_the_whole_text),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
