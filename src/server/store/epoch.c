/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch.h"

void jt_epochs_init(struct jt_epochs *e)
{
    *e = (struct jt_epochs){0};
    atomic_store(&e->now, 1);
    for (size_t i = 0; i < JT_EPOCH_READERS; i++) {
        atomic_store(&e->oldest[i], JT_EPOCH_OFFLINE);
    }
}

void jt_epochs_free(struct jt_epochs *e)
{
    JT_ASSERT(jt_epoch_reclaim(e) == 0);
}

uint64_t jt_epoch_enter(struct jt_epochs *e, size_t reader)
{
    JT_ASSERT(reader < JT_EPOCH_READERS);
    uint64_t now = atomic_load(&e->now);
    if (atomic_load(&e->oldest[reader]) == JT_EPOCH_OFFLINE) {
        /*
         * The store must be seen before the directory is read. Should `now` have moved on in
         * between, the older number only holds things back longer.
         */
        atomic_store(&e->oldest[reader], now);
    }
    return now;
}

void jt_epoch_announce(struct jt_epochs *e, size_t reader, uint64_t oldest)
{
    JT_ASSERT(reader < JT_EPOCH_READERS);
    atomic_store(&e->oldest[reader], oldest);
}

/* The oldest epoch that any reader is in. */
static uint64_t oldest_reader(struct jt_epochs *e)
{
    uint64_t min = JT_EPOCH_OFFLINE;
    for (size_t i = 0; i < JT_EPOCH_READERS; i++) {
        uint64_t v = atomic_load(&e->oldest[i]);
        min = v < min ? v : min;
    }
    return min;
}

void jt_epoch_retire(struct jt_epochs *e, struct jt_retired *r,
                     void (*free_fn)(struct jt_retired *r))
{
    /* Readers that enter from here on get a higher number, and cannot see it. */
    *r = (struct jt_retired){NULL, atomic_fetch_add(&e->now, 1), free_fn};
    if (e->tail == NULL) {
        e->head = r;
    } else {
        e->tail->next = r;
    }
    e->tail = r;
    e->waiting++;
}

size_t jt_epoch_reclaim(struct jt_epochs *e)
{
    if (e->head == NULL) {
        return 0;
    }
    uint64_t oldest = oldest_reader(e);
    while (e->head != NULL && e->head->epoch < oldest) {
        struct jt_retired *r = e->head;
        e->head = r->next;
        e->tail = e->head == NULL ? NULL : e->tail;
        e->waiting--;
        r->free_fn(r);
    }
    return e->waiting;
}
