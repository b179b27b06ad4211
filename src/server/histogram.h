/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram.h - how long things took, in the buckets that Prometheus reads.
 *
 * Threads: one writes, any read.
 */
#ifndef JT_SERVER_HISTOGRAM_H
#define JT_SERVER_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define JT_HISTOGRAM_BOUNDS 12

/* Upper bounds in microseconds, and as seconds in text. */
struct jt_histogram_bound {
    int64_t us;
    const char *text;
};
extern const struct jt_histogram_bound jt_histogram_bounds[JT_HISTOGRAM_BOUNDS];

struct jt_histogram {
    _Atomic uint64_t buckets[JT_HISTOGRAM_BOUNDS + 1]; /* the last one has no bound */
    _Atomic uint64_t sum_us;
};

void jt_histogram_add(struct jt_histogram *h, int64_t us);

#endif
