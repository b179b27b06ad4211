/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - the audit log and the outbox: the same columns in two databases.
 */
#include "sqlite.h"

#define SCAN_DEFAULT 1000

void jt_sq_bind_event(sqlite3_stmt *st, const struct jt_event *e)
{
    (void)sqlite3_bind_int64(st, 1, (int64_t)e->seq);
    (void)sqlite3_bind_int64(st, 2, e->time_us);
    jt_sq_text(st, 3, jt_str(jt_event_type_name(e->type)));
    (void)sqlite3_bind_int64(st, 4, (int64_t)e->count);
    jt_sq_blob(st, 5, e->address.b, sizeof e->address.b);
    jt_sq_text(st, 6, e->client_id);
    jt_sq_text(st, 7, e->credential_id);
    jt_sq_text(st, 8, e->resource);
    jt_sq_text(st, 9, e->scope);
    jt_sq_text(st, 10, e->jti);
    jt_sq_text(st, 11, e->reason);
    jt_sq_text(st, 12, e->detail);
    jt_sq_blob(st, 13, e->hash, sizeof e->hash);
}

enum jt_err jt_sq_read_event(sqlite3_stmt *st, struct jt_event *out)
{
    struct jt_event e = {
        .seq = (uint64_t)sqlite3_column_int64(st, 0),
        .time_us = sqlite3_column_int64(st, 1),
        .type = jt_event_type_from(jt_sq_column(st, 2)),
        .count = (uint64_t)sqlite3_column_int64(st, 3),
        .client_id = jt_sq_column(st, 5),
        .credential_id = jt_sq_column(st, 6),
        .resource = jt_sq_column(st, 7),
        .scope = jt_sq_column(st, 8),
        .jti = jt_sq_column(st, 9),
        .reason = jt_sq_column(st, 10),
        .detail = jt_sq_column(st, 11),
    };
    if (!jt_sq_column_fixed(st, 4, e.address.b, sizeof e.address.b) ||
        !jt_sq_column_fixed(st, 12, e.hash, sizeof e.hash)) {
        return JT_E_CORRUPT;
    }
    *out = e;
    return JT_OK;
}

/*
 * Does the log have this event, under its number or a later one? A commit that was refused because
 * its fsync failed may be found all the same after a crash, when the numbers of its events are
 * those of others already (writer.c gives them new ones). What was pruned was there.
 */
static enum jt_err log_has(struct jt_sqlite *s, const struct jt_event *e, uint64_t first, bool *has)
{
    static const char sql[] = "SELECT 1 FROM event WHERE seq>=?1 AND time=?2 AND type=?3 AND "
                              "client_id=?6 AND credential_id=?7 AND resource=?8 AND jti=?10 AND "
                              "detail=?12 ORDER BY seq LIMIT 1";
    sqlite3_stmt *st = NULL;
    *has = e->seq < first;
    int rc = *has ? SQLITE_DONE : sqlite3_prepare_v2(s->audit, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        jt_sq_bind_event(st, e);
        rc = sqlite3_step(st);
        *has = rc == SQLITE_ROW;
    }
    (void)sqlite3_finalize(st);
    return jt_sq_err(rc);
}

static enum jt_err trim(struct jt_sqlite *s, uint64_t last)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_TRIM_OUTBOX);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, (int64_t)last);
    return jt_sq_run(st);
}

enum jt_err jt_sq_outbox(struct jt_store *store, jt_event_fn each, void *ctx)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    struct jt_audit_info info = {0};
    bool lost = false;
    JT_TRY(jt_sq_audit_info(store, &info));
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->state, "SELECT * FROM outbox ORDER BY seq", -1, &st, NULL);
    enum jt_err e = jt_sq_err(rc);
    while (e == JT_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct jt_event event;
        bool has = false;
        e = jt_sq_read_event(st, &event);
        if (e == JT_OK && event.seq <= info.last_seq) {
            e = log_has(s, &event, info.first_seq, &has);
            lost = lost || !has;
        }
        if (e == JT_OK && !has) {
            e = each(ctx, &event);
        }
    }
    (void)sqlite3_finalize(st);
    e = e == JT_OK ? jt_sq_err(rc) : e;
    return e != JT_OK || lost ? e : trim(s, info.last_seq); /* else the next change trims it */
}

enum jt_err jt_sq_audit_append(struct jt_store *store, const struct jt_event *const *events,
                               size_t n)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    JT_TRY(jt_sq_settle(s->audit));
    JT_TRY(jt_sq_run(jt_sq_stmt(s, JT_ST_BEGIN_AUDIT)));
    enum jt_err e = JT_OK;
    for (size_t i = 0; i < n && e == JT_OK; i++) {
        sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_APPEND);
        if (st == NULL) {
            e = JT_E_NOMEM;
            break;
        }
        jt_sq_bind_event(st, events[i]);
        e = jt_sq_run(st);
    }
    if (e == JT_OK) {
        e = jt_sq_run(jt_sq_stmt(s, JT_ST_COMMIT_AUDIT)); /* fsync of the WAL: synchronous=FULL */
    }
    if (e != JT_OK) {
        (void)jt_sq_exec(s->audit, "ROLLBACK");
    }
    return e;
}

