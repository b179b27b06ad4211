/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../setting.h"

/* Rows of the log are added at its end, many a commit: with larger pages a commit writes fewer of
 * them, and touches the tree less. */
#define STATE_PAGE 4096u
#define AUDIT_PAGE 16384u

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

static bool is_there(const char *dir, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    return n > 0 && n < (int)sizeof path && access(path, F_OK) == 0;
}

/* Has a server run with this state? Then there was a log beside it. */
static enum jt_err has_run(sqlite3 *db, bool *out)
{
    int64_t n = 0;
    JT_TRY(jt_sq_int(db, "SELECT count(*) FROM setting WHERE name='" JT_SETTING_START "'", &n));
    *out = n > 0;
    return JT_OK;
}

/* Both are looked at before either is changed. */
static enum jt_err open_both(struct jt_sqlite *s, const char *dir)
{
    int64_t version = 0;
    bool ran = false;
    bool log = is_there(dir, "audit.db");
    if (log && !is_there(dir, "jeton.db")) {
        return JT_E_NOTFOUND;
    }
    JT_TRY(jt_sq_open(dir, "jeton.db", false, &s->state));
    JT_TRY(jt_sq_check(s->state, JT_SQ_STATE_ID, jt_sq_state_schema, &version));
    if (!log && version > 0) {
        JT_TRY(has_run(s->state, &ran));
    }
    if (ran) {
        return JT_E_NOTFOUND;
    }
    JT_TRY(jt_sq_open(dir, "audit.db", false, &s->audit));
    JT_TRY(jt_sq_check(s->audit, JT_SQ_AUDIT_ID, jt_sq_audit_schema, &version));
    JT_TRY(jt_sq_migrate(s->state, JT_SQ_STATE_ID, jt_sq_state_schema, STATE_PAGE));
    return jt_sq_migrate(s->audit, JT_SQ_AUDIT_ID, jt_sq_audit_schema, AUDIT_PAGE);
}

static enum jt_err sq_open(const struct jt_store_opts *o, struct jt_store **out)
{
    struct jt_sqlite *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    s->base.ops = &jt_store_sqlite;
    struct jt_store *base = &s->base;
    enum jt_err e =
        o->read_only ? jt_sq_open(o->dir, "audit.db", true, &s->audit) : open_both(s, o->dir);
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
