/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - a store that fails when it is told to (struct jt_store_faults), for tests.
 *
 * Owns: the inner store. The faults are the test's, which may change them between calls.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "../store.h"

struct jt_fault {
    struct jt_store base;
    struct jt_store *inner;
    struct jt_store_faults *faults;
};

static struct jt_fault *of(struct jt_store *s)
{
    return (struct jt_fault *)s;
}

/* One lock for all: tests change faults while the store thread runs. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void jt_store_faults_set(struct jt_store_faults *f, const struct jt_store_faults *to)
{
    (void)pthread_mutex_lock(&lock);
    *f = *to;
    (void)pthread_mutex_unlock(&lock);
}

static bool count_down(struct jt_store_faults *f, const char *call)
{
    if (f->countdown <= 0 || (f->only != NULL && strcmp(f->only, call) != 0)) {
        return false;
    }
    if (f->countdown == 1) {
        f->countdown = f->for_ever ? 1 : 0;
        return true;
    }
    f->countdown--;
    return false;
}

/* The error that this call meets, or JT_OK. *after: only once the work is done. */
static enum jt_err struck(struct jt_store *s, const char *call, bool *after)
{
    struct jt_store_faults *f = of(s)->faults;
    (void)pthread_mutex_lock(&lock);
    enum jt_err e = count_down(f, call) ? f->err : JT_OK;
    *after = f->after;
    (void)pthread_mutex_unlock(&lock);
    return e;
}

static enum jt_err strikes(struct jt_store *s, const char *call)
{
    bool after = false;
    return struck(s, call, &after);
}

static enum jt_err fault_open(const struct jt_store_opts *o, struct jt_store **out)
{
    struct jt_fault *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return JT_E_NOMEM;
    }
    f->base.ops = &jt_store_fault;
    f->inner = o->inner;
    f->faults = o->ctx;
    *out = &f->base;
    return JT_OK;
}

static void fault_close(struct jt_store **s)
{
    struct jt_fault *f = of(*s);
    f->inner->ops->close(&f->inner);
    free(f);
    *s = NULL;
}

static enum jt_err fault_load(struct jt_store *s, jt_load_fn each, void *ctx)
{
    return of(s)->inner->ops->load(of(s)->inner, each, ctx);
}

static enum jt_err fault_begin(struct jt_store *s)
{
    JT_TRY(strikes(s, "begin"));
    return of(s)->inner->ops->begin(of(s)->inner);
}

static enum jt_err fault_put(struct jt_store *s, const struct jt_object *obj)
{
    JT_TRY(strikes(s, "put"));
    return of(s)->inner->ops->put(of(s)->inner, obj);
}

static enum jt_err fault_remove(struct jt_store *s, enum jt_object_kind kind, struct jt_slice name)
{
    JT_TRY(strikes(s, "remove"));
    return of(s)->inner->ops->remove(of(s)->inner, kind, name);
}

static enum jt_err fault_commit(struct jt_store *s, const struct jt_event *const *events, size_t n)
{
    struct jt_store *inner = of(s)->inner;
    bool after = false;
    enum jt_err e = struck(s, "commit", &after);
    if (e == JT_OK) {
        return inner->ops->commit(inner, events, n);
    }
    if (after) {
        (void)inner->ops->commit(inner, events, n);
    } else {
        inner->ops->rollback(inner);
    }
    return e;
}

static void fault_rollback(struct jt_store *s)
{
    of(s)->inner->ops->rollback(of(s)->inner);
}

static enum jt_err fault_outbox(struct jt_store *s, jt_event_fn each, void *ctx)
{
    return of(s)->inner->ops->outbox(of(s)->inner, each, ctx);
}

static void delay(struct jt_store *s)
{
    (void)pthread_mutex_lock(&lock);
    unsigned ms = of(s)->faults->delay_ms;
    (void)pthread_mutex_unlock(&lock);
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    if (ms > 0) {
        (void)nanosleep(&t, NULL);
    }
}

static enum jt_err fault_append(struct jt_store *s, const struct jt_event *const *events, size_t n)
{
    delay(s);
    JT_TRY(strikes(s, "audit_append"));
    return of(s)->inner->ops->audit_append(of(s)->inner, events, n);
}

static enum jt_err fault_read(struct jt_store *s, const struct jt_audit_query *q, jt_event_fn each,
                              void *ctx, uint64_t *next_seq)
{
    return of(s)->inner->ops->audit_read(of(s)->inner, q, each, ctx, next_seq);
}

static enum jt_err fault_info(struct jt_store *s, struct jt_audit_info *out)
{
    return of(s)->inner->ops->audit_info(of(s)->inner, out);
}

static enum jt_err fault_prune(struct jt_store *s, uint64_t keep_from, size_t max_rows,
                               size_t *removed)
{
    JT_TRY(strikes(s, "audit_prune"));
    return of(s)->inner->ops->audit_prune(of(s)->inner, keep_from, max_rows, removed);
}

const struct jt_store_ops jt_store_fault = {
    .name = "fault",
    .open = fault_open,
    .close = fault_close,
    .load = fault_load,
    .begin = fault_begin,
    .put = fault_put,
    .remove = fault_remove,
    .commit = fault_commit,
    .rollback = fault_rollback,
    .outbox = fault_outbox,
    .audit_append = fault_append,
    .audit_read = fault_read,
    .audit_info = fault_info,
    .audit_prune = fault_prune,
};
