/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_directory.c - readers without locks: what is replaced lives as long as somebody may see it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "server/store/directory.h"

static struct jt_epochs epochs;
static struct jt_directory *dir;

static int setup(void **state)
{
    (void)state;
    jt_epochs_init(&epochs);
    return jt_directory_new(&epochs, &dir) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_directory_free(&dir);
    jt_epochs_free(&epochs);
    return 0;
}

static struct jt_object *client(const char *id, uint64_t version)
{
    const struct jt_client c = {.o = {.name = jt_str(id)}, .version = version};
    struct jt_client *copy = jt_client_dup(&c);
    assert_non_null(copy);
    return &copy->o;
}

static void replace(struct jt_object *o)
{
    struct jt_publication *p = NULL;
    assert_int_equal(jt_directory_prepare(dir, o, &p), JT_OK);
    jt_directory_publish(dir, &p);
}

static void test_many(void **state)
{
    (void)state;
    char id[32];
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(id, sizeof id, "client-%d", i);
        assert_int_equal(jt_directory_put(dir, client(id, (uint64_t)i)), JT_OK);
    }
    assert_int_equal(jt_directory_count(dir, JT_OBJ_CLIENT), 20000);
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(id, sizeof id, "client-%d", i);
        const struct jt_client *c = jt_directory_client(dir, jt_str(id));
        assert_non_null(c);
        assert_int_equal(c->version, i);
    }
    assert_null(jt_directory_client(dir, JT_LIT("client-20000")));
    assert_null(jt_directory_client(dir, JT_LIT("")));
    const struct jt_object *page[1000];
    uint64_t cursor = 0;
    size_t all = 0;
    size_t n = 0;
    do {
        n = jt_directory_page(dir, JT_OBJ_CLIENT, &cursor, page, 1000);
        all += n;
    } while (n == 1000);
    assert_int_equal(all, 20000);
}

static void test_replace_and_drop(void **state)
{
    (void)state;
    uint64_t before = jt_directory_version(dir, JT_OBJ_CLIENT);
    replace(client("a", 1));
    replace(client("a", 2));
    assert_int_equal(jt_directory_client(dir, JT_LIT("a"))->version, 2);
    assert_int_equal(jt_directory_count(dir, JT_OBJ_CLIENT), 1);
    assert_int_equal(jt_directory_version(dir, JT_OBJ_CLIENT), before + 2);
    struct jt_publication *p = NULL;
    assert_int_equal(jt_directory_prepare_drop(dir, JT_OBJ_CLIENT, JT_LIT("a"), &p), JT_OK);
    jt_directory_publish(dir, &p);
    assert_null(jt_directory_client(dir, JT_LIT("a")));
    assert_int_equal(jt_directory_count(dir, JT_OBJ_CLIENT), 0);
    /* what is not there any more is no error, and changes nothing */
    assert_int_equal(jt_directory_prepare_drop(dir, JT_OBJ_CLIENT, JT_LIT("a"), &p), JT_OK);
    jt_directory_publish(dir, &p);
    assert_int_equal(jt_directory_count(dir, JT_OBJ_CLIENT), 0);
    assert_int_equal(jt_directory_prepare_drop(dir, JT_OBJ_SETTING, JT_LIT("a"), &p),
                     JT_E_UNSUPPORTED);
}

/* Prepared before the object is there, published after: a change that puts and drops. */
static void test_drop_of_what_comes(void **state)
{
    (void)state;
    struct jt_publication *put = NULL;
    struct jt_publication *drop = NULL;
    assert_int_equal(jt_directory_prepare(dir, client("b", 1), &put), JT_OK);
    assert_int_equal(jt_directory_prepare_drop(dir, JT_OBJ_CLIENT, JT_LIT("b"), &drop), JT_OK);
    jt_directory_publish(dir, &put);
    assert_non_null(jt_directory_client(dir, JT_LIT("b")));
    jt_directory_publish(dir, &drop);
    assert_null(jt_directory_client(dir, JT_LIT("b")));
    assert_int_equal(jt_directory_count(dir, JT_OBJ_CLIENT), 0);
}

