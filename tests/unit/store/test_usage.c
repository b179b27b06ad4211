/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_usage.c - uses of credentials: gathered by workers, merged, taken to be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "server/store/usage.h"

static struct jt_usage *u;
static const struct jt_addr home_address = {{1}}, away_address = {{2}};
static const struct jt_usage_from home = {&home_address, JT_LIT_INIT("curl/8")},
                                  away = {&away_address, JT_LIT_INIT("job/1")};

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
    assert_int_equal(b.n, 3);
    assert_false(jt_usage_get(u, 5, &use)); /* not merged yet */
    jt_usage_merge(&b, u);
    assert_int_equal(b.n, 0);
    assert_true(jt_usage_get(u, 5, &use));
    assert_int_equal(use.number, 5);
    assert_true(use.first_s == 100 && use.last_s == 102 && use.count == 2);
    assert_memory_equal(&use.address, &away_address, sizeof away_address);
    jt_usage_add(&b, u, 5, 90, &home); /* another worker's, merged late: the last stays the last */
    jt_usage_merge(&b, u);
    assert_true(jt_usage_get(u, 5, &use));
    assert_true(use.first_s == 100 && use.last_s == 102 && use.count == 3);
    assert_memory_equal(&use.address, &away_address, sizeof away_address);
    assert_true(jt_usage_get(u, 6, &use) && use.count == 1);
}

static void test_loaded_goes_on(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    const struct jt_use was = {
        .number = 9, .first_s = 10, .last_s = 20, .count = 5, .address = home_address};
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
    static struct jt_use page[64];
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
    static struct jt_use page[8];
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
    static struct jt_use page[64];
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

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define NOON INT64_C(1800014400) /* a whole hour */

static void use_at(int64_t at_s, unsigned times)
{
    static struct jt_usage_batch b;
    for (unsigned i = 0; i < times; i++) {
        jt_usage_add(&b, u, 7, at_s, &home);
    }
    jt_usage_merge(&b, u);
}

static uint64_t in_day(int64_t now_s)
{
    struct jt_use use = {0};
    assert_true(jt_usage_get(u, 7, &use));
    return jt_use_in_day(&use, now_s);
}

/* The running hour and the 23 before it, whatever gaps lie between the uses. */
static void test_day_of_hours(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        use_at(NOON + i * HOUR, i + 1);
    }
    int64_t last = NOON + 29 * HOUR;
    assert_int_equal(in_day(last), (30 * 31 - 6 * 7) / 2); /* 7 to 30 */
    assert_int_equal(in_day(last + HOUR - 1), (30 * 31 - 6 * 7) / 2);
    assert_int_equal(in_day(last + HOUR), (30 * 31 - 7 * 8) / 2);
    assert_int_equal(in_day(last + 23 * HOUR), 30);
    assert_int_equal(in_day(last + DAY), 0);
    assert_int_equal(in_day(last + 1000 * DAY), 0);
    use_at(last + 10 * HOUR, 3); /* nobody came for nine hours */
    assert_int_equal(in_day(last + 10 * HOUR), 3 + (30 * 31 - 16 * 17) / 2);
    use_at(last + 500 * DAY, 2);
    assert_int_equal(in_day(last + 500 * DAY), 2);
    use_at(last + 500 * DAY - HOUR, 5); /* merged late, into its own hour */
    assert_int_equal(in_day(last + 500 * DAY), 7);
    assert_int_equal(in_day(last + 500 * DAY + 23 * HOUR), 2);
}

/* A batch that lies over the turn of an hour counts for both. */
static void test_hour_turns_within_a_batch(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    jt_usage_add(&b, u, 7, NOON - 1, &home);
    jt_usage_add(&b, u, 7, NOON, &home);
    jt_usage_add(&b, u, 7, NOON + 1, &home);
    jt_usage_merge(&b, u);
    assert_int_equal(in_day(NOON), 3);
    assert_int_equal(in_day(NOON + 23 * HOUR), 2);
}

/* What was counted under a clock that was far ahead does not count, and is no hindrance. */
static void test_clock_was_ahead(void **state)
{
    (void)state;
    use_at(NOON + 400 * DAY, 9);
    assert_int_equal(in_day(NOON), 0);
    use_at(NOON, 2);
    assert_int_equal(in_day(NOON), 2);
    use_at(NOON + HOUR, 1);
    assert_int_equal(in_day(NOON + HOUR), 3);
    use_at(-5, 1); /* before 1970: counted, in no hour */
    assert_int_equal(in_day(NOON + HOUR), 3);
}

