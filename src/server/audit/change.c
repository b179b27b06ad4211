/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.c - state changes: collected in memory, written to jeton.db with their event in the
 * outbox, shown when the audit log has the event too.
 */
#include <stdlib.h>

#include "../../core/base/num.h"
#include "../store/setting.h"
#include "batch.h"

#define EVENT_ARENA 16384u
#define PUTS_MAX 4096u
#define EACH_PAGE 256u

int64_t jt_change_now_s(const struct jt_change *chg)
{
    return jt_wall_s(chg->w->o.clock);
}

uint64_t jt_change_sequence(const struct jt_change *chg)
{
    return atomic_load(chg->w->o.issue_sequence);
}

uint32_t jt_change_last_credential(const struct jt_change *chg)
{
    return chg->w->next_credential - 1;
}

size_t jt_change_page(struct jt_change *chg, enum jt_object_kind kind, uint64_t *cursor,
                      const struct jt_object **out, size_t max)
{
    return jt_directory_page(chg->w->o.directory, kind, cursor, out, max);
}

void jt_change_then(struct jt_change *chg, void (*then)(struct jt_change *chg, void *ctx))
{
    chg->then = then;
}

void jt_change_policy(struct jt_change *chg, const struct jt_writer_policy *p)
{
    chg->w->o.on_failure = p->on_failure;
    atomic_store(&chg->w->degrade, p->on_failure == JT_AUDIT_DEGRADE);
    chg->w->o.retain_s = p->retain_s;
    chg->w->o.max_bytes = p->max_bytes;
}

void jt_change_retire(struct jt_change *chg, struct jt_retired *r,
                      void (*free_fn)(struct jt_retired *r))
{
    jt_epoch_retire(chg->w->o.epochs, r, free_fn);
}

static const struct jt_put *find_in(const struct jt_put *puts, size_t n, enum jt_object_kind kind,
                                    struct jt_slice name)
{
    for (size_t i = n; i > 0; i--) {
        if (puts[i - 1].kind == kind && jt_slice_eq(puts[i - 1].name, name)) {
            return &puts[i - 1];
        }
    }
    return NULL;
}

const struct jt_object *jt_change_find(struct jt_change *chg, enum jt_object_kind kind,
                                       struct jt_slice name)
{
    const struct jt_put *found = find_in(chg->puts, chg->n, kind, name);
    const struct jt_put *newest = NULL;
    for (const struct jt_pending *p = chg->w->pending_head; found == NULL && p != NULL;
         p = p->next) {
        const struct jt_put *f = find_in(p->puts, p->nputs, kind, name);
        newest = f != NULL ? f : newest;
    }
    found = found != NULL ? found : newest;
    return found != NULL ? found->obj : jt_directory_find(chg->w->o.directory, kind, name);
}

/* Did this batch put or drop anything of that kind? */
static bool touched(const struct jt_change *chg, enum jt_object_kind kind)
{
    for (size_t i = 0; i < chg->n; i++) {
        if (chg->puts[i].kind == kind) {
            return true;
        }
    }
    for (const struct jt_pending *p = chg->w->pending_head; p != NULL; p = p->next) {
        for (size_t i = 0; i < p->nputs; i++) {
            if (p->puts[i].kind == kind) {
                return true;
            }
        }
    }
    return false;
}

struct walk {
    struct jt_change *chg;
    enum jt_object_kind kind;
    bool (*each)(void *ctx, const struct jt_object *o);
    void *ctx;
};

/* Those that the directory does not have yet, each as it was put last. */
static bool walk_new(const struct walk *k, const struct jt_put *puts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct jt_put *p = &puts[i];
        if (p->kind == k->kind && p->obj != NULL &&
            jt_directory_find(k->chg->w->o.directory, k->kind, p->name) == NULL &&
            jt_change_find(k->chg, k->kind, p->name) == p->obj && !k->each(k->ctx, p->obj)) {
            return false;
        }
    }
    return true;
}

