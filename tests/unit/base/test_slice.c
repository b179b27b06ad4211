/* SPDX-License-Identifier: Apache-2.0 */
/* Slices and secrets: comparison, search, words; and what the system gives: time, randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/rand.h"
#include "core/base/secret.h"
#include "core/base/slice.h"

static void test_equal(void **state)
{
    (void)state;
    assert_true(jt_slice_eq(jt_slice(NULL, 0), JT_LIT("")));
    assert_true(jt_slice_eq(JT_LIT("a\0b"), jt_slice("a\0b", 3)));
    assert_false(jt_slice_eq(JT_LIT("a\0b"), JT_LIT("a\0c")));
    assert_false(jt_slice_eq(JT_LIT("ab"), JT_LIT("a")));
    assert_true(jt_slice_eq_nocase(JT_LIT("Content-LENGTH"), JT_LIT("content-length")));
    assert_false(jt_slice_eq_nocase(JT_LIT("@"), JT_LIT("`"))); /* 0x40 and 0x60: no letters */
    assert_false(jt_slice_eq_nocase(JT_LIT("["), JT_LIT("{")));
    assert_false(jt_slice_eq_nocase(JT_LIT("\xc4"), JT_LIT("\xe4"))); /* ASCII only */
    assert_false(jt_slice_eq_nocase(JT_LIT("ab"), JT_LIT("abc")));
    assert_int_equal(jt_str(NULL).n, 0);
}

static void test_order(void **state)
{
    (void)state;
    assert_true(jt_slice_cmp(JT_LIT("a"), JT_LIT("b")) < 0);
    assert_true(jt_slice_cmp(JT_LIT("b"), JT_LIT("a")) > 0);
    assert_true(jt_slice_cmp(JT_LIT("a"), JT_LIT("ab")) < 0);
    assert_true(jt_slice_cmp(JT_LIT("ab"), JT_LIT("a")) > 0);
    assert_int_equal(jt_slice_cmp(JT_LIT("ab"), JT_LIT("ab")), 0);
    assert_int_equal(jt_slice_cmp(jt_slice(NULL, 0), JT_LIT("")), 0);
    assert_true(jt_slice_cmp(JT_LIT("\x7f"), JT_LIT("\x80")) < 0); /* bytes are not signed */
}

static void test_parts(void **state)
{
    (void)state;
    struct jt_slice s = JT_LIT("abc");
    assert_true(jt_slice_eq(jt_slice_from(s, 1), JT_LIT("bc")));
    assert_int_equal(jt_slice_from(s, 3).n, 0);
    assert_int_equal(jt_slice_from(s, 4).n, 0);
    assert_int_equal(jt_slice_from(s, SIZE_MAX).n, 0);
    assert_int_equal(jt_slice_find(s, 'c'), 2);
    assert_int_equal(jt_slice_find(s, 'x'), 3);
    assert_int_equal(jt_slice_find(s, 0), 3);
    assert_int_equal(jt_slice_find(jt_slice(NULL, 0), 'x'), 0);
    assert_true(jt_slice_starts(s, JT_LIT("")));
    assert_true(jt_slice_starts(s, JT_LIT("abc")));
    assert_false(jt_slice_starts(s, JT_LIT("abcd")));
    assert_false(jt_slice_starts(s, JT_LIT("b")));
    assert_true(jt_slice_eq(jt_slice_trim(JT_LIT("\t a \tb\t ")), JT_LIT("a \tb")));
    assert_true(jt_slice_eq(jt_slice_trim(JT_LIT("\na\r")), JT_LIT("\na\r"))); /* blanks only */
    assert_int_equal(jt_slice_trim(JT_LIT(" \t ")).n, 0);
    assert_int_equal(jt_slice_trim(jt_slice(NULL, 0)).n, 0);
}

/* RFC 6749 section 3.3 */
static void test_words(void **state)
{
    (void)state;
    struct jt_slice rest = JT_LIT("  api:read api:write  x ");
    struct jt_slice w = {0};
    assert_true(jt_slice_next_word(&rest, &w));
    assert_true(jt_slice_eq(w, JT_LIT("api:read")));
    assert_true(jt_slice_next_word(&rest, &w));
    assert_true(jt_slice_eq(w, JT_LIT("api:write")));
    assert_true(jt_slice_next_word(&rest, &w));
    assert_true(jt_slice_eq(w, JT_LIT("x")));
    assert_false(jt_slice_next_word(&rest, &w));
    assert_int_equal(rest.n, 0);
    assert_true(jt_slice_eq(w, JT_LIT("x"))); /* untouched */
    rest = JT_LIT("a\tb");
    assert_true(jt_slice_next_word(&rest, &w));
    assert_true(jt_slice_eq(w, JT_LIT("a\tb"))); /* a tab separates nothing */
}

static void test_secret(void **state)
{
    (void)state;
    static const uint8_t long_one[JT_SECRET_MAX + 1] = {1};
    static const struct jt_secret zero;
    struct jt_secret s = {0};
    assert_int_equal(jt_secret_set(&s, JT_LIT("old")), JT_OK);
    assert_int_equal(jt_secret_set(&s, jt_slice(long_one, sizeof long_one)), JT_E_LIMIT);
    assert_true(jt_slice_eq(jt_secret_slice(&s), JT_LIT("old"))); /* untouched */
    assert_int_equal(jt_secret_set(&s, jt_slice(long_one, JT_SECRET_MAX)), JT_OK);
    assert_int_equal(s.n, JT_SECRET_MAX);
    assert_int_equal(jt_secret_set(&s, jt_slice(NULL, 0)), JT_OK);
    assert_int_equal(s.n, 0);
    assert_int_equal(jt_secret_set(&s, JT_LIT("canary")), JT_OK);
    jt_secret_wipe(&s);
    assert_memory_equal(&s, &zero, sizeof s);
}

static void test_equal_ct(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_true(jt_equal_ct(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(1u << bit);
            assert_false(jt_equal_ct(a, b, sizeof a));
            assert_true(jt_equal_ct(a, b, i)); /* nothing is read beyond n */
            b[i] = 0;
        }
    }
    assert_true(jt_equal_ct(a, b, sizeof a));
}

static void test_random(void **state)
{
    (void)state;
    uint8_t a[64] = {0};
    uint8_t b[64] = {0};
    assert_int_equal(jt_random(a, sizeof a), JT_OK);
    assert_int_equal(jt_random(b, sizeof b), JT_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 32, a, 32); /* filled to the end */
    assert_int_equal(jt_random(a, 0), JT_OK);
}

static void test_clock(void **state)
{
    (void)state;
    int64_t before = jt_mono_us(&jt_clock_system);
    int64_t wall = jt_wall_us(&jt_clock_system);
    assert_true(wall > INT64_C(1700000000000000)); /* microseconds, after 2023 */
    assert_true(jt_wall_s(&jt_clock_system) >= wall / 1000000);
    assert_true(jt_mono_us(&jt_clock_system) >= before);
}

/* Each code has a text of its own: operators read it. */
static void test_error_texts(void **state)
{
    (void)state;
    for (int i = JT_OK; i <= JT_E_UNSUPPORTED; i++) {
        assert_string_not_equal(jt_err_text((enum jt_err)i), "unknown error");
        for (int k = JT_OK; k < i; k++) {
            assert_string_not_equal(jt_err_text((enum jt_err)i), jt_err_text((enum jt_err)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_secret),      cmocka_unit_test(test_equal_ct),
        cmocka_unit_test(test_random),      cmocka_unit_test(test_clock),
        cmocka_unit_test(test_error_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
