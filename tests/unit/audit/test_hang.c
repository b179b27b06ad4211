/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hang.c - a disk that does not answer counts as one that fails, while it lasts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/num.h"
#include "rig.h"
#include "server/flow/counts.h"

static bool failing(struct rig *r)
{
    struct jt_writer_stats s;
    jt_writer_stats(r->writer, &s);
    return s.disk_failing;
}

/* The last change before the log is written: here a test looks, and makes time go by. */
static enum jt_err look(struct jt_change *chg, void *ctx)
{
    struct rig *r = ctx;
    (void)chg;
    assert_false(failing(r));
    (void)atomic_fetch_add(&r->mono_us, INT64_C(4000000));
    assert_false(failing(r));
    (void)atomic_fetch_add(&r->mono_us, INT64_C(2000000));
    return failing(r) ? JT_OK : JT_E_CONFLICT;
}

static void test_hang(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    struct jt_job job = plain(r, "c");
    job.change = look;
    job.ctx = r;
    run_one(r, &job);
    assert_int_equal(job.result, JT_OK);
    struct jt_job after = plain(r, "c"); /* it came back, which is said */
    run_one(r, &after);
    assert_false(failing(r));
    assert_int_equal(atomic_load(&r->warnings), 1);
}

/* The store thread is held here, as by a disk that does not answer. */
static _Atomic bool held, go;

static enum jt_err hold(struct jt_change *chg, void *ctx)
{
    (void)chg;
    (void)ctx;
    atomic_store(&held, true);
    while (!atomic_load(&go)) {
        pause_ms(1);
    }
    return JT_OK;
}

static enum jt_err sum(void *ctx, const struct jt_event *e)
{
    uint64_t *n = ctx;
    *n += e->type == JT_EV_INTROSPECTION_COUNTED ? e->count : 0;
    return JT_OK;
}

/* Introspection goes on without the disk: what it counts must not pile up before the store thread.
 */
static void test_counts_do_not_pile_up(void **state)
{
    struct rig *r = *state;
    struct jt_counts c;
    uint64_t n = 0;
    uint64_t next = 0;
    start_writer(r);
    assert_int_equal(jt_counts_init(&c), JT_OK);
    struct jt_job job = plain(r, "c");
    job.change = hold;
    jt_writer_submit(r->writer, &job);
    while (!atomic_load(&held)) {
        pause_ms(1);
    }
    (void)atomic_fetch_add(&r->mono_us, INT64_C(6000000));
    for (uint64_t i = 0; i < 10 * JT_COUNTS_MAX; i++) {
        char caller[JT_U64_DIGITS];
        const struct jt_count_key k = {.caller = jt_fmt_u64(i / 2, caller), .active = true};
        jt_counts_add(&c, r->writer, &k, wall(r));
        jt_counts_flush(&c, r->writer, wall(r));
    }
    size_t kept = c.n;
    atomic_store(&go, true);
    wait_for(r, 1);
    assert_int_equal(kept, JT_COUNTS_MAX); /* not one was handed over */
    struct jt_job after = plain(r, "c");
    run_one(r, &after);
    jt_counts_flush(&c, r->writer, wall(r));
    assert_int_equal(c.n, 0);
    jt_writer_stop(&r->writer);
    const struct jt_audit_query q = {.scan = 100000};
    assert_int_equal(r->store->ops->audit_read(r->store, &q, sum, &n, &next), JT_OK);
    assert_int_equal(n, 2 * JT_COUNTS_MAX);
    jt_counts_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_hang), TEST(test_counts_do_not_pile_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
