/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/num.h"

#define STRIPES 64u
#define STRIPE_MAX (JT_REPLAYS_MAX / STRIPES)
#define CAP_FIRST 64u
#define BUCKETS 4096u
#define NO_BUCKET UINT16_MAX

/* expires_s 0: free. */
struct slot {
    uint8_t id[JT_REPLAY_ID];
    uint32_t expires_s; /* since 1970, to the year 2106 */
    uint16_t bucket;
};

struct stripe {
    pthread_mutex_t lock;
    size_t n, cap; /* cap is a power of two, at most three quarters full */
    struct slot *slots;
};

struct jt_replays {
    _Atomic size_t n;
    _Atomic uint32_t shares[BUCKETS];
    struct stripe stripes[STRIPES];
};

enum jt_err jt_replays_new(struct jt_replays **out)
{
    struct jt_replays *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_init(&r->stripes[i].lock, NULL);
    }
    *out = r;
    return JT_OK;
}

void jt_replays_free(struct jt_replays **r)
{
    for (size_t i = 0; *r != NULL && i < STRIPES; i++) {
        (void)pthread_mutex_destroy(&(*r)->stripes[i].lock);
        free((*r)->stripes[i].slots);
    }
    free(*r);
    *r = NULL;
}

size_t jt_replays_count(const struct jt_replays *r)
{
    return atomic_load(&r->n);
}

/* "JR1", then the length of the issuer, the issuer and the jti: one hash for one pair. */
static enum jt_err hash_pair(struct jt_crypt *c, struct jt_slice issuer, struct jt_slice jti,
                             uint8_t out[static JT_SHA256_SIZE])
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    uint8_t n[8];
    jt_buf_init(&b, 32768);
    jt_put_be64(n, issuer.n);
    jt_buf_puts(&b, "JR1");
    jt_buf_put(&b, jt_slice(n, sizeof n));
    jt_buf_put(&b, issuer);
    jt_buf_put(&b, jti);
    return jt_buf_ok(&b) ? jt_sha256(c, jt_buf_slice(&b), out) : JT_E_NOMEM;
}

enum jt_err jt_replay_name(struct jt_crypt *c, struct jt_slice client_id, struct jt_slice issuer,
                           struct jt_slice jti, int64_t expires_s, struct jt_replay_id *out)
{
    uint8_t hash[JT_SHA256_SIZE];
    uint8_t client[JT_SHA256_SIZE];
    JT_TRY(hash_pair(c, issuer, jti, hash));
    JT_TRY(jt_sha256(c, client_id, client));
    *out = (struct jt_replay_id){
        .used = true,
        .bucket = (uint16_t)(jt_get_be64(client) % BUCKETS),
        .expires_s = expires_s,
    };
    memcpy(out->id, hash, sizeof out->id);
    return JT_OK;
}

/* The hash is uniform: its bytes are the places. */
static struct stripe *stripe_of(struct jt_replays *r, const uint8_t *id)
{
    return &r->stripes[id[0] % STRIPES];
}

static size_t home_of(const uint8_t *id, size_t cap)
{
    return (size_t)jt_get_be64(id + 8) & (cap - 1);
}

/* Where it is, or the free place where it would be. */
static struct slot *place(struct slot *slots, size_t cap, const uint8_t *id)
{
    size_t i = home_of(id, cap);
    while (slots[i].expires_s != 0 && memcmp(slots[i].id, id, JT_REPLAY_ID) != 0) {
        i = (i + 1) & (cap - 1);
    }
    return &slots[i];
}

static void give_share(struct jt_replays *r, uint16_t bucket)
{
    if (bucket != NO_BUCKET) {
        (void)atomic_fetch_sub(&r->shares[bucket], 1);
    }
}

