/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time, injected: nothing else in the code asks the system what time it is.
 *
 * wall_us is microseconds since 1970 and may jump; it is for what is written in tokens
 * and events. mono_us never goes back, and goes on while the machine sleeps, so that the two agree
 * after a sleep; it is for deadlines and for telling that the wall clock jumped.
 */
#ifndef JT_BASE_CLOCK_H
#define JT_BASE_CLOCK_H

#include <stdint.h>

struct jt_clock {
    int64_t (*wall_us)(void *ctx);
    int64_t (*mono_us)(void *ctx);
    void *ctx;
};

/* The system's clocks. Any thread. */
extern const struct jt_clock jt_clock_system;
/* The clock that stands still while the machine sleeps, in microseconds: systemd wants that one. */
int64_t jt_clock_awake_us(void);

static inline int64_t jt_wall_us(const struct jt_clock *c)
{
    return c->wall_us(c->ctx);
}

static inline int64_t jt_wall_s(const struct jt_clock *c)
{
    return c->wall_us(c->ctx) / 1000000;
}

static inline int64_t jt_mono_us(const struct jt_clock *c)
{
    return c->mono_us(c->ctx);
}

#endif
