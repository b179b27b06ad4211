/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pool.c - what the pool takes, for whom, and that everything comes back. The only thread is
 * held fast by a first work, so that what waits is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#include "server/flow/pool.h"

#define WORKS 300u
#define LATER INT64_MAX

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic unsigned ran;
static struct jt_mailbox mailbox;
static struct jt_work works[WORKS];
static char names[WORKS][8];
static int64_t now_us = 1000;

static int64_t at(void *ctx)
{
    (void)ctx;
    return now_us;
}
static const struct jt_clock clock_of_test = {at, at, NULL};

static void wait_at_gate(struct jt_work *w)
{
    (void)w;
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    atomic_fetch_add(&ran, 1);
}

static void back(struct jt_job *job)
{
    (void)job;
}

/* Work i: for a client of this name, from this address. */
static struct jt_work *make(size_t i, const char *client, const char *address)
{
    struct jt_work *w = &works[i];
    (void)snprintf(names[i], sizeof names[i], "%s", client);
    *w = (struct jt_work){.job = {.reply = &mailbox, .done = back},
                          .client_id = jt_str(names[i]),
                          .until_us = LATER,
                          .run = wait_at_gate};
    assert_int_equal(jt_addr_read(jt_str(address), &w->address), JT_OK);
    return w;
}

static struct jt_work *numbered(size_t i)
{
    char client[8];
    char address[24];
    (void)snprintf(client, sizeof client, "c%u", (unsigned)i);
    (void)snprintf(address, sizeof address, "10.%u.%u.1", (unsigned)(i / 200), (unsigned)(i % 200));
    return make(i, client, address);
}

/* Takes back this many; how many of them ran. */
static size_t collect(size_t n)
{
    size_t ok = 0;
    struct pollfd p = {.fd = mailbox.fd, .events = POLLIN};
    while (n > 0) {
        assert_true(poll(&p, 1, 10000) == 1);
        for (struct jt_job *j = jt_mailbox_take(&mailbox); j != NULL; j = j->next) {
            ok += j->result == JT_OK;
            assert_true(j->result == JT_OK || j->result == JT_E_BUSY);
            n--;
        }
    }
    return ok;
}

static struct jt_pool_stats stats(struct jt_pool *p)
{
    struct jt_pool_stats s;
    jt_pool_stats(p, &s);
    return s;
}

/* A pool whose only thread is at the gate with work 0. */
static struct jt_pool *held(void)
{
    struct jt_pool *p = NULL;
    atomic_store(&ran, 0);
    assert_int_equal(jt_mailbox_init(&mailbox), JT_OK);
    assert_int_equal(jt_pool_start(1, &clock_of_test, &p), JT_OK);
    (void)pthread_mutex_lock(&gate);
    assert_int_equal(jt_pool_submit(p, make(0, "first", "192.0.2.1")), JT_POOL_TAKEN);
    while (stats(p).running == 0) {
        (void)poll(NULL, 0, 1);
    }
    return p;
}

static void finish(struct jt_pool *p)
{
    jt_pool_stop(&p);
    jt_pool_stop(&p);
    assert_null(p);
    jt_mailbox_close(&mailbox);
}

/* Four for one client from wherever, what runs included; others are taken as before. */
static void one_client(void **state)
{
    struct jt_pool *p = held();
    (void)state;
    assert_int_equal(jt_pool_submit(p, make(1, "first", "198.51.100.1")), JT_POOL_TAKEN);
    assert_int_equal(jt_pool_submit(p, make(2, "first", "203.0.113.1")), JT_POOL_TAKEN);
    assert_int_equal(jt_pool_submit(p, make(3, "first", "2001:db8::1")), JT_POOL_TAKEN);
    assert_int_equal(jt_pool_submit(p, make(4, "first", "10.0.0.1")), JT_POOL_CLIENT_BUSY);
    assert_int_equal(jt_pool_submit(p, make(5, "second", "10.0.0.1")), JT_POOL_TAKEN);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(collect(5), 5);
    assert_int_equal(atomic_load(&ran), 5);
    assert_int_equal(jt_pool_submit(p, make(6, "first", "10.0.0.1")), JT_POOL_TAKEN);
    assert_int_equal(collect(1), 1);
    assert_int_equal(stats(p).ran, 6);
    assert_int_equal(stats(p).client_busy, 1);
    assert_int_equal(stats(p).running + stats(p).waiting, 0);
    finish(p);
}

