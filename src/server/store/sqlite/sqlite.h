/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.h - what the files of the SQLite store share. Private to sqlite.
 *
 * DIR/jeton.db holds the state and the outbox, DIR/audit.db the log. Both: WAL, synchronous=FULL (a
 * commit has been fsynced when it returns), application_id "Jetn"/"Jeta", user_version = schema.
 */
#ifndef JT_STORE_SQLITE_H
#define JT_STORE_SQLITE_H

#include <sqlite3.h>

#include "../store.h"

#define JT_SQ_STATE_ID 0x4a65746e  /* "Jetn" */
#define JT_SQ_AUDIT_ID 0x4a657461  /* "Jeta" */
#define JT_SQ_BACKUP_ID 0x4a657462 /* "Jetb" */
#define JT_SQ_BACKUP_FORMAT 1

enum jt_stmt {
    JT_ST_PUT_RESOURCE,
    JT_ST_DEL_RESOURCE,
    JT_ST_PUT_SCOPE,
    JT_ST_PUT_INTROSPECTOR,
    JT_ST_PUT_CLIENT,
    JT_ST_DEL_CLIENT,
    JT_ST_PUT_CREDENTIAL,
    JT_ST_PUT_GRANT,
    JT_ST_PUT_SIGNING_KEY,
    JT_ST_DEL_SIGNING_KEY,
    JT_ST_PUT_DATA_KEY,
    JT_ST_DEL_DATA_KEY,
    JT_ST_PUT_SETTING,
    JT_ST_DEL_SETTING,
    JT_ST_PUT_NETWORK,
    JT_ST_PUT_REVOCATION,
    JT_ST_DEL_REVOCATION,
    JT_ST_PUT_OPAQUE,
    JT_ST_DEL_OPAQUE,
    JT_ST_PUT_USE,
    JT_ST_DEL_USE,
    JT_ST_PUT_REMINDER,
    JT_ST_DEL_REMINDER,
    JT_ST_PUT_REPLAY,
    JT_ST_DEL_REPLAY,
    JT_ST_PUT_OUTBOX,
    JT_ST_TRIM_OUTBOX,
    JT_ST_BEGIN_STATE,
    JT_ST_COMMIT_STATE,
    JT_ST_BEGIN_AUDIT, /* from here on: of the log */
    JT_ST_COMMIT_AUDIT,
    JT_ST_APPEND,
    JT_ST_READ_UP,
    JT_ST_READ_DOWN,
    JT_ST_COUNT,
};

struct jt_sqlite {
    struct jt_store base;
    sqlite3 *state; /* NULL when read_only */
    sqlite3 *audit;
    sqlite3_stmt *st[JT_ST_COUNT];
    uint64_t last_seq; /* of the audit log, as far as this handle wrote it */
};

enum jt_err jt_sq_err(int rc);
/* Opens one database and changes nothing in it; looks whether it is ours and not newer (*version: 0
 * for an empty one); brings it to the newest schema. steps end with NULL. */
enum jt_err jt_sq_open(const char *dir, const char *name, bool read_only, sqlite3 **out);
JT_MUST enum jt_err jt_sq_check(sqlite3 *db, int32_t application_id, const char *const *steps,
                                int64_t *version);
/* page: size of its pages if it is new. */
enum jt_err jt_sq_migrate(sqlite3 *db, int32_t application_id, const char *const *steps,
                          unsigned page);
/* A transaction that could not be undone, for want of memory, is undone now. */
JT_MUST enum jt_err jt_sq_settle(sqlite3 *db);
/* BEGIN IMMEDIATE. */
JT_MUST enum jt_err jt_sq_begin(sqlite3 *db);
enum jt_err jt_sq_exec(sqlite3 *db, const char *sql);
/* How many steps there are: the newest schema. */
int64_t jt_sq_newest(const char *const *steps);
/* The first column of the first row; *out stays when there is none. */
enum jt_err jt_sq_int(sqlite3 *db, const char *sql, int64_t *out);
/* Makes the file, mode 0600, if it is not there. */
enum jt_err jt_sq_touch(const char *path);
/* A prepared statement, reset and unbound; NULL: JT_E_NOMEM or a damaged schema. */
sqlite3_stmt *jt_sq_stmt(struct jt_sqlite *s, enum jt_stmt which);
/* Runs a statement that returns no rows, and resets it. */
enum jt_err jt_sq_run(sqlite3_stmt *st);
void jt_sq_text(sqlite3_stmt *st, int at, struct jt_slice v);
void jt_sq_blob(sqlite3_stmt *st, int at, const void *p, size_t n);
struct jt_slice jt_sq_column(sqlite3_stmt *st, int at);
bool jt_sq_column_fixed(sqlite3_stmt *st, int at, void *out, size_t n);

extern const char *const jt_sq_state_schema[], *const jt_sq_audit_schema[];
extern const char *const jt_sq_sql[JT_ST_COUNT];

/* backup.c: a database written in one go, without a journal: it is removed if anything fails */
enum jt_err jt_sq_open_copy(const char *path, sqlite3 **out);
/* Read only. */
enum jt_err jt_sq_attach(sqlite3 *db, const char *path, const char *as);
/* The tables of this version, empty. */
enum jt_err jt_sq_create(sqlite3 *db, const char *const *steps, int64_t version);
/* Into main, from the attached database `from`, every table that `list` has. */
enum jt_err jt_sq_copy_tables(sqlite3 *db, const char *list, const char *from);

/* state.c */
enum jt_err jt_sq_put(struct jt_store *s, const struct jt_object *obj);
enum jt_err jt_sq_remove(struct jt_store *s, enum jt_object_kind kind, struct jt_slice name);
/* small.c: revocations, opaque tokens, use of credentials */
enum jt_err jt_sq_put_small(struct jt_sqlite *s, const struct jt_object *obj);
enum jt_err jt_sq_remove_small(struct jt_sqlite *s, enum jt_object_kind kind, struct jt_slice name);
enum jt_err jt_sq_load_small(struct jt_sqlite *s, jt_load_fn each, void *ctx);
/* load.c */
enum jt_err jt_sq_load(struct jt_store *s, jt_load_fn each, void *ctx);
/* To the callback, which owns the object only when it says JT_OK. NULL: JT_E_NOMEM. */
enum jt_err jt_sq_give(struct jt_object *o, jt_load_fn each, void *ctx);
/* log.c */
void jt_sq_bind_event(sqlite3_stmt *st, const struct jt_event *e);
enum jt_err jt_sq_read_event(sqlite3_stmt *st, struct jt_event *out);
enum jt_err jt_sq_outbox(struct jt_store *s, jt_event_fn each, void *ctx);
enum jt_err jt_sq_audit_append(struct jt_store *s, const struct jt_event *const *events, size_t n);
enum jt_err jt_sq_audit_read(struct jt_store *s, const struct jt_audit_query *q, jt_event_fn each,
                             void *ctx, uint64_t *next_seq);
enum jt_err jt_sq_audit_info(struct jt_store *s, struct jt_audit_info *out);
enum jt_err jt_sq_audit_prune(struct jt_store *s, uint64_t keep_from, size_t max_rows,
                              size_t *removed);

#endif
