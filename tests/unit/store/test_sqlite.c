/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite.c - objects and events come back as they were put; foreign and newer databases are
 * refused; the memory store does the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "rig.h"

static const struct jt_scope scopes[] = {{JT_LIT_INIT("b:write"), JT_LIT_INIT("write")},
                                         {JT_LIT_INIT("a:read"), JT_LIT_INIT("")}};
static const struct jt_slice introspectors[] = {JT_LIT_INIT("rs1"), JT_LIT_INIT("rs2")};
static const struct jt_slice names1[] = {JT_LIT_INIT("b:write"), JT_LIT_INIT("a:read")};
static const struct jt_slice names2[] = {JT_LIT_INIT("x")};

static struct jt_resource sample_resource(void)
{
    return (struct jt_resource){
        .o = {.kind = JT_OBJ_RESOURCE, .name = JT_LIT("https://api.example.com")},
        .alg = JT_ALG_ES256,
        .lifetime_s = 600,
        .created_s = 11,
        .updated_s = 12,
        .version = 3,
        .nscopes = 2,
        .scopes = scopes,
        .nintrospectors = 2,
        .introspectors = introspectors};
}

static struct jt_credential credentials[2];
static const struct jt_client_grant grants[] = {{JT_LIT_INIT("https://z.example.com"), 2, names1},
                                                {JT_LIT_INIT("https://a.example.com"), 1, names2}};

static struct jt_client sample_client(const char *id, uint32_t number)
{
    for (uint32_t i = 0; i < 2; i++) {
        credentials[i] =
            (struct jt_credential){.id = i == 0 ? JT_LIT("aaaaaaaaaaaa") : JT_LIT("bbbbbbbbbbbb"),
                                   .number = number + i,
                                   .kind = JT_CRED_SECRET,
                                   .state = i == 0 ? JT_CRED_ACTIVE : JT_CRED_REVOKED,
                                   .label = JT_LIT("production"),
                                   .hash_key = 4,
                                   .hash = {1, 2, 3},
                                   .created_s = 5,
                                   .not_before_s = 6,
                                   .expires_s = 7};
    }
    return (struct jt_client){.o = {.kind = JT_OBJ_CLIENT, .name = jt_str(id)},
                              .display = JT_LIT("Zähler \"1\""),
                              .owner = JT_LIT("team"),
                              .enabled = true,
                              .created_s = 1,
                              .updated_s = 2,
                              .version = 9,
                              .ncredentials = 2,
                              .credentials = credentials,
                              .ngrants = 2,
                              .grants = grants};
}

static void put(struct rig *r, const struct jt_object *o)
{
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->put(r->store, o), JT_OK);
    assert_int_equal(r->ops->commit(r->store, NULL, 0), JT_OK);
}

struct found {
    size_t n;
    struct jt_object *v[16];
};

static enum jt_err collect(void *ctx, struct jt_object *o)
{
    struct found *f = ctx;
    assert_true(f->n < 16);
    f->v[f->n++] = o;
    return JT_OK;
}

static struct found load(struct rig *r)
{
    struct found f = {0};
    assert_int_equal(r->ops->load(r->store, collect, &f), JT_OK);
    return f;
}

static void release(struct found *f)
{
    for (size_t i = 0; i < f->n; i++) {
        jt_object_free(f->v[i]);
    }
}

static void reopen(struct rig *r)
{
    if (r->ops == &jt_store_sqlite) {
        r->ops->close(&r->store);
        open_store(r);
    }
}

static void test_resource(void **state)
{
    struct rig *r = *state;
    const struct jt_resource in = sample_resource();
    put(r, &in.o);
    put(r, &in.o); /* replaced, not doubled */
    reopen(r);
    struct found f = load(r);
    assert_int_equal(f.n, 1);
    const struct jt_resource *out = (const struct jt_resource *)f.v[0];
    assert_int_equal(out->o.kind, JT_OBJ_RESOURCE);
    assert_true(jt_slice_eq(out->o.name, in.o.name));
    assert_int_equal(out->alg, JT_ALG_ES256);
    assert_int_equal(out->lifetime_s, 600);
    assert_int_equal(out->version, 3);
    assert_int_equal(out->nscopes, 2);
    assert_true(jt_slice_eq(out->scopes[0].name, JT_LIT("b:write"))); /* the order given */
    assert_true(jt_slice_eq(out->scopes[0].text, JT_LIT("write")));
    assert_int_equal(out->nintrospectors, 2);
    assert_true(jt_slice_eq(out->introspectors[1], JT_LIT("rs2")));
    release(&f);
}

