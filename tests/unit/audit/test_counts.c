/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_counts.c - refusals that were counted are in the log in the end, whatever the disk does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static enum jt_err add(void *ctx, const struct jt_event *e)
{
    uint64_t *sum = ctx;
    *sum += e->type == JT_EV_DENIALS_COUNTED ? e->count : 0;
    return JT_OK;
}

static uint64_t in_log(struct rig *r)
{
    const struct jt_audit_query q = {.scan = 100000};
    uint64_t sum = 0;
    uint64_t next = 0;
    assert_int_equal(r->store->ops->audit_read(r->store, &q, add, &sum, &next), JT_OK);
    assert_int_equal(next, 0);
    return sum;
}

/* One refusal of a stranger; was it counted? */
static bool refuse(struct rig *r, uint16_t prefix)
{
    struct jt_job job = plain(r, "x");
    job.event.type = JT_EV_TOKEN_DENIED;
    job.event.address.b[0] = 0x20;
    job.event.address.b[6] = (uint8_t)(prefix >> 8);
    job.event.address.b[7] = (uint8_t)prefix;
    job.stranger = true;
    job.reason_code = 7;
    run_one(r, &job);
    return job.receipt.counted;
}

static void test_counts_outlive_a_failure(void **state)
{
    struct rig *r = *state;
    struct jt_writer_stats s = {0};
    uint64_t counted = 0;
    start_writer(r);
    for (size_t i = 0; i < 100; i++) {
        counted += refuse(r, 1) ? 1 : 0;
    }
    fail_next(r, "audit_append", JT_E_FULL, false);
    (void)atomic_fetch_add(&r->mono_us, INT64_C(61000000));
    (void)atomic_fetch_add(&r->wall_us, INT64_C(61000000)); /* their minute is over */
    while (s.failures == 0) {
        pause_ms(20);
        jt_writer_stats(r->writer, &s);
    }
    jt_writer_stop(&r->writer);
    assert_int_equal(in_log(r), counted);
}

/* More of them than are written at once. */
static void test_many_counts_at_the_end(void **state)
{
    struct rig *r = *state;
    uint64_t counted = 0;
    start_writer(r);
    for (size_t i = 0; i < 4000; i++) {
        counted += refuse(r, (uint16_t)(i % 1500)) ? 1 : 0;
    }
    jt_writer_stop(&r->writer);
    assert_int_equal(in_log(r), counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts_outlive_a_failure),
        TEST(test_many_counts_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