/* Loaded as it was told, a row goes on as if nothing had been. */
static void test_hours_and_callers_outlive_a_start(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    struct jt_use before = {0};
    struct jt_use after = {0};
    use_at(NOON, 4);
    jt_usage_add(&b, u, 7, NOON + 5 * HOUR, &away);
    jt_usage_merge(&b, u);
    assert_true(jt_usage_get(u, 7, &before));
    jt_usage_free(&u);
    assert_int_equal(jt_usage_new(&u), JT_OK);
    assert_int_equal(jt_usage_load(u, &before), JT_OK);
    assert_true(jt_usage_get(u, 7, &after));
    assert_memory_equal(&before.hours, &after.hours, sizeof before.hours);
    assert_int_equal(after.ncallers, 2);
    assert_memory_equal(&before.callers, &after.callers, sizeof before.callers);
    use_at(NOON + 10 * HOUR, 1);
    assert_int_equal(in_day(NOON + 10 * HOUR), 6);
    assert_int_equal(in_day(NOON + 24 * HOUR), 2);
}

static void use_from(uint8_t address, const char *agent, int64_t at_s)
{
    static struct jt_usage_batch b;
    const struct jt_addr a = {{address}};
    const struct jt_usage_from from = {&a, jt_str(agent)};
    jt_usage_add(&b, u, 7, at_s, &from);
    jt_usage_merge(&b, u);
}

static void expect_callers(const char *addresses)
{
    struct jt_use use = {0};
    assert_true(jt_usage_get(u, 7, &use));
    assert_int_equal(use.ncallers, strlen(addresses));
    for (size_t i = 0; i < use.ncallers; i++) {
        assert_int_equal(use.callers[i].address.b[0], addresses[i]);
    }
    assert_int_equal(use.address.b[0], addresses[0]);
}

/* The four who came last, each address once, with what it said last. */
static void test_callers(void **state)
{
    (void)state;
    struct jt_use use = {0};
    use_from('a', "one/1", 10);
    use_from('b', "two/1", 11);
    use_from('a', "one/2", 12);
    expect_callers("ab");
    assert_true(jt_usage_get(u, 7, &use));
    assert_int_equal(use.callers[0].nagent, 5);
    assert_memory_equal(use.callers[0].agent, "one/2", 5);
    assert_int_equal(use.callers[0].last_s, 12);
    use_from('c', "", 13);
    use_from('d', "x", 14);
    expect_callers("dcab");
    use_from('e', "x", 15);
    expect_callers("edca");
    use_from('f', "x", 5); /* merged late, older than all */
    expect_callers("edca");
    use_from('a', "one/0", 6); /* its older use changes nothing */
    expect_callers("edca");
    assert_true(jt_usage_get(u, 7, &use));
    assert_memory_equal(use.callers[3].agent, "one/2", 5);
    assert_int_equal(use.callers[2].nagent, 0);
    assert_int_equal(use.count, 8);
}

static void test_agent_is_plain_and_short(void **state)
{
    (void)state;
    static struct jt_usage_batch b;
    static const char said[] = "\x1b]0;me\x07\xc3\xa4\tend "
                               "\x7f"
                               "0123456789012345678901234567890123456789012345678901234567890";
    const struct jt_usage_from from = {&home_address, jt_slice(said, sizeof said - 1)};
    struct jt_use use = {0};
    jt_usage_add(&b, u, 7, 1, &from);
    jt_usage_merge(&b, u);
    assert_true(jt_usage_get(u, 7, &use));
    assert_int_equal(use.callers[0].nagent, JT_AGENT_MAX);
    assert_memory_equal(use.callers[0].agent, "?]0;me????end ?0123456789", 25);
}

/* One text for all that say it, gone with the last of them. */
static void test_agents_are_shared(void **state)
{
    (void)state;
    struct jt_agents *a = NULL;
    struct jt_agent *all[300];
    char text[16];
    assert_int_equal(jt_agents_new(&a), JT_OK);
    assert_null(jt_agent_take(a, jt_slice(NULL, 0)));
    struct jt_agent *one = jt_agent_take(a, JT_LIT("curl/8"));
    assert_ptr_equal(jt_agent_take(a, JT_LIT("curl/8")), one);
    for (size_t i = 0; i < 300; i++) { /* the table grows */
        (void)snprintf(text, sizeof text, "job/%zu", i);
        all[i] = jt_agent_take(a, jt_str(text));
        assert_non_null(all[i]);
    }
    assert_int_equal(jt_agents_count(a), 301);
    assert_ptr_equal(jt_agent_take(a, JT_LIT("job/7")), all[7]);
    jt_agent_give(a, all[7]);
    for (size_t i = 0; i < 300; i++) {
        jt_agent_give(a, all[i]);
    }
    jt_agent_give(a, one);
    assert_int_equal(jt_agents_count(a), 1);
    jt_agent_give(a, one);
    jt_agent_give(a, NULL);
    assert_int_equal(jt_agents_count(a), 0);
    jt_agents_free(&a);
    jt_agents_free(&a);
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
    static struct jt_use page[50];
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
        TEST(test_day_of_hours),
        TEST(test_hour_turns_within_a_batch),
        TEST(test_clock_was_ahead),
        TEST(test_hours_and_callers_outlive_a_start),
        TEST(test_callers),
        TEST(test_agent_is_plain_and_short),
        TEST(test_agents_are_shared),
        TEST(test_two_workers_and_the_store_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
