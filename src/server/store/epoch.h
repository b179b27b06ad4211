/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch.h - when an object that was replaced may be freed: once no worker has a live request
 * that began before the replacement, requests parked for the disk included.
 *
 * A worker announces the epoch of its oldest live request, and is offline while it has none and
 * sleeps. Sequentially consistent atomics, no fences (thread sanitizers do not model fences).
 * Threads: readers: each slot one thread. retire and reclaim: the store thread.
 */
#ifndef JT_STORE_EPOCH_H
#define JT_STORE_EPOCH_H

#include <stdatomic.h>

#include "../../core/base/err.h"
#include "../../core/base/slice.h"

#define JT_EPOCH_READERS 65 /* workers, and the main thread */
#define JT_EPOCH_OFFLINE UINT64_MAX

/*
 * Stands in what was replaced, or beside it, so that retiring asks for no memory: what is on disk
 * is shown whatever happens, and the store thread can never wait for readers, whose requests wait
 * for it. free_fn frees the whole, with this in it.
 */
struct jt_retired {
    struct jt_retired *next;
    uint64_t epoch; /* readers that began at or before it may still see it */
    void (*free_fn)(struct jt_retired *r);
};

struct jt_epochs {
    _Atomic uint64_t now; /* starts at 1 */
    _Atomic uint64_t oldest[JT_EPOCH_READERS];
    struct jt_retired *head, *tail; /* oldest first; store thread only */
    size_t waiting;
};

void jt_epochs_init(struct jt_epochs *e);
/* Frees what is left; no reader may be online. */
void jt_epochs_free(struct jt_epochs *e);

/* The epoch of a request that begins now. Announce before reading the directory. */
uint64_t jt_epoch_enter(struct jt_epochs *e, size_t reader);
/* Announces the oldest epoch still in use, or JT_EPOCH_OFFLINE. */
void jt_epoch_announce(struct jt_epochs *e, size_t reader, uint64_t oldest);

/* After the replacement is visible. Never fails. */
void jt_epoch_retire(struct jt_epochs *e, struct jt_retired *r,
                     void (*free_fn)(struct jt_retired *r));
/* Frees what no reader can see any more. Cheap when there is nothing. Returns how many wait on. */
size_t jt_epoch_reclaim(struct jt_epochs *e);

#endif
