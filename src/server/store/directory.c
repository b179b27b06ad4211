/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"

#include <stdlib.h>
#include <time.h>

#include "../../core/base/num.h"
#include "../../core/base/rand.h"
#include "siphash.h"

/* A million clients are 16 in each: one or two lines of the cache to look through. */
#define CLIENT_SHARDS 65536u
#define OTHER_SHARDS 64u
#define REVOCATION_SHARDS 4096u
#define TOKEN_SHARDS 65536u
#define MAPS 5

/* The hash stands beside the pointer, so that a search reads of all objects only the right one. */
struct slot {
    uint64_t hash;
    struct jt_object *object;
};

/* An immutable array, or (while loading) one that nobody else sees yet. */
struct shard {
    size_t n, cap;
    struct slot v[];
};

struct map {
    enum jt_object_kind kind;
    size_t nshards;
    _Atomic(struct shard *) *shards;
    _Atomic size_t count;
    _Atomic uint64_t version;
};

struct jt_directory {
    struct jt_epochs *epochs;
    struct jt_sip_key key;
    struct map maps[MAPS];
};

/* Once published it keeps what was replaced, until no reader can see that. */
struct jt_publication {
    struct jt_retired retired; /* first: freed as this */
    struct map *map;
    size_t index;
    struct shard *base;      /* what next was made from; then: what was replaced */
    struct shard *next;      /* to be shown */
    struct jt_object *fresh; /* what is new in it, or NULL */
    struct jt_object *old;   /* what is replaced or dropped, or NULL */
    uint64_t hash;
    struct jt_slice name; /* of what is dropped: lives as long as the publication */
};

static struct map *map_of(const struct jt_directory *d, enum jt_object_kind kind)
{
    for (size_t i = 0; i < MAPS; i++) {
        if (d->maps[i].kind == kind) {
            return (struct map *)(uintptr_t)&d->maps[i];
        }
    }
    return NULL;
}

enum jt_err jt_directory_new(struct jt_epochs *epochs, struct jt_directory **out)
{
    static const struct {
        enum jt_object_kind kind;
        size_t nshards;
    } maps[MAPS] = {{JT_OBJ_CLIENT, CLIENT_SHARDS},
                    {JT_OBJ_RESOURCE, OTHER_SHARDS},
                    {JT_OBJ_SIGNING_KEY, OTHER_SHARDS},
                    {JT_OBJ_REVOCATION, REVOCATION_SHARDS},
                    {JT_OBJ_TOKEN, TOKEN_SHARDS}};
    struct jt_directory *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return JT_E_NOMEM;
    }
    d->epochs = epochs;
    enum jt_err e = jt_random(&d->key, sizeof d->key);
    for (size_t i = 0; i < MAPS && e == JT_OK; i++) {
        d->maps[i].kind = maps[i].kind;
        d->maps[i].nshards = maps[i].nshards;
        d->maps[i].shards = calloc(maps[i].nshards, sizeof d->maps[i].shards[0]);
        e = d->maps[i].shards == NULL ? JT_E_NOMEM : JT_OK;
    }
    if (e != JT_OK) {
        jt_directory_free(&d);
        return e;
    }
    *out = d;
    return JT_OK;
}

void jt_directory_free(struct jt_directory **d)
{
    if (*d == NULL) {
        return;
    }
    for (size_t i = 0; i < MAPS; i++) {
        struct map *m = &(*d)->maps[i];
        for (size_t k = 0; m->shards != NULL && k < m->nshards; k++) {
            struct shard *s = atomic_load(&m->shards[k]);
            for (size_t j = 0; s != NULL && j < s->n; j++) {
                jt_object_free(s->v[j].object);
            }
            free(s);
        }
        free(m->shards);
    }
    free(*d);
    *d = NULL;
}

static uint64_t hash_of(const struct jt_directory *d, struct jt_slice name)
{
    return jt_siphash(&d->key, name);
}

static struct jt_object *find(const struct shard *s, uint64_t hash, struct jt_slice name)
{
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (s->v[i].hash == hash && jt_slice_eq(s->v[i].object->name, name)) {
            return s->v[i].object;
        }
    }
    return NULL;
}

const struct jt_object *jt_directory_find(const struct jt_directory *d, enum jt_object_kind kind,
                                          struct jt_slice name)
{
    const struct map *m = map_of(d, kind);
    if (m == NULL) {
        return NULL;
    }
    uint64_t h = hash_of(d, name);
    return find(atomic_load(&m->shards[h % m->nshards]), h, name);
}

