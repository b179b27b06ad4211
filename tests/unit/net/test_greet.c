/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_greet.c - the line of TLS handshakes: begun ones first, then in the order they came, for a
 * millisecond at a time, with a rest between when the line is long (decision 16).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/net/conn.h"

#define LINE 100

static int64_t now_us, takes_us;
static struct jt_conn conns[LINE];
static size_t served[2 * LINE], nserved;

/* The linker puts this before the real one (see meson.build). */
void __wrap_jt_conn_drive(struct jt_conn *c);

void __wrap_jt_conn_drive(struct jt_conn *c)
{
    served[nserved++] = (size_t)(c - conns);
    now_us += takes_us;
}

static int64_t at(void *ctx)
{
    (void)ctx;
    return now_us;
}

static const struct jt_clock test_clock = {at, at, NULL};

/* n in the line, each of which takes so long. */
static struct jt_worker *line(size_t n, int64_t us)
{
    static struct jt_worker w;
    w = (struct jt_worker){.o = {.clock = &test_clock}};
    now_us = 1000000;
    takes_us = us;
    nserved = 0;
    for (size_t i = 0; i < LINE; i++) {
        conns[i] = (struct jt_conn){.worker = &w};
        if (i < n) {
            jt_greet_queue(&conns[i]);
        }
    }
    return &w;
}

static void test_in_order(void **state)
{
    (void)state;
    struct jt_worker *w = line(3, 100);
    jt_greet_queue(&conns[1]); /* it stands there already */
    assert_int_equal(w->ngreet, 3);
    jt_greet_some(w);
    assert_int_equal(nserved, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(served[i], i);
    }
    assert_null(w->greet_head);
    assert_null(w->greet_tail);
    assert_int_equal(w->ngreet, 0);
}

static void test_begun_first(void **state)
{
    (void)state;
    static char tls; /* only whether there is one counts */
    struct jt_worker *w = line(2, 100);
    conns[2].tls = (struct jt_tls_conn *)(void *)&tls;
    jt_greet_queue(&conns[2]);
    jt_greet_queue(&conns[3]);
    jt_greet_some(w);
    assert_int_equal(nserved, 4);
    assert_int_equal(served[0], 2);
    assert_int_equal(served[1], 0);
    assert_int_equal(served[2], 1);
    assert_int_equal(served[3], 3);
}

static void test_forgotten(void **state)
{
    (void)state;
    struct jt_worker *w = line(5, 100);
    jt_greet_forget(&conns[0]);
    jt_greet_forget(&conns[2]);
    jt_greet_forget(&conns[4]);
    jt_greet_forget(&conns[4]);
    assert_int_equal(w->ngreet, 2);
    jt_greet_some(w);
    assert_int_equal(nserved, 2);
    assert_int_equal(served[0], 1);
    assert_int_equal(served[1], 3);
    jt_greet_queue(&conns[0]); /* and again */
    jt_greet_some(w);
    assert_int_equal(served[2], 0);
}

static void test_a_millisecond(void **state)
{
    (void)state;
    struct jt_worker *w = line(20, 300);
    jt_greet_some(w);
    assert_int_equal(nserved, 4); /* at 0, 300, 600 and 900 us */
    assert_int_equal(w->greet_again_us, 0);
    line(20, 5000);
    jt_greet_some(w);
    assert_int_equal(nserved, 1); /* one at least */
}

static void test_rests_when_long(void **state)
{
    (void)state;
    struct jt_worker *w = line(LINE, 500);
    jt_greet_some(w);
    assert_int_equal(nserved, 2);
    assert_int_equal(w->greet_again_us, now_us + 1000);
    while (w->ngreet > 64) {
        jt_greet_some(w);
    }
    assert_int_equal(w->greet_again_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),        cmocka_unit_test(test_begun_first),
        cmocka_unit_test(test_forgotten),       cmocka_unit_test(test_a_millisecond),
        cmocka_unit_test(test_rests_when_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