/* One token that was revoked, by the sequence of its issue. */
static void test_revoked(void **state)
{
    (void)state;
    static const uint8_t name[8] = {0, 0, 1, 0, 0, 0, 0, 7};
    const struct jt_revocation r = {.o = {.name = jt_slice(name, sizeof name)}, .expires_s = 9};
    struct jt_revocation *copy = jt_revocation_dup(&r);
    assert_non_null(copy);
    assert_false(jt_directory_revoked(dir, (UINT64_C(1) << 40) + 7));
    replace(&copy->o);
    assert_true(jt_directory_revoked(dir, (UINT64_C(1) << 40) + 7));
    assert_false(jt_directory_revoked(dir, (UINT64_C(1) << 40) + 8));
    assert_false(jt_directory_revoked(dir, 7));
}

/* Prepared in one order on possibly one shard, published in that order: nothing gets lost. */
static void test_publications_in_between(void **state)
{
    (void)state;
    struct jt_publication *p[64];
    char id[32];
    for (int i = 0; i < 64; i++) {
        (void)snprintf(id, sizeof id, "r%d", i % 32);
        const struct jt_resource r = {.o = {.name = jt_str(id)}, .version = (uint64_t)i};
        struct jt_resource *copy = jt_resource_dup(&r);
        assert_non_null(copy);
        assert_int_equal(jt_directory_prepare(dir, &copy->o, &p[i]), JT_OK);
    }
    for (int i = 0; i < 64; i++) {
        jt_directory_publish(dir, &p[i]);
    }
    for (int i = 0; i < 32; i++) {
        (void)snprintf(id, sizeof id, "r%d", i);
        assert_int_equal(jt_directory_resource(dir, jt_str(id))->version, i + 32);
    }
    assert_int_equal(jt_directory_count(dir, JT_OBJ_RESOURCE), 32);
}

static void test_discard(void **state)
{
    (void)state;
    struct jt_publication *p = NULL;
    assert_int_equal(jt_directory_prepare(dir, client("gone", 1), &p), JT_OK);
    jt_directory_discard(&p);
    assert_null(jt_directory_client(dir, JT_LIT("gone")));
}

/* A parked request holds what it saw, though its worker has gone on to newer epochs. */
static void test_parked_reader(void **state)
{
    (void)state;
    replace(client("p", 1));
    (void)jt_epoch_reclaim(&epochs);
    uint64_t mine = jt_epoch_enter(&epochs, 3);
    const struct jt_client *seen = jt_directory_client(dir, JT_LIT("p"));
    replace(client("p", 2));
    jt_epoch_announce(&epochs, 3, mine); /* asleep, with one request parked */
    assert_true(jt_epoch_reclaim(&epochs) > 0);
    assert_int_equal(seen->version, 1); /* the address sanitizer would tell */
    jt_epoch_announce(&epochs, 3, JT_EPOCH_OFFLINE);
    assert_int_equal(jt_epoch_reclaim(&epochs), 0);
}

/* One that begins after the replacement holds nothing back. */
static void test_later_reader(void **state)
{
    (void)state;
    replace(client("q", 1));
    replace(client("q", 2));
    (void)jt_epoch_enter(&epochs, 1);
    assert_int_equal(jt_epoch_reclaim(&epochs), 0);
    jt_epoch_announce(&epochs, 1, JT_EPOCH_OFFLINE);
}

static _Atomic bool stop;

static void *read_all_the_time(void *arg)
{
    size_t reader = *(size_t *)arg;
    size_t wrong = 0;
    while (!atomic_load(&stop)) {
        (void)jt_epoch_enter(&epochs, reader);
        const struct jt_client *c = jt_directory_client(dir, JT_LIT("hot"));
        wrong += c == NULL || !jt_slice_eq(c->o.name, JT_LIT("hot")) ? 1 : 0;
        jt_epoch_announce(&epochs, reader, JT_EPOCH_OFFLINE);
    }
    return (void *)wrong;
}

static void test_readers_beside_a_writer(void **state)
{
    (void)state;
    pthread_t t[2];
    size_t index[2] = {5, 6};
    atomic_store(&stop, false);
    replace(client("hot", 0));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, read_all_the_time, &index[i]), 0);
    }
    for (uint64_t i = 1; i < 20000; i++) {
        replace(client("hot", i));
        (void)jt_epoch_reclaim(&epochs);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < 2; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(t[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(jt_epoch_reclaim(&epochs), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_many),
        TEST(test_replace_and_drop),
        TEST(test_drop_of_what_comes),
        TEST(test_revoked),
        TEST(test_publications_in_between),
        TEST(test_discard),
        TEST(test_parked_reader),
        TEST(test_later_reader),
        TEST(test_readers_beside_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
