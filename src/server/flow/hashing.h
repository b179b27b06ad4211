/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashing.h - secrets compared with hashes that other servers made, and these hashes replaced.
 *
 * Threads: the request's worker. While the errand is under way, a thread of the pool has it.
 */
#ifndef JT_FLOW_HASHING_H
#define JT_FLOW_HASHING_H

#include "flow.h"

struct jt_errand;

/* Hands it to the pool, then the same step again. Refuses with SECRET_BUSY when too many wait. */
enum jt_next jt_hashing_run(struct jt_flow *f, struct jt_errand *errand);
/* The request is proven. If by a foreign hash: has it replaced by a keyed one, some time from now;
 * the request neither waits for that nor fails with it. */
void jt_hashing_upgrade(struct jt_flow *f);

#endif