const struct jt_client *jt_directory_client(const struct jt_directory *d, struct jt_slice id)
{
    return (const struct jt_client *)jt_directory_find(d, JT_OBJ_CLIENT, id);
}

const struct jt_resource *jt_directory_resource(const struct jt_directory *d,
                                                struct jt_slice audience)
{
    return (const struct jt_resource *)jt_directory_find(d, JT_OBJ_RESOURCE, audience);
}

const struct jt_signing_key *jt_directory_key(const struct jt_directory *d, struct jt_slice kid)
{
    return (const struct jt_signing_key *)jt_directory_find(d, JT_OBJ_SIGNING_KEY, kid);
}

bool jt_directory_revoked(const struct jt_directory *d, uint64_t sequence)
{
    uint8_t name[8];
    if (jt_directory_count(d, JT_OBJ_REVOCATION) == 0) {
        return false;
    }
    jt_put_be64(name, sequence);
    return jt_directory_find(d, JT_OBJ_REVOCATION, jt_slice(name, sizeof name)) != NULL;
}

const struct jt_opaque *jt_directory_token(const struct jt_directory *d,
                                           const uint8_t hash[static JT_SHA256_SIZE])
{
    return (const struct jt_opaque *)jt_directory_find(d, JT_OBJ_TOKEN,
                                                       jt_slice(hash, JT_SHA256_SIZE));
}

/* The cursor is shard << 32 | place in it. */
size_t jt_directory_page(const struct jt_directory *d, enum jt_object_kind kind, uint64_t *cursor,
                         const struct jt_object **out, size_t max)
{
    const struct map *m = map_of(d, kind);
    size_t n = 0;
    size_t shard = (size_t)(*cursor >> 32);
    size_t place = (size_t)(*cursor & UINT32_MAX);
    while (m != NULL && shard < m->nshards && n < max) {
        const struct shard *s = atomic_load(&m->shards[shard]);
        if (s == NULL || place >= s->n) {
            shard++;
            place = 0;
            continue;
        }
        out[n++] = s->v[place++].object;
    }
    *cursor = (uint64_t)shard << 32 | place;
    return n;
}

size_t jt_directory_count(const struct jt_directory *d, enum jt_object_kind kind)
{
    struct map *m = map_of(d, kind);
    return m == NULL ? 0 : atomic_load(&m->count);
}

uint64_t jt_directory_version(const struct jt_directory *d, enum jt_object_kind kind)
{
    struct map *m = map_of(d, kind);
    return m == NULL ? 0 : atomic_load(&m->version);
}

static struct shard *shard_new(size_t cap)
{
    struct shard *s = malloc(sizeof *s + cap * sizeof s->v[0]);
    if (s != NULL) {
        s->n = 0;
        s->cap = cap;
    }
    return s;
}

/* A copy of `from` without `old`, which is in it, and with `fresh` of this hash (either may be
 * NULL).
 */
static struct shard *shard_edit(const struct shard *from, const struct jt_object *old,
                                struct jt_object *fresh, uint64_t hash)
{
    const struct slot added = {hash, fresh};
    size_t n = from == NULL ? 0 : from->n;
    struct shard *s = shard_new(n - (old != NULL ? 1 : 0) + (fresh != NULL ? 1 : 0));
    if (s == NULL) {
        return NULL;
    }
    bool placed = false;
    for (size_t i = 0; i < n; i++) {
        if (from->v[i].object != old) {
            s->v[s->n++] = from->v[i];
        } else if (fresh != NULL) {
            s->v[s->n++] = added; /* in its place, so that a listing under way misses nothing */
            placed = true;
        }
    }
    if (fresh != NULL && !placed) {
        s->v[s->n++] = added;
    }
    return s;
}

static enum jt_err prepare(struct jt_directory *d, enum jt_object_kind kind, struct jt_slice name,
                           struct jt_object *fresh, struct jt_publication **out)
{
    struct map *m = map_of(d, kind);
    if (m == NULL) {
        return JT_E_UNSUPPORTED;
    }
    struct jt_publication *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    uint64_t h = hash_of(d, name);
    p->map = m;
    p->index = h % m->nshards;
    struct shard *now = atomic_load(&m->shards[p->index]);
    p->base = now;
    p->old = find(now, h, name);
    p->fresh = fresh;
    p->hash = h;
    p->name = name;
    p->next = shard_edit(now, p->old, fresh, h);
    if (p->next == NULL) {
        free(p);
        return JT_E_NOMEM;
    }
    *out = p;
    return JT_OK;
}

