/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.c - a backup looked at, and taken apart into two databases. Their tables are made by our
 * own words, never by those in the file, so that a foreign file brings rows and nothing else.
 */
#include <limits.h>
#include <stdio.h>

#include "../backup.h"
#include "sqlite.h"

static enum jt_err say(char *why, size_t why_n, enum jt_err e, const char *text)
{
    (void)snprintf(why, why_n, "%s", text);
    return e;
}

static bool is_whole(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW && jt_slice_eq(jt_sq_column(st, 0), JT_LIT("ok"));
    (void)sqlite3_finalize(st);
    return ok;
}

static enum jt_err read_about(sqlite3 *db, struct jt_backup_about *a)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT version, made, start, state_schema, audit_schema, events, "
                                "last_seq, last_hash FROM backup",
                                -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
    }
    bool right = rc == SQLITE_ROW;
    if (right) {
        struct jt_slice version = jt_sq_column(st, 0);
        int n = (int)(version.n < sizeof a->version ? version.n : sizeof a->version - 1);
        (void)snprintf(a->version, sizeof a->version, "%.*s", n, (const char *)version.p);
        a->made_s = sqlite3_column_int64(st, 1);
        a->start = (uint64_t)sqlite3_column_int64(st, 2);
        a->state_schema = sqlite3_column_int64(st, 3);
        a->audit_schema = sqlite3_column_int64(st, 4);
        a->events = (uint64_t)sqlite3_column_int64(st, 5);
        a->last_seq = (uint64_t)sqlite3_column_int64(st, 6);
        right = jt_sq_column_fixed(st, 7, a->last_hash, sizeof a->last_hash) &&
                a->state_schema > 0 && a->audit_schema > 0;
    }
    (void)sqlite3_finalize(st);
    return right ? JT_OK : JT_E_CORRUPT;
}

/* Its hash is the one over the hash before and itself; types that only a newer version knows cannot
 * be encoded, and are believed. */
static enum jt_err check_last(struct jt_event *last, const uint8_t previous[static JT_SHA256_SIZE])
{
    struct jt_crypt *c = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf scratch;
    struct jt_event again = *last;
    jt_buf_init(&scratch, 65536);
    if (last->type == JT_EV_NONE) {
        return JT_OK;
    }
    JT_TRY(jt_crypt_new(&c));
    enum jt_err e = jt_event_chain(c, previous, &again, &scratch);
    jt_crypt_free(&c);
    if (e != JT_OK) {
        return e;
    }
    return memcmp(again.hash, last->hash, sizeof again.hash) == 0 ? JT_OK : JT_E_CORRUPT;
}

