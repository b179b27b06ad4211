/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - wrong proofs cost patience: counted for each client and address together, and for
 * each address prefix, by the generic cell rate algorithm (one time stamp for each).
 *
 * A client under attack from one place is let in from every other. The table is of fixed size,
 * half for clients and half for prefixes; the row of a set that would be forgotten first makes way,
 * so a flood of addresses can make it forget, never grow.
 * Threads: any; a mutex per stripe, taken only while somebody has failed lately.
 */
#ifndef JT_POLICY_THROTTLE_H
#define JT_POLICY_THROTTLE_H

#include "../../core/base/err.h"
#include "../../core/http/cidr.h"

struct jt_throttle;

/* How many failures at once, and one more for each so many microseconds. */
struct jt_rate {
    unsigned burst;
    int64_t interval_us;
};
extern const struct jt_rate jt_throttle_client, jt_throttle_prefix;

JT_MUST enum jt_err jt_throttle_new(struct jt_throttle **out);
void jt_throttle_free(struct jt_throttle **t);

/* Seconds to wait, at least 1, or 0: go on. mono_us: monotonic clock. *by_prefix: which rule. */
int64_t jt_throttle_wait(struct jt_throttle *t, struct jt_slice client_id, const struct jt_addr *a,
                         int64_t mono_us, bool *by_prefix);
/* One wrong proof. */
void jt_throttle_fail(struct jt_throttle *t, struct jt_slice client_id, const struct jt_addr *a,
                      int64_t mono_us);

#endif
