/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - what lookups and fetchers share. Private to issuers; all under the one lock.
 */
#ifndef JT_ISSUERS_CACHE_H
#define JT_ISSUERS_CACHE_H

#include <pthread.h>

#include "issuers.h"

enum jt_fetch_state { JT_FETCH_IDLE = 0, JT_FETCH_QUEUED, JT_FETCH_RUNNING };

/* One place where keys are: a URL, or an issuer whose metadata names it. */
struct jt_issuer_entry {
    struct jt_issuer_entry *next;   /* of all */
    struct jt_issuer_entry *behind; /* in the queue */
    struct jt_jwks_source from;     /* its own copy */
    enum jt_fetch_state state;
    struct jt_keyset *set;     /* NULL: none yet, or gone stale */
    int64_t good_us, tried_us; /* when the set came; when the last fetch ended; -1: never */
    int64_t used_us;
    struct jt_keys_wait *waits;
    char why[JT_ISSUERS_WHY]; /* of the last fetch; empty: it was good */
};

struct jt_issuers {
    struct jt_issuers_opts opts;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct jt_issuer_entry *entries;
    size_t n;
    struct jt_issuer_entry *head, **tail; /* of the queue */
    size_t queued;
    size_t nfetchers, idle; /* threads */
    pthread_t fetchers[JT_ISSUERS_FETCHERS];
    int64_t budget_us; /* the moment whose distance from now is what may be fetched */
    struct jt_network network;
    struct jt_issuers_counts counts;
    atomic_bool stop;
};

/* fetchers.c: queues a fetch, if budget, queue and threads allow. The entry is idle. */
bool jt_fetch_queue(struct jt_issuers *i, struct jt_issuer_entry *e);
/* issuers.c: frees what has no lock of its own. */
void jt_issuer_entry_free(struct jt_issuer_entry *e);

#endif