/* Into a table of that size, without what expired before before_s. */
static enum jt_err rebuild(struct jt_replays *r, struct stripe *t, size_t cap, int64_t before_s)
{
    struct slot *slots = calloc(cap, sizeof *slots);
    size_t n = 0;
    if (slots == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < t->cap; i++) {
        const struct slot *s = &t->slots[i];
        if (s->expires_s == 0) {
            continue;
        }
        if ((int64_t)s->expires_s < before_s) {
            give_share(r, s->bucket);
            (void)atomic_fetch_sub(&r->n, 1);
            continue;
        }
        *place(slots, cap, s->id) = *s;
        n++;
    }
    free(t->slots);
    t->slots = slots;
    t->cap = cap;
    t->n = n;
    return JT_OK;
}

static size_t count_over(const struct stripe *t, int64_t before_s)
{
    size_t n = 0;
    for (size_t i = 0; i < t->cap; i++) {
        n += t->slots[i].expires_s != 0 && (int64_t)t->slots[i].expires_s < before_s ? 1 : 0;
    }
    return n;
}

/* When it is three quarters full, what is over leaves; if that was little, it doubles. */
static enum jt_err make_room(struct jt_replays *r, struct stripe *t, int64_t before_s)
{
    if (t->n < t->cap / 4 * 3) {
        return JT_OK;
    }
    size_t left = t->n - count_over(t, before_s);
    if (left >= STRIPE_MAX) {
        return JT_E_LIMIT;
    }
    size_t cap = t->cap == 0 ? CAP_FIRST : t->cap;
    while (left >= cap / 2) {
        cap *= 2;
    }
    while (cap > CAP_FIRST && left < cap / 8) {
        cap /= 2;
    }
    return rebuild(r, t, cap, before_s);
}

/* A share that is used up may be what is over, and nothing else may call for that to leave. */
static enum jt_err take_share(struct jt_replays *r, struct stripe *t, uint16_t bucket,
                              int64_t before_s)
{
    if (bucket == NO_BUCKET || atomic_load(&r->shares[bucket]) < JT_REPLAYS_CLIENT_MAX) {
        return JT_OK;
    }
    if (count_over(t, before_s) > 0) {
        JT_TRY(rebuild(r, t, t->cap, before_s));
    }
    return atomic_load(&r->shares[bucket]) < JT_REPLAYS_CLIENT_MAX ? JT_OK : JT_E_LIMIT;
}

static enum jt_err insert(struct jt_replays *r, struct stripe *t, const struct slot *fresh,
                          int64_t before_s)
{
    if (t->cap > 0 && place(t->slots, t->cap, fresh->id)->expires_s != 0) {
        return JT_E_CONFLICT;
    }
    JT_TRY(take_share(r, t, fresh->bucket, before_s));
    JT_TRY(make_room(r, t, before_s));
    *place(t->slots, t->cap, fresh->id) = *fresh;
    t->n++;
    (void)atomic_fetch_add(&r->n, 1);
    if (fresh->bucket != NO_BUCKET) {
        (void)atomic_fetch_add(&r->shares[fresh->bucket], 1);
    }
    return JT_OK;
}

static enum jt_err add(struct jt_replays *r, const uint8_t *id, int64_t expires_s, uint16_t bucket,
                       int64_t before_s)
{
    struct slot fresh = {.bucket = bucket};
    struct stripe *t = stripe_of(r, id);
    if (expires_s <= 0 || expires_s > UINT32_MAX) {
        return JT_E_RANGE;
    }
    fresh.expires_s = (uint32_t)expires_s;
    memcpy(fresh.id, id, sizeof fresh.id);
    (void)pthread_mutex_lock(&t->lock);
    enum jt_err e = insert(r, t, &fresh, before_s);
    (void)pthread_mutex_unlock(&t->lock);
    return e;
}

enum jt_err jt_replays_claim(struct jt_replays *r, const struct jt_replay_id *id, int64_t before_s)
{
    return add(r, id->id, id->expires_s, id->bucket, before_s);
}

enum jt_err jt_replays_load(struct jt_replays *r, const struct jt_replay *row)
{
    enum jt_err e = add(r, row->o.name.p, row->expires_s, NO_BUCKET, 0);
    return e == JT_E_CONFLICT ? JT_OK : e;
}
