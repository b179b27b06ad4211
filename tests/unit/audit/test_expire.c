/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_expire.c - tokens and revocations leave when their time is over, some at a time, unless the
 * clock is wrong; uses of credentials reach the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/num.h"
#include "rig.h"
#include "server/store/orphans.h"

#define S INT64_C(1000000)
#define DAY (86400 * S)

/* Both clocks go on, and the writer has done what is then due: the second job comes after it. */
static void go_on(struct rig *r, int64_t us)
{
    (void)atomic_fetch_add(&r->wall_us, us);
    (void)atomic_fetch_add(&r->mono_us, us);
    for (int i = 0; i < 2; i++) {
        struct jt_job job = plain(r, "tick");
        run_one(r, &job);
    }
}

static int64_t now_s(struct rig *r)
{
    return wall(r) / S;
}

static void put_token(struct rig *r, uint64_t i, int64_t expires_s)
{
    uint8_t hash[JT_SHA256_SIZE] = {0};
    static const struct jt_profile profile = {.client_id = JT_LIT_INIT("c")};
    jt_put_be64(hash, i * UINT64_C(0x9e3779b97f4a7c15));
    const struct jt_opaque t = {.o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(hash, sizeof hash)},
                                .sequence = i,
                                .expires_s = expires_s,
                                .profile = &profile};
    struct jt_opaque *copy = jt_opaque_dup(&t, r->profiles);
    assert_non_null(copy);
    assert_int_equal(r->store->ops->begin(r->store), JT_OK);
    assert_int_equal(r->store->ops->put(r->store, &t.o), JT_OK);
    assert_int_equal(r->store->ops->commit(r->store, NULL, 0), JT_OK);
    assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
}

static void put_revocation(struct rig *r, uint64_t i, int64_t expires_s)
{
    uint8_t name[8];
    jt_put_be64(name, i);
    const struct jt_revocation v = {
        .o = {.kind = JT_OBJ_REVOCATION, .name = jt_slice(name, sizeof name)},
        .expires_s = expires_s};
    struct jt_revocation *copy = jt_revocation_dup(&v);
    assert_non_null(copy);
    assert_int_equal(r->store->ops->begin(r->store), JT_OK);
    assert_int_equal(r->store->ops->put(r->store, &v.o), JT_OK);
    assert_int_equal(r->store->ops->commit(r->store, NULL, 0), JT_OK);
    assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
}

struct stored {
    size_t tokens, revocations, uses, replays;
    struct jt_use use;
};

static enum jt_err count(void *ctx, struct jt_object *o)
{
    struct stored *s = ctx;
    if (o->kind == JT_OBJ_TOKEN) { /* only lent */
        s->tokens++;
        return JT_OK;
    }
    s->revocations += o->kind == JT_OBJ_REVOCATION ? 1 : 0;
    s->replays += o->kind == JT_OBJ_REPLAY ? 1 : 0;
    if (o->kind == JT_OBJ_USE) {
        s->use = *(const struct jt_use *)o;
        s->uses++;
    }
    jt_object_free(o);
    return JT_OK;
}

static struct stored stored(struct rig *r)
{
    struct stored s = {0};
    assert_int_equal(r->store->ops->load(r->store, count, &s), JT_OK);
    return s;
}

static size_t shown(const struct rig *r, enum jt_object_kind kind)
{
    return jt_directory_count(r->directory, kind);
}

/* A request that was proven by an assertion with this end. */
static enum jt_err use_assertion(struct rig *r, uint8_t name, int64_t expires_s)
{
    uint8_t id[JT_REPLAY_ID] = {name};
    const struct jt_replay used = {.o = {.kind = JT_OBJ_REPLAY, .name = jt_slice(id, sizeof id)},
                                   .expires_s = expires_s};
    struct jt_job job = plain(r, "signer");
    job.replay = &used;
    run_one(r, &job);
    return job.result;
}

