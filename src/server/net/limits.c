/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../../core/base/num.h"
#include "../../core/base/rand.h"

#define STRIPES 64u
#define LOG_EVERY_US 1000000

struct row {
    struct row *next;
    struct jt_addr addr;
    size_t n;
};

struct stripe {
    pthread_mutex_t lock;
    struct row *rows[64];
};

struct jt_limits {
    _Atomic size_t all;
    _Atomic size_t max_all, max_per_address;
    _Atomic uint64_t full, address_full, pauses;
    _Atomic int64_t logged_us; /* when a line was logged last; 0: never */
    uint64_t seed[2];          /* so that nobody outside can choose addresses of one row */
    struct stripe stripes[STRIPES];
};

enum jt_err jt_limits_new(size_t max_all, size_t max_per_address, struct jt_limits **out)
{
    struct jt_limits *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return JT_E_NOMEM;
    }
    l->max_all = max_all;
    l->max_per_address = max_per_address;
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_init(&l->stripes[i].lock, NULL);
    }
    enum jt_err e = jt_random(l->seed, sizeof l->seed);
    if (e != JT_OK) {
        jt_limits_free(&l);
        return e;
    }
    *out = l;
    return JT_OK;
}

void jt_limits_free(struct jt_limits **l)
{
    if (*l == NULL) {
        return;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        struct stripe *s = &(*l)->stripes[i];
        (void)pthread_mutex_destroy(&s->lock);
        for (size_t k = 0; k < sizeof s->rows / sizeof s->rows[0]; k++) {
            while (s->rows[k] != NULL) {
                struct row *r = s->rows[k];
                s->rows[k] = r->next;
                free(r);
            }
        }
    }
    free(*l);
    *l = NULL;
}

/* IPv4 by address, IPv6 by /64. */
static struct jt_addr unit(const struct jt_addr *a)
{
    return jt_addr_is_v4(a) ? *a : jt_addr_prefix(a);
}

static uint64_t mix(const struct jt_limits *l, const struct jt_addr *a)
{
    uint64_t h = jt_get_be64(a->b) ^ l->seed[0];
    h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= jt_get_be64(a->b + 8) ^ l->seed[1];
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 32;
}

static struct row **find(struct row **slot, const struct jt_addr *u)
{
    while (*slot != NULL && memcmp((*slot)->addr.b, u->b, sizeof u->b) != 0) {
        slot = &(*slot)->next;
    }
    return slot;
}

static enum jt_admission count_address(struct jt_limits *l, struct row **slot,
                                       const struct jt_addr *u)
{
    struct row **r = find(slot, u);
    if (*r == NULL) {
        *r = calloc(1, sizeof **r);
        if (*r == NULL) {
            return JT_ADMIT_FULL;
        }
        (*r)->addr = *u;
    }
    if ((*r)->n >= atomic_load(&l->max_per_address)) {
        return JT_ADMIT_ADDRESS_FULL;
    }
    (*r)->n++;
    return JT_ADMIT_YES;
}

enum jt_admission jt_limits_enter_any(struct jt_limits *l)
{
    if (atomic_fetch_add(&l->all, 1) >= atomic_load(&l->max_all)) {
        (void)atomic_fetch_sub(&l->all, 1);
        (void)atomic_fetch_add(&l->full, 1);
        return JT_ADMIT_FULL;
    }
    return JT_ADMIT_YES;
}

void jt_limits_leave_any(struct jt_limits *l)
{
    (void)atomic_fetch_sub(&l->all, 1);
}

size_t jt_limits_count(const struct jt_limits *l)
{
    return atomic_load(&l->all);
}

bool jt_limits_may_log(struct jt_limits *l, int64_t mono_us)
{
    int64_t before = atomic_load(&l->logged_us);
    return (before == 0 || mono_us - before >= LOG_EVERY_US) &&
           atomic_compare_exchange_strong(&l->logged_us, &before, mono_us);
}

void jt_limits_count_pause(struct jt_limits *l)
{
    (void)atomic_fetch_add(&l->pauses, 1);
}

struct jt_limits_counts jt_limits_counts(const struct jt_limits *l)
{
    return (struct jt_limits_counts){
        .full = atomic_load(&l->full),
        .address_full = atomic_load(&l->address_full),
        .pauses = atomic_load(&l->pauses),
    };
}

void jt_limits_set(struct jt_limits *l, size_t max_all, size_t max_per_address)
{
    atomic_store(&l->max_all, max_all);
    atomic_store(&l->max_per_address, max_per_address);
}

enum jt_admission jt_limits_enter(struct jt_limits *l, const struct jt_addr *a)
{
    if (jt_limits_enter_any(l) != JT_ADMIT_YES) {
        return JT_ADMIT_FULL;
    }
    struct jt_addr u = unit(a);
    uint64_t h = mix(l, &u);
    struct stripe *s = &l->stripes[h % STRIPES];
    (void)pthread_mutex_lock(&s->lock);
    enum jt_admission v = count_address(l, &s->rows[h / STRIPES % 64], &u);
    (void)pthread_mutex_unlock(&s->lock);
    if (v != JT_ADMIT_YES) {
        (void)atomic_fetch_sub(&l->all, 1);
        (void)atomic_fetch_add(&l->address_full, 1);
    }
    return v;
}

void jt_limits_leave(struct jt_limits *l, const struct jt_addr *a)
{
    struct jt_addr u = unit(a);
    uint64_t h = mix(l, &u);
    struct stripe *s = &l->stripes[h % STRIPES];
    (void)pthread_mutex_lock(&s->lock);
    struct row **r = find(&s->rows[h / STRIPES % 64], &u);
    if (*r != NULL && --(*r)->n == 0) {
        struct row *gone = *r;
        *r = gone->next;
        free(gone);
    }
    (void)pthread_mutex_unlock(&s->lock);
    (void)atomic_fetch_sub(&l->all, 1);
}
