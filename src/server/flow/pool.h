/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - few threads of low priority for what takes long and what strangers can ask for: hashes
 * of secrets that other servers made.
 *
 * All bounds are checked before anything runs: how much waits in all, for one client, and for one
 * address prefix (/24 of IPv4, /64 of IPv6). What has waited too long comes back without having
 * run: nobody waits for it any more.
 * Owns:    its threads. A work is its owner's, and must stay until it is back in its mailbox.
 * Threads: submit, cancel and stats from any; `run` on a thread of the pool; `done` of the job on
 *          its mailbox's owner.
 */
#ifndef JT_FLOW_POOL_H
#define JT_FLOW_POOL_H

#include "../audit/writer.h"

#define JT_POOL_WAITING_MAX 256u
#define JT_POOL_CLIENT_MAX 4u /* waiting or running for one client */
#define JT_POOL_PREFIX_MAX 8u /* and for one address prefix */

struct jt_pool;

struct jt_work {
    struct jt_job job; /* its reply and done are used; result: JT_OK when it ran, else JT_E_BUSY */
    struct jt_work *next;
    struct jt_slice client_id;
    struct jt_addr address;
    int64_t until_us; /* monotonic: run it before that or not at all */
    void (*run)(struct jt_work *w);
};

enum jt_pool_answer {
    JT_POOL_UNDECIDED = 0,
    JT_POOL_TAKEN,
    JT_POOL_CLIENT_BUSY,
    JT_POOL_PREFIX_BUSY,
    JT_POOL_FULL, /* or it ends */
};

struct jt_pool_stats {
    uint64_t waiting, running;
    uint64_t ran, late; /* late: came back without having run */
    uint64_t client_busy, prefix_busy, full;
};

/* Half of the processors, at least 1 and at most 4. */
size_t jt_pool_threads(void);
JT_MUST enum jt_err jt_pool_start(size_t threads, const struct jt_clock *clock,
                                  struct jt_pool **out);
enum jt_pool_answer jt_pool_submit(struct jt_pool *p, struct jt_work *w);
/* What waits comes back at once, and nothing more is taken. NULL-safe. */
void jt_pool_cancel(struct jt_pool *p);
/* Cancels, and waits for what runs. NULL-safe. */
void jt_pool_stop(struct jt_pool **p);
void jt_pool_stats(struct jt_pool *p, struct jt_pool_stats *out);

#endif