void jt_change_each(struct jt_change *chg, enum jt_object_kind kind,
                    bool (*each)(void *ctx, const struct jt_object *o), void *ctx)
{
    const struct walk k = {chg, kind, each, ctx};
    const struct jt_object *page[EACH_PAGE];
    bool batch = touched(chg, kind);
    uint64_t cursor = 0;
    size_t n = 0;
    do {
        n = jt_change_page(chg, kind, &cursor, page, EACH_PAGE);
        for (size_t i = 0; i < n; i++) {
            const struct jt_object *o = batch ? jt_change_find(chg, kind, page[i]->name) : page[i];
            if (o != NULL && !each(ctx, o)) {
                return;
            }
        }
    } while (n == EACH_PAGE);
    for (const struct jt_pending *p = chg->w->pending_head; batch && p != NULL; p = p->next) {
        if (!walk_new(&k, p->puts, p->nputs)) {
            return;
        }
    }
    (void)walk_new(&k, chg->puts, chg->n);
}

static bool grow(struct jt_change *chg)
{
    if (chg->n < chg->cap) {
        return true;
    }
    size_t cap = chg->cap == 0 ? 4 : chg->cap * 2;
    struct jt_put *puts = realloc(chg->puts, cap * sizeof *puts);
    if (puts == NULL) {
        return false;
    }
    chg->puts = puts;
    chg->cap = cap;
    return true;
}

static enum jt_err room(struct jt_change *chg)
{
    if (chg->n == PUTS_MAX) {
        return JT_E_LIMIT;
    }
    return grow(chg) ? JT_OK : JT_E_NOMEM;
}

static bool has_credential(const struct jt_client *c, uint32_t number)
{
    for (size_t i = 0; c != NULL && i < c->ncredentials; i++) {
        if (c->credentials[i].number == number) {
            return true;
        }
    }
    return false;
}

/* What is known of the use of a credential leaves with it. after: NULL when the client leaves. */
static enum jt_err drop_uses(struct jt_change *chg, struct jt_slice name,
                             const struct jt_client *after)
{
    const struct jt_client *c = (const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, name);
    for (size_t i = 0; c != NULL && i < c->ncredentials; i++) {
        if (!has_credential(after, c->credentials[i].number)) {
            JT_TRY(room(chg));
            chg->puts[chg->n++] =
                (struct jt_put){.kind = JT_OBJ_USE, .number = c->credentials[i].number};
        }
    }
    return JT_OK;
}

enum jt_err jt_change_put(struct jt_change *chg, struct jt_object *obj)
{
    struct jt_put put = {.kind = obj->kind, .name = obj->name, .obj = obj};
    if (obj->kind == JT_OBJ_CLIENT) {
        JT_TRY(drop_uses(chg, obj->name, (const struct jt_client *)obj));
    }
    JT_TRY(room(chg));
    if (jt_directory_holds(obj->kind)) {
        JT_TRY(jt_directory_prepare(chg->w->o.directory, obj, &put.pub));
    }
    chg->puts[chg->n++] = put;
    return JT_OK;
}

enum jt_err jt_change_drop(struct jt_change *chg, enum jt_object_kind kind, struct jt_slice name)
{
    const struct jt_object *o = jt_change_find(chg, kind, name);
    struct jt_put put = {.kind = kind};
    if (o == NULL) {
        return JT_E_NOTFOUND;
    }
    put.name = o->name; /* it lives until the drop is shown */
    if (kind == JT_OBJ_TOKEN) {
        jt_put_be64(put.row, ((const struct jt_opaque *)o)->sequence);
    }
    if (kind == JT_OBJ_CLIENT) {
        JT_TRY(drop_uses(chg, put.name, NULL));
    }
    JT_TRY(room(chg));
    JT_TRY(jt_directory_prepare_drop(chg->w->o.directory, kind, put.name, &put.pub));
    chg->puts[chg->n++] = put;
    return JT_OK;
}

