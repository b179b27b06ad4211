/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_small.c - revocations, opaque tokens and uses in the databases: what was put comes back,
 * what was removed does not; in sqlite and in memory alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "core/base/num.h"
#include "rig.h"
#include "server/store/directory.h"
#include "server/store/profile.h"

/* What sqlite has is read by a new handle. */
static void reopen(struct rig *r)
{
    if (r->ops == &jt_store_sqlite) {
        r->ops->close(&r->store);
        open_store(r);
    }
}

struct found {
    size_t revocations, tokens, uses, reminders;
    struct jt_reminder reminder;
    struct jt_revocation revocation;
    uint8_t name[8];
    struct jt_opaque token;
    uint8_t hash[JT_SHA256_SIZE];
    char profile[200];
    struct jt_use use;
    enum jt_err answer;
};

static enum jt_err take(void *ctx, struct jt_object *o)
{
    struct found *f = ctx;
    if (f->answer != JT_OK) {
        return f->answer;
    }
    if (o->kind == JT_OBJ_TOKEN) { /* only lent */
        f->token = *(const struct jt_opaque *)o;
        const struct jt_profile *p = f->token.profile;
        assert_int_equal(o->name.n, sizeof f->hash);
        memcpy(f->hash, o->name.p, sizeof f->hash);
        (void)snprintf(f->profile, sizeof f->profile, "%.*s|%.*s|%.*s", JT_FMT(p->client_id),
                       JT_FMT(p->audience), JT_FMT(p->scope));
        f->tokens++;
        return JT_OK;
    }
    if (o->kind == JT_OBJ_REVOCATION) {
        f->revocation = *(const struct jt_revocation *)o;
        assert_int_equal(o->name.n, sizeof f->name);
        memcpy(f->name, o->name.p, sizeof f->name);
        f->revocations++;
    } else if (o->kind == JT_OBJ_USE) {
        f->use = *(const struct jt_use *)o;
        f->uses++;
    } else if (o->kind == JT_OBJ_REMINDER) {
        f->reminder = *(const struct jt_reminder *)o;
        f->reminders++;
    }
    jt_object_free(o);
    return JT_OK;
}

static struct found load(struct rig *r)
{
    struct found f = {0};
    reopen(r);
    assert_int_equal(r->ops->load(r->store, take, &f), JT_OK);
    return f;
}

static void change(struct rig *r, const struct jt_object *put, enum jt_object_kind kind,
                   struct jt_slice name)
{
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    if (put != NULL) {
        assert_int_equal(r->ops->put(r->store, put), JT_OK);
    } else {
        assert_int_equal(r->ops->remove(r->store, kind, name), JT_OK);
    }
    assert_int_equal(r->ops->commit(r->store, NULL, 0), JT_OK);
}

