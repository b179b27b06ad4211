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

#include "rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_hang)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