static void test_clients(void **state)
{
    struct rig *r = *state;
    const struct jt_client a = sample_client("alpha", 1);
    put(r, &a.o);
    const struct jt_client b = sample_client("beta", 10);
    put(r, &b.o);
    reopen(r);
    struct found f = load(r);
    assert_int_equal(f.n, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct jt_client *c = (const struct jt_client *)f.v[i];
        bool first = jt_slice_eq(c->o.name, JT_LIT("alpha"));
        assert_true(first || jt_slice_eq(c->o.name, JT_LIT("beta")));
        assert_true(jt_slice_eq(c->display, a.display));
        assert_true(c->enabled);
        assert_int_equal(c->ncredentials, 2);
        assert_int_equal(c->credentials[0].number, first ? 1 : 10);
        assert_int_equal(c->credentials[1].state, JT_CRED_REVOKED);
        assert_int_equal(c->credentials[0].hash[2], 3);
        assert_int_equal(c->credentials[0].expires_s, 7);
        assert_true(jt_slice_eq(c->credentials[0].label, JT_LIT("production")));
        assert_int_equal(c->ngrants, 2);
        assert_true(jt_slice_eq(c->grants[0].audience, JT_LIT("https://z.example.com")));
        assert_int_equal(c->grants[0].nscopes, 2);
        assert_true(jt_slice_eq(c->grants[0].scopes[1], JT_LIT("a:read")));
        assert_true(jt_slice_eq(c->grants[1].scopes[0], JT_LIT("x")));
    }
    release(&f);
}

static void test_rollback_and_remove(void **state)
{
    struct rig *r = *state;
    const struct jt_resource in = sample_resource();
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->put(r->store, &in.o), JT_OK);
    r->ops->rollback(r->store);
    struct found f = load(r);
    assert_int_equal(f.n, 0);
    put(r, &in.o);
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->remove(r->store, JT_OBJ_RESOURCE, in.o.name), JT_OK);
    assert_int_equal(r->ops->commit(r->store, NULL, 0), JT_OK);
    f = load(r);
    assert_int_equal(f.n, 0);
}

static struct jt_event sample_event(uint64_t seq)
{
    return (struct jt_event){.seq = seq,
                             .time_us = (int64_t)seq * 1000,
                             .type = seq % 2 == 0 ? JT_EV_TOKEN_ISSUED : JT_EV_TOKEN_DENIED,
                             .count = 1,
                             .client_id = seq % 3 == 0 ? JT_LIT("three") : JT_LIT("other"),
                             .reason = JT_LIT("r"),
                             .hash = {(uint8_t)seq}};
}

static void append(struct rig *r, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++) {
        const struct jt_event e = sample_event(i);
        const struct jt_event *list[] = {&e};
        assert_int_equal(r->ops->audit_append(r->store, list, 1), JT_OK);
    }
}

struct seqs {
    size_t n;
    uint64_t v[64];
};

static enum jt_err take_seq(void *ctx, const struct jt_event *e)
{
    struct seqs *s = ctx;
    assert_int_equal(e->hash[0], (uint8_t)e->seq);
    s->v[s->n++] = e->seq;
    return JT_OK;
}

static void test_log(void **state)
{
    struct rig *r = *state;
    struct seqs s = {0};
    struct jt_audit_info info;
    uint64_t next = 0;
    append(r, 1, 20);
    reopen(r);
    assert_int_equal(r->ops->audit_info(r->store, &info), JT_OK);
    assert_int_equal(info.first_seq, 1);
    assert_int_equal(info.last_seq, 20);
    assert_int_equal(info.last_hash[0], 20);
    struct jt_audit_query q = {.newest_first = true, .scan = 5};
    assert_int_equal(r->ops->audit_read(r->store, &q, take_seq, &s, &next), JT_OK);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.v[0], 20);
    assert_int_equal(next, 15);
    q = (struct jt_audit_query){
        .client_id = JT_LIT("three"), .type = JT_EV_TOKEN_ISSUED, .scan = 100};
    s.n = 0;
    assert_int_equal(r->ops->audit_read(r->store, &q, take_seq, &s, &next), JT_OK);
    assert_int_equal(s.n, 3); /* 6, 12, 18 */
    assert_int_equal(s.v[2], 18);
    assert_int_equal(next, 0);
    size_t removed = 0;
    assert_int_equal(r->ops->audit_prune(r->store, 11, 4, &removed), JT_OK);
    assert_int_equal(removed, 4);
    assert_int_equal(r->ops->audit_info(r->store, &info), JT_OK);
    assert_int_equal(info.first_seq, 5);
}

