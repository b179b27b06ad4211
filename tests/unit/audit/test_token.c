/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_token.c - an opaque token is shown only when both databases have it; what fails for it fails
 * for nobody else.
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

/* A request's token: everything borrowed, as the flow hands it over. */
struct asked {
    struct jt_job job;
    struct jt_opaque token;
    struct jt_profile profile;
    uint8_t hash[JT_SHA256_SIZE];
};

static void ask(struct rig *r, struct asked *a, uint64_t i, const char *client)
{
    *a = (struct asked){.job = plain(r, client)};
    jt_put_be64(a->hash, i * UINT64_C(0x9e3779b97f4a7c15));
    a->profile = (struct jt_profile){
        .client_id = jt_str(client), .audience = JT_LIT("https://a"), .scope = JT_LIT("r")};
    a->token = (struct jt_opaque){
        .o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(a->hash, sizeof a->hash)},
        .sequence = i,
        .issued_s = 1,
        .expires_s = INT64_MAX,
        .profile = &a->profile,
        .credential = 3,
    };
    a->job.opaque = &a->token;
}

static const struct jt_opaque *shown(struct rig *r, const struct asked *a)
{
    return jt_directory_token(r->directory, a->hash);
}

static enum jt_err count_tokens(void *ctx, struct jt_object *o)
{
    size_t *n = ctx;
    *n += o->kind == JT_OBJ_TOKEN ? 1 : 0;
    if (o->kind != JT_OBJ_TOKEN) { /* a token is only lent */
        jt_object_free(o);
    }
    return JT_OK;
}

static size_t on_disk(struct rig *r)
{
    size_t n = 0;
    assert_int_equal(r->store->ops->load(r->store, count_tokens, &n), JT_OK);
    return n;
}

static enum jt_err count_event(void *ctx, const struct jt_event *e)
{
    size_t *n = ctx;
    *n += e->seq > 0 ? 1 : 0;
    return JT_OK;
}

static size_t events(struct rig *r)
{
    const struct jt_audit_query q = {.scan = 1000000};
    uint64_t next = 0;
    size_t n = 0;
    assert_int_equal(r->store->ops->audit_read(r->store, &q, count_event, &n, &next), JT_OK);
    return n;
}

static void run_two(struct rig *r, struct jt_job *a, struct jt_job *b)
{
    struct jt_handover h = {0};
    jt_handover_add(&h, a);
    jt_handover_add(&h, b);
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, 2);
}

static void test_shown_when_answered(void **state)
{
    struct rig *r = *state;
    struct asked a;
    start_writer(r);
    ask(r, &a, 1, "alice");
    run_one(r, &a.job);
    assert_int_equal(a.job.result, JT_OK);
    assert_true(a.job.receipt.on_disk);
    const struct jt_opaque *t = shown(r, &a);
    assert_non_null(t);
    assert_ptr_not_equal(t->profile, &a.profile); /* its own, not the request's */
    assert_true(jt_slice_eq(t->profile->client_id, JT_LIT("alice")));
    assert_true(t->sequence == 1 && t->credential == 3);
    assert_int_equal(jt_profiles_count(r->profiles), 1);
    assert_int_equal(on_disk(r), 1);
    assert_int_equal(events(r), 1);
}

/* jeton.db fails: 503 for the opaque token, and the JWT beside it leaves as ever. */
static void test_state_fails(void **state)
{
    static const char *const calls[] = {"begin", "put", "commit"};
    struct rig *r = *state;
    start_writer(r);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct asked a;
        struct jt_job jwt = plain(r, "bob");
        ask(r, &a, i + 1, "alice");
        fail_next(r, calls[i], i == 1 ? JT_E_FULL : JT_E_IO, true);
        run_two(r, &a.job, &jwt);
        assert_int_equal(a.job.result, i == 1 ? JT_E_FULL : JT_E_IO);
        assert_false(a.job.receipt.on_disk);
        assert_int_equal(a.job.receipt.seq, 0); /* no record of what was not given */
        assert_null(shown(r, &a));
        assert_int_equal(jwt.result, JT_OK);
        assert_true(jwt.receipt.on_disk);
        no_faults(r);
        assert_int_equal(events(r), i + 1);
    }
    assert_int_equal(on_disk(r), 0);
    assert_int_equal(jt_profiles_count(r->profiles), 0);
    struct asked again;
    ask(r, &again, 9, "alice");
    run_one(r, &again.job);
    assert_int_equal(again.job.result, JT_OK);
}

