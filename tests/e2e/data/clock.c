/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - preloaded into a server under test: its wall clock is off by as many seconds as a file
 * says (CLOCK_CONTROL). The monotonic clock goes on as it is, unless the file has a second number:
 * then as many seconds of sleep have passed (CLOCK_BOOTTIME).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long long offset(int of_sleep)
{
    long long s[2] = {0, 0};
    const char *control = getenv("CLOCK_CONTROL");
    FILE *f = control == NULL ? NULL : fopen(control, "re");
    if (f != NULL) {
        (void)!fscanf(f, "%lld %lld", &s[0], &s[1]);
        (void)fclose(f);
    }
    return s[of_sleep];
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = REAL(clock_gettime)(id, t);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        t->tv_sec += (time_t)offset(0);
    }
    if (rc == 0 && id == CLOCK_BOOTTIME) {
        t->tv_sec += (time_t)offset(1);
    }
    return rc;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    int rc = REAL(gettimeofday)(t, zone);
    t->tv_sec += (time_t)offset(0);
    return rc;
}

time_t time(time_t *out)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (out != NULL) {
        *out = t.tv_sec;
    }
    return t.tv_sec;
}
