/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.c - state changes: collected in memory, written to jeton.db with their event in the
 * outbox, shown when the audit log has the event too.
 */
#include <stdlib.h>

#include "batch.h"

#define EVENT_ARENA 16384u
#define PUTS_MAX 4096u

int64_t jt_change_now_s(const struct jt_change *chg)
{
    return jt_wall_s(chg->w->o.clock);
}

uint32_t jt_change_next_credential(struct jt_change *chg)
{
    return chg->w->next_credential++;
}

static const struct jt_object *find_in(struct jt_object *const *objects, size_t n,
                                       enum jt_object_kind kind, struct jt_slice name)
{
    for (size_t i = n; i > 0; i--) {
        if (objects[i - 1]->kind == kind && jt_slice_eq(objects[i - 1]->name, name)) {
            return objects[i - 1];
        }
    }
    return NULL;
}

const struct jt_object *jt_change_find(struct jt_change *chg, enum jt_object_kind kind,
                                       struct jt_slice name)
{
    const struct jt_object *o = find_in(chg->objects, chg->n, kind, name);
    const struct jt_object *newest = NULL;
    for (const struct jt_pending *p = chg->w->pending_head; o == NULL && p != NULL; p = p->next) {
        const struct jt_object *f = find_in(p->objects, p->npubs, kind, name);
        newest = f != NULL ? f : newest;
    }
    if (o == NULL) {
        o = newest != NULL ? newest : jt_directory_find(chg->w->o.directory, kind, name);
    }
    return o;
}

static bool grow(struct jt_change *chg)
{
    if (chg->n < chg->cap) {
        return true;
    }
    size_t cap = chg->cap == 0 ? 4 : chg->cap * 2;
    struct jt_publication **pubs = realloc(chg->pubs, cap * sizeof(struct jt_publication *));
    if (pubs == NULL) {
        return false;
    }
    chg->pubs = pubs;
    struct jt_object **objects = realloc(chg->objects, cap * sizeof(struct jt_object *));
    if (objects == NULL) {
        return false;
    }
    chg->objects = objects;
    chg->cap = cap;
    return true;
}

enum jt_err jt_change_put(struct jt_change *chg, struct jt_object *obj)
{
    if (chg->n == PUTS_MAX) {
        return JT_E_LIMIT;
    }
    if (!grow(chg)) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_directory_prepare(chg->w->o.directory, obj, &chg->pubs[chg->n]));
    chg->objects[chg->n++] = obj;
    return JT_OK;
}

enum jt_err jt_change_put_copy(struct jt_change *chg, const struct jt_object *obj)
{
    struct jt_object *copy = jt_object_dup(obj);
    if (copy == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_change_put(chg, copy);
    if (e != JT_OK) {
        jt_object_free(copy);
    }
    return e;
}

static void discard(struct jt_change *chg)
{
    for (size_t i = 0; i < chg->n; i++) {
        jt_directory_discard(&chg->pubs[i]);
    }
    free(chg->pubs);
    free(chg->objects);
}

void jt_pending_free(struct jt_pending *p, struct jt_directory *d)
{
    (void)d;
    for (size_t i = 0; i < p->npubs; i++) {
        jt_directory_discard(&p->pubs[i]);
    }
    free(p->pubs);
    free(p->objects);
    jt_arena_free(&p->arena);
    free(p);
}

size_t jt_pending_count(const struct jt_writer *w)
{
    size_t n = 0;
    for (const struct jt_pending *p = w->pending_head; p != NULL; p = p->next) {
        n += p->has_event ? 1 : 0;
    }
    return n;
}

static enum jt_err write_state(struct jt_writer *w, const struct jt_change *chg,
                               struct jt_pending *p)
{
    struct jt_store *s = w->o.store;
    const struct jt_event *events[1] = {&p->event};
    JT_TRY(s->ops->begin(s));
    enum jt_err e = JT_OK;
    for (size_t i = 0; i < chg->n && e == JT_OK; i++) {
        e = s->ops->put(s, chg->objects[i]);
    }
    if (e != JT_OK) {
        s->ops->rollback(s);
        return e;
    }
    return s->ops->commit(s, events, p->has_event ? 1 : 0);
}

/* The event gets its number now: the outbox keeps it until the log has it. */
static struct jt_pending *pending_new(struct jt_writer *w, struct jt_job *job)
{
    struct jt_pending *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    jt_arena_init(&p->arena, EVENT_ARENA);
    p->has_event = job->event.type != JT_EV_NONE;
    if (p->has_event && !jt_event_copy(&p->arena, &job->event, &p->event)) {
        jt_pending_free(p, NULL);
        return NULL;
    }
    p->event.seq = w->last_seq + jt_pending_count(w) + 1;
    p->job = job;
    return p;
}

static void append_pending(struct jt_writer *w, struct jt_pending *p)
{
    if (w->pending_tail == NULL) {
        w->pending_head = p;
    } else {
        w->pending_tail->next = p;
    }
    w->pending_tail = p;
}

enum jt_err jt_batch_change(struct jt_writer *w, struct jt_job *job)
{
    struct jt_change chg = {.w = w};
    enum jt_err e = job->change(&chg, job->ctx);
    if (e != JT_OK) {
        discard(&chg);
        return e;
    }
    struct jt_pending *p = pending_new(w, job);
    e = p == NULL ? JT_E_NOMEM : write_state(w, &chg, p);
    if (e != JT_OK) {
        if (p != NULL) {
            jt_pending_free(p, NULL);
        }
        discard(&chg);
        return e;
    }
    p->pubs = chg.pubs;
    p->objects = chg.objects;
    p->npubs = chg.n;
    append_pending(w, p);
    return JT_OK;
}

void jt_batch_publish(struct jt_writer *w)
{
    while (w->pending_head != NULL) {
        struct jt_pending *p = w->pending_head;
        w->pending_head = p->next;
        for (size_t i = 0; i < p->npubs; i++) {
            jt_directory_publish(w->o.directory, &p->pubs[i]);
        }
        jt_pending_free(p, w->o.directory);
    }
    w->pending_tail = NULL;
}
