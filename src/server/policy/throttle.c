/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../../core/base/rand.h"
#include "../store/siphash.h"

#define SETS 16384u /* 64 Ki rows, 1 MiB; a power of two */
#define WAYS 4u
#define STRIPES 64u

/* 20 at once, then one in 3 s; for a network 200 at once, then ten a second. */
const struct jt_rate jt_throttle_client = {20, 3000000};
const struct jt_rate jt_throttle_prefix = {200, 100000};

struct row {
    uint64_t tag;   /* of what is counted; 0: free */
    int64_t tat_us; /* theoretical arrival time: when all that was counted has been forgotten */
};

struct jt_throttle {
    struct jt_sip_key key;
    _Atomic int64_t until_us; /* no row has anything to say after this */
    pthread_mutex_t locks[STRIPES];
    struct row rows[SETS * WAYS];
};

enum jt_err jt_throttle_new(struct jt_throttle **out)
{
    struct jt_throttle *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_random(&t->key, sizeof t->key);
    if (e != JT_OK) {
        free(t);
        return e;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_init(&t->locks[i], NULL);
    }
    *out = t;
    return JT_OK;
}

void jt_throttle_free(struct jt_throttle **t)
{
    if (*t == NULL) {
        return;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_destroy(&(*t)->locks[i]);
    }
    free(*t);
    *t = NULL;
}

/*
 * What is counted: a prefix alone, or a client at an address. Keyed, so nobody can aim at a row.
 * Odd for prefixes, even for clients: their sets are apart, or else a client and its own prefix
 * could push each other out of a full set, and neither would ever be counted.
 */
static uint64_t tag_of(const struct jt_throttle *t, const struct jt_slice *client,
                       const struct jt_addr *a)
{
    struct jt_addr unit = client == NULL || !jt_addr_is_v4(a) ? jt_addr_prefix(a) : *a;
    uint64_t h = jt_siphash(&t->key, jt_slice(unit.b, sizeof unit.b));
    if (client != NULL) {
        uint64_t c = jt_siphash(&t->key, *client);
        h = (h ^ c << 1 ^ c >> 63) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    }
    h = client == NULL ? h | 1 : h & ~UINT64_C(1);
    return h == 0 ? 2 : h;
}

static struct row *row_of(struct jt_throttle *t, uint64_t tag, bool make)
{
    struct row *set = &t->rows[tag % SETS * WAYS];
    struct row *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].tag == tag) {
            return &set[i];
        }
        oldest = set[i].tat_us < oldest->tat_us ? &set[i] : oldest;
    }
    if (make) {
        *oldest = (struct row){.tag = tag};
        return oldest;
    }
    return NULL;
}

static pthread_mutex_t *lock_of(struct jt_throttle *t, uint64_t tag)
{
    return &t->locks[tag % SETS % STRIPES];
}

/* Microseconds until one more would be allowed; 0: now. */
static int64_t owed(struct jt_throttle *t, uint64_t tag, const struct jt_rate *rate, int64_t now_us)
{
    (void)pthread_mutex_lock(lock_of(t, tag));
    const struct row *r = row_of(t, tag, false);
    int64_t tat = r == NULL ? 0 : r->tat_us;
    (void)pthread_mutex_unlock(lock_of(t, tag));
    int64_t allowed = tat - rate->interval_us * ((int64_t)rate->burst - 1);
    return allowed > now_us ? allowed - now_us : 0;
}

static void count(struct jt_throttle *t, uint64_t tag, const struct jt_rate *rate, int64_t now_us)
{
    (void)pthread_mutex_lock(lock_of(t, tag));
    struct row *r = row_of(t, tag, true);
    int64_t most =
        now_us + rate->interval_us * (int64_t)rate->burst; /* never more patience than that */
    int64_t tat = (r->tat_us > now_us ? r->tat_us : now_us) + rate->interval_us;
    r->tat_us = tat < most ? tat : most;
    tat = r->tat_us;
    (void)pthread_mutex_unlock(lock_of(t, tag));
    int64_t until = atomic_load(&t->until_us);
    while (until < tat && !atomic_compare_exchange_weak(&t->until_us, &until, tat)) {
    }
}

int64_t jt_throttle_wait(struct jt_throttle *t, struct jt_slice client_id, const struct jt_addr *a,
                         int64_t mono_us, bool *by_prefix)
{
    if (atomic_load(&t->until_us) <= mono_us) {
        return 0; /* nobody has failed lately */
    }
    int64_t one = owed(t, tag_of(t, &client_id, a), &jt_throttle_client, mono_us);
    int64_t all = owed(t, tag_of(t, NULL, a), &jt_throttle_prefix, mono_us);
    *by_prefix = all > one;
    int64_t us = all > one ? all : one;
    return (us + 999999) / 1000000;
}

void jt_throttle_fail(struct jt_throttle *t, struct jt_slice client_id, const struct jt_addr *a,
                      int64_t mono_us)
{
    count(t, tag_of(t, &client_id, a), &jt_throttle_client, mono_us);
    count(t, tag_of(t, NULL, a), &jt_throttle_prefix, mono_us);
}