static void test_outbox(void **state)
{
    struct rig *r = *state;
    struct seqs s = {0};
    append(r, 1, 2);
    const struct jt_event two = sample_event(2);
    const struct jt_event three = sample_event(3);
    const struct jt_event *list[] = {&two, &three};
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->commit(r->store, list, 2), JT_OK);
    reopen(r);
    assert_int_equal(r->ops->outbox(r->store, take_seq, &s), JT_OK);
    assert_int_equal(s.n, 1); /* the log has 2 already */
    assert_int_equal(s.v[0], 3);
}

/* A commit that was refused and is there all the same, after others took the number of its event.
 */
static void test_outbox_of_a_refused_commit(void **state)
{
    struct rig *r = *state;
    struct seqs s = {0};
    append(r, 1, 3);
    struct jt_event two = sample_event(2);
    two.client_id = JT_LIT("somebody-else");
    const struct jt_event *list[] = {&two};
    assert_int_equal(r->ops->begin(r->store), JT_OK);
    assert_int_equal(r->ops->commit(r->store, list, 1), JT_OK);
    reopen(r);
    assert_int_equal(r->ops->outbox(r->store, take_seq, &s), JT_OK);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0], 2);
    s.n = 0;
    two.seq = 4; /* the writer gives it a new number; then the log has it */
    assert_int_equal(r->ops->audit_append(r->store, list, 1), JT_OK);
    reopen(r);
    assert_int_equal(r->ops->outbox(r->store, take_seq, &s), JT_OK);
    assert_int_equal(s.n, 0);
}

static void test_files_are_private(void **state)
{
    struct rig *r = *state;
    char path[128];
    struct stat st;
    append(r, 1, 1);
    static const char *const names[] = {"jeton.db", "audit.db", "audit.db-wal"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", r->dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void sql(const struct rig *r, const char *name, const char *text)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", r->dir, name);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int version(const struct rig *r, const char *name)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", r->dir, name);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int v = sqlite3_column_int(st, 0);
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return v;
}

static enum jt_err try_open(struct rig *r)
{
    const struct jt_store_opts o = {.dir = r->dir};
    return r->ops->open(&o, &r->store);
}

static void test_newer_is_refused(void **state)
{
    struct rig *r = *state;
    char back[64];
    r->ops->close(&r->store);
    (void)snprintf(back, sizeof back, "PRAGMA user_version=%d", version(r, "jeton.db"));
    sql(r, "jeton.db", "PRAGMA user_version=99");
    assert_int_equal(try_open(r), JT_E_NEWER);
    sql(r, "jeton.db", back);
    assert_int_equal(try_open(r), JT_OK); /* nothing was changed by the refusal */
}

static void test_foreign_is_refused(void **state)
{
    struct rig *r = *state;
    r->ops->close(&r->store);
    remove_file(r, "audit.db");
    remove_file(r, "audit.db-wal");
    remove_file(r, "audit.db-shm");
    sql(r, "audit.db", "CREATE TABLE theirs(x)");
    assert_int_equal(try_open(r), JT_E_CORRUPT);
    remove_file(r, "audit.db");
    FILE *f = NULL;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit.db", r->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++) {
        (void)fputc('x', f);
    }
    (void)fclose(f);
    assert_int_equal(try_open(r), JT_E_CORRUPT);
}

#define BOTH(f)                                                                                    \
    cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown),                                    \
        cmocka_unit_test_setup_teardown(f, setup_memory, teardown)
#define SQLITE(f) cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_resource),
        BOTH(test_clients),
        BOTH(test_rollback_and_remove),
        BOTH(test_log),
        BOTH(test_outbox),
        SQLITE(test_outbox_of_a_refused_commit),
        SQLITE(test_files_are_private),
        SQLITE(test_newer_is_refused),
        SQLITE(test_foreign_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
