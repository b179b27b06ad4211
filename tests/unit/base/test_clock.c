/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_clock.c - which clocks of the system are asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/clock.h"

static int64_t system_us(clockid_t id)
{
    struct timespec t = {0};
    assert_int_equal(clock_gettime(id, &t), 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void test_mono(void **state)
{
    (void)state;
    int64_t before = system_us(CLOCK_BOOTTIME);
    int64_t us = jt_mono_us(&jt_clock_system);
    assert_true(before <= us && us <= system_us(CLOCK_BOOTTIME));
    before = system_us(CLOCK_MONOTONIC);
    us = jt_clock_awake_us();
    assert_true(before <= us && us <= system_us(CLOCK_MONOTONIC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mono)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