static void test_used_assertions(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    assert_int_equal(use_assertion(r, 1, now_s(r) + 60), JT_OK);
    assert_int_equal(use_assertion(r, 2, now_s(r) + 60), JT_OK);
    assert_int_equal(use_assertion(r, 3, now_s(r) + 3000), JT_OK);
    go_on(r, 2 * S);
    assert_int_equal(stored(r).replays, 3);
    go_on(r, 200 * S); /* their end is over, but not for long */
    assert_int_equal(stored(r).replays, 3);
    go_on(r, 100 * S);
    assert_int_equal(stored(r).replays, 1);
    go_on(r, 3600 * S);
    assert_int_equal(stored(r).replays, 0);
}

/* Those of an earlier run leave too, whose ends are not known to this one. */
static void test_assertions_of_before(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    assert_int_equal(use_assertion(r, 1, now_s(r) + 60), JT_OK);
    jt_writer_stop(&r->writer);
    r->opts.has_replays = true;
    start_writer(r);
    go_on(r, 300 * S);
    assert_int_equal(stored(r).replays, 0);
}

/* What could not be written is refused, also where the log may be silent. */
static void test_assertion_is_not_written(void **state)
{
    struct rig *r = *state;
    const struct jt_store_faults none = {0};
    const struct jt_store_faults state_once = {.countdown = 1, .err = JT_E_FULL, .only = "commit"};
    const struct jt_store_faults log = {
        .countdown = 1, .err = JT_E_FULL, .for_ever = true, .only = "audit_append"};
    r->opts.on_failure = JT_AUDIT_DEGRADE;
    start_writer(r);
    jt_store_faults_set(&r->faults, &state_once);
    assert_int_equal(use_assertion(r, 1, now_s(r) + 60), JT_E_FULL);
    jt_store_faults_set(&r->faults, &log);
    assert_int_equal(use_assertion(r, 2, now_s(r) + 60), JT_E_FULL);
    jt_store_faults_set(&r->faults, &none);
    assert_int_equal(use_assertion(r, 3, now_s(r) + 60), JT_OK);
}

static void test_time_is_over(void **state)
{
    struct rig *r = *state;
    for (uint64_t i = 1; i <= 10; i++) {
        put_token(r, i, now_s(r) + (i <= 4 ? 100 : 10000));
        put_revocation(r, i, now_s(r) + (i <= 7 ? 100 : 10000));
    }
    start_writer(r);
    go_on(r, 50 * S);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 10);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 10);
    go_on(r, 60 * S);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 6);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 10); /* a while longer than their tokens */
    go_on(r, 3600 * S);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 3);
    assert_int_equal(stored(r).tokens, 6);
    assert_int_equal(stored(r).revocations, 3);
    assert_false(jt_directory_revoked(r->directory, 7));
    assert_true(jt_directory_revoked(r->directory, 8));
    go_on(r, 6500 * S);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 0);
    assert_int_equal(jt_profiles_count(r->profiles), 0);
    assert_int_equal(stored(r).tokens, 0);
}

/* A million that end at once must not hold up the thread that everybody waits for. */
static void test_some_at_a_time(void **state)
{
    enum { N = 9000, ALIVE = 500, MOST = 2000 + 512 };
    struct rig *r = *state;
    uint8_t hash[JT_SHA256_SIZE] = {0};
    const struct jt_profile profile = {.client_id = JT_LIT("c")};
    for (uint64_t i = 1; i <= N + ALIVE;
         i++) { /* the directory alone: the store has none of them */
        jt_put_be64(hash, i * UINT64_C(0x9e3779b97f4a7c15));
        const struct jt_opaque t = {
            .o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(hash, sizeof hash)},
            .sequence = i,
            .expires_s = i <= N ? 1 : INT64_MAX,
            .profile = &profile};
        struct jt_opaque *copy = jt_opaque_dup(&t, r->profiles);
        assert_non_null(copy);
        assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
    }
    start_writer(r);
    size_t before = N + ALIVE;
    int rounds = 0;
    while (before > ALIVE) {
        assert_true(++rounds < 100);
        go_on(r, 2 * S);
        size_t now = shown(r, JT_OBJ_TOKEN);
        /* the rounds overlap with those of the true clock: two at most */
        assert_true(before - now <= 2 * (size_t)MOST);
        before = now;
    }
    assert_true(rounds >= 2);
    assert_int_equal(before, ALIVE);
}

