/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_usage.c - uses of credentials: gathered by workers, merged, taken to be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "server/store/usage.h"

static struct jt_usage *u;
static const struct jt_addr home = {{1}}, away = {{2}};

static int setup(void **state)
{
    (void)state;
    return jt_usage_new(&u) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_usage_free(&u);
    return u == NULL ? 0 : -1;
}

static void test_first_last_and_count(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    struct jt_use use = {.count = 77};
    assert_false(jt_usage_get(u, 5, &use));
    assert_false(jt_usage_get(u, 0, &use)); /* that number is nobody's */
    assert_int_equal(use.count, 77);
    jt_usage_add(&b, u, 5, 100, &home);
    jt_usage_add(&b, u, 6, 101, &home);
    jt_usage_add(&b, u, 5, 102, &away);
    assert_int_equal(b.n, 2);
    assert_false(jt_usage_get(u, 5, &use)); /* not merged yet */
    jt_usage_merge(&b, u);
    assert_int_equal(b.n, 0);
    assert_true(jt_usage_get(u, 5, &use));
    assert_int_equal(use.number, 5);
    assert_true(use.first_s == 100 && use.last_s == 102 && use.count == 2);
    assert_memory_equal(&use.address, &away, sizeof away);
    jt_usage_add(&b, u, 5, 90, &home); /* another worker's, merged late: the last stays the last */
    jt_usage_merge(&b, u);
    assert_true(jt_usage_get(u, 5, &use));
    assert_true(use.first_s == 100 && use.last_s == 102 && use.count == 3);
    assert_memory_equal(&use.address, &away, sizeof away);
    assert_true(jt_usage_get(u, 6, &use) && use.count == 1);
}

static void test_loaded_goes_on(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    const struct jt_use was = {
        .number = 9, .first_s = 10, .last_s = 20, .count = 5, .address = home};
    const struct jt_use nobody = {.number = 0, .count = 1};
    struct jt_use use = {0};
    assert_int_equal(jt_usage_load(u, &nobody), JT_E_CORRUPT);
    assert_int_equal(jt_usage_load(u, &was), JT_OK);
    assert_int_equal(jt_usage_take(u, &use, 1), 0); /* it is on disk already */
    jt_usage_add(&b, u, 9, 30, &away);
    jt_usage_merge(&b, u);
    assert_int_equal(jt_usage_take(u, &use, 1), 1);
    assert_true(use.number == 9 && use.first_s == 10 && use.last_s == 30 && use.count == 6);
}

/* What changed is taken once, some at a time, and all of it in the end. */
static void test_take(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    static bool seen[1001];
    struct jt_use page[64];
    size_t all = 0;
    size_t n = 0;
    for (uint32_t i = 1; i <= 1000; i++) {
        jt_usage_add(&b, u, i, i, &home); /* a full batch is merged by itself */
    }
    jt_usage_merge(&b, u);
    while ((n = jt_usage_take(u, page, 64)) > 0) {
        assert_true(n == 64 || all + n == 1000);
        all += n;
        for (size_t i = 0; i < n; i++) {
            assert_false(seen[page[i].number]);
            seen[page[i].number] = true;
            assert_true(page[i].last_s == page[i].number);
        }
    }
    assert_int_equal(all, 1000);
    jt_usage_add(&b, u, 500, 2000, &home);
    jt_usage_merge(&b, u);
    assert_int_equal(jt_usage_take(u, page, 64), 1);
    assert_int_equal(page[0].number, 500);
    assert_int_equal(jt_usage_take(u, page, 64), 0);
}