enum jt_err jt_directory_prepare(struct jt_directory *d, struct jt_object *obj,
                                 struct jt_publication **out)
{
    return prepare(d, obj->kind, obj->name, obj, out);
}

enum jt_err jt_directory_prepare_drop(struct jt_directory *d, enum jt_object_kind kind,
                                      struct jt_slice name, struct jt_publication **out)
{
    return prepare(d, kind, name, NULL, out);
}

bool jt_directory_holds(enum jt_object_kind kind)
{
    return kind == JT_OBJ_CLIENT || kind == JT_OBJ_RESOURCE || kind == JT_OBJ_SIGNING_KEY ||
           kind == JT_OBJ_REVOCATION || kind == JT_OBJ_TOKEN;
}

static void free_replaced(struct jt_retired *r)
{
    struct jt_publication *p = (struct jt_publication *)r;
    free(p->base);
    jt_object_free(p->old);
    free(p);
}

/*
 * Another publication came in between on this shard: made anew. What is on disk must become
 * visible, so this waits for memory rather than failing.
 */
static void rebase(struct jt_publication *p, struct shard *now)
{
    struct shard *next = NULL;
    free(p->next);
    p->base = now;
    p->old = find(now, p->hash, p->fresh != NULL ? p->fresh->name : p->name);
    while ((next = shard_edit(now, p->old, p->fresh, p->hash)) == NULL) {
        const struct timespec ms = {0, 1000000};
        (void)nanosleep(&ms, NULL);
    }
    p->next = next;
}

void jt_directory_publish(struct jt_directory *d, struct jt_publication **pub)
{
    struct jt_publication *p = *pub;
    struct shard *now = atomic_load(&p->map->shards[p->index]);
    if (now != p->base) {
        rebase(p, now);
    }
    if (p->next->n == 0) { /* of many shards most may have held something once */
        free(p->next);
        p->next = NULL;
    }
    p->base = atomic_exchange(&p->map->shards[p->index], p->next);
    if (p->old == NULL && p->fresh != NULL) {
        (void)atomic_fetch_add(&p->map->count, 1);
    } else if (p->old != NULL && p->fresh == NULL) {
        (void)atomic_fetch_sub(&p->map->count, 1);
    }
    (void)atomic_fetch_add(&p->map->version, 1);
    jt_epoch_retire(d->epochs, &p->retired, free_replaced);
    *pub = NULL;
}

void jt_directory_discard(struct jt_publication **pub)
{
    if (*pub != NULL) {
        free((*pub)->next);
        jt_object_free((*pub)->fresh);
        free(*pub);
        *pub = NULL;
    }
}

/*
 * Loading, before any reader: a shard that has room takes the object as it is; a full one grows by
 * doubling. The store thread's later copies are exact.
 */
enum jt_err jt_directory_put(struct jt_directory *d, struct jt_object *obj)
{
    struct map *m = map_of(d, obj->kind);
    if (m == NULL) {
        return JT_E_UNSUPPORTED;
    }
    uint64_t h = hash_of(d, obj->name);
    size_t i = h % m->nshards;
    struct shard *s = atomic_load(&m->shards[i]);
    if (find(s, h, obj->name) != NULL) {
        struct jt_publication *p = NULL;
        JT_TRY(jt_directory_prepare(d, obj, &p));
        jt_directory_publish(d, &p);
        return JT_OK;
    }
    if (s == NULL || s->n == s->cap) {
        struct shard *wide = shard_new(s == NULL ? 2 : s->cap * 2);
        if (wide == NULL) {
            return JT_E_NOMEM;
        }
        for (size_t k = 0; s != NULL && k < s->n; k++) {
            wide->v[wide->n++] = s->v[k];
        }
        atomic_store(&m->shards[i], wide);
        free(s);
        s = wide;
    }
    s->v[s->n++] = (struct slot){h, obj};
    (void)atomic_fetch_add(&m->count, 1);
    (void)atomic_fetch_add(&m->version, 1);
    return JT_OK;
}