static void test_revocation(void **state)
{
    struct rig *r = *state;
    uint8_t name[8];
    jt_put_be64(name, UINT64_C(0x80000100000000ff)); /* beyond what is signed */
    struct jt_revocation v = {.o = {.kind = JT_OBJ_REVOCATION, .name = jt_slice(name, sizeof name)},
                              .expires_s = 1234};
    change(r, &v.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    v.expires_s = 1235; /* twice is one */
    change(r, &v.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    struct found f = load(r);
    assert_int_equal(f.revocations, 1);
    assert_memory_equal(f.name, name, sizeof name);
    assert_int_equal(f.revocation.expires_s, 1235);
    change(r, NULL, JT_OBJ_REVOCATION, v.o.name);
    assert_int_equal(load(r).revocations, 0);
}

static struct jt_opaque token(uint64_t i, uint8_t hash[static JT_SHA256_SIZE],
                              const struct jt_profile *profile)
{
    memset(hash, 0, JT_SHA256_SIZE);
    jt_put_be64(hash, i * UINT64_C(0x9e3779b97f4a7c15));
    jt_put_be64(hash + 24, i);
    return (struct jt_opaque){
        .o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(hash, JT_SHA256_SIZE)},
        .sequence = (UINT64_C(1) << 40) + i,
        .issued_s = 100,
        .expires_s = 3700,
        .profile = profile,
        .credential = UINT32_MAX,
    };
}

static const struct jt_profile profile = {.client_id = JT_LIT_INIT("alice"),
                                          .audience = JT_LIT_INIT("https://api.one"),
                                          .scope = JT_LIT_INIT("a:read b:write")};

static void test_opaque(void **state)
{
    struct rig *r = *state;
    uint8_t hash[2][JT_SHA256_SIZE];
    uint8_t row[8];
    struct jt_opaque a = token(7, hash[0], &profile);
    struct jt_opaque b = token(8, hash[1], &profile);
    change(r, &a.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    change(r, &b.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    assert_int_equal(load(r).tokens, 2);
    jt_put_be64(row, a.sequence);
    change(r, NULL, JT_OBJ_TOKEN, jt_slice(row, sizeof row));
    struct found f = load(r);
    assert_int_equal(f.tokens, 1);
    assert_memory_equal(f.hash, hash[1], sizeof f.hash);
    assert_string_equal(f.profile, "alice|https://api.one|a:read b:write");
    assert_true(f.token.sequence == b.sequence && f.token.credential == UINT32_MAX);
    assert_true(f.token.issued_s == 100 && f.token.expires_s == 3700);
    change(r, NULL, JT_OBJ_TOKEN, jt_slice(row, sizeof row)); /* it is gone: nothing happens */
    assert_int_equal(load(r).tokens, 1);
}

static void test_use(void **state)
{
    struct rig *r = *state;
    struct jt_use u = {.o = {.kind = JT_OBJ_USE, .name = JT_LIT("4294967295")},
                       .number = UINT32_MAX,
                       .first_s = 5,
                       .last_s = 9,
                       .count = 3,
                       .address = {{0x20, 0x01}}};
    change(r, &u.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    u.last_s = 10;
    u.count = 4;
    u.hour = UINT32_MAX;
    u.hours[0] = UINT32_MAX;
    u.hours[JT_USE_HOURS - 1] = 7;
    u.ncallers = JT_USE_CALLERS;
    for (uint8_t i = 0; i < JT_USE_CALLERS; i++) {
        u.callers[i].address.b[15] = i;
        u.callers[i].last_s = INT64_MAX - i;
        u.callers[i].nagent = (uint8_t)(i == 0 ? 0 : i == 1 ? JT_AGENT_MAX : i);
        memset(u.callers[i].agent, 'a' + i, u.callers[i].nagent);
    }
    change(r, &u.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    struct found f = load(r);
    assert_int_equal(f.uses, 1);
    assert_true(f.use.number == UINT32_MAX && f.use.first_s == 5 && f.use.last_s == 10);
    assert_true(f.use.count == 4 && f.use.address.b[0] == 0x20);
    assert_int_equal(f.use.hour, u.hour);
    assert_memory_equal(f.use.hours, u.hours, sizeof u.hours);
    assert_int_equal(f.use.ncallers, JT_USE_CALLERS);
    assert_memory_equal(f.use.callers, u.callers, sizeof u.callers);
    change(r, NULL, JT_OBJ_USE, u.o.name);
    assert_int_equal(load(r).uses, 0);
}

static void test_reminder(void **state)
{
    struct rig *r = *state;
    struct jt_reminder m = {.o = {.kind = JT_OBJ_REMINDER, .name = JT_LIT("1152921504606846983")},
                            .id = (UINT64_C(1) << 60) + 7,
                            .ends_s = 1800000000,
                            .days = 30};
    change(r, &m.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    m.days = 14;
    change(r, &m.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    struct found f = load(r);
    assert_int_equal(f.reminders, 1);
    assert_true(f.reminder.id == m.id && f.reminder.ends_s == m.ends_s && f.reminder.days == 14);
    change(r, NULL, JT_OBJ_REMINDER, m.o.name);
    assert_int_equal(load(r).reminders, 0);
}

static void test_rolled_back(void **state)
{
    struct rig *r = *state;
    uint8_t hash[JT_SHA256_SIZE];
    struct jt_opaque t = token(1, hash, &profile);
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->put(r->store, &t.o), JT_OK);
    r->ops->rollback(r->store);
    assert_int_equal(load(r).tokens, 0);
}

/* An error of whoever takes them ends the loading, and is what it returns. */
static void test_taker_stops(void **state)
{
    struct rig *r = *state;
    uint8_t hash[JT_SHA256_SIZE];
    struct jt_opaque t = token(1, hash, &profile);
    struct found f = {.answer = JT_E_LIMIT};
    change(r, &t.o, JT_OBJ_NONE, jt_slice(NULL, 0));
    assert_int_equal(r->ops->load(r->store, take, &f), JT_E_LIMIT);
}

static void run_sql(const struct rig *r, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/jeton.db", r->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Rows that we never write. */
static void test_damaged(void **state)
{
    static const char *const rows[] = {
        "INSERT INTO opaque VALUES(1, x'00', 1, 1, 1, 'a', 'b', 'c', x'')",
        "INSERT INTO opaque VALUES(1, x'', 1, 1, 1, 'a', 'b', 'c', x'')",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, x'00', 0, x'', x'')",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, zeroblob(16), 0, zeroblob(95), x'')",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, zeroblob(16), 0, x'', zeroblob(24))",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, zeroblob(16), 0, x'',"
        " CAST(zeroblob(24) || x'01' AS BLOB))",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, zeroblob(16), 0, x'',"
        " CAST(zeroblob(24) || x'41' || zeroblob(65) AS BLOB))",
        "INSERT INTO credential_use VALUES(1, 1, 1, 1, zeroblob(16), 0, x'', zeroblob(125))",
        "INSERT INTO replay VALUES(1, x'00')",
        "INSERT INTO client VALUES('c', '', '', 1, 0, 0, 1, 0, 0, 0, 0);"
        "INSERT INTO network VALUES('c', '', 0, zeroblob(16), 129)",
        "INSERT INTO client VALUES('c', '', '', 1, 0, 0, 1, 0, 0, 0, 0);"
        "INSERT INTO network VALUES('c', '', 0, zeroblob(16), -1)",
        "INSERT INTO client VALUES('c', '', '', 1, 0, 0, 1, 0, 0, 0, 0);"
        "INSERT INTO network VALUES('c', '', 0, zeroblob(15), 8)",
    };
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = {0};
        r->ops->close(&r->store);
        run_sql(r, rows[i]);
        open_store(r);
        if (r->ops->load(r->store, take, &f) != JT_E_CORRUPT) {
            fail_msg("taken: %s", rows[i]);
        }
        r->ops->close(&r->store);
        run_sql(r, "DELETE FROM opaque; DELETE FROM credential_use; DELETE FROM network;"
                   "DELETE FROM client; DELETE FROM replay; DELETE FROM reminder");
        open_store(r);
    }
}

enum { MANY = 100000 };

struct home {
    struct jt_directory *directory;
    struct jt_profiles *profiles;
};

static enum jt_err keep(void *ctx, struct jt_object *o)
{
    struct home *h = ctx;
    struct jt_opaque *t = jt_opaque_dup((const struct jt_opaque *)o, h->profiles);
    return t == NULL ? JT_E_NOMEM : jt_directory_put(h->directory, &t->o);
}

static void test_many(void **state)
{
    struct rig *r = *state;
    struct jt_epochs epochs;
    struct home h = {0};
    uint8_t hash[JT_SHA256_SIZE];
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        struct jt_opaque t = token(i, hash, &profile);
        assert_int_equal(r->ops->put(r->store, &t.o), JT_OK);
    }
    assert_int_equal(r->ops->commit(r->store, NULL, 0), JT_OK);
    reopen(r);
    jt_epochs_init(&epochs);
    assert_int_equal(jt_directory_new(&epochs, &h.directory), JT_OK);
    assert_int_equal(jt_profiles_new(&h.profiles), JT_OK);
    assert_int_equal(r->ops->load(r->store, keep, &h), JT_OK);
    assert_int_equal(jt_directory_count(h.directory, JT_OBJ_TOKEN), MANY);
    assert_int_equal(jt_profiles_count(h.profiles), 1);
    for (uint64_t i = 0; i < MANY; i += 997) {
        struct jt_opaque t = token(i, hash, &profile);
        const struct jt_opaque *have = jt_directory_token(h.directory, hash);
        assert_non_null(have);
        assert_true(have->sequence == t.sequence);
    }
    jt_directory_free(&h.directory);
    jt_epochs_free(&epochs);
    jt_profiles_free(&h.profiles);
}

#define SQLITE(f) cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown)
#define MEMORY(f) cmocka_unit_test_setup_teardown(f, setup_memory, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SQLITE(test_revocation),  MEMORY(test_revocation),  SQLITE(test_opaque),
        MEMORY(test_opaque),      SQLITE(test_reminder),    MEMORY(test_reminder),
        SQLITE(test_use),         MEMORY(test_use),         SQLITE(test_rolled_back),
        MEMORY(test_rolled_back), SQLITE(test_taker_stops), MEMORY(test_taker_stops),
        SQLITE(test_damaged),     SQLITE(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
