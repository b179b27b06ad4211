/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - a store that forgets everything at the end: for tests, with the semantics of the real
 * one.
 *
 * Threads: a mutex inside, so the log may be read while it is written.
 */
#include <pthread.h>
#include <stdlib.h>

#include "../../../core/base/num.h"
#include "../profile.h"
#include "../store.h"

#define EVENT_ARENA 65536u

struct event_list {
    size_t n, cap;
    struct jt_arena *arenas; /* one for each event's text */
    struct jt_event *events;
};

struct change {
    enum jt_object_kind kind;
    struct jt_slice name;    /* of what is removed; inside `gone` */
    struct jt_object *fresh; /* or what is put */
    struct jt_object *gone;
};

struct jt_memory {
    struct jt_store base;
    pthread_mutex_t lock;
    size_t n, cap;
    struct jt_object **objects;
    struct jt_profiles *profiles;
    bool in_change;
    size_t nchanges, cap_changes;
    struct change *changes;
    struct event_list log, outbox;
};

static struct jt_memory *of(struct jt_store *s)
{
    return (struct jt_memory *)s;
}

/* Room for one more of size bytes. */
static bool room(void **list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return true;
    }
    size_t want = *cap == 0 ? 16 : *cap * 2;
    void *p = realloc(*list, want * size);
    if (p == NULL) {
        return false;
    }
    *list = p;
    *cap = want;
    return true;
}

static enum jt_err add_event(struct event_list *l, const struct jt_event *e)
{
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 64 : l->cap * 2;
        struct jt_event *events = realloc(l->events, cap * sizeof *events);
        if (events == NULL) {
            return JT_E_NOMEM;
        }
        l->events = events;
        struct jt_arena *arenas = realloc(l->arenas, cap * sizeof *arenas);
        if (arenas == NULL) {
            return JT_E_NOMEM;
        }
        l->arenas = arenas;
        l->cap = cap;
    }
    jt_arena_init(&l->arenas[l->n], EVENT_ARENA);
    if (!jt_event_copy(&l->arenas[l->n], e, &l->events[l->n])) {
        jt_arena_free(&l->arenas[l->n]);
        return JT_E_NOMEM;
    }
    l->n++;
    return JT_OK;
}

/* Drops n events from place `from` on. */
static void cut_events(struct event_list *l, size_t from, size_t n)
{
    if (n == 0) {
        return;
    }
    for (size_t i = from; i < from + n; i++) {
        jt_arena_free(&l->arenas[i]);
    }
    memmove(l->events + from, l->events + from + n, (l->n - from - n) * sizeof *l->events);
    memmove(l->arenas + from, l->arenas + from + n, (l->n - from - n) * sizeof *l->arenas);
    l->n -= n;
}

static void free_events(struct event_list *l)
{
    cut_events(l, 0, l->n);
    free(l->events);
    free(l->arenas);
}

static enum jt_err mem_open(const struct jt_store_opts *o, struct jt_store **out)
{
    (void)o;
    struct jt_memory *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return JT_E_NOMEM;
    }
    m->base.ops = &jt_store_memory;
    if (jt_profiles_new(&m->profiles) != JT_OK) {
        free(m);
        return JT_E_NOMEM;
    }
    (void)pthread_mutex_init(&m->lock, NULL);
    *out = &m->base;
    return JT_OK;
}

static void drop_changes(struct jt_memory *m)
{
    for (size_t i = 0; i < m->nchanges; i++) {
        jt_object_free(m->changes[i].fresh);
        jt_object_free(m->changes[i].gone);
    }
    m->nchanges = 0;
    m->in_change = false;
}

static void mem_close(struct jt_store **s)
{
    struct jt_memory *m = of(*s);
    drop_changes(m);
    for (size_t i = 0; i < m->n; i++) {
        jt_object_free(m->objects[i]);
    }
    jt_profiles_free(&m->profiles);
    free(m->objects);
    free(m->changes);
    free_events(&m->log);
    free_events(&m->outbox);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
    *s = NULL;
}

static enum jt_err mem_load(struct jt_store *s, jt_load_fn each, void *ctx)
{
    static const enum jt_object_kind order[] = {
        JT_OBJ_DATA_KEY,   JT_OBJ_SETTING, JT_OBJ_SIGNING_KEY, JT_OBJ_RESOURCE, JT_OBJ_CLIENT,
        JT_OBJ_REVOCATION, JT_OBJ_TOKEN,   JT_OBJ_USE,         JT_OBJ_REPLAY,   JT_OBJ_REMINDER};
    struct jt_memory *m = of(s);
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t i = 0; i < m->n; i++) {
            if (m->objects[i]->kind != order[k]) {
                continue;
            }
            if (order[k] == JT_OBJ_TOKEN) {
                JT_TRY(each(ctx, m->objects[i]));
                continue;
            }
            struct jt_object *copy = jt_object_dup(m->objects[i]);
            if (copy == NULL) {
                return JT_E_NOMEM;
            }
            enum jt_err e = each(ctx, copy);
            if (e != JT_OK) {
                jt_object_free(copy);
                return e;
            }
        }
    }
    return JT_OK;
}

