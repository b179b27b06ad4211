/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"

static void grows_up_to_max(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++) {
        jt_buf_putc(&b, (uint8_t)('a' + i % 26));
        assert_true(b.n <= b.cap && b.cap <= b.max);
    }
    assert_true(jt_buf_ok(&b));
    assert_int_equal(b.n, 1000);
    jt_buf_putc(&b, 'x');
    assert_false(jt_buf_ok(&b));
    assert_int_equal(b.n, 1000);
    jt_buf_free(&b);
}

static void failure_is_sticky(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 4);
    jt_buf_puts(&b, "ab");
    jt_buf_puts(&b, "cde");
    assert_false(jt_buf_ok(&b));
    jt_buf_puts(&b, "c");
    jt_buf_putc(&b, 'c');
    jt_buf_put_u64(&b, 1);
    jt_buf_put_i64(&b, -1);
    jt_buf_printf(&b, "%d", 1);
    assert_false(jt_buf_reserve(&b, 0));
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("ab")));
    assert_null(jt_buf_take(&b));
    assert_int_equal(b.max, 4);
    assert_true(jt_buf_ok(&b)); /* as new */
    jt_buf_puts(&b, "abcd");
    assert_true(jt_buf_ok(&b));
    jt_buf_puts(&b, "e");
    assert_false(jt_buf_ok(&b));
    jt_buf_reset(&b);
    assert_true(jt_buf_ok(&b));
    assert_int_equal(b.n, 0);
    jt_buf_free(&b);
    jt_buf_free(NULL);
}

static void reserve_never_wraps(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 100);
    jt_buf_puts(&b, "x");
    assert_false(jt_buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    jt_buf_free(&b);
}

static void numbers(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 200);
    jt_buf_put_i64(&b, INT64_MIN);
    jt_buf_putc(&b, ' ');
    jt_buf_put_i64(&b, INT64_MAX);
    jt_buf_putc(&b, ' ');
    jt_buf_put_u64(&b, UINT64_MAX);
    jt_buf_printf(&b, " %s %d", "x", 7);
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("-9223372036854775808 9223372036854775807 "
                                                     "18446744073709551615 x 7")));
    jt_buf_free(&b);
}

static void printf_fills_exactly(void **state)
{
    static const size_t sizes[] = {10, 511, 512, 513, 2000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct jt_buf b;
        jt_buf_init(&b, sizes[i]);
        jt_buf_printf(&b, "%*d", (int)sizes[i], 5);
        assert_true(jt_buf_ok(&b));
        assert_int_equal(b.n, sizes[i]);
        assert_int_equal(b.p[b.n - 1], '5');
        jt_buf_printf(&b, "y");
        assert_false(jt_buf_ok(&b));
        jt_buf_free(&b);
    }
}

static void consume_keeps_the_rest(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 100);
    jt_buf_consume(&b, 0);
    jt_buf_puts(&b, "GET rest");
    jt_buf_consume(&b, 4);
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("rest")));
    jt_buf_consume(&b, 4);
    assert_int_equal(b.n, 0);
    jt_buf_free(&b);
}

static void take_hands_over(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 3);
    jt_buf_puts(&b, "abc"); /* full: the NUL has room all the same */
    char *z = jt_buf_take(&b);
    assert_non_null(z);
    assert_string_equal(z, "abc");
    free(z);
    assert_null(b.p);
    assert_int_equal(b.max, 3);
    z = jt_buf_take(&b);
    assert_non_null(z);
    assert_string_equal(z, "");
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_max),      cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(reserve_never_wraps),  cmocka_unit_test(numbers),
        cmocka_unit_test(printf_fills_exactly), cmocka_unit_test(consume_keeps_the_rest),
        cmocka_unit_test(take_hands_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
