/* SPDX-License-Identifier: Apache-2.0 */
#include "verdicts.h"

#include <pthread.h>
#include <stdlib.h>

#define SETS 8192u /* a power of two */
#define WAYS 4u
#define STRIPES 64u
#define TEXTS 6

struct entry {
    uint8_t hash[JT_SHA256_SIZE];
    uint64_t used; /* the set's clock when it was asked for last; 0: the place is empty */
    int64_t iat, exp;
    uint64_t sequence;
    uint32_t credential;
    uint16_t n[TEXTS];
    char text[JT_VERDICT_TEXT];
};

struct jt_verdicts {
    pthread_mutex_t locks[STRIPES];
    uint64_t clock[STRIPES];
    struct entry entries[SETS * WAYS];
};

enum jt_err jt_verdicts_new(struct jt_verdicts **out)
{
    struct jt_verdicts *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_init(&v->locks[i], NULL);
    }
    *out = v;
    return JT_OK;
}

void jt_verdicts_free(struct jt_verdicts **v)
{
    if (*v == NULL) {
        return;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_destroy(&(*v)->locks[i]);
    }
    free(*v);
    *v = NULL;
}

/* Nobody aims at a set: only tokens that we signed are kept. */
static size_t set_of(const uint8_t hash[static JT_SHA256_SIZE])
{
    return ((size_t)hash[0] << 8 | hash[1]) & (SETS - 1);
}

static struct entry *find(struct jt_verdicts *v, size_t set,
                          const uint8_t hash[static JT_SHA256_SIZE])
{
    struct entry *e = &v->entries[set * WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        if (e[i].used != 0 && memcmp(e[i].hash, hash, JT_SHA256_SIZE) == 0) {
            return &e[i];
        }
    }
    return NULL;
}

static void texts_of(struct jt_verdict *v, struct jt_slice *texts[static TEXTS])
{
    texts[0] = &v->kid;
    texts[1] = &v->client_id;
    texts[2] = &v->aud;
    texts[3] = &v->scope;
    texts[4] = &v->jti;
    texts[5] = &v->cnf;
}

bool jt_verdicts_find(struct jt_verdicts *v, const uint8_t hash[static JT_SHA256_SIZE],
                      struct jt_arena *a, struct jt_verdict *out)
{
    const size_t set = set_of(hash);
    const size_t stripe = set % STRIPES;
    struct jt_slice *texts[TEXTS];
    struct entry *copy = jt_arena_alloc(a, sizeof *copy);
    if (copy == NULL) {
        return false;
    }
    (void)pthread_mutex_lock(&v->locks[stripe]);
    struct entry *e = find(v, set, hash);
    if (e != NULL) {
        e->used = ++v->clock[stripe];
        *copy = *e;
    }
    (void)pthread_mutex_unlock(&v->locks[stripe]);
    if (e == NULL) {
        return false;
    }
    *out = (struct jt_verdict){
        .iat = copy->iat, .exp = copy->exp, .id = {copy->sequence, copy->credential}};
    texts_of(out, texts);
    const char *p = copy->text;
    for (size_t i = 0; i < TEXTS; i++) {
        *texts[i] = jt_slice(p, copy->n[i]);
        p += copy->n[i];
    }
    return true;
}

/* An empty place, or the one used longest ago. */
static struct entry *place(struct jt_verdicts *v, size_t set)
{
    struct entry *e = &v->entries[set * WAYS];
    struct entry *oldest = e;
    for (size_t i = 1; i < WAYS; i++) {
        oldest = e[i].used < oldest->used ? &e[i] : oldest;
    }
    return oldest;
}

void jt_verdicts_keep(struct jt_verdicts *v, const uint8_t hash[static JT_SHA256_SIZE],
                      const struct jt_verdict *in)
{
    const size_t set = set_of(hash);
    const size_t stripe = set % STRIPES;
    struct jt_verdict copy = *in;
    struct jt_slice *texts[TEXTS];
    size_t total = 0;
    texts_of(&copy, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i]->n > JT_VERDICT_TEXT - total) {
            return;
        }
        total += texts[i]->n;
    }
    (void)pthread_mutex_lock(&v->locks[stripe]);
    struct entry *e = find(v, set, hash);
    e = e != NULL ? e : place(v, set);
    memcpy(e->hash, hash, JT_SHA256_SIZE);
    e->used = ++v->clock[stripe];
    e->iat = in->iat;
    e->exp = in->exp;
    e->sequence = in->id.sequence;
    e->credential = in->id.credential;
    char *p = e->text;
    for (size_t i = 0; i < TEXTS; i++) {
        e->n[i] = (uint16_t)texts[i]->n;
        if (texts[i]->n > 0) {
            memcpy(p, texts[i]->p, texts[i]->n);
        }
        p += texts[i]->n;
    }
    (void)pthread_mutex_unlock(&v->locks[stripe]);
}
