/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_replay.c - each assertion once, in memory that is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/base/num.h"
#include "server/auth/replay.h"

static struct jt_replays *r;

static int setup(void **state)
{
    (void)state;
    return jt_replays_new(&r) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_replays_free(&r);
    return r == NULL ? 0 : -1;
}

/* Spread as a hash is. */
static struct jt_replay_id id_of(uint64_t n, uint16_t bucket, int64_t expires_s)
{
    struct jt_replay_id id = {.used = true, .bucket = bucket, .expires_s = expires_s};
    jt_put_be64(id.id, (n * UINT64_C(0x9e3779b97f4a7c15)) ^ n >> 7);
    jt_put_be64(id.id + 8, n * UINT64_C(0xc2b2ae3d27d4eb4f));
    return id;
}

static void once(void **state)
{
    (void)state;
    const struct jt_replay_id a = id_of(1, 1, 1000);
    const struct jt_replay_id b = id_of(2, 1, 1000);
    assert_int_equal(jt_replays_claim(r, &a, 0), JT_OK);
    assert_int_equal(jt_replays_claim(r, &a, 0), JT_E_CONFLICT);
    assert_int_equal(jt_replays_claim(r, &b, 0), JT_OK);
    assert_int_equal(jt_replays_count(r), 2);
}

static void names(void **state)
{
    (void)state;
    struct jt_crypt *c = NULL;
    struct jt_replay_id a;
    struct jt_replay_id b;
    assert_int_equal(jt_crypt_new(&c), JT_OK);
    assert_int_equal(jt_replay_name(c, JT_LIT("c"), JT_LIT("ab"), JT_LIT("c"), 9, &a), JT_OK);
    assert_int_equal(jt_replay_name(c, JT_LIT("c"), JT_LIT("a"), JT_LIT("bc"), 9, &b), JT_OK);
    assert_memory_not_equal(a.id, b.id, sizeof a.id);
    assert_int_equal(jt_replay_name(c, JT_LIT("d"), JT_LIT("ab"), JT_LIT("c"), 10, &b), JT_OK);
    assert_memory_equal(a.id, b.id, sizeof a.id); /* one assertion, whoever brings it */
    jt_crypt_free(&c);
}

/* Through growing, every one that is not over is still known. */
static void grows_and_forgets(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    for (uint64_t i = 0; i < MANY; i++) {
        const struct jt_replay_id id = id_of(i, (uint16_t)(i % 4096), i % 2 == 0 ? 1000 : 2000);
        assert_int_equal(jt_replays_claim(r, &id, 0), JT_OK);
    }
    for (uint64_t i = 0; i < MANY; i++) {
        const struct jt_replay_id id = id_of(i, 0, 2000);
        assert_int_equal(jt_replays_claim(r, &id, 0), JT_E_CONFLICT);
    }
    for (uint64_t i = MANY; i < 4 * (uint64_t)MANY; i++) {
        const struct jt_replay_id id = id_of(i, (uint16_t)(i % 4096), 3000);
        assert_int_equal(jt_replays_claim(r, &id, 1500), JT_OK);
    }
    for (uint64_t i = 1; i < MANY; i += 2) {
        const struct jt_replay_id id = id_of(i, 0, 2000);
        assert_int_equal(jt_replays_claim(r, &id, 1500), JT_E_CONFLICT);
    }
    assert_true(jt_replays_count(r) < 4 * (size_t)MANY); /* what was over has left */
}

static void a_client_has_a_share(void **state)
{
    (void)state;
    enum jt_err e = JT_OK;
    uint64_t n = 0;
    for (; n <= JT_REPLAYS_CLIENT_MAX && e == JT_OK; n++) {
        const struct jt_replay_id id = id_of(n, 7, 1000);
        e = jt_replays_claim(r, &id, 0);
    }
    assert_int_equal(e, JT_E_LIMIT);
    assert_int_equal(jt_replays_count(r), JT_REPLAYS_CLIENT_MAX);
    const struct jt_replay_id other = id_of(n + 1, 8, 1000);
    assert_int_equal(jt_replays_claim(r, &other, 0), JT_OK); /* others are let in */
    const struct jt_replay_id late = id_of(n + 2, 7, 5000);
    assert_int_equal(jt_replays_claim(r, &late, 1000), JT_E_LIMIT); /* none is over yet */
    assert_int_equal(jt_replays_claim(r, &late, 2000), JT_OK);      /* and it is, once some are */
}

static void loaded(void **state)
{
    (void)state;
    const struct jt_replay_id id = id_of(5, 1, 1000);
    const struct jt_replay row = {
        .o = {.kind = JT_OBJ_REPLAY, .name = jt_slice(id.id, sizeof id.id)}, .expires_s = 1000};
    assert_int_equal(jt_replays_load(r, &row), JT_OK);
    assert_int_equal(jt_replays_load(r, &row), JT_OK);
    assert_int_equal(jt_replays_claim(r, &id, 0), JT_E_CONFLICT);
}

static _Atomic unsigned firsts;

static void *claim_all(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < 20000; i++) {
        const struct jt_replay_id id = id_of(i, (uint16_t)(i % 64), 1000 + (int64_t)(i % 7));
        if (jt_replays_claim(r, &id, 0) == JT_OK) {
            firsts++;
        }
    }
    return NULL;
}

static void threads(void **state)
{
    (void)state;
    pthread_t t[4];
    firsts = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, claim_all, NULL), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    assert_int_equal(firsts, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, setup, teardown),
        cmocka_unit_test_setup_teardown(names, setup, teardown),
        cmocka_unit_test_setup_teardown(grows_and_forgets, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_has_a_share, setup, teardown),
        cmocka_unit_test_setup_teardown(loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