/* A revocation that left because the clock was ahead would bring its token back. */
static void test_clock_jumps(void **state)
{
    struct rig *r = *state;
    put_token(r, 1, now_s(r) + 1000);
    put_revocation(r, 1, now_s(r) + 1000);
    start_writer(r);
    go_on(r, 2 * S);
    assert_int_equal(atomic_load(&r->warnings), 0);
    (void)atomic_fetch_add(&r->wall_us, 10 * DAY);
    go_on(r, 2 * S);
    go_on(r, 2 * S);
    assert_int_equal(atomic_load(&r->warnings), 1); /* said once */
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 1);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 1);
    (void)atomic_fetch_sub(&r->wall_us, 10 * DAY);
    go_on(r, 5000 * S);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 0);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 0);
}

/* Steps that a trusted clock may make: a token's time must not come again without its revocation.
 */
static void test_clock_steps_back(void **state)
{
    struct rig *r = *state;
    put_revocation(r, 1, now_s(r) + 100);
    start_writer(r);
    (void)atomic_fetch_add(&r->wall_us, 50 * S);
    go_on(r, 52 * S);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 1); /* over, as it seems */
    (void)atomic_fetch_sub(&r->wall_us, 100 * S);
    go_on(r, 2 * S);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 1); /* and its token is not */
    (void)atomic_fetch_add(&r->wall_us, 50 * S);
    go_on(r, 3700 * S);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 0);
}

/* Nothing can be done about tokens whose time comes again; but it is said. */
static void test_start_behind(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    go_on(r, 0);
    jt_writer_stop(&r->writer);
    (void)atomic_fetch_sub(&r->wall_us, 30 * S);
    start_writer(r);
    jt_writer_stop(&r->writer);
    assert_int_equal(atomic_load(&r->warnings), 0);
    (void)atomic_fetch_sub(&r->wall_us, 3 * DAY);
    start_writer(r);
    assert_int_equal(atomic_load(&r->warnings), 1);
}

/* A start days after the last event: a wrong clock, or a long stop. After a day it is known. */
static void test_start_far_ahead(void **state)
{
    struct rig *r = *state;
    put_revocation(r, 1, now_s(r) + 1000);
    start_writer(r);
    go_on(r, 0);
    jt_writer_stop(&r->writer);
    (void)atomic_fetch_add(&r->wall_us, 3 * DAY);
    start_writer(r);
    go_on(r, 2 * S);
    go_on(r, DAY / 2);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 1);
    go_on(r, DAY / 2);
    assert_int_equal(shown(r, JT_OBJ_REVOCATION), 0);
}

static void test_disk_fails(void **state)
{
    struct rig *r = *state;
    struct jt_writer_stats s;
    put_token(r, 1, now_s(r) + 10);
    start_writer(r);
    fail_next(r, "commit", JT_E_FULL, true);
    go_on(r, 20 * S);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 1); /* no database lacks what the other one has */
    jt_writer_stats(r->writer, &s);
    assert_true(s.failures > 0);
    no_faults(r);
    go_on(r, 2 * S);
    go_on(r, 2 * S);
    assert_int_equal(shown(r, JT_OBJ_TOKEN), 0);
    assert_int_equal(stored(r).tokens, 0);
}

static void use(struct rig *r, uint32_t credential, int64_t at_s)
{
    static struct jt_usage_batch b;
    const struct jt_addr address = {{9}};
    const struct jt_usage_from from = {&address, JT_LIT("curl/8")};
    jt_usage_add(&b, r->usage, credential, at_s, &from);
    jt_usage_merge(&b, r->usage);
}

static void test_uses_are_written(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    go_on(r, 2 * S);
    use(r, 7, 100);
    use(r, 7, 101);
    go_on(r, 6 * S);
    struct stored s = stored(r);
    assert_int_equal(s.uses, 1);
    assert_true(s.use.number == 7 && s.use.count == 2 && s.use.first_s == 100);
    assert_true(s.use.last_s == 101 && s.use.address.b[0] == 9);
    use(r, 8, 102);
    fail_next(r, "commit", JT_E_FULL, true);
    go_on(r, 6 * S);
    assert_int_equal(stored(r).uses, 1);
    no_faults(r);
    go_on(r, 6 * S); /* what could not be written is written later */
    assert_int_equal(stored(r).uses, 2);
    use(r, 9, 103);
    jt_writer_stop(&r->writer); /* and what is left at the end */
    assert_int_equal(stored(r).uses, 3);
}