static enum jt_err mem_begin(struct jt_store *s)
{
    struct jt_memory *m = of(s);
    if (m->in_change) {
        return JT_E_BUSY;
    }
    m->in_change = true;
    return JT_OK;
}

static enum jt_err mem_put(struct jt_store *s, const struct jt_object *obj)
{
    struct jt_memory *m = of(s);
    if (!room((void **)&m->changes, m->nchanges, &m->cap_changes, sizeof *m->changes)) {
        return JT_E_NOMEM;
    }
    struct jt_object *copy =
        obj->kind == JT_OBJ_TOKEN
            ? (struct jt_object *)jt_opaque_dup((const struct jt_opaque *)obj, m->profiles)
            : jt_object_dup(obj);
    if (copy == NULL) {
        return JT_E_NOMEM;
    }
    m->changes[m->nchanges++] = (struct change){.fresh = copy};
    return JT_OK;
}

/* An opaque token is removed by its sequence. */
static bool is_it(const struct jt_object *o, enum jt_object_kind kind, struct jt_slice name)
{
    if (o->kind == kind && kind == JT_OBJ_TOKEN && name.n == 8) {
        return ((const struct jt_opaque *)o)->sequence == jt_get_be64(name.p);
    }
    return o->kind == kind && jt_slice_eq(o->name, name);
}

/* Used assertions that expire up to that time leave together. */
static void drop_replays(struct jt_memory *m, int64_t until_s)
{
    for (size_t i = 0; i < m->n;) {
        const struct jt_replay *r = (const struct jt_replay *)m->objects[i];
        if (r->o.kind == JT_OBJ_REPLAY && r->expires_s <= until_s) {
            jt_object_free(m->objects[i]);
            m->objects[i] = m->objects[--m->n];
        } else {
            i++;
        }
    }
}

static size_t place_of(const struct jt_memory *m, enum jt_object_kind kind, struct jt_slice name)
{
    size_t i = 0;
    while (i < m->n && !is_it(m->objects[i], kind, name)) {
        i++;
    }
    return i;
}

static enum jt_err mem_remove(struct jt_store *s, enum jt_object_kind kind, struct jt_slice name)
{
    struct jt_memory *m = of(s);
    const struct jt_setting mark = {.o = {.kind = JT_OBJ_SETTING, .name = name}};
    if (!room((void **)&m->changes, m->nchanges, &m->cap_changes, sizeof *m->changes)) {
        return JT_E_NOMEM;
    }
    struct jt_setting *copy = jt_setting_dup(&mark);
    if (copy == NULL) {
        return JT_E_NOMEM;
    }
    m->changes[m->nchanges++] =
        (struct change){.kind = kind, .name = copy->o.name, .gone = &copy->o};
    return JT_OK;
}

static void apply(struct jt_memory *m, struct change *c)
{
    enum jt_object_kind kind = c->fresh != NULL ? c->fresh->kind : c->kind;
    struct jt_slice name = c->fresh != NULL ? c->fresh->name : c->name;
    if (c->fresh == NULL && kind == JT_OBJ_REPLAY && name.n == 8) {
        drop_replays(m, (int64_t)jt_get_be64(name.p));
        return;
    }
    size_t i = place_of(m, kind, name);
    if (i < m->n) {
        jt_object_free(m->objects[i]);
        if (c->fresh != NULL) {
            m->objects[i] = c->fresh;
        } else {
            m->objects[i] = m->objects[--m->n];
        }
    } else if (c->fresh != NULL) {
        m->objects[m->n++] = c->fresh;
    }
    c->fresh = NULL;
}

static void mem_rollback(struct jt_store *s)
{
    drop_changes(of(s));
}

static enum jt_err commit_locked(struct jt_memory *m, const struct jt_event *const *events,
                                 size_t n)
{
    size_t before = m->outbox.n;
    for (size_t i = 0; i < m->nchanges; i++) {
        if (!room((void **)&m->objects, m->n + i, &m->cap, sizeof(struct jt_object *))) {
            return JT_E_NOMEM;
        }
    }
    for (size_t i = 0; i < n; i++) {
        enum jt_err e = add_event(&m->outbox, events[i]);
        if (e != JT_OK) {
            cut_events(&m->outbox, before, m->outbox.n - before);
            return e;
        }
    }
    for (size_t i = 0; i < m->nchanges; i++) {
        apply(m, &m->changes[i]);
    }
    return JT_OK;
}

