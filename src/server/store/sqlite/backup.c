/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - making the one file: a connection whose main database is the file, with both live
 * databases attached. One transaction reads the two snapshots and writes the copy.
 */
#include "../backup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../core/base/buf.h"
#include "../../../core/http/uri.h"
#include "sqlite.h"

#define STEPS_BETWEEN_LOOKS 10000 /* of SQLite's machine, before it looks at the stop flag */

struct jt_backup {
    sqlite3 *db;
};

enum jt_err jt_sq_open_copy(const char *path, sqlite3 **out)
{
    sqlite3 *db = NULL;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI;
    enum jt_err e = jt_sq_err(sqlite3_open_v2(path, &db, flags, NULL));
    if (e == JT_OK) {
        e = jt_sq_exec(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=OFF;"
                           "PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"
                           "PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
                           "PRAGMA temp_store=MEMORY;");
    }
    if (e != JT_OK) {
        (void)sqlite3_close(db);
        return e;
    }
    *out = db;
    return JT_OK;
}

enum jt_err jt_sq_attach(sqlite3 *db, const char *path, const char *as)
{
    JT_AUTO(jt_buf_free) struct jt_buf uri;
    sqlite3_stmt *st = NULL;
    jt_buf_init(&uri, 4 * (size_t)PATH_MAX);
    jt_buf_puts(&uri, "file:");
    jt_percent_encode(jt_str(path), &uri);
    jt_buf_puts(&uri, "?mode=ro");
    if (!jt_buf_ok(&uri)) {
        return JT_E_LIMIT;
    }
    int rc = sqlite3_prepare_v2(db, "ATTACH ? AS ?", -1, &st, NULL);
    if (rc == SQLITE_OK) {
        jt_sq_text(st, 1, jt_buf_slice(&uri));
        jt_sq_text(st, 2, jt_str(as));
        rc = sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    return jt_sq_err(rc);
}

enum jt_err jt_sq_create(sqlite3 *db, const char *const *steps, int64_t version)
{
    for (int64_t v = 0; v < version; v++) {
        JT_TRY(jt_sq_exec(db, steps[v]));
    }
    return JT_OK;
}

/* SQLite copies records as they are when both tables were made by the same words. */
static enum jt_err copy_table(sqlite3 *db, const char *from, const char *table)
{
    char *sql =
        sqlite3_mprintf("INSERT INTO main.\"%w\" SELECT * FROM \"%w\".\"%w\"", table, from, table);
    if (sql == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_sq_exec(db, sql);
    sqlite3_free(sql);
    return e;
}

enum jt_err jt_sq_copy_tables(sqlite3 *db, const char *list, const char *from)
{
    char sql[128];
    sqlite3_stmt *st = NULL;
    (void)snprintf(sql, sizeof sql,
                   "SELECT name FROM %s.sqlite_schema WHERE type='table' AND name NOT GLOB "
                   "'sqlite_*' ORDER BY name",
                   list);
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    enum jt_err e = jt_sq_err(rc);
    while (e == JT_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        char *table = sqlite3_mprintf("%s", (const char *)sqlite3_column_text(st, 0));
        e = table == NULL ? JT_E_NOMEM : copy_table(db, from, table);
        sqlite3_free(table);
    }
    (void)sqlite3_finalize(st);
    return e == JT_OK ? jt_sq_err(rc) : e;
}

static enum jt_err path_in(const char *dir, const char *name, char out[static PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return n > 0 && n < PATH_MAX ? JT_OK : JT_E_LIMIT;
}

static enum jt_err prepare(sqlite3 *db, const char *dir)
{
    char path[PATH_MAX];
    JT_TRY(jt_sq_create(db, jt_sq_state_schema, jt_sq_newest(jt_sq_state_schema)));
    JT_TRY(jt_sq_create(db, jt_sq_audit_schema, jt_sq_newest(jt_sq_audit_schema)));
    JT_TRY(jt_sq_exec(
        db, "CREATE TABLE backup(version TEXT NOT NULL, made INTEGER NOT NULL, start INTEGER NOT"
            " NULL, state_schema INTEGER NOT NULL, audit_schema INTEGER NOT NULL, events INTEGER"
            " NOT NULL, last_seq INTEGER NOT NULL, last_hash BLOB NOT NULL) STRICT"));
    JT_TRY(path_in(dir, "jeton.db", path));
    JT_TRY(jt_sq_attach(db, path, "state"));
    JT_TRY(path_in(dir, "audit.db", path));
    JT_TRY(jt_sq_attach(db, path, "audit"));
    /* read both schemas now: the store thread shall not wait for that */
    return jt_sq_exec(db, "SELECT 1 FROM state.setting LIMIT 1; SELECT 1 FROM audit.event LIMIT 1");
}

enum jt_err jt_backup_open(const char *dir, const char *file, struct jt_backup **out)
{
    struct jt_backup *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_sq_open_copy(file, &b->db);
    if (e == JT_OK) {
        e = prepare(b->db, dir);
    }
    if (e != JT_OK) {
        jt_backup_close(&b);
        return e;
    }
    *out = b;
    return JT_OK;
}

enum jt_err jt_backup_pin(struct jt_backup *b)
{
    /* BEGIN alone takes no snapshot; the first read of each database does. */
    return jt_sq_exec(b->db, "BEGIN; SELECT 1 FROM state.setting LIMIT 1;"
                             "SELECT 1 FROM audit.event LIMIT 1");
}

static enum jt_err log_end(sqlite3 *db, struct jt_backup_about *a)
{
    static const char sql[] = "SELECT seq, hash, (SELECT min(seq) FROM main.event) FROM main.event "
                              "ORDER BY seq DESC LIMIT 1";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
    }
    bool right = true;
    if (rc == SQLITE_ROW) {
        a->last_seq = (uint64_t)sqlite3_column_int64(st, 0);
        a->events = a->last_seq - (uint64_t)sqlite3_column_int64(st, 2) + 1; /* without gaps */
        right = jt_sq_column_fixed(st, 1, a->last_hash, sizeof a->last_hash);
    }
    (void)sqlite3_finalize(st);
    return right ? jt_sq_err(rc) : JT_E_CORRUPT;
}

static enum jt_err write_about(sqlite3 *db, const struct jt_backup_about *a)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "INSERT INTO backup VALUES(?,?,?,?,?,?,?,?)", -1, &st, NULL);
    if (rc != SQLITE_OK) {
        return jt_sq_err(rc);
    }
    jt_sq_text(st, 1, jt_str(a->version));
    (void)sqlite3_bind_int64(st, 2, a->made_s);
    (void)sqlite3_bind_int64(st, 3, (int64_t)a->start);
    (void)sqlite3_bind_int64(st, 4, a->state_schema);
    (void)sqlite3_bind_int64(st, 5, a->audit_schema);
    (void)sqlite3_bind_int64(st, 6, (int64_t)a->events);
    (void)sqlite3_bind_int64(st, 7, (int64_t)a->last_seq);
    jt_sq_blob(st, 8, a->last_hash, sizeof a->last_hash);
    enum jt_err e = jt_sq_run(st);
    (void)sqlite3_finalize(st);
    return e;
}

