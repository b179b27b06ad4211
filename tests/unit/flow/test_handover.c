/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_handover.c - how long requests wait for company before they go to the disk: not at all when
 * there are none, not beyond 64 of them, not beyond 10 ms (decision 15).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/flow/app.h"
#include "server/net/conn.h"

static int64_t now_us = 1000000;

static int64_t at(void *ctx)
{
    (void)ctx;
    return now_us;
}

struct rig {
    struct jt_clock clock;
    struct jt_app app;
    struct jt_local local;
    struct jt_worker worker;
    struct jt_job jobs[100];
};

static struct rig *rig(void)
{
    static struct rig r;
    r = (struct rig){.clock = {at, at, NULL}};
    r.app.clock = &r.clock;
    r.local.app = &r.app;
    r.worker.local = &r.local;
    return &r;
}

/* What settle says when so many wait, the first of them for so long. */
static bool waits(size_t n, int64_t us)
{
    struct rig *r = rig();
    for (size_t i = 0; i < n; i++) {
        jt_handover_add(&r->local.handover, &r->jobs[i]);
    }
    assert_int_equal(r->local.handover.n, n);
    r->local.handover.since_us = now_us - us;
    return jt_flow_net_ops.settle(&r->worker);
}

static void test_bounds(void **state)
{
    (void)state;
    assert_false(waits(0, 0));
    assert_true(waits(1, 0));
    assert_true(waits(63, 0));
    assert_false(waits(64, 0));
    assert_false(waits(100, 0));
    assert_true(waits(1, 9999));
    assert_false(waits(1, 10000));
    assert_false(waits(63, 1000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