static bool matches(const struct jt_audit_query *q, const struct jt_event *e)
{
    return e->time_us >= q->since_us && (q->until_us == 0 || e->time_us < q->until_us) &&
           (q->type == JT_EV_NONE || q->type == e->type) &&
           (q->client_id.n == 0 || jt_slice_eq(q->client_id, e->client_id));
}

/* Nothing further on can match: times are those of the clock, give or take an hour. */
static bool beyond(const struct jt_audit_query *q, const struct jt_event *e)
{
    const int64_t hour_us = INT64_C(3600) * 1000000;
    return q->newest_first ? q->since_us > 0 && e->time_us < q->since_us - hour_us
                           : q->until_us > 0 && e->time_us > q->until_us + hour_us;
}

enum jt_err jt_sq_audit_read(struct jt_store *store, const struct jt_audit_query *q,
                             jt_event_fn each, void *ctx, uint64_t *next_seq)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    sqlite3_stmt *st = jt_sq_stmt(s, q->newest_first ? JT_ST_READ_DOWN : JT_ST_READ_UP);
    size_t scan = q->scan == 0 ? SCAN_DEFAULT : q->scan;
    size_t n = 0;
    uint64_t last = 0;
    int rc = SQLITE_DONE;
    enum jt_err e = JT_OK;
    if (st == NULL) {
        return jt_sq_err(sqlite3_errcode(s->audit));
    }
    (void)sqlite3_bind_int64(st, 1, (int64_t)q->from_seq);
    (void)sqlite3_bind_int64(st, 2, q->to_seq == 0 ? INT64_MAX : (int64_t)q->to_seq);
    (void)sqlite3_bind_int64(st, 3, (int64_t)scan);
    bool over = false;
    while (e == JT_OK && !over && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct jt_event event;
        e = jt_sq_read_event(st, &event);
        if (e == JT_OK) {
            last = event.seq;
            n++;
            over = beyond(q, &event);
            e = matches(q, &event) ? each(ctx, &event) : JT_OK;
        }
    }
    (void)sqlite3_reset(st);
    if (e == JT_OK) {
        e = jt_sq_err(rc);
    }
    if (e == JT_OK) {
        *next_seq = n < scan || over ? 0 : q->newest_first ? last - 1 : last + 1;
    }
    return e;
}

/* One event at an end of the log; false when it is empty. */
static enum jt_err edge(struct jt_sqlite *s, bool newest, struct jt_event *out, bool *found)
{
    sqlite3_stmt *st = jt_sq_stmt(s, newest ? JT_ST_READ_DOWN : JT_ST_READ_UP);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, 0);
    (void)sqlite3_bind_int64(st, 2, INT64_MAX);
    (void)sqlite3_bind_int64(st, 3, 1);
    int rc = sqlite3_step(st);
    *found = rc == SQLITE_ROW;
    enum jt_err e = *found ? jt_sq_read_event(st, out) : jt_sq_err(rc);
    (void)sqlite3_reset(st);
    return e;
}

static enum jt_err pages(struct jt_sqlite *s, uint64_t *bytes)
{
    static const char sql[] = "SELECT (page_count - freelist_count) * page_size FROM "
                              "pragma_page_count, pragma_freelist_count, pragma_page_size";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->audit, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        *bytes = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    }
    (void)sqlite3_finalize(st);
    return jt_sq_err(rc);
}

enum jt_err jt_sq_audit_info(struct jt_store *store, struct jt_audit_info *out)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    struct jt_audit_info info = {0};
    struct jt_event e;
    bool found = false;
    JT_TRY(edge(s, false, &e, &found));
    if (found) {
        info.first_seq = e.seq;
        info.first_time_us = e.time_us;
        JT_TRY(edge(s, true, &e, &found));
        info.last_seq = e.seq;
        info.last_time_us = e.time_us;
        memcpy(info.last_hash, e.hash, sizeof info.last_hash);
    }
    JT_TRY(pages(s, &info.bytes));
    *out = info;
    return JT_OK;
}

enum jt_err jt_sq_audit_prune(struct jt_store *store, uint64_t keep_from, size_t max_rows,
                              size_t *removed)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    struct jt_event first;
    bool found = false;
    JT_TRY(jt_sq_settle(s->audit));
    JT_TRY(edge(s, false, &first, &found));
    *removed = 0;
    if (!found || first.seq >= keep_from) {
        return JT_OK;
    }
    uint64_t end = first.seq + max_rows < keep_from ? first.seq + max_rows : keep_from;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->audit, "DELETE FROM event WHERE seq<?", -1, &st, NULL);
    if (rc == SQLITE_OK) {
        (void)sqlite3_bind_int64(st, 1, (int64_t)end);
        rc = sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    JT_TRY(jt_sq_err(rc));
    *removed = (size_t)(end - first.seq);
    return jt_sq_exec(s->audit, "PRAGMA incremental_vacuum(1000)");
}
