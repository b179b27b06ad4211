/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdalign.h>

#include "core/base/arena.h"

static void aligned_and_zeroed(void **state)
{
    struct jt_arena a;
    (void)state;
    jt_arena_init(&a, 65536);
    for (int round = 0; round < 2; round++) {
        for (size_t n = 1; n < 100; n++) {
            uint8_t *p = jt_arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(p[i], 0);
            }
            memset(p, 0xa5, n);
        }
        jt_arena_reset(&a); /* the second round finds zeros again */
        assert_int_equal(a.used, 0);
    }
    jt_arena_free(&a);
}

static void cap_holds(void **state)
{
    struct jt_arena a;
    size_t total = 0;
    (void)state;
    jt_arena_init(&a, 10000);
    assert_null(jt_arena_alloc(&a, 10001));
    while (jt_arena_alloc(&a, 100) != NULL) {
        total += 100;
        assert_true(a.used <= a.cap);
        assert_true(total <= 10000);
    }
    assert_true(total >= 7000);
    jt_arena_reset(&a);
    assert_non_null(jt_arena_alloc(&a, 9000));
    jt_arena_free(&a);
    assert_non_null(jt_arena_alloc(&a, 9000)); /* usable after free */
    jt_arena_free(&a);
}

static void reset_keeps_the_first_chunk(void **state)
{
    struct jt_arena a;
    (void)state;
    jt_arena_init(&a, 100000);
    const void *first = jt_arena_alloc(&a, 10);
    struct jt_arena_chunk *chunk = a.head;
    assert_non_null(first);
    for (int i = 0; i < 20; i++) {
        assert_non_null(jt_arena_alloc(&a, 3000));
    }
    assert_ptr_not_equal(a.head, chunk);
    jt_arena_reset(&a);
    assert_ptr_equal(a.head, chunk);
    assert_ptr_equal(jt_arena_alloc(&a, 10), first);
    jt_arena_free(&a);
}

static void arrays_do_not_overflow(void **state)
{
    struct jt_arena a;
    (void)state;
    jt_arena_init(&a, 4096);
    assert_null(jt_arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(jt_arena_array(&a, SIZE_MAX, SIZE_MAX));
    assert_non_null(jt_arena_array(&a, 10, 16));
    assert_null(jt_arena_strz(&a, (struct jt_slice){(const uint8_t *)"", SIZE_MAX}));
    jt_arena_free(&a);
}

static void no_cap_is_not_endless(void **state)
{
    struct jt_arena a;
    (void)state;
    jt_arena_init(&a, SIZE_MAX);
    assert_null(jt_arena_alloc(&a, SIZE_MAX));
    assert_null(jt_arena_alloc(&a, SIZE_MAX - 8));
    jt_arena_free(&a);
}

static void copies(void **state)
{
    struct jt_arena a;
    struct jt_slice s = {0};
    uint8_t text[] = "text";
    (void)state;
    jt_arena_init(&a, 4096);
    assert_true(jt_arena_copy(&a, jt_slice(text, 4), &s));
    text[0] = 'n';
    assert_true(jt_slice_eq(s, JT_LIT("text")));
    char *z = jt_arena_strz(&a, s);
    assert_non_null(z);
    assert_string_equal(z, "text");
    assert_true(jt_arena_copy(&a, jt_slice(NULL, 0), &s));
    assert_int_equal(s.n, 0);
    struct jt_slice kept = s;
    static const uint8_t big[5000];
    assert_false(jt_arena_copy(&a, jt_slice(big, sizeof big), &s));
    assert_ptr_equal(s.p, kept.p); /* untouched */
    jt_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned_and_zeroed),          cmocka_unit_test(cap_holds),
        cmocka_unit_test(reset_keeps_the_first_chunk), cmocka_unit_test(arrays_do_not_overflow),
        cmocka_unit_test(no_cap_is_not_endless),       cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
