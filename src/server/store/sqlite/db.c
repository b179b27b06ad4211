/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c - opening, migrating, and the small change of talking to SQLite.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sqlite.h"

#define BUSY_MS 5000
#define WAL_BYTES 4096000u /* about so much is in the WAL before it is written back */

enum jt_err jt_sq_err(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return JT_OK;
    case SQLITE_NOMEM:
        return JT_E_NOMEM;
    case SQLITE_FULL:
        return JT_E_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return JT_E_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return JT_E_BUSY;
    case SQLITE_CONSTRAINT:
        return JT_E_CONFLICT;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return JT_E_PERM;
    default:
        return JT_E_IO;
    }
}

enum jt_err jt_sq_exec(sqlite3 *db, const char *sql)
{
    return jt_sq_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

enum jt_err jt_sq_settle(sqlite3 *db)
{
    return sqlite3_get_autocommit(db) != 0 ? JT_OK : jt_sq_exec(db, "ROLLBACK");
}

enum jt_err jt_sq_begin(sqlite3 *db)
{
    JT_TRY(jt_sq_settle(db));
    return jt_sq_exec(db, "BEGIN IMMEDIATE");
}

/* The file exists with mode 0600 before SQLite, which would take the umask's, opens it. */
enum jt_err jt_sq_touch(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno == ENOSPC ? JT_E_FULL : JT_E_IO;
    }
    (void)close(fd);
    return JT_OK;
}

enum jt_err jt_sq_open(const char *dir, const char *name, bool read_only, sqlite3 **out)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n <= 0 || (size_t)n >= sizeof path) {
        return JT_E_LIMIT;
    }
    if (!read_only) {
        JT_TRY(jt_sq_touch(path));
    }
    int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_NOFOLLOW;
    enum jt_err e = jt_sq_err(sqlite3_open_v2(path, &db, flags, NULL));
    if (e == JT_OK) {
        (void)sqlite3_busy_timeout(db, BUSY_MS);
        (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        e = jt_sq_exec(db, "PRAGMA cache_size=-512; PRAGMA foreign_keys=ON;"
                           "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;");
    }
    if (e != JT_OK) {
        (void)sqlite3_close(db);
        return e;
    }
    *out = db;
    return JT_OK;
}

enum jt_err jt_sq_int(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        if (rc == SQLITE_ROW) {
            *out = sqlite3_column_int64(st, 0);
            rc = SQLITE_OK;
        }
    }
    (void)sqlite3_finalize(st);
    return jt_sq_err(rc);
}

static enum jt_err run_step(sqlite3 *db, int32_t application_id, const char *sql, int version)
{
    char mark[128];
    (void)snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                   (int)application_id, version);
    JT_TRY(jt_sq_begin(db));
    enum jt_err e = jt_sq_exec(db, sql);
    if (e == JT_OK) {
        e = jt_sq_exec(db, mark);
    }
    if (e == JT_OK) {
        e = jt_sq_exec(db, "COMMIT");
    }
    if (e != JT_OK) {
        (void)jt_sq_exec(db, "ROLLBACK");
    }
    return e;
}

int64_t jt_sq_newest(const char *const *steps)
{
    int64_t n = 0;
    while (steps[n] != NULL) {
        n++;
    }
    return n;
}

enum jt_err jt_sq_check(sqlite3 *db, int32_t application_id, const char *const *steps,
                        int64_t *version)
{
    int64_t id = 0;
    int64_t tables = 0;
    JT_TRY(jt_sq_int(db, "PRAGMA application_id", &id));
    JT_TRY(jt_sq_int(db, "PRAGMA user_version", version));
    JT_TRY(jt_sq_int(db, "SELECT count(*) FROM sqlite_schema", &tables));
    if (id != application_id && (id != 0 || *version != 0 || tables != 0)) {
        return JT_E_CORRUPT; /* somebody else's database */
    }
    return *version > jt_sq_newest(steps) ? JT_E_NEWER : JT_OK;
}

/* page_size and auto_vacuum only take effect on an empty file, before WAL. */
static enum jt_err prepare(sqlite3 *db, bool empty, unsigned page)
{
    char text[256];
    if (empty) {
        (void)snprintf(text, sizeof text, "PRAGMA page_size=%u; PRAGMA auto_vacuum=INCREMENTAL",
                       page);
        JT_TRY(jt_sq_exec(db, text));
    }
    (void)snprintf(text, sizeof text,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                   "PRAGMA wal_autocheckpoint=%u; PRAGMA journal_size_limit=16777216;",
                   WAL_BYTES / page);
    return jt_sq_exec(db, text);
}

enum jt_err jt_sq_migrate(sqlite3 *db, int32_t application_id, const char *const *steps,
                          unsigned page)
{
    int64_t version = 0;
    JT_TRY(jt_sq_check(db, application_id, steps, &version));
    JT_TRY(prepare(db, version == 0, page));
    const int newest = (int)jt_sq_newest(steps);
    for (int v = (int)version; v < newest; v++) {
        JT_TRY(run_step(db, application_id, steps[v], v + 1));
    }
    return JT_OK;
}

sqlite3_stmt *jt_sq_stmt(struct jt_sqlite *s, enum jt_stmt which)
{
    sqlite3_stmt **st = &s->st[which];
    if (*st == NULL) {
        sqlite3 *db = which >= JT_ST_BEGIN_AUDIT ? s->audit : s->state;
        if (sqlite3_prepare_v3(db, jt_sq_sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL) !=
            SQLITE_OK) {
            return NULL;
        }
    }
    (void)sqlite3_reset(*st);
    (void)sqlite3_clear_bindings(*st);
    return *st;
}

enum jt_err jt_sq_run(sqlite3_stmt *st)
{
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    int rc = sqlite3_step(st);
    (void)sqlite3_reset(st);
    return rc == SQLITE_DONE ? JT_OK : rc == SQLITE_ROW ? JT_E_CORRUPT : jt_sq_err(rc);
}

/* Bound bytes outlive the step that uses them, so nothing is copied. */
void jt_sq_text(sqlite3_stmt *st, int at, struct jt_slice v)
{
    (void)sqlite3_bind_text(st, at, v.n == 0 ? "" : (const char *)v.p, (int)v.n, SQLITE_STATIC);
}

void jt_sq_blob(sqlite3_stmt *st, int at, const void *p, size_t n)
{
    (void)sqlite3_bind_blob(st, at, n == 0 ? "" : p, (int)n, SQLITE_STATIC);
}

struct jt_slice jt_sq_column(sqlite3_stmt *st, int at)
{
    const void *p = sqlite3_column_blob(st, at);
    int n = sqlite3_column_bytes(st, at);
    return jt_slice(p, p == NULL || n < 0 ? 0 : (size_t)n);
}

bool jt_sq_column_fixed(sqlite3_stmt *st, int at, void *out, size_t n)
{
    struct jt_slice s = jt_sq_column(st, at);
    if (s.n != n) {
        return false;
    }
    memcpy(out, s.p, n);
    return true;
}