/* What could not be written is taken again, with what came since. */
static void test_untake(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    struct jt_use page[8];
    jt_usage_add(&b, u, 1, 10, &home);
    jt_usage_add(&b, u, 2, 10, &home);
    jt_usage_merge(&b, u);
    assert_int_equal(jt_usage_take(u, page, 8), 2);
    jt_usage_add(&b, u, 1, 11, &home);
    jt_usage_merge(&b, u);
    jt_usage_untake(u, page, 2);
    jt_usage_untake(u, page, 2); /* twice is the same */
    assert_int_equal(jt_usage_take(u, page, 8), 2);
    assert_int_equal(page[0].count + page[1].count, 3);
    assert_int_equal(jt_usage_take(u, page, 8), 0);
    const struct jt_use unknown = {.number = 99};
    jt_usage_untake(u, &unknown, 1);
    assert_int_equal(jt_usage_take(u, page, 8), 0);
}

static void test_many(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    struct jt_use use = {0};
    for (uint32_t i = 1; i <= 200000; i++) {
        jt_usage_add(&b, u, i, i, &home);
    }
    jt_usage_merge(&b, u);
    for (uint32_t i = 1; i <= 200000; i++) {
        assert_true(jt_usage_get(u, i, &use) && use.last_s == i && use.count == 1);
    }
    assert_false(jt_usage_get(u, 200001, &use));
    jt_usage_add(&b, u, UINT32_MAX, 1, &home);
    jt_usage_merge(&b, u);
    assert_true(jt_usage_get(u, UINT32_MAX, &use));
}

/* Numbers are never given out again, so one that is forgotten stays so, also if a worker that had
 * not merged yet comes late. */
static void test_forget(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    static bool gone[3001];
    struct jt_use use = {0};
    struct jt_use page[64];
    for (uint32_t i = 1; i <= 3000; i++) {
        jt_usage_add(&b, u, i, i, &home);
    }
    jt_usage_merge(&b, u);
    for (uint32_t i = 1; i <= 3000; i += 1 + i % 3) { /* the chains of the table stay whole */
        jt_usage_forget(u, i);
        jt_usage_forget(u, i);
        gone[i] = true;
    }
    size_t left = 0;
    for (uint32_t i = 1; i <= 3000; i++) {
        assert_int_equal(jt_usage_get(u, i, &use), !gone[i]);
        assert_true(gone[i] || (use.number == i && use.last_s == i));
        left += gone[i] ? 0 : 1;
    }
    size_t taken = 0;
    size_t n = 0;
    while ((n = jt_usage_take(u, page, 64)) > 0) {
        taken += n;
    }
    assert_int_equal(taken, left);
    jt_usage_add(&b, u, 1, 5000, &home);
    jt_usage_add(&b, u, 9999, 5000, &home);
    jt_usage_merge(&b, u);
    assert_false(jt_usage_get(u, 1, &use));
    assert_true(jt_usage_get(u, 9999, &use));
    jt_usage_forget(u, 77777); /* never used */
    jt_usage_forget(u, 0);
    assert_int_equal(jt_usage_take(u, page, 64), 1);
}

enum { EACH = 20000 };

static void *work(void *arg)
{
    struct jt_usage_batch *b = arg;
    for (int i = 0; i < EACH; i++) {
        jt_usage_add(b, u, (uint32_t)(i % 300) + 1, i, &home);
        if (i % 100 == 0) {
            jt_usage_merge(b, u);
        }
    }
    jt_usage_merge(b, u);
    return NULL;
}

static void test_two_workers_and_the_store_thread(void **state)
{
    (void)state;
    static struct jt_usage_batch b[2];
    pthread_t t[2];
    struct jt_use page[50];
    struct jt_use use = {0};
    uint64_t sum = 0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, work, &b[i]), 0);
    }
    for (int i = 0; i < 200; i++) {
        (void)jt_usage_take(u, page, 50);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    for (uint32_t i = 1; i <= 300; i++) {
        assert_true(jt_usage_get(u, i, &use));
        sum += use.count;
    }
    assert_int_equal(sum, 2 * EACH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_last_and_count),
        TEST(test_loaded_goes_on),
        TEST(test_take),
        TEST(test_untake),
        TEST(test_many),
        TEST(test_forget),
        TEST(test_two_workers_and_the_store_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
