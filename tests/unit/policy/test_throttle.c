/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_throttle.c - wrong proofs cost patience, only where they came from, in memory that never
 * grows. The clock is the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>
#include <pthread.h>

#include "server/policy/throttle.h"

#define S INT64_C(1000000)
#define START (1000 * S)

static struct jt_throttle *t;

static int setup(void **state)
{
    (void)state;
    return jt_throttle_new(&t) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_throttle_free(&t);
    return t == NULL ? 0 : -1;
}

static struct jt_addr addr(const char *text)
{
    struct jt_addr a = {{0}};
    assert_int_equal(jt_addr_read(jt_str(text), &a), JT_OK);
    return a;
}

static int64_t wait_s(const char *client, const char *from, int64_t now)
{
    struct jt_addr a = addr(from);
    bool by_prefix = false;
    return jt_throttle_wait(t, jt_str(client), &a, now, &by_prefix);
}

static void fail_n(const char *client, const char *from, int64_t now, int n)
{
    struct jt_addr a = addr(from);
    for (int i = 0; i < n; i++) {
        jt_throttle_fail(t, jt_str(client), &a, now);
    }
}

static void test_burst_then_one_in_3_s(void **state)
{
    (void)state;
    assert_int_equal(wait_s("c", "10.0.0.1", START), 0);
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(wait_s("c", "10.0.0.1", START), 0); /* the 20th is let in too */
        fail_n("c", "10.0.0.1", START, 1);
    }
    assert_int_equal(wait_s("c", "10.0.0.1", START), 3);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 1), 3); /* rounded up: then it is true */
    assert_int_equal(wait_s("c", "10.0.0.1", START + 2 * S), 1);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 3 * S - 1), 1);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 3 * S), 0);
    fail_n("c", "10.0.0.1", START + 3 * S, 1);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 3 * S), 3);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 6 * S), 0);
}

/* What was counted is forgotten by and by: a minute later the whole burst is there again. */
static void test_all_is_forgotten(void **state)
{
    (void)state;
    fail_n("c", "10.0.0.1", START, 20);
    fail_n("c", "10.0.0.1", START + 30 * S, 10);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 30 * S), 3);
    fail_n("c", "10.0.0.1", START + 90 * S, 19);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 90 * S), 0);
    fail_n("c", "10.0.0.1", START + 90 * S, 1);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 90 * S), 3);
}

/* However many there were at once, nobody waits longer than for the next one. */
static void test_patience_has_a_limit(void **state)
{
    (void)state;
    fail_n("c", "10.0.0.1", START, 100000);
    assert_int_equal(wait_s("c", "10.0.0.1", START), 3);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 3 * S), 0);
}

static void test_nobody_else_waits(void **state)
{
    (void)state;
    fail_n("c", "10.0.0.1", START, 50);
    assert_int_equal(wait_s("c", "10.0.0.1", START), 3);
    assert_int_equal(wait_s("d", "10.0.0.1", START), 0); /* another client from there */
    assert_int_equal(wait_s("c", "10.0.0.2", START), 0); /* the client from beside it */
    assert_int_equal(wait_s("c", "10.0.1.1", START), 0); /* and from elsewhere */
    assert_int_equal(wait_s("c", "2001:db8::1", START), 0);
    assert_int_equal(wait_s("C", "10.0.0.1", START), 0);
    assert_int_equal(wait_s("", "10.0.0.1", START), 0);
}

static void test_prefix(void **state)
{
    (void)state;
    char client[16];
    bool by_prefix = false;
    struct jt_addr near = addr("10.0.0.200");
    for (int i = 0; i < 199; i++) {
        (void)snprintf(client, sizeof client, "c%d", i);
        fail_n(client, i % 2 == 0 ? "10.0.0.1" : "10.0.0.2", START, 1);
    }
    assert_int_equal(jt_throttle_wait(t, JT_LIT("new"), &near, START, &by_prefix), 0);
    fail_n("last", "10.0.0.3", START, 1);
    assert_int_equal(jt_throttle_wait(t, JT_LIT("new"), &near, START, &by_prefix), 1);
    assert_true(by_prefix);
    assert_int_equal(wait_s("new", "10.0.1.1", START), 0); /* another network */
    assert_int_equal(wait_s("new", "10.0.0.200", START + S / 10), 0);
    fail_n("c", "10.0.0.3", START + S / 10, 20);
    assert_int_equal(jt_throttle_wait(t, JT_LIT("c"), &near, START + S / 10, &by_prefix), 1);
    struct jt_addr here = addr("10.0.0.3");
    assert_int_equal(jt_throttle_wait(t, JT_LIT("c"), &here, START + S / 10, &by_prefix), 3);
    assert_false(by_prefix); /* the longer wait is said */
}

