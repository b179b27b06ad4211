/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t); /* cannot fail for these clocks */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t wall(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_REALTIME);
}

static int64_t mono(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_BOOTTIME);
}

int64_t jt_clock_awake_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

const struct jt_clock jt_clock_system = {wall, mono, NULL};