static enum jt_err copy_all(sqlite3 *db, struct jt_backup_about *a)
{
    char mark[96];
    JT_TRY(jt_sq_int(db, "PRAGMA state.user_version", &a->state_schema));
    JT_TRY(jt_sq_int(db, "PRAGMA audit.user_version", &a->audit_schema));
    JT_TRY(jt_sq_copy_tables(db, "state", "state"));
    JT_TRY(jt_sq_copy_tables(db, "audit", "audit"));
    JT_TRY(log_end(db, a));
    JT_TRY(write_about(db, a));
    (void)snprintf(mark, sizeof mark, "PRAGMA main.application_id=%d; PRAGMA main.user_version=%d;",
                   JT_SQ_BACKUP_ID, JT_SQ_BACKUP_FORMAT);
    JT_TRY(jt_sq_exec(db, mark));
    return jt_sq_exec(db, "COMMIT");
}

static int look(void *ctx)
{
    const _Atomic bool *stop = ctx;
    return atomic_load(stop) ? 1 : 0;
}

enum jt_err jt_backup_copy(struct jt_backup *b, const _Atomic bool *stop,
                           struct jt_backup_about *about)
{
    void *flag = (void *)(uintptr_t)stop;
    struct jt_backup_about a = *about;
    sqlite3_progress_handler(b->db, STEPS_BETWEEN_LOOKS, look, flag);
    enum jt_err e = copy_all(b->db, &a);
    sqlite3_progress_handler(b->db, 0, NULL, NULL);
    if (e != JT_OK) {
        (void)jt_sq_exec(b->db, "ROLLBACK");
        return atomic_load(stop) ? JT_E_BUSY : e;
    }
    *about = a;
    return JT_OK;
}

void jt_backup_close(struct jt_backup **b)
{
    if (*b == NULL) {
        return;
    }
    (void)sqlite3_close((*b)->db);
    free(*b);
    *b = NULL;
}
