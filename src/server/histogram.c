/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

const struct jt_histogram_bound jt_histogram_bounds[JT_HISTOGRAM_BOUNDS] = {
    {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},  {2500, "0.0025"},
    {5000, "0.005"},  {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"},  {500000, "0.5"}, {1000000, "1"},   {5000000, "5"},
};

/* The owner is the only one who writes, so no locked instruction is needed. */
static void more(_Atomic uint64_t *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void jt_histogram_add(struct jt_histogram *h, int64_t us)
{
    size_t i = 0;
    while (i < JT_HISTOGRAM_BOUNDS && us > jt_histogram_bounds[i].us) {
        i++;
    }
    more(&h->buckets[i], 1);
    more(&h->sum_us, us > 0 ? (uint64_t)us : 0);
}