/* IPv6: who has one address has the whole /64. */
static void test_ipv6(void **state)
{
    (void)state;
    char from[40];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(from, sizeof from, "2001:db8:1:2::%d", i + 1);
        fail_n("c", from, START, 1);
    }
    assert_int_equal(wait_s("c", "2001:db8:1:2:ffff::1", START), 3);
    assert_int_equal(wait_s("c", "2001:db8:1:3::1", START), 0);
}

static struct jt_addr numbered(uint32_t i)
{
    struct jt_addr a = {{0x20, 0x01, 0x0d, 0xb8}};
    for (size_t k = 0; k < 4; k++) {
        a.b[4 + k] = (uint8_t)(i >> (24 - 8 * k));
    }
    return a;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FLOOD = 500000 };
#else
enum { FLOOD = 10000000 };
#endif

/* A flood of others takes no memory, and does not free who is locked out: what is least away from
 * being forgotten makes way. */
static void test_flood_of_addresses(void **state)
{
    (void)state;
    fail_n("c", "10.0.0.1", START, 20);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (uint32_t i = 0; i < FLOOD; i++) {
        struct jt_addr a = numbered(i);
        jt_throttle_fail(t, JT_LIT("c"), &a, START);
    }
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd <= before);
    assert_int_equal(wait_s("c", "10.0.0.1", START), 3);
    assert_int_equal(wait_s("c", "10.0.0.1", START + 3 * S), 0);
}

/* More attackers than rows: some are forgotten, as many as there are rows are not. */
static void test_more_attackers_than_rows(void **state)
{
    (void)state;
    const uint32_t attackers = 200000;
    const size_t rows = 32768; /* the clients' half */
    size_t locked = 0;
    bool by_prefix = false;
    for (uint32_t i = 0; i < attackers; i++) {
        struct jt_addr a = numbered(i);
        for (int k = 0; k < 20; k++) {
            jt_throttle_fail(t, JT_LIT("c"), &a, START);
        }
        /* each is locked out at once, however full the table is */
        assert_int_equal(jt_throttle_wait(t, JT_LIT("c"), &a, START, &by_prefix), 3);
    }
    for (uint32_t i = 0; i < attackers; i++) {
        struct jt_addr a = numbered(i);
        locked += jt_throttle_wait(t, JT_LIT("c"), &a, START, &by_prefix) > 0 ? 1 : 0;
    }
    assert_true(locked <= rows && locked > rows / 2);
}

static void *hammer(void *arg)
{
    const uint32_t *from = arg;
    bool by_prefix = false;
    size_t waits = 0;
    for (uint32_t i = 0; i < 50000; i++) {
        struct jt_addr a = numbered(*from + i % 64);
        waits += jt_throttle_wait(t, JT_LIT("c"), &a, START + i, &by_prefix) > 0 ? 1 : 0;
        jt_throttle_fail(t, JT_LIT("c"), &a, START + i);
    }
    return (void *)waits;
}

/* Two threads on the same rows; the thread sanitizer tells. No failure is lost. */
static void test_two_threads(void **state)
{
    (void)state;
    pthread_t thread[2];
    uint32_t from[2] = {0, 32};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, hammer, &from[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        void *waits = NULL;
        assert_int_equal(pthread_join(thread[i], &waits), 0);
        assert_true((size_t)waits > 40000);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_burst_then_one_in_3_s),
        TEST(test_all_is_forgotten),
        TEST(test_patience_has_a_limit),
        TEST(test_nobody_else_waits),
        TEST(test_prefix),
        TEST(test_ipv6),
        TEST(test_flood_of_addresses),
        TEST(test_more_attackers_than_rows),
        TEST(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
