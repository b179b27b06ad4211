/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuers.c - lookups: what is known, whether it is good enough, and who waits for better.
 */
#include "issuers.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache.h"

enum jt_err jt_issuers_new(const struct jt_issuers_opts *opts, struct jt_issuers **out)
{
    struct jt_issuers *i = calloc(1, sizeof *i);
    if (i == NULL) {
        return JT_E_NOMEM;
    }
    i->opts = *opts;
    if (i->opts.fetch.run == NULL) {
        i->opts.fetch.run = jt_network_fetch;
    }
    (void)pthread_mutex_init(&i->lock, NULL);
    (void)pthread_cond_init(&i->more, NULL);
    i->tail = &i->head;
    i->budget_us = jt_mono_us(opts->clock) - JT_ISSUERS_BURST * JT_ISSUERS_EVERY_US;
    atomic_init(&i->stop, false);
    *out = i;
    return JT_OK;
}

void jt_issuers_configure(struct jt_issuers *i, const struct jt_network *network)
{
    (void)pthread_mutex_lock(&i->lock);
    i->network = *network;
    (void)pthread_mutex_unlock(&i->lock);
}

void jt_issuer_entry_free(struct jt_issuer_entry *e)
{
    jt_keyset_release(&e->set);
    free((void *)(uintptr_t)e->from.issuer.p);
    free((void *)(uintptr_t)e->from.uri.p);
    free(e);
}

void jt_issuers_free(struct jt_issuers **pi)
{
    struct jt_issuers *i = *pi;
    *pi = NULL;
    if (i == NULL) {
        return;
    }
    jt_issuers_stop(i);
    for (size_t k = 0; k < i->nfetchers; k++) {
        (void)pthread_join(i->fetchers[k], NULL);
    }
    while (i->entries != NULL) {
        struct jt_issuer_entry *e = i->entries;
        i->entries = e->next;
        jt_issuer_entry_free(e);
    }
    (void)pthread_cond_destroy(&i->more);
    (void)pthread_mutex_destroy(&i->lock);
    free(i);
}

/* ----- entries ----- */

/* A URL is what it is, whoever names it; without one the issuer decides. */
static bool same_place(const struct jt_jwks_source *a, const struct jt_jwks_source *b)
{
    return a->uri.n > 0 || b->uri.n > 0 ? jt_slice_eq(a->uri, b->uri)
                                        : jt_slice_eq(a->issuer, b->issuer);
}

static struct jt_issuer_entry *find(struct jt_issuers *i, const struct jt_jwks_source *from)
{
    struct jt_issuer_entry *e = i->entries;
    while (e != NULL && !same_place(&e->from, from)) {
        e = e->next;
    }
    return e;
}

static bool copy(struct jt_slice s, struct jt_slice *out)
{
    uint8_t *p = s.n == 0 ? NULL : malloc(s.n);
    if (p != NULL) {
        memcpy(p, s.p, s.n);
    }
    *out = jt_slice(p, p == NULL ? 0 : s.n);
    return out->n == s.n;
}

/* Room for one more. False: all are being fetched. */
static bool make_room(struct jt_issuers *i)
{
    struct jt_issuer_entry **oldest = NULL;
    if (i->n < JT_ISSUERS_MAX) {
        return true;
    }
    for (struct jt_issuer_entry **p = &i->entries; *p != NULL; p = &(*p)->next) {
        if ((*p)->state == JT_FETCH_IDLE &&
            (oldest == NULL || (*p)->used_us < (*oldest)->used_us)) {
            oldest = p;
        }
    }
    if (oldest == NULL) {
        return false;
    }
    struct jt_issuer_entry *e = *oldest;
    *oldest = e->next;
    i->n--;
    jt_issuer_entry_free(e);
    return true;
}

static struct jt_issuer_entry *add(struct jt_issuers *i, const struct jt_jwks_source *from)
{
    struct jt_issuer_entry *e = make_room(i) ? calloc(1, sizeof *e) : NULL;
    if (e == NULL) {
        return NULL;
    }
    e->good_us = e->tried_us = -1;
    if (!copy(from->issuer, &e->from.issuer) || !copy(from->uri, &e->from.uri)) {
        jt_issuer_entry_free(e);
        return NULL;
    }
    e->next = i->entries;
    i->entries = e;
    i->n++;
    return e;
}

