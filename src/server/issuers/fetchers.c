/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetchers.c - the queue of fetches, the budget, and the threads that make them.
 *
 * More than one thread, so that an issuer that does not answer holds up nobody but those who wait
 * for it; none before the first fetch.
 */
#include <stdio.h>

#include "../log.h"
#include "cache.h"

/* Takes one fetch from the budget; false: it is used up. */
static bool spend(struct jt_issuers *i)
{
    int64_t now = jt_mono_us(i->opts.clock);
    int64_t full = now - JT_ISSUERS_BURST * JT_ISSUERS_EVERY_US;
    i->budget_us = i->budget_us < full ? full : i->budget_us;
    if (now - i->budget_us < JT_ISSUERS_EVERY_US) {
        return false;
    }
    i->budget_us += JT_ISSUERS_EVERY_US;
    return true;
}

static struct jt_issuer_entry *next_entry(struct jt_issuers *i)
{
    while (i->head == NULL && !atomic_load(&i->stop)) {
        i->idle++;
        (void)pthread_cond_wait(&i->more, &i->lock);
        i->idle--;
    }
    struct jt_issuer_entry *e = i->head;
    if (e != NULL) {
        i->head = e->behind;
        i->tail = i->head == NULL ? &i->head : i->tail;
        i->queued--;
        e->state = JT_FETCH_RUNNING;
    }
    return e;
}

/* Said when it begins to fail and when it works again, not each time. */
static void report(const struct jt_issuers *i, const struct jt_issuer_entry *e, const char *before,
                   const char *why)
{
    char line[JT_ISSUERS_WHY + 700];
    struct jt_slice name = e->from.uri.n > 0 ? e->from.uri : e->from.issuer;
    bool failed = why[0] != '\0';
    bool stops = atomic_load(&i->stop);
    if (i->opts.log == NULL || (before[0] != '\0') == failed || stops) {
        return;
    }
    (void)snprintf(line, sizeof line, "keys at %.*s %s%s%s", JT_FMT(name),
                   failed ? "cannot be fetched: " : "can be fetched again", why,
                   !failed          ? ""
                   : e->set != NULL ? "; those that are known are used on, for up to 24 h"
                                    : "");
    i->opts.log(i->opts.log_ctx, failed ? JT_LOG_WARNING : JT_LOG_INFO, line);
}

/* What came takes its place; nothing never does. */
static struct jt_keys_wait *settle(struct jt_issuers *i, struct jt_issuer_entry *e,
                                   struct jt_keyset *set, const char *why)
{
    char before[JT_ISSUERS_WHY];
    struct jt_keys_wait *waits = e->waits;
    memcpy(before, e->why, sizeof before);
    (void)snprintf(e->why, sizeof e->why, "%s", why);
    e->tried_us = jt_mono_us(i->opts.clock);
    if (set != NULL) {
        jt_keyset_release(&e->set);
        e->set = set;
        e->good_us = e->tried_us;
        i->counts.fetched++;
    } else {
        i->counts.failed++;
    }
    e->state = JT_FETCH_IDLE;
    e->waits = NULL;
    report(i, e, before, e->why);
    return waits;
}

static void call_all(struct jt_keys_wait *w)
{
    while (w != NULL) {
        struct jt_keys_wait *next = w->next; /* done may end its life */
        w->done(w);
        w = next;
    }
}

/* The lock is held before and after. */
static void fetch(struct jt_issuers *i, struct jt_issuer_entry *e)
{
    struct jt_network network = i->network;
    struct jt_oauth_error err = {.text = "given up: the server stops"};
    struct jt_keyset *set = NULL;
    (void)pthread_mutex_unlock(&i->lock);
    bool good = !atomic_load(&i->stop) && i->opts.fetch.run(i->opts.fetch.ctx, &e->from, &network,
                                                            &i->stop, &set, &err) == JT_OAUTH_OK;
    (void)pthread_mutex_lock(&i->lock);
    struct jt_keys_wait *waits = settle(i, e, set, good ? "" : err.text);
    (void)pthread_mutex_unlock(&i->lock);
    call_all(waits);
    (void)pthread_mutex_lock(&i->lock);
}

static void *run(void *arg)
{
    struct jt_issuers *i = arg;
    struct jt_issuer_entry *e = NULL;
    (void)pthread_mutex_lock(&i->lock);
    while ((e = next_entry(i)) != NULL) {
        fetch(i, e);
    }
    (void)pthread_mutex_unlock(&i->lock);
    return NULL;
}

/* One more thread, when all are busy. False: there is none at all. */
static bool staff(struct jt_issuers *i)
{
    if (i->idle <= i->queued && i->nfetchers < JT_ISSUERS_FETCHERS &&
        pthread_create(&i->fetchers[i->nfetchers], NULL, run, i) == 0) {
        i->nfetchers++;
    }
    return i->nfetchers > 0;
}

bool jt_fetch_queue(struct jt_issuers *i, struct jt_issuer_entry *e)
{
    if (atomic_load(&i->stop) || i->queued == JT_ISSUERS_QUEUE || !staff(i) || !spend(i)) {
        return false;
    }
    e->behind = NULL;
    *i->tail = e;
    i->tail = &e->behind;
    i->queued++;
    e->state = JT_FETCH_QUEUED;
    (void)pthread_cond_signal(&i->more);
    return true;
}

void jt_issuers_stop(struct jt_issuers *i)
{
    /* those that wait in the queue are run through, and each is given up at once */
    (void)pthread_mutex_lock(&i->lock);
    atomic_store(&i->stop, true);
    (void)pthread_cond_broadcast(&i->more);
    (void)pthread_mutex_unlock(&i->lock);
}
