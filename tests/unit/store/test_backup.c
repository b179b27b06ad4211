/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_backup.c - a backup is what the databases were at one moment, comes back whole, and is
 * refused when a byte of it is wrong.
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

#include "server/store/backup.h"
#include "server/store/store.h"

struct rig {
    char dir[64], other[128], file[128];
    struct jt_store *store;
    struct jt_crypt *crypt;
    struct jt_buf scratch;
    uint64_t seq;
    uint8_t hash[JT_SHA256_SIZE];
};

static struct jt_store *open_in(const char *dir)
{
    struct jt_store *s = NULL;
    const struct jt_store_opts o = {.dir = dir};
    assert_int_equal(jt_store_sqlite.open(&o, &s), JT_OK);
    return s;
}

static void put(struct rig *r, const struct jt_object *o)
{
    assert_int_equal(r->store->ops->begin(r->store), JT_OK);
    assert_int_equal(r->store->ops->put(r->store, o), JT_OK);
    assert_int_equal(r->store->ops->commit(r->store, NULL, 0), JT_OK);
}

static void put_setting(struct rig *r, const char *name, const char *value)
{
    const struct jt_setting s = {.o = {.kind = JT_OBJ_SETTING, .name = jt_str(name)},
                                 .value = jt_str(value)};
    put(r, &s.o);
}

static void put_client(struct rig *r, const char *name, uint32_t number)
{
    const struct jt_credential k = {
        .id = jt_str(name), .number = number, .kind = JT_CRED_SECRET, .state = JT_CRED_ACTIVE};
    const struct jt_client c = {.o = {.kind = JT_OBJ_CLIENT, .name = jt_str(name)},
                                .display = jt_str(name),
                                .version = 1,
                                .ncredentials = 1,
                                .credentials = &k};
    put(r, &c.o);
}

#define BATCH 500u

static void append(struct rig *r, size_t n)
{
    static struct jt_event events[BATCH];
    const struct jt_event *list[BATCH];
    for (size_t i = 0; i < n; i++) {
        events[i] = (struct jt_event){.seq = ++r->seq,
                                      .type = JT_EV_TOKEN_ISSUED,
                                      .count = 1,
                                      .time_us = 1000,
                                      .client_id = JT_LIT("c")};
        assert_int_equal(jt_event_chain(r->crypt, r->hash, &events[i], &r->scratch), JT_OK);
        memcpy(r->hash, events[i].hash, sizeof r->hash);
        list[i] = &events[i];
    }
    assert_int_equal(r->store->ops->audit_append(r->store, list, n), JT_OK);
}

static void touch(const char *file)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/jeton-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    /* a name that would be misread in a URI */
    (void)snprintf(r->other, sizeof r->other, "%s/a%%20b?c#d", r->dir);
    (void)snprintf(r->file, sizeof r->file, "%s/b?mode=memory", r->dir);
    assert_int_equal(mkdir(r->other, 0700), 0);
    touch(r->file);
    r->store = open_in(r->dir);
    jt_buf_init(&r->scratch, 65536);
    assert_int_equal(jt_crypt_new(&r->crypt), JT_OK);
    put_client(r, "one", 7);
    put_setting(r, "begun", "5");
    put_setting(r, "floor", "3");
    append(r, 3);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"jeton.db", "jeton.db-wal", "jeton.db-shm",
                                        "audit.db", "audit.db-wal", "audit.db-shm"};
    struct rig *r = *state;
    r->store->ops->close(&r->store);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", r->dir, names[i]);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s/%s", r->other, names[i]);
        (void)unlink(path);
    }
    (void)unlink(r->file);
    assert_int_equal(rmdir(r->other), 0);
    assert_int_equal(rmdir(r->dir), 0);
    jt_buf_free(&r->scratch);
    jt_crypt_free(&r->crypt);
    free(r);
    return 0;
}