static enum jt_err mem_commit(struct jt_store *s, const struct jt_event *const *events, size_t n)
{
    struct jt_memory *m = of(s);
    (void)pthread_mutex_lock(&m->lock);
    enum jt_err e = commit_locked(m, events, n);
    drop_changes(m);
    (void)pthread_mutex_unlock(&m->lock);
    return e;
}

static enum jt_err mem_outbox(struct jt_store *s, jt_event_fn each, void *ctx)
{
    struct jt_memory *m = of(s);
    uint64_t last = m->log.n == 0 ? 0 : m->log.events[m->log.n - 1].seq;
    size_t have = 0;
    while (have < m->outbox.n && m->outbox.events[have].seq <= last) {
        have++;
    }
    cut_events(&m->outbox, 0, have);
    for (size_t i = 0; i < m->outbox.n; i++) {
        JT_TRY(each(ctx, &m->outbox.events[i]));
    }
    return JT_OK;
}

static enum jt_err mem_append(struct jt_store *s, const struct jt_event *const *events, size_t n)
{
    struct jt_memory *m = of(s);
    enum jt_err e = JT_OK;
    (void)pthread_mutex_lock(&m->lock);
    size_t before = m->log.n;
    for (size_t i = 0; i < n && e == JT_OK; i++) {
        e = add_event(&m->log, events[i]);
    }
    if (e != JT_OK) {
        cut_events(&m->log, before, m->log.n - before);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return e;
}

static bool wanted(const struct jt_audit_query *q, const struct jt_event *e)
{
    return e->time_us >= q->since_us && (q->until_us == 0 || e->time_us < q->until_us) &&
           (q->type == JT_EV_NONE || q->type == e->type) &&
           (q->client_id.n == 0 || jt_slice_eq(q->client_id, e->client_id));
}

static enum jt_err read_locked(struct jt_memory *m, const struct jt_audit_query *q,
                               jt_event_fn each, void *ctx, uint64_t *next_seq)
{
    size_t scan = q->scan == 0 ? 1000 : q->scan;
    size_t seen = 0;
    uint64_t last = 0;
    for (size_t k = 0; k < m->log.n && seen < scan; k++) {
        const struct jt_event *e = &m->log.events[q->newest_first ? m->log.n - 1 - k : k];
        if (e->seq < q->from_seq || (q->to_seq != 0 && e->seq > q->to_seq)) {
            continue;
        }
        seen++;
        last = e->seq;
        if (wanted(q, e)) {
            JT_TRY(each(ctx, e));
        }
    }
    *next_seq = seen < scan ? 0 : q->newest_first ? last - 1 : last + 1;
    return JT_OK;
}

static enum jt_err mem_read(struct jt_store *s, const struct jt_audit_query *q, jt_event_fn each,
                            void *ctx, uint64_t *next_seq)
{
    struct jt_memory *m = of(s);
    (void)pthread_mutex_lock(&m->lock);
    enum jt_err e = read_locked(m, q, each, ctx, next_seq);
    (void)pthread_mutex_unlock(&m->lock);
    return e;
}

static enum jt_err mem_info(struct jt_store *s, struct jt_audit_info *out)
{
    struct jt_memory *m = of(s);
    struct jt_audit_info i = {0};
    (void)pthread_mutex_lock(&m->lock);
    if (m->log.n > 0) {
        const struct jt_event *first = &m->log.events[0];
        const struct jt_event *last = &m->log.events[m->log.n - 1];
        i.first_seq = first->seq;
        i.first_time_us = first->time_us;
        i.last_seq = last->seq;
        i.last_time_us = last->time_us;
        memcpy(i.last_hash, last->hash, sizeof i.last_hash);
        i.bytes = m->log.n * 300u; /* about what a row takes on disk */
    }
    (void)pthread_mutex_unlock(&m->lock);
    *out = i;
    return JT_OK;
}

static enum jt_err mem_prune(struct jt_store *s, uint64_t keep_from, size_t max_rows,
                             size_t *removed)
{
    struct jt_memory *m = of(s);
    size_t n = 0;
    (void)pthread_mutex_lock(&m->lock);
    while (n < m->log.n && n < max_rows && m->log.events[n].seq < keep_from) {
        n++;
    }
    cut_events(&m->log, 0, n);
    (void)pthread_mutex_unlock(&m->lock);
    *removed = n;
    return JT_OK;
}

const struct jt_store_ops jt_store_memory = {
    .name = "memory",
    .open = mem_open,
    .close = mem_close,
    .load = mem_load,
    .begin = mem_begin,
    .put = mem_put,
    .remove = mem_remove,
    .commit = mem_commit,
    .rollback = mem_rollback,
    .outbox = mem_outbox,
    .audit_append = mem_append,
    .audit_read = mem_read,
    .audit_info = mem_info,
    .audit_prune = mem_prune,
};
