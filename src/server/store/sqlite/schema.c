/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - the tables, one migration a string, and every statement.
 */
#include "sqlite.h"

#define EVENT_COLUMNS                                                                              \
    "seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL, count INTEGER NOT NULL,"  \
    "address BLOB NOT NULL, client_id TEXT NOT NULL, credential_id TEXT NOT NULL,"                 \
    "resource TEXT NOT NULL, scope TEXT NOT NULL, jti TEXT NOT NULL, reason TEXT NOT NULL,"        \
    "detail TEXT NOT NULL, hash BLOB NOT NULL"

const char *const jt_sq_state_schema[] = {
    "CREATE TABLE resource(audience TEXT PRIMARY KEY, alg TEXT NOT NULL, lifetime INTEGER NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, version INTEGER NOT NULL) STRICT;"
    "CREATE TABLE scope(audience TEXT NOT NULL REFERENCES resource ON DELETE CASCADE, place INTEGER"
    " NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(audience, place)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE introspector(audience TEXT NOT NULL REFERENCES resource ON DELETE CASCADE,"
    " client_id TEXT NOT NULL, PRIMARY KEY(audience, client_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE client(client_id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL,"
    " enabled INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " version INTEGER NOT NULL) STRICT;"
    "CREATE TABLE credential(client_id TEXT NOT NULL REFERENCES client ON DELETE CASCADE,"
    " id TEXT NOT NULL, number INTEGER NOT NULL UNIQUE, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, label TEXT NOT NULL, hash_key INTEGER NOT NULL, hash BLOB NOT NULL,"
    " created INTEGER NOT NULL, not_before INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " PRIMARY KEY(client_id, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE client_grant(client_id TEXT NOT NULL REFERENCES client ON DELETE CASCADE,"
    " place INTEGER NOT NULL, audience TEXT NOT NULL, scope TEXT NOT NULL,"
    " PRIMARY KEY(client_id, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE signing_key(kid TEXT PRIMARY KEY, alg TEXT NOT NULL, state INTEGER NOT NULL,"
    " created INTEGER NOT NULL, data_key INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "CREATE TABLE data_key(id INTEGER PRIMARY KEY, use INTEGER NOT NULL, created INTEGER NOT NULL,"
    " wrapped BLOB NOT NULL) STRICT;"
    "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE outbox(" EVENT_COLUMNS ") STRICT;",
    /* 2: opaque tokens, revocation, networks, the life of keys, use of credentials */
    "ALTER TABLE resource ADD COLUMN format INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE client ADD COLUMN compat INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE client ADD COLUMN not_before_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE credential ADD COLUMN not_before_seq INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE signing_key ADD COLUMN signs INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE signing_key ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE signing_key ADD COLUMN longest INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE signing_key ADD COLUMN not_before_seq INTEGER NOT NULL DEFAULT 0;"
    /* how long their tokens live was not written down: at least a day, or what resources say now */
    "UPDATE signing_key SET signs=created, longest=(SELECT max(86400, ifnull(max(lifetime), 0))"
    " FROM resource WHERE resource.alg=signing_key.alg);"
    "CREATE TABLE network(client_id TEXT NOT NULL REFERENCES client ON DELETE CASCADE,"
    " credential TEXT NOT NULL, place INTEGER NOT NULL, address BLOB NOT NULL,"
    " bits INTEGER NOT NULL, PRIMARY KEY(client_id, credential, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE revocation(sequence INTEGER PRIMARY KEY, expires INTEGER NOT NULL) STRICT;"
    "CREATE TABLE opaque(sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " credential INTEGER NOT NULL, issued INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " client_id TEXT NOT NULL, audience TEXT NOT NULL, scope TEXT NOT NULL) STRICT;"
    "CREATE TABLE credential_use(number INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, count INTEGER NOT NULL, address BLOB NOT NULL) STRICT;",
    /* 3: every kind of credential, certificate-bound tokens, used assertions */
    "ALTER TABLE resource ADD COLUMN bind INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE client ADD COLUMN rotation INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE client ADD COLUMN rotate_every INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE credential ADD COLUMN material BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE credential ADD COLUMN tls INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE credential ADD COLUMN ca BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE credential ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE opaque ADD COLUMN cnf BLOB NOT NULL DEFAULT x'';"
    /* by their end, so that they are added at one place and leave from another */
    "CREATE TABLE replay(expires INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY(expires, id))"
    " STRICT, WITHOUT ROWID;"
    /* who uses credentials, and how often; what was told about ends to come */
    "ALTER TABLE credential_use ADD COLUMN hour INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE credential_use ADD COLUMN hours BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE credential_use ADD COLUMN callers BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE reminder(id INTEGER PRIMARY KEY, ends INTEGER NOT NULL, days INTEGER NOT NULL)"
    " STRICT;",
    NULL,
};

/* No index but the rowid: an indexed insert costs six times as much. */
const char *const jt_sq_audit_schema[] = {
    "CREATE TABLE event(" EVENT_COLUMNS ") STRICT;",
    NULL,
};

/* Some at a time: the store thread has other work. */
#define DROP_REPLAYS                                                                               \
    "DELETE FROM replay WHERE (expires, id) IN"                                                    \
    " (SELECT expires, id FROM replay WHERE expires<=? LIMIT 20000)"

const char *const jt_sq_sql[JT_ST_COUNT] = {
    [JT_ST_PUT_RESOURCE] = "INSERT INTO resource VALUES(?,?,?,?,?,?,?,?)",
    [JT_ST_DEL_RESOURCE] = "DELETE FROM resource WHERE audience=?",
    [JT_ST_PUT_SCOPE] = "INSERT INTO scope VALUES(?,?,?,?)",
    [JT_ST_PUT_INTROSPECTOR] = "INSERT INTO introspector VALUES(?,?)",
    [JT_ST_PUT_CLIENT] = "INSERT INTO client VALUES(?,?,?,?,?,?,?,?,?,?,?)",
    [JT_ST_DEL_CLIENT] = "DELETE FROM client WHERE client_id=?",
    [JT_ST_PUT_CREDENTIAL] = "INSERT INTO credential VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JT_ST_PUT_GRANT] = "INSERT INTO client_grant VALUES(?,?,?,?)",
    [JT_ST_PUT_SIGNING_KEY] = "INSERT INTO signing_key VALUES(?,?,?,?,?,?,?,?,?,?)",
    [JT_ST_DEL_SIGNING_KEY] = "DELETE FROM signing_key WHERE kid=?",
    [JT_ST_PUT_DATA_KEY] = "INSERT INTO data_key VALUES(?,?,?,?)",
    [JT_ST_DEL_DATA_KEY] = "DELETE FROM data_key WHERE id=CAST(? AS INTEGER)",
    [JT_ST_PUT_SETTING] = "INSERT INTO setting VALUES(?,?)",
    [JT_ST_DEL_SETTING] = "DELETE FROM setting WHERE name=?",
    [JT_ST_PUT_NETWORK] = "INSERT INTO network VALUES(?,?,?,?,?)",
    [JT_ST_PUT_REVOCATION] = "INSERT OR REPLACE INTO revocation VALUES(?,?)",
    [JT_ST_DEL_REVOCATION] = "DELETE FROM revocation WHERE sequence=?",
    [JT_ST_PUT_OPAQUE] = "INSERT INTO opaque VALUES(?,?,?,?,?,?,?,?,?)",
    [JT_ST_DEL_OPAQUE] = "DELETE FROM opaque WHERE sequence=?",
    [JT_ST_PUT_USE] = "INSERT OR REPLACE INTO credential_use VALUES(?,?,?,?,?,?,?,?)",
    [JT_ST_DEL_USE] = "DELETE FROM credential_use WHERE number=CAST(? AS INTEGER)",
    [JT_ST_PUT_REMINDER] = "INSERT OR REPLACE INTO reminder VALUES(?,?,?)",
    [JT_ST_DEL_REMINDER] = "DELETE FROM reminder WHERE id=CAST(? AS INTEGER)",
    [JT_ST_PUT_REPLAY] = "INSERT OR IGNORE INTO replay VALUES(?,?)",
    [JT_ST_DEL_REPLAY] = DROP_REPLAYS,
    [JT_ST_PUT_OUTBOX] = "INSERT INTO outbox VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JT_ST_TRIM_OUTBOX] = "DELETE FROM outbox WHERE seq<=?",
    [JT_ST_BEGIN_STATE] = "BEGIN IMMEDIATE",
    [JT_ST_COMMIT_STATE] = "COMMIT",
    [JT_ST_BEGIN_AUDIT] = "BEGIN IMMEDIATE",
    [JT_ST_COMMIT_AUDIT] = "COMMIT",
    [JT_ST_APPEND] = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [JT_ST_READ_UP] = "SELECT * FROM event WHERE seq>=? AND seq<=? ORDER BY seq LIMIT ?",
    [JT_ST_READ_DOWN] = "SELECT * FROM event WHERE seq>=? AND seq<=? ORDER BY seq DESC LIMIT ?",
};