static struct jt_backup_about copied(struct rig *r, struct jt_backup *b)
{
    _Atomic bool stop = false;
    struct jt_backup_about a = {.version = "1.2.3", .made_s = 77, .start = 5};
    assert_int_equal(jt_backup_copy(b, &stop, &a), JT_OK);
    (void)r;
    return a;
}

static struct jt_backup_about make(struct rig *r)
{
    struct jt_backup *b = NULL;
    assert_int_equal(jt_backup_open(r->dir, r->file, &b), JT_OK);
    assert_int_equal(jt_backup_pin(b), JT_OK);
    struct jt_backup_about a = copied(r, b);
    jt_backup_close(&b);
    assert_null(b);
    return a;
}

struct seen {
    size_t clients, settings, others;
};

static enum jt_err count(void *ctx, struct jt_object *o)
{
    struct seen *s = ctx;
    s->clients += o->kind == JT_OBJ_CLIENT;
    s->settings += o->kind == JT_OBJ_SETTING;
    s->others += o->kind != JT_OBJ_CLIENT && o->kind != JT_OBJ_SETTING;
    jt_object_free(o);
    return JT_OK;
}

static enum jt_err read_back(struct rig *r, struct jt_backup_about *a)
{
    char why[512];
    enum jt_err e = jt_backup_read(r->file, a, why, sizeof why);
    assert_int_equal(why[0] != '\0', e != JT_OK);
    return e;
}

static void test_there_and_back(void **state)
{
    struct rig *r = *state;
    struct jt_backup_about a = make(r);
    struct jt_backup_about read = {.version = ""};
    struct seen seen = {0, 0, 0};
    struct jt_audit_info info = {0};
    assert_int_equal(a.events, 3);
    assert_int_equal(a.last_seq, 3);
    assert_memory_equal(a.last_hash, r->hash, sizeof r->hash);
    assert_int_equal(read_back(r, &read), JT_OK);
    assert_string_equal(read.version, "1.2.3");
    assert_int_equal(read.made_s, 77);
    assert_int_equal(read.start, 5);
    assert_int_equal(read.last_seq, 3);
    assert_int_equal(read.state_schema, a.state_schema);
    assert_int_equal(jt_backup_unpack(r->file, &read, r->other), JT_OK);
    struct jt_store *s = open_in(r->other);
    assert_int_equal(s->ops->load(s, count, &seen), JT_OK);
    assert_int_equal(s->ops->audit_info(s, &info), JT_OK);
    s->ops->close(&s);
    assert_int_equal(seen.clients, 1);
    assert_int_equal(seen.settings, 2);
    assert_int_equal(seen.others, 0);
    assert_int_equal(info.first_seq, 1);
    assert_int_equal(info.last_seq, 3);
    assert_memory_equal(info.last_hash, r->hash, sizeof r->hash);
}

/* Both databases go on between pin and copy; the copy shows neither. */
static void test_one_moment(void **state)
{
    struct rig *r = *state;
    struct jt_backup *b = NULL;
    struct jt_backup_about read = {.version = ""};
    struct seen seen = {0, 0, 0};
    uint8_t hash[JT_SHA256_SIZE];
    assert_int_equal(jt_backup_open(r->dir, r->file, &b), JT_OK);
    append(r, 1); /* before the pin: in it */
    memcpy(hash, r->hash, sizeof hash);
    assert_int_equal(jt_backup_pin(b), JT_OK);
    put_client(r, "two", 8);
    append(r, BATCH);
    struct jt_backup_about a = copied(r, b);
    append(r, 1);
    jt_backup_close(&b);
    assert_int_equal(a.last_seq, 4);
    assert_memory_equal(a.last_hash, hash, sizeof hash);
    assert_int_equal(read_back(r, &read), JT_OK);
    assert_int_equal(jt_backup_unpack(r->file, &read, r->other), JT_OK);
    struct jt_store *s = open_in(r->other);
    assert_int_equal(s->ops->load(s, count, &seen), JT_OK);
    s->ops->close(&s);
    assert_int_equal(seen.clients, 1);
}