/* The log fails: the hash is on disk, but nobody was ever given the token, and it is not shown. */
static void test_log_fails(void **state)
{
    struct rig *r = *state;
    struct asked a;
    struct asked b;
    start_writer(r);
    ask(r, &a, 1, "alice");
    fail_next(r, "audit_append", JT_E_FULL, true);
    run_one(r, &a.job);
    assert_int_equal(a.job.result, JT_E_FULL);
    assert_false(a.job.receipt.on_disk);
    assert_null(shown(r, &a));
    no_faults(r);
    ask(r, &b, 2, "alice");
    run_one(r, &b.job);
    assert_int_equal(b.job.result, JT_OK);
    assert_null(shown(r, &a));
    assert_non_null(shown(r, &b));
    assert_int_equal(events(r), 1);
}

/* on_failure degrade is for what needs no state: an opaque token never leaves without its record.
 */
static void test_degrade(void **state)
{
    struct rig *r = *state;
    struct asked a;
    struct jt_job jwt = plain(r, "bob");
    r->opts.on_failure = JT_AUDIT_DEGRADE;
    start_writer(r);
    ask(r, &a, 1, "alice");
    fail_next(r, "audit_append", JT_E_IO, true);
    run_two(r, &a.job, &jwt);
    assert_int_equal(a.job.result, JT_E_IO);
    assert_false(a.job.receipt.unaudited);
    assert_null(shown(r, &a));
    assert_int_equal(jwt.result, JT_OK);
    assert_true(jwt.receipt.unaudited);
    no_faults(r);
}

static enum jt_err put_client(struct jt_change *chg, void *ctx)
{
    (void)ctx;
    const struct jt_client c = {.o = {.kind = JT_OBJ_CLIENT, .name = JT_LIT("new")}};
    return jt_change_put_copy(chg, &c.o);
}

/* A change that waits for the log holds later tokens back, in degrade too. */
static void test_behind_a_change_that_waits(void **state)
{
    struct rig *r = *state;
    struct asked a;
    struct jt_job change = plain(r, "admin");
    r->opts.on_failure = JT_AUDIT_DEGRADE;
    start_writer(r);
    fail_next(r, "audit_append", JT_E_IO, true);
    change.change = put_client;
    run_one(r, &change);
    assert_int_equal(change.result, JT_E_IO);
    ask(r, &a, 1, "alice");
    run_one(r, &a.job);
    assert_int_equal(a.job.result, JT_E_IO);
    assert_null(shown(r, &a));
    assert_int_equal(on_disk(r), 0);
    no_faults(r);
    run_one(r, &a.job); /* the same job once more: what failed before does not stick */
    assert_int_equal(a.job.result, JT_OK);
    assert_true(a.job.receipt.on_disk);
    assert_non_null(shown(r, &a));
}

/* All of a batch in one transaction. */
static void test_many_at_once(void **state)
{
    enum { N = 500 };
    struct rig *r = *state;
    struct asked *all = calloc(N, sizeof *all);
    struct jt_handover h = {0};
    assert_non_null(all);
    start_writer(r);
    for (uint64_t i = 0; i < N; i++) {
        ask(r, &all[i], i + 1, i % 2 == 0 ? "alice" : "bob");
        jt_handover_add(&h, &all[i].job);
    }
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(all[i].job.result, JT_OK);
        assert_non_null(shown(r, &all[i]));
    }
    assert_int_equal(jt_profiles_count(r->profiles), 2);
    assert_int_equal(on_disk(r), N);
    assert_int_equal(events(r), N);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shown_when_answered),
        TEST(test_state_fails),
        TEST(test_log_fails),
        TEST(test_degrade),
        TEST(test_behind_a_change_that_waits),
        TEST(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
