/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reminders.c - which ends are to be told, and when: each threshold once for a thing and its
 * end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/reminders.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1800000000)

static struct jt_reminders *r;

static int setup(void **state)
{
    (void)state;
    return jt_reminders_new(&r) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_reminders_free(&r);
    jt_reminders_free(&r);
    return r == NULL ? 0 : -1;
}

static void test_windows(void **state)
{
    (void)state;
    static const struct {
        int64_t left_s;
        uint32_t days;
    } all[] = {
        {INT64_MIN, 0}, {-1, 0},
        {0, 0},         {1, 1},
        {DAY, 1},       {DAY + 1, 7},
        {7 * DAY, 7},   {7 * DAY + 1, 14},
        {14 * DAY, 14}, {14 * DAY + 1, 30},
        {30 * DAY, 30}, {30 * DAY + 1, 0},
        {INT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(jt_reminder_window(all[i].left_s), all[i].days);
    }
}

static uint32_t ask(uint64_t id, int64_t ends_s, int64_t now_s)
{
    uint32_t days = jt_reminders_due(r, id, ends_s, now_s);
    if (days != 0) {
        assert_int_equal(jt_reminders_told(r, id, ends_s, days), JT_OK);
    }
    return days;
}

/* Hour by hour to the end: 30, 14, 7 and 1, each once. */
static void test_each_threshold_once(void **state)
{
    (void)state;
    const uint64_t id = jt_reminder_of_credential(5);
    static const uint32_t order[] = {30, 14, 7, 1};
    size_t told = 0;
    for (int64_t t = NOW - 40 * DAY; t < NOW + DAY; t += 3600) {
        uint32_t days = ask(id, NOW, t);
        if (days != 0) {
            assert_true(told < 4);
            assert_int_equal(days, order[told++]);
            assert_int_equal(t, NOW - days * DAY);
        }
    }
    assert_int_equal(told, 4);
}

/* Within several at once: the nearest alone; and not the farther ones afterwards. */
static void test_nearest_alone(void **state)
{
    (void)state;
    const uint64_t id = jt_reminder_of_certificate();
    assert_int_equal(ask(id, NOW + 5 * DAY, NOW), 7);
    assert_int_equal(ask(id, NOW + 5 * DAY, NOW), 0);
    assert_int_equal(ask(id, NOW + 5 * DAY, NOW - 5 * DAY), 0); /* the clock went back */
    assert_int_equal(ask(id, NOW + 5 * DAY, NOW + 4 * DAY), 1);
    assert_int_equal(ask(id, NOW + 5 * DAY, NOW + 5 * DAY), 0); /* over */
}

static void test_another_end_starts_anew(void **state)
{
    (void)state;
    const uint64_t id = jt_reminder_of_key(JT_LIT("kid-1"));
    assert_int_equal(ask(id, NOW + DAY / 2, NOW), 1);
    assert_int_equal(ask(id, NOW + 20 * DAY, NOW), 30);
    assert_int_equal(ask(id, NOW + 20 * DAY, NOW), 0);
    assert_int_equal(ask(jt_reminder_of_key(JT_LIT("kid-2")), NOW + 20 * DAY, NOW), 30);
    assert_int_equal(ask(jt_reminder_of_credential(0), NOW + 20 * DAY, NOW), 30);
}

static void test_loaded_goes_on(void **state)
{
    (void)state;
    const struct jt_reminder was = {.id = 7, .ends_s = NOW + 7 * DAY, .days = 7};
    const struct jt_reminder damaged = {.id = 8, .ends_s = NOW, .days = 0};
    assert_int_equal(jt_reminders_load(r, &was), JT_OK);
    assert_int_equal(jt_reminders_load(r, &damaged), JT_E_CORRUPT);
    assert_int_equal(jt_reminders_count(r), 1);
    assert_int_equal(ask(7, NOW + 7 * DAY, NOW), 0);
    assert_int_equal(ask(7, NOW + 7 * DAY, NOW + 6 * DAY), 1);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(jt_reminder_kind(jt_reminder_of_credential(UINT32_MAX)), JT_REMIND_CREDENTIAL);
    assert_int_equal(jt_reminder_kind(jt_reminder_of_key(JT_LIT("a"))), JT_REMIND_KEY);
    assert_int_equal(jt_reminder_kind(jt_reminder_of_certificate()), JT_REMIND_CERTIFICATE);
}

/* Many come and go; those that stay are found. */
static void test_many(void **state)
{
    (void)state;
    static uint64_t over[1000];
    for (uint32_t i = 1; i <= 20000; i++) {
        assert_int_equal(ask(jt_reminder_of_credential(i), NOW + i, NOW), 1);
    }
    assert_int_equal(jt_reminders_count(r), 20000);
    size_t gone = 0;
    size_t n = 0;
    while ((n = jt_reminders_over(r, NOW + 15000, over, 1000)) > 0) {
        for (size_t i = 0; i < n; i++) {
            jt_reminders_forget(r, over[i]);
        }
        gone += n;
    }
    assert_int_equal(gone, 15000);
    jt_reminders_forget(r, jt_reminder_of_credential(1)); /* gone already */
    assert_int_equal(jt_reminders_count(r), 5000);
    for (uint32_t i = 1; i <= 20000; i++) {
        uint32_t days = jt_reminders_due(r, jt_reminder_of_credential(i), NOW + i, NOW);
        assert_int_equal(days, i <= 15000 ? 1 : 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_windows),        TEST(test_each_threshold_once),
        TEST(test_nearest_alone),  TEST(test_another_end_starts_anew),
        TEST(test_loaded_goes_on), TEST(test_kinds),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
