/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite.h"

/* Rows of the log are added at its end, many a commit: with larger pages a commit writes fewer of
 * them, and touches the tree less. */
#define STATE_PAGE 4096u
#define AUDIT_PAGE 16384u

#include <stdlib.h>

static void sq_close(struct jt_store **store)
{
    struct jt_sqlite *s = (struct jt_sqlite *)*store;
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < JT_ST_COUNT; i++) {
        (void)sqlite3_finalize(s->st[i]);
    }
    (void)sqlite3_close(s->state);
    (void)sqlite3_close(s->audit);
    free(s);
    *store = NULL;
}

static enum jt_err sq_open(const struct jt_store_opts *o, struct jt_store **out)
{
    struct jt_sqlite *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    s->base.ops = &jt_store_sqlite;
    struct jt_store *base = &s->base;
    enum jt_err e = JT_OK;
    if (!o->read_only) {
        e = jt_sq_open(o->dir, "jeton.db", STATE_PAGE, &s->state);
        if (e == JT_OK) {
            e = jt_sq_migrate(s->state, JT_SQ_STATE_ID, jt_sq_state_schema);
        }
    }
    if (e == JT_OK) {
        e = jt_sq_open(o->dir, "audit.db", o->read_only ? 0 : AUDIT_PAGE, &s->audit);
    }
    if (e == JT_OK && !o->read_only) {
        e = jt_sq_migrate(s->audit, JT_SQ_AUDIT_ID, jt_sq_audit_schema);
    }
    if (e != JT_OK) {
        sq_close(&base);
        return e;
    }
    *out = base;
    return JT_OK;
}

static enum jt_err sq_begin(struct jt_store *store)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    JT_TRY(jt_sq_settle(s->state));
    return jt_sq_run(jt_sq_stmt(s, JT_ST_BEGIN_STATE));
}

static void sq_rollback(struct jt_store *store)
{
    (void)jt_sq_exec(((struct jt_sqlite *)store)->state, "ROLLBACK");
}

/* Outbox rows that the audit log has are dropped on the way. */
static enum jt_err write_outbox(struct jt_sqlite *s, const struct jt_event *const *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_OUTBOX);
        if (st == NULL) {
            return JT_E_NOMEM;
        }
        jt_sq_bind_event(st, events[i]);
        JT_TRY(jt_sq_run(st));
    }
    return JT_OK;
}

static enum jt_err trim_outbox(struct jt_sqlite *s)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_TRIM_OUTBOX);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, (int64_t)s->last_seq);
    return jt_sq_run(st);
}

static enum jt_err sq_commit(struct jt_store *store, const struct jt_event *const *events, size_t n)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    enum jt_err e = n == 0 ? JT_OK : trim_outbox(s);
    if (e == JT_OK) {
        e = write_outbox(s, events, n);
    }
    if (e == JT_OK) {
        e = jt_sq_run(jt_sq_stmt(s, JT_ST_COMMIT_STATE));
    }
    if (e != JT_OK) {
        sq_rollback(store);
    }
    return e;
}

static enum jt_err sq_append(struct jt_store *store, const struct jt_event *const *events, size_t n)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    JT_TRY(jt_sq_audit_append(store, events, n));
    if (n > 0) {
        s->last_seq = events[n - 1]->seq;
    }
    return JT_OK;
}

const struct jt_store_ops jt_store_sqlite = {
    .name = "sqlite",
    .open = sq_open,
    .close = sq_close,
    .load = jt_sq_load,
    .begin = sq_begin,
    .put = jt_sq_put,
    .remove = jt_sq_remove,
    .commit = sq_commit,
    .rollback = sq_rollback,
    .outbox = jt_sq_outbox,
    .audit_append = sq_append,
    .audit_read = jt_sq_audit_read,
    .audit_info = jt_sq_audit_info,
    .audit_prune = jt_sq_audit_prune,
};