/* Eight from one network, for whichever clients. */
static void one_prefix(void **state)
{
    struct jt_pool *p = held();
    (void)state;
    for (size_t i = 1; i < 8; i++) {
        char client[8];
        char address[24];
        (void)snprintf(client, sizeof client, "c%u", (unsigned)i);
        (void)snprintf(address, sizeof address, "192.0.2.%u", (unsigned)i + 10);
        assert_int_equal(jt_pool_submit(p, make(i, client, address)), JT_POOL_TAKEN);
    }
    assert_int_equal(jt_pool_submit(p, make(8, "c8", "192.0.2.99")), JT_POOL_PREFIX_BUSY);
    assert_int_equal(jt_pool_submit(p, make(9, "c9", "192.0.3.99")), JT_POOL_TAKEN);
    assert_int_equal(stats(p).prefix_busy, 1);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(collect(9), 9);
    finish(p);
}

static void all_together(void **state)
{
    struct jt_pool *p = held();
    (void)state;
    for (size_t i = 1; i <= JT_POOL_WAITING_MAX; i++) {
        assert_int_equal(jt_pool_submit(p, numbered(i)), JT_POOL_TAKEN);
    }
    assert_int_equal(jt_pool_submit(p, numbered(JT_POOL_WAITING_MAX + 1)), JT_POOL_FULL);
    assert_int_equal(stats(p).full, 1);
    assert_int_equal(stats(p).waiting, JT_POOL_WAITING_MAX);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(collect(JT_POOL_WAITING_MAX + 1), JT_POOL_WAITING_MAX + 1);
    finish(p);
}

/* Its request was answered long ago. */
static void too_late(void **state)
{
    struct jt_pool *p = held();
    (void)state;
    struct jt_work *w = make(1, "second", "198.51.100.1");
    w->until_us = now_us;
    assert_int_equal(jt_pool_submit(p, w), JT_POOL_TAKEN);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(collect(2), 1);
    assert_int_equal(w->job.result, JT_E_BUSY);
    assert_int_equal(atomic_load(&ran), 1);
    assert_int_equal(stats(p).late, 1);
    finish(p);
}

/* A server that ends does not wait for what has not begun. */
static void cancelled(void **state)
{
    struct jt_pool *p = held();
    (void)state;
    for (size_t i = 1; i <= 20; i++) {
        assert_int_equal(jt_pool_submit(p, numbered(i)), JT_POOL_TAKEN);
    }
    jt_pool_cancel(p);
    assert_int_equal(collect(20), 0);
    assert_int_equal(jt_pool_submit(p, numbered(21)), JT_POOL_FULL);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(collect(1), 1); /* what ran ends as usual */
    jt_pool_cancel(p);
    jt_pool_cancel(NULL);
    finish(p);
}

static void several_threads(void **state)
{
    struct jt_pool *p = NULL;
    (void)state;
    assert_in_range(jt_pool_threads(), 1, 4);
    atomic_store(&ran, 0);
    assert_int_equal(jt_mailbox_init(&mailbox), JT_OK);
    assert_int_equal(jt_pool_start(4, &clock_of_test, &p), JT_OK);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(jt_pool_submit(p, numbered(i)), JT_POOL_TAKEN);
    }
    assert_int_equal(collect(200), 200);
    assert_int_equal(atomic_load(&ran), 200);
    finish(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_client),   cmocka_unit_test(one_prefix),
        cmocka_unit_test(all_together), cmocka_unit_test(too_late),
        cmocka_unit_test(cancelled),    cmocka_unit_test(several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