enum jt_err jt_change_drop_reminder(struct jt_change *chg, uint64_t id)
{
    JT_TRY(room(chg));
    chg->puts[chg->n++] = (struct jt_put){.kind = JT_OBJ_REMINDER, .number = id};
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

enum jt_err jt_change_next_credential(struct jt_change *chg, uint32_t *out)
{
    char digits[JT_U64_DIGITS];
    uint32_t number = chg->w->next_credential;
    const struct jt_setting taken = {
        .o = {.kind = JT_OBJ_SETTING, .name = JT_LIT(JT_SETTING_CREDENTIALS)},
        .value = jt_fmt_u64(number, digits),
    };
    if (number == UINT32_MAX) {
        return JT_E_LIMIT;
    }
    JT_TRY(jt_change_put_copy(chg, &taken.o));
    chg->w->next_credential++;
    *out = number;
    return JT_OK;
}

static void discard(struct jt_put *puts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (puts[i].pub != NULL) {
            jt_directory_discard(&puts[i].pub); /* the object with it */
        } else {
            jt_object_free(puts[i].obj);
        }
    }
    free(puts);
}

void jt_pending_free(struct jt_pending *p)
{
    discard(p->puts, p->nputs);
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

static enum jt_err write_put(struct jt_store *s, const struct jt_put *p)
{
    if (p->obj != NULL) {
        return s->ops->put(s, p->obj);
    }
    if (p->kind == JT_OBJ_USE || p->kind == JT_OBJ_REMINDER) {
        char digits[JT_U64_DIGITS];
        return s->ops->remove(s, p->kind, jt_fmt_u64(p->number, digits));
    }
    return s->ops->remove(s, p->kind,
                          p->kind == JT_OBJ_TOKEN ? jt_slice(p->row, sizeof p->row) : p->name);
}

static enum jt_err write_state(struct jt_writer *w, const struct jt_change *chg,
                               struct jt_pending *p)
{
    struct jt_store *s = w->o.store;
    const struct jt_event *events[1] = {&p->event};
    if (chg->n == 0 && !p->has_event) {
        return JT_OK; /* nothing that the disk should know */
    }
    JT_TRY(s->ops->begin(s));
    enum jt_err e = JT_OK;
    for (size_t i = 0; i < chg->n && e == JT_OK; i++) {
        e = write_put(s, &chg->puts[i]);
    }
    if (e != JT_OK) {
        s->ops->rollback(s);
        return e;
    }
    int64_t begun_us = jt_mono_us(w->o.clock);
    e = s->ops->commit(s, events, p->has_event ? 1 : 0);
    jt_histogram_add(&w->times[JT_COMMIT_STATE], jt_mono_us(w->o.clock) - begun_us);
    return e;
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
        jt_pending_free(p);
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
        discard(chg.puts, chg.n);
        return e;
    }
    struct jt_pending *p = pending_new(w, job);
    e = p == NULL ? JT_E_NOMEM : write_state(w, &chg, p);
    if (e != JT_OK) {
        if (p != NULL) {
            jt_pending_free(p);
        }
        discard(chg.puts, chg.n);
        return e;
    }
    p->puts = chg.puts;
    p->nputs = chg.n;
    append_pending(w, p);
    if (chg.then != NULL) {
        chg.then(&chg, job->ctx);
    }
    return JT_OK;
}

void jt_batch_publish(struct jt_writer *w)
{
    while (w->pending_head != NULL) {
        struct jt_pending *p = w->pending_head;
        w->pending_head = p->next;
        for (size_t i = 0; i < p->nputs; i++) {
            if (p->puts[i].pub != NULL) {
                jt_directory_publish(w->o.directory, &p->puts[i].pub);
                p->puts[i].obj = NULL; /* the directory's now */
            } else if (p->puts[i].kind == JT_OBJ_USE && p->puts[i].obj == NULL &&
                       w->o.usage != NULL) {
                jt_usage_forget(w->o.usage, (uint32_t)p->puts[i].number);
            }
        }
        jt_pending_free(p);
    }
    w->pending_tail = NULL;
}
