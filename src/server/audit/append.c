/* SPDX-License-Identifier: Apache-2.0 */
/*
 * append.c - events of a batch onto the end of the log: numbered without gaps, chained, durable.
 */
#include <stdlib.h>

#include "batch.h"

bool jt_batch_add(struct jt_writer *w, struct jt_event *e)
{
    if (w->nevents == w->cap_events) {
        size_t cap = w->cap_events == 0 ? 256 : w->cap_events * 2;
        const struct jt_event **p = realloc(w->events, cap * sizeof(struct jt_event *));
        if (p == NULL) {
            return false;
        }
        w->events = p;
        w->cap_events = cap;
    }
    w->events[w->nevents++] = e;
    return true;
}

/* The batch owns its events until it is answered, so they may be numbered in place. */
static struct jt_event *mine(const struct jt_event *e)
{
    return (struct jt_event *)(uintptr_t)e;
}

enum jt_err jt_batch_append(struct jt_writer *w)
{
    uint64_t seq = w->last_seq;
    uint8_t hash[JT_SHA256_SIZE];
    if (w->nevents == 0) {
        return JT_OK;
    }
    memcpy(hash, w->last_hash, sizeof hash);
    for (size_t i = 0; i < w->nevents; i++) {
        struct jt_event *e = mine(w->events[i]);
        e->seq = ++seq;
        JT_TRY(jt_event_chain(w->crypt, hash, e, &w->scratch));
        memcpy(hash, e->hash, sizeof hash);
    }
    int64_t begun_us = jt_mono_us(w->o.clock);
    JT_TRY(w->o.store->ops->audit_append(w->o.store, w->events, w->nevents));
    jt_histogram_add(&w->times[JT_COMMIT_AUDIT], jt_mono_us(w->o.clock) - begun_us);
    w->last_seq = seq;
    memcpy(w->last_hash, hash, sizeof hash);
    (void)atomic_fetch_add(&w->commits, 1);
    (void)atomic_fetch_add(&w->nevents_total, w->nevents);
    return JT_OK;
}