static void test_stops(void **state)
{
    struct rig *r = *state;
    struct jt_backup *b = NULL;
    _Atomic bool stop = true;
    struct jt_backup_about a = {.version = ""};
    for (size_t i = 0; i < 10; i++) {
        append(r, BATCH);
    }
    assert_int_equal(jt_backup_open(r->dir, r->file, &b), JT_OK);
    assert_int_equal(jt_backup_pin(b), JT_OK);
    assert_int_equal(jt_backup_copy(b, &stop, &a), JT_E_BUSY);
    assert_int_equal(a.last_seq, 0);
    jt_backup_close(&b);
    append(r, 1);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_wrong_files(void **state)
{
    static const struct {
        const char *change;
        enum jt_err err;
    } rows[] = {
        {"UPDATE event SET detail='x' WHERE seq=3", JT_E_CORRUPT},
        {"DELETE FROM event WHERE seq=3", JT_E_CORRUPT},
        {"DELETE FROM event", JT_E_CORRUPT},
        {"UPDATE event SET hash=x'00' WHERE seq=3", JT_E_CORRUPT},
        {"UPDATE backup SET last_hash=zeroblob(32)", JT_E_CORRUPT},
        {"DELETE FROM backup", JT_E_CORRUPT},
        {"DROP TABLE event", JT_E_CORRUPT},
        {"UPDATE backup SET state_schema=99", JT_E_NEWER},
        {"UPDATE backup SET audit_schema=99", JT_E_NEWER},
        {"UPDATE backup SET state_schema=0", JT_E_CORRUPT},
        {"PRAGMA user_version=2", JT_E_NEWER},
        {"PRAGMA application_id=0x4a65746e", JT_E_SYNTAX},
    };
    struct rig *r = *state;
    struct jt_backup_about a = {.version = ""};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        touch(r->file);
        (void)make(r);
        assert_int_equal(read_back(r, &a), JT_OK);
        char path[256];
        (void)snprintf(path, sizeof path, "%s", r->file);
        sql(path, rows[i].change);
        assert_int_equal(read_back(r, &a), rows[i].err);
    }
}

static void test_cut_and_foreign(void **state)
{
    struct rig *r = *state;
    struct jt_backup_about a = {.version = ""};
    struct stat st = {0};
    (void)make(r);
    assert_int_equal(stat(r->file, &st), 0);
    assert_int_equal(truncate(r->file, st.st_size - 4096), 0);
    assert_int_equal(read_back(r, &a), JT_E_CORRUPT);
    assert_int_equal(truncate(r->file, 0), 0);
    assert_int_equal(read_back(r, &a), JT_E_SYNTAX);
    FILE *f = fopen(r->file, "w");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++) {
        assert_true(fputs("text ", f) >= 0);
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(read_back(r, &a), JT_E_SYNTAX);
    assert_int_equal(unlink(r->file), 0);
    assert_int_equal(read_back(r, &a), JT_E_IO);
}

static void test_numbers(void **state)
{
    struct rig *r = *state;
    struct jt_backup_numbers n = {0, 0};
    assert_int_equal(jt_backup_numbers(r->dir, "begun", "floor", &n), JT_OK);
    assert_int_equal(n.start, 5);
    assert_int_equal(n.credential, 7);
    put_setting(r, "floor", "9");
    assert_int_equal(jt_backup_numbers(r->dir, "begun", "floor", &n), JT_OK);
    assert_int_equal(n.credential, 9);
    assert_int_equal(jt_backup_numbers(r->other, "begun", "floor", &n), JT_E_IO);
    assert_int_equal(n.credential, 9);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back), TEST(test_one_moment),      TEST(test_stops),
        TEST(test_wrong_files),    TEST(test_cut_and_foreign), TEST(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