/* ----- lookups ----- */

static bool is_cool(const struct jt_issuer_entry *e, int64_t now)
{
    return e->tried_us < 0 || now - e->tried_us >= JT_ISSUERS_COOL_US;
}

static void have(struct jt_issuer_entry *e, struct jt_keys_answer *out)
{
    out->state = JT_KEYS_HAVE;
    out->set = jt_keyset_ref(e->set);
}

/* It has the key; is it new enough? */
static void look_at_known(struct jt_issuers *i, struct jt_issuer_entry *e,
                          const struct jt_keys_want *want, int64_t now, struct jt_keys_answer *out)
{
    int64_t age = now - e->good_us;
    bool can_ask = is_cool(e, now) || e->state != JT_FETCH_IDLE;
    if (age > JT_ISSUERS_OLD_US && can_ask && !want->asked) {
        out->state = JT_KEYS_ASK;
        return;
    }
    if (age > JT_ISSUERS_FRESH_US && is_cool(e, now) && e->state == JT_FETCH_IDLE) {
        jt_fetch_queue(i, e); /* nobody waits for it; when it cannot be, later */
    }
    have(e, out);
}

/* No set, or none with this key. */
static void look_at_unknown(struct jt_issuer_entry *e, const struct jt_keys_want *want, int64_t now,
                            struct jt_keys_answer *out)
{
    bool can_ask = is_cool(e, now) || e->state != JT_FETCH_IDLE;
    if (can_ask && !want->asked) {
        out->state = JT_KEYS_ASK;
        return;
    }
    if (e->set != NULL && e->why[0] == '\0' && now - e->good_us < JT_ISSUERS_COOL_US) {
        have(e, out); /* the issuer said just now that it has no such key */
        return;
    }
    out->state = JT_KEYS_NONE;
    (void)snprintf(out->why, sizeof out->why, "%s",
                   e->why[0] != '\0' ? e->why : "too many issuers are being asked already");
}

void jt_issuers_keys(struct jt_issuers *i, const struct jt_keys_want *want,
                     struct jt_keys_answer *out)
{
    *out = (struct jt_keys_answer){.state = JT_KEYS_UNDECIDED};
    (void)pthread_mutex_lock(&i->lock);
    int64_t now = jt_mono_us(i->opts.clock);
    struct jt_issuer_entry *e = find(i, &want->from);
    if (e != NULL) {
        e->used_us = now;
        if (e->set != NULL && now - e->good_us > JT_ISSUERS_STALE_US) {
            jt_keyset_release(&e->set);
        }
    }
    if (e == NULL) {
        out->state = want->asked ? JT_KEYS_NONE : JT_KEYS_ASK;
        (void)snprintf(out->why, sizeof out->why, "too many issuers are being asked already");
    } else if (e->set != NULL && jt_keyset_has(e->set, want->kid, want->alg)) {
        look_at_known(i, e, want, now, out);
    } else {
        look_at_unknown(e, want, now, out);
    }
    (void)pthread_mutex_unlock(&i->lock);
}

bool jt_issuers_wait(struct jt_issuers *i, const struct jt_jwks_source *from,
                     struct jt_keys_wait *w)
{
    (void)pthread_mutex_lock(&i->lock);
    int64_t now = jt_mono_us(i->opts.clock);
    struct jt_issuer_entry *e = find(i, from);
    bool waits = !atomic_load(&i->stop);
    if (waits && e == NULL) {
        e = add(i, from);
    }
    waits = waits && e != NULL &&
            (e->state != JT_FETCH_IDLE || (is_cool(e, now) && jt_fetch_queue(i, e)));
    if (waits) {
        e->used_us = now;
        w->next = e->waits;
        e->waits = w;
    }
    (void)pthread_mutex_unlock(&i->lock);
    return waits;
}

struct jt_issuers_counts jt_issuers_counts(struct jt_issuers *i)
{
    (void)pthread_mutex_lock(&i->lock);
    struct jt_issuers_counts c = i->counts;
    for (const struct jt_issuer_entry *e = i->entries; e != NULL; e = e->next) {
        c.known += e->set != NULL;
    }
    (void)pthread_mutex_unlock(&i->lock);
    return c;
}
