/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - how many connections there may be, in all and from one address.
 *
 * Threads: any; a mutex per stripe, held for a look-up.
 * Memory:  one row for each address that has a connection, so never more than the total.
 */
#ifndef JT_NET_LIMITS_H
#define JT_NET_LIMITS_H

#include "../../core/base/err.h"
#include "../../core/http/cidr.h"

struct jt_limits;

JT_MUST enum jt_err jt_limits_new(size_t max_all, size_t max_per_address, struct jt_limits **out);
void jt_limits_free(struct jt_limits **l);

enum jt_admission { JT_ADMIT_UNDECIDED = 0, JT_ADMIT_YES, JT_ADMIT_FULL, JT_ADMIT_ADDRESS_FULL };
/* IPv6 counts by /64, the unit one host can choose from freely. YES must be given back by leave. */
JT_MUST enum jt_admission jt_limits_enter(struct jt_limits *l, const struct jt_addr *a);
void jt_limits_leave(struct jt_limits *l, const struct jt_addr *a);
/* The same without the limit for one address: a proxy that is trusted. */
JT_MUST enum jt_admission jt_limits_enter_any(struct jt_limits *l);
void jt_limits_leave_any(struct jt_limits *l);
size_t jt_limits_count(const struct jt_limits *l);
/* Whether a line about them may be logged: once a second, whoever asks. */
bool jt_limits_may_log(struct jt_limits *l, int64_t mono_us);

/* What was not let in, since the start. */
struct jt_limits_counts {
    uint64_t full, address_full; /* connections refused */
    uint64_t pauses;             /* times that a worker stopped accepting for want of descriptors */
};
struct jt_limits_counts jt_limits_counts(const struct jt_limits *l);
void jt_limits_count_pause(struct jt_limits *l);
/* New limits, for connections from now on. */
void jt_limits_set(struct jt_limits *l, size_t max_all, size_t max_per_address);

#endif