/* The last event is the one that the backup names, and hangs on the one before. */
static enum jt_err check_chain(sqlite3 *db, const struct jt_backup_about *a)
{
    sqlite3_stmt *before = NULL;
    sqlite3_stmt *st = NULL;
    struct jt_event last = {0};
    uint8_t previous[JT_SHA256_SIZE] = {0};
    int rc = sqlite3_prepare_v2(db, "SELECT * FROM event ORDER BY seq DESC LIMIT 1", -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_prepare_v2(db, "SELECT hash FROM event WHERE seq=?", -1, &before, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
    }
    enum jt_err e = jt_sq_err(rc);
    if (e == JT_OK && rc == SQLITE_ROW) {
        e = jt_sq_read_event(st, &last);
    }
    if (e == JT_OK &&
        (last.seq != a->last_seq || memcmp(last.hash, a->last_hash, sizeof last.hash) != 0)) {
        e = JT_E_CORRUPT;
    }
    if (e == JT_OK && last.seq > 0) {
        (void)sqlite3_bind_int64(before, 1, (int64_t)last.seq - 1);
        bool has = sqlite3_step(before) == SQLITE_ROW &&
                   jt_sq_column_fixed(before, 0, previous, sizeof previous);
        if (has || last.seq == 1) {
            e = check_last(&last, previous);
        }
    }
    (void)sqlite3_finalize(st);
    (void)sqlite3_finalize(before);
    return e;
}

static enum jt_err check(sqlite3 *db, struct jt_backup_about *a, char *why, size_t why_n)
{
    int64_t id = 0;
    int64_t format = 0;
    enum jt_err e = jt_sq_int(db, "PRAGMA application_id", &id);
    if (e == JT_OK) {
        e = jt_sq_int(db, "PRAGMA user_version", &format);
    }
    if (e != JT_OK) {
        return e;
    }
    if (id != JT_SQ_BACKUP_ID) {
        return say(why, why_n, JT_E_SYNTAX, "is not a backup made by jeton backup");
    }
    if (format != JT_SQ_BACKUP_FORMAT) {
        (void)snprintf(why, why_n, "has backup format %lld; this version knows format %d",
                       (long long)format, JT_SQ_BACKUP_FORMAT);
        return JT_E_NEWER;
    }
    if (!is_whole(db) || read_about(db, a) != JT_OK) {
        return JT_E_CORRUPT;
    }
    if (a->state_schema > jt_sq_newest(jt_sq_state_schema) ||
        a->audit_schema > jt_sq_newest(jt_sq_audit_schema)) {
        (void)snprintf(
            why, why_n,
            "was made by jeton %s and has schemas %lld and %lld; this version, " JT_VERSION
            ", knows them up to %lld and %lld: use jeton %s or a later one",
            a->version, (long long)a->state_schema, (long long)a->audit_schema,
            (long long)jt_sq_newest(jt_sq_state_schema),
            (long long)jt_sq_newest(jt_sq_audit_schema), a->version);
        return JT_E_NEWER;
    }
    return check_chain(db, a) == JT_OK
               ? JT_OK
               : say(why, why_n, JT_E_CORRUPT,
                     "is damaged: its audit log does not end as the backup says it does");
}

enum jt_err jt_backup_read(const char *file, struct jt_backup_about *out, char *why, size_t why_n)
{
    sqlite3 *db = NULL;
    struct jt_backup_about a = {.version = ""};
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    why[0] = '\0';
    int rc = sqlite3_open_v2(file, &db, flags, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    enum jt_err e = rc == SQLITE_OK ? check(db, &a, why, why_n)
                    : rc == SQLITE_NOTADB
                        ? say(why, why_n, JT_E_SYNTAX, "is not a backup made by jeton backup")
                        : jt_sq_err(rc);
    (void)sqlite3_close(db);
    if (e != JT_OK && why[0] == '\0') {
        return say(why, why_n, e, e == JT_E_CORRUPT ? "is damaged or cut short" : "cannot be read");
    }
    if (e == JT_OK) {
        *out = a;
    }
    return e;
}

static enum jt_err unpack_one(const char *file, const char *path, int32_t application_id,
                              const char *const *steps, int64_t version)
{
    sqlite3 *db = NULL;
    char mark[96];
    JT_TRY(jt_sq_touch(path));
    JT_TRY(jt_sq_open_copy(path, &db));
    (void)snprintf(mark, sizeof mark, "PRAGMA main.application_id=%d; PRAGMA main.user_version=%d;",
                   (int)application_id, (int)version);
    enum jt_err e = jt_sq_attach(db, file, "backup");
    if (e == JT_OK) {
        e = jt_sq_exec(db, "BEGIN");
    }
    if (e == JT_OK) {
        e = jt_sq_create(db, steps, version);
    }
    if (e == JT_OK) {
        e = jt_sq_copy_tables(db, "main", "backup");
    }
    if (e == JT_OK) {
        e = jt_sq_exec(db, mark);
    }
    if (e == JT_OK) {
        e = jt_sq_exec(db, "COMMIT");
    }
    (void)sqlite3_close(db);
    return e;
}

enum jt_err jt_backup_unpack(const char *file, const struct jt_backup_about *about, const char *dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/audit.db", dir) >= (int)sizeof path) {
        return JT_E_LIMIT;
    }
    JT_TRY(unpack_one(file, path, JT_SQ_AUDIT_ID, jt_sq_audit_schema, about->audit_schema));
    (void)snprintf(path, sizeof path, "%s/jeton.db", dir);
    return unpack_one(file, path, JT_SQ_STATE_ID, jt_sq_state_schema, about->state_schema);
}

static enum jt_err setting_number(sqlite3 *db, const char *name, uint64_t *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT CAST(value AS INTEGER) FROM setting WHERE name=?", -1,
                                &st, NULL);
    *out = 0;
    if (rc == SQLITE_OK) {
        jt_sq_text(st, 1, jt_str(name));
        rc = sqlite3_step(st);
        *out = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    }
    (void)sqlite3_finalize(st);
    return jt_sq_err(rc);
}

enum jt_err jt_backup_numbers(const char *dir, const char *start_setting,
                              const char *credential_setting, struct jt_backup_numbers *out)
{
    sqlite3 *db = NULL;
    struct jt_backup_numbers n = {0, 0};
    int64_t highest = 0;
    JT_TRY(jt_sq_open(dir, "jeton.db", true, &db));
    enum jt_err e = setting_number(db, start_setting, &n.start);
    if (e == JT_OK) {
        e = setting_number(db, credential_setting, &n.credential);
    }
    if (e == JT_OK) {
        e = jt_sq_int(db, "SELECT ifnull(max(number), 0) FROM credential", &highest);
    }
    (void)sqlite3_close(db);
    if (e == JT_OK) {
        n.credential = (uint64_t)highest > n.credential ? (uint64_t)highest : n.credential;
        *out = n;
    }
    return e;
}