/* More than one round takes. */
static void test_many_uses(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    for (uint32_t i = 1; i <= 2500; i++) {
        use(r, i, i);
    }
    jt_writer_stop(&r->writer);
    assert_int_equal(stored(r).uses, 2500);
}

static enum jt_err put_client(struct jt_change *chg, void *ctx)
{
    return jt_change_put_copy(chg, ctx);
}

static enum jt_err drop_client(struct jt_change *chg, void *ctx)
{
    (void)ctx;
    return jt_change_drop(chg, JT_OBJ_CLIENT, JT_LIT("c"));
}

static enum jt_err change(struct rig *r, jt_change_fn fn, void *ctx)
{
    struct jt_job job = plain(r, "c");
    job.change = fn;
    job.ctx = ctx;
    run_one(r, &job);
    return job.result;
}

static bool known(struct rig *r, uint32_t number)
{
    struct jt_use u = {0};
    return jt_usage_get(r->usage, number, &u);
}

/* With its credential goes what is known of its use, in the same change. */
static void test_uses_leave(void **state)
{
    struct rig *r = *state;
    const struct jt_credential both[] = {{.number = 7}, {.number = 8}};
    struct jt_client c = {
        .o = {.kind = JT_OBJ_CLIENT, .name = JT_LIT("c")}, .ncredentials = 2, .credentials = both};
    start_writer(r);
    assert_int_equal(change(r, put_client, &c), JT_OK);
    for (uint32_t i = 7; i <= 9; i++) {
        use(r, i, 100);
    }
    go_on(r, 6 * S);
    assert_int_equal(stored(r).uses, 3);
    c.ncredentials = 1; /* 8 was pruned */
    fail_next(r, "commit", JT_E_FULL, false);
    assert_int_equal(change(r, put_client, &c), JT_E_FULL);
    assert_true(known(r, 8) && stored(r).uses == 3);
    assert_int_equal(change(r, put_client, &c), JT_OK);
    assert_true(known(r, 7) && !known(r, 8) && stored(r).uses == 2);
    fail_next(r, "audit_append", JT_E_FULL, false);
    assert_int_equal(change(r, drop_client, NULL), JT_E_FULL); /* it waits for the log */
    go_on(r, S);
    assert_true(!known(r, 7) && known(r, 9));
    use(r, 7, 101); /* a worker that merges late */
    go_on(r, 6 * S);
    assert_int_equal(stored(r).uses, 1);
}

/* What earlier versions left, or a crash. */
static void test_orphans(void **state)
{
    struct rig *r = *state;
    const struct jt_credential one[] = {{.number = 7}};
    struct jt_client c = {
        .o = {.kind = JT_OBJ_CLIENT, .name = JT_LIT("c")}, .ncredentials = 1, .credentials = one};
    start_writer(r);
    assert_int_equal(change(r, put_client, &c), JT_OK);
    for (uint32_t i = 1; i <= 300; i++) {
        use(r, i, 100);
    }
    jt_writer_stop(&r->writer);
    assert_int_equal(stored(r).uses, 300);
    assert_int_equal(r->store->ops->begin(r->store), JT_OK);
    assert_int_equal(jt_usage_drop_orphans(r->usage, r->directory, r->store), JT_OK);
    assert_int_equal(r->store->ops->commit(r->store, NULL, 0), JT_OK);
    assert_true(known(r, 7) && !known(r, 1) && !known(r, 300));
    assert_true(stored(r).uses == 1 && stored(r).use.number == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_time_is_over),
        TEST(test_some_at_a_time),
        TEST(test_clock_jumps),
        TEST(test_start_far_ahead),
        TEST(test_disk_fails),
        TEST(test_uses_are_written),
        TEST(test_many_uses),
        TEST(test_uses_leave),
        TEST(test_clock_steps_back),
        TEST(test_start_behind),
        TEST(test_orphans),
        TEST(test_used_assertions),
        TEST(test_assertions_of_before),
        TEST(test_assertion_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
