/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keylife.c - keys come, wait, sign, retire and leave, through a writer and by a clock that
 * only the test moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>

#include "core/jose/jwk.h"
#include "server/flow/keylife.h"
#include "server/flow/keys.h"

#define START_S INT64_C(1800000000)
#define WAIT_S 3600 /* keys.publish_wait */
#define LIFE_S 1800 /* of the tokens of the resource that signs with EdDSA */
#define SKEW_S 60
#define ISSUER "https://issuer.example.com" /* the built-in resource */

struct rig {
    struct jt_store *store;
    struct jt_epochs epochs;
    struct jt_directory *directory;
    struct jt_writer *writer;
    struct jt_mailbox box;
    struct jt_clock clock;
    _Atomic int64_t now_s;
    _Atomic uint64_t issue_sequence;
    struct jt_crypt *crypt;
    struct jt_keyring keyring;
    struct jt_keyorder order; /* the last one */
};

static int64_t wall(void *ctx)
{
    struct rig *r = ctx;
    return atomic_load(&r->now_s) * 1000000;
}

static int64_t mono(void *ctx)
{
    (void)ctx;
    return jt_mono_us(&jt_clock_system);
}

static const char *no_reason(uint16_t code)
{
    (void)code;
    return "";
}

static void quiet(void *ctx, int level, const char *message)
{
    (void)ctx;
    (void)level;
    (void)message;
}

static void add_resource(struct rig *r, const char *audience, enum jt_alg alg, int64_t lifetime_s)
{
    const struct jt_resource x = {.o = {.name = jt_str(audience)},
                                  .alg = alg,
                                  .lifetime_s = lifetime_s,
                                  .version = 1,
                                  .builtin = strcmp(audience, ISSUER) == 0};
    struct jt_resource *copy = jt_resource_dup(&x);
    assert_non_null(copy);
    assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
}

static int setup(void **state)
{
    static const uint8_t master[JT_KEY_SIZE] = {7};
    struct rig *r = calloc(1, sizeof *r);
    struct jt_data_key *seal = NULL;
    const struct jt_store_opts o = {0};
    assert_non_null(r);
    atomic_store(&r->now_s, START_S);
    atomic_store(&r->issue_sequence, 1000);
    r->clock = (struct jt_clock){wall, mono, r};
    assert_int_equal(jt_crypt_new(&r->crypt), JT_OK);
    assert_int_equal(jt_data_key_make(r->crypt, master, 1, JT_DATA_KEY_SEAL, 1, &seal), JT_OK);
    assert_int_equal(jt_keyring_open(&r->keyring, r->crypt, master, seal), JT_OK);
    jt_object_free(&seal->o);
    jt_epochs_init(&r->epochs);
    assert_int_equal(jt_directory_new(&r->epochs, &r->directory), JT_OK);
    add_resource(r, "https://api.example.com", JT_ALG_EDDSA, LIFE_S);
    assert_int_equal(jt_store_memory.open(&o, &r->store), JT_OK);
    assert_int_equal(jt_mailbox_init(&r->box), JT_OK);
    const struct jt_writer_opts w = {.store = r->store,
                                     .directory = r->directory,
                                     .epochs = &r->epochs,
                                     .issue_sequence = &r->issue_sequence,
                                     .clock = &r->clock,
                                     .reason_name = no_reason,
                                     .log = quiet};
    assert_int_equal(jt_writer_start(&w, &r->writer), JT_OK);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    jt_writer_stop(&r->writer);
    r->store->ops->close(&r->store);
    jt_directory_free(&r->directory);
    jt_epochs_free(&r->epochs);
    jt_mailbox_close(&r->box);
    jt_keyring_wipe(&r->keyring);
    jt_crypt_free(&r->crypt);
    free(r);
    return 0;
}

static void nothing(struct jt_job *job)
{
    (void)job;
}

static struct jt_job job_of(struct rig *r, jt_change_fn fn, struct jt_keyorder *o)
{
    return (struct jt_job){.reply = &r->box,
                           .done = nothing,
                           .event = {.type = JT_EV_KEY_CREATED, .time_us = wall(r), .count = 1},
                           .change = fn,
                           .ctx = o};
}

static void wait_for(struct rig *r, size_t n)
{
    while (n > 0) {
        struct pollfd p = {.fd = r->box.fd, .events = POLLIN};
        (void)poll(&p, 1, 5000);
        for (struct jt_job *j = jt_mailbox_take(&r->box); j != NULL; j = j->next) {
            assert_true(n > 0);
            n--;
        }
    }
}

/* Runs fn with r->order, and frees a key that it did not take. */
static enum jt_err run(struct rig *r, jt_change_fn fn)
{
    struct jt_job job = job_of(r, fn, &r->order);
    jt_writer_submit(r->writer, &job);
    wait_for(r, 1);
    if (r->order.fresh != NULL) {
        jt_object_free(&r->order.fresh->o);
        r->order.fresh = NULL;
    }
    return job.result;
}

struct kid {
    char text[JT_THUMBPRINT_LEN + 1];
};

static struct jt_slice name(const struct kid *k)
{
    return jt_str(k->text);
}

static struct jt_signing_key *make(struct rig *r, enum jt_alg alg, struct kid *out)
{
    struct jt_signing_key *k = NULL;
    assert_int_equal(jt_signing_key_make(r->crypt, &r->keyring, alg, atomic_load(&r->now_s), &k),
                     JT_OK);
    (void)snprintf(out->text, sizeof out->text, "%.*s", JT_FMT(k->o.name));
    return k;
}

static enum jt_err add(struct rig *r, enum jt_alg alg, int64_t publish_wait_s, struct kid *out)
{
    r->order = (struct jt_keyorder){
        .alg = alg, .fresh = make(r, alg, out), .publish_wait_s = publish_wait_s};
    return run(r, jt_keylife_add);
}

static enum jt_err with_kid(struct rig *r, jt_change_fn fn, const struct kid *k)
{
    r->order = (struct jt_keyorder){.kid = name(k)};
    return run(r, fn);
}

static enum jt_err promote(struct rig *r)
{
    r->order = (struct jt_keyorder){.alg = JT_ALG_EDDSA};
    return run(r, jt_keylife_promote);
}

static const struct jt_signing_key *get(struct rig *r, const struct kid *k)
{
    return jt_directory_key(r->directory, name(k));
}

static void assert_state(struct rig *r, const struct kid *k, enum jt_key_state state)
{
    assert_non_null(get(r, k));
    assert_int_equal(get(r, k)->state, state);
}

static void pass(struct rig *r, int64_t s)
{
    (void)atomic_fetch_add(&r->now_s, s);
}

static enum jt_keydue due(struct rig *r, int64_t rotate_every_s)
{
    return jt_keylife_due(r->directory, atomic_load(&r->now_s), WAIT_S, rotate_every_s, &r->order);
}

static void test_first_signs_at_once(void **state)
{
    struct rig *r = *state;
    struct kid a;
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_ACTIVE);
    assert_int_equal(get(r, &a)->signs_s, START_S);
    assert_int_equal(get(r, &a)->longest_s, LIFE_S);
    assert_string_equal(r->order.said, a.text);
    assert_ptr_equal(jt_keylife_active(r->directory, JT_ALG_EDDSA), get(r, &a));
    assert_null(jt_keylife_next(r->directory, JT_ALG_EDDSA));
    assert_null(jt_keylife_active(r->directory, JT_ALG_ES256));
}

static void test_second_waits_and_is_promoted(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &b), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_ACTIVE);
    assert_state(r, &b, JT_KEYSTATE_PUBLISHED);
    assert_int_equal(get(r, &b)->signs_s, START_S + WAIT_S);
    pass(r, WAIT_S - 1);
    assert_int_equal(due(r, 0), JT_KEYDUE_NOTHING);
    assert_int_equal(promote(r), JT_E_NOTFOUND);
    pass(r, 1);
    assert_int_equal(due(r, 0), JT_KEYDUE_PROMOTE);
    assert_int_equal(r->order.alg, JT_ALG_EDDSA);
    assert_int_equal(promote(r), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_RETIRING);
    assert_state(r, &b, JT_KEYSTATE_ACTIVE);
    assert_int_equal(get(r, &a)->until_s, START_S + WAIT_S + LIFE_S + SKEW_S);
    assert_non_null(get(r, &a)->pkey);
    assert_int_equal(due(r, 0), JT_KEYDUE_NOTHING);
}

/* Keys sign in the order in which they were made, and each gets its turn. */
static void test_third_queues(void **state)
{
    struct rig *r = *state;
    struct kid k[3];
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &k[0]), JT_OK);
    for (int i = 1; i < 3; i++) {
        pass(r, 100);
        assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &k[i]), JT_OK);
    }
    assert_ptr_equal(jt_keylife_next(r->directory, JT_ALG_EDDSA), get(r, &k[1]));
    pass(r, WAIT_S - 100);
    assert_int_equal(promote(r), JT_OK);
    assert_ptr_equal(jt_keylife_active(r->directory, JT_ALG_EDDSA), get(r, &k[1]));
    assert_int_equal(promote(r), JT_E_NOTFOUND);
    pass(r, 100);
    assert_int_equal(promote(r), JT_OK);
    assert_state(r, &k[0], JT_KEYSTATE_RETIRING);
    assert_state(r, &k[1], JT_KEYSTATE_RETIRING);
    assert_state(r, &k[2], JT_KEYSTATE_ACTIVE);
}

static void test_no_wait_signs_at_once(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &a), JT_OK);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &b), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_RETIRING);
    assert_state(r, &b, JT_KEYSTATE_ACTIVE);
    assert_non_null(strstr(r->order.said, a.text));
    assert_non_null(strstr(r->order.said, b.text));
}

/* Two first keys in one batch: one of them signs, the other waits. */
static void test_two_in_one_batch(void **state)
{
    struct rig *r = *state;
    struct kid k[2];
    struct jt_keyorder o[2];
    struct jt_job jobs[2];
    struct jt_handover h = {0};
    for (int i = 0; i < 2; i++) {
        o[i] = (struct jt_keyorder){
            .alg = JT_ALG_EDDSA, .fresh = make(r, JT_ALG_EDDSA, &k[i]), .publish_wait_s = WAIT_S};
        jobs[i] = job_of(r, jt_keylife_add, &o[i]);
        jt_handover_add(&h, &jobs[i]);
    }
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, 2);
    assert_int_equal(jobs[0].result, JT_OK);
    assert_int_equal(jobs[1].result, JT_OK);
    assert_state(r, &k[0], JT_KEYSTATE_ACTIVE);
    assert_state(r, &k[1], JT_KEYSTATE_PUBLISHED);
}

static void test_retire(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    struct kid c;
    const struct kid nobody = {"nobody"};
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_retire, &nobody), JT_E_NOTFOUND);
    assert_int_equal(with_kid(r, jt_keylife_retire, &a), JT_E_CONFLICT);
    assert_non_null(strstr(r->order.refused, "only key"));
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &b), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_retire, &a), JT_E_CONFLICT);
    assert_non_null(strstr(r->order.refused, "long enough"));
    assert_state(r, &a, JT_KEYSTATE_ACTIVE);
    pass(r, WAIT_S);
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &c), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_retire, &a), JT_OK);
    assert_int_equal(r->order.alg, JT_ALG_EDDSA);
    assert_state(r, &a, JT_KEYSTATE_RETIRING);
    assert_state(r, &b, JT_KEYSTATE_ACTIVE);
    assert_int_equal(with_kid(r, jt_keylife_retire, &a), JT_E_CONFLICT);
    assert_int_equal(with_kid(r, jt_keylife_retire, &c), JT_OK); /* it never signed */
    assert_null(get(r, &c));
}

static void test_revoke_with_a_waiting_key(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &b), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_revoke, &a), JT_OK); /* ripe or not */
    assert_state(r, &a, JT_KEYSTATE_REVOKED);
    assert_state(r, &b, JT_KEYSTATE_ACTIVE);
    assert_int_equal(get(r, &b)->signs_s, START_S);
    assert_null(get(r, &a)->pkey);
    assert_int_equal(get(r, &a)->sealed.n, 0);
    assert_int_equal(get(r, &a)->not_before_seq, 1000);
    assert_int_equal(with_kid(r, jt_keylife_revoke, &a), JT_E_CONFLICT);
}

static void test_revoke_the_only_one(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_revoke, &a), JT_E_BUSY);
    r->order = (struct jt_keyorder){.kid = name(&a), .fresh = make(r, JT_ALG_ES256, &b)};
    assert_int_equal(run(r, jt_keylife_revoke), JT_E_BUSY); /* a key for another algorithm */
    assert_state(r, &a, JT_KEYSTATE_ACTIVE);
    r->order = (struct jt_keyorder){.kid = name(&a), .fresh = make(r, JT_ALG_EDDSA, &b)};
    assert_int_equal(run(r, jt_keylife_revoke), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_REVOKED);
    assert_state(r, &b, JT_KEYSTATE_ACTIVE);
    assert_int_equal(get(r, &b)->longest_s, LIFE_S);
}

static void test_revoke_what_does_not_sign(void **state)
{
    struct rig *r = *state;
    struct kid k[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(r, JT_ALG_EDDSA, i == 2 ? WAIT_S : 0, &k[i]), JT_OK);
    }
    assert_int_equal(with_kid(r, jt_keylife_revoke, &k[0]), JT_OK); /* retiring */
    assert_int_equal(with_kid(r, jt_keylife_revoke, &k[2]), JT_OK); /* waiting */
    assert_state(r, &k[0], JT_KEYSTATE_REVOKED);
    assert_state(r, &k[1], JT_KEYSTATE_ACTIVE);
    assert_state(r, &k[2], JT_KEYSTATE_REVOKED);
    assert_null(jt_keylife_next(r->directory, JT_ALG_EDDSA));
}

static void test_removal(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &a), JT_OK);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &b), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_remove, &a), JT_E_NOTFOUND); /* too early */
    assert_int_equal(with_kid(r, jt_keylife_remove, &b), JT_E_NOTFOUND); /* it signs */
    pass(r, LIFE_S + SKEW_S - 1);
    assert_int_equal(due(r, 0), JT_KEYDUE_NOTHING);
    pass(r, 1);
    assert_int_equal(due(r, 0), JT_KEYDUE_REMOVE);
    assert_true(jt_slice_eq(r->order.kid, name(&a)));
    assert_int_equal(run(r, jt_keylife_remove), JT_OK);
    assert_null(get(r, &a));
    assert_int_equal(with_kid(r, jt_keylife_remove, &a), JT_E_NOTFOUND);
    assert_int_equal(due(r, 0), JT_KEYDUE_NOTHING);
}

/* A lifetime that was lowered since does not shorten how long its tokens are about. */
static void test_longest_is_remembered(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &a), JT_OK);
    r->order = (struct jt_keyorder){.alg = JT_ALG_EDDSA, .longest_s = 7200};
    assert_int_equal(run(r, jt_keylife_stretch), JT_OK);
    assert_int_equal(get(r, &a)->longest_s, 7200);
    r->order = (struct jt_keyorder){.alg = JT_ALG_EDDSA, .longest_s = 10};
    assert_int_equal(run(r, jt_keylife_stretch), JT_OK);
    assert_int_equal(get(r, &a)->longest_s, 7200);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &b), JT_OK);
    assert_int_equal(get(r, &a)->until_s, START_S + 7200 + SKEW_S);
    assert_int_equal(get(r, &b)->longest_s, LIFE_S);
}

/* Its tokens are signed with its algorithm; while that has no key, with any. */
static void test_builtin_resource(void **state)
{
    struct rig *r = *state;
    struct kid k;
    add_resource(r, ISSUER, JT_ALG_ES256, 7200);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &k), JT_OK);
    assert_int_equal(get(r, &k)->longest_s, 7200);
    assert_int_equal(add(r, JT_ALG_ES256, 0, &k), JT_OK);
    assert_int_equal(get(r, &k)->longest_s, 7200);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &k), JT_OK);
    assert_int_equal(get(r, &k)->longest_s, LIFE_S);
}

static void test_rotation_by_itself(void **state)
{
    struct rig *r = *state;
    const int64_t every = 10 * WAIT_S;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &a), JT_OK);
    pass(r, every - WAIT_S - 1);
    assert_int_equal(due(r, every), JT_KEYDUE_NOTHING);
    pass(r, 1);
    assert_int_equal(due(r, 0), JT_KEYDUE_NOTHING);
    assert_int_equal(due(r, every), JT_KEYDUE_ROTATE);
    assert_int_equal(r->order.alg, JT_ALG_EDDSA);
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &b), JT_OK);
    assert_int_equal(due(r, every), JT_KEYDUE_NOTHING); /* its successor waits */
    pass(r, WAIT_S);
    assert_int_equal(due(r, every), JT_KEYDUE_PROMOTE); /* just when its time is over */
    assert_int_equal(promote(r), JT_OK);
    assert_int_equal(due(r, every), JT_KEYDUE_NOTHING);
}

static void test_removals_come_first(void **state)
{
    struct rig *r = *state;
    struct kid k[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(r, JT_ALG_EDDSA, i == 2 ? WAIT_S : 0, &k[i]), JT_OK);
    }
    assert_int_equal(add(r, JT_ALG_ES256, 0, &k[1]), JT_OK);
    const int64_t every = 10 * WAIT_S;
    pass(r, 100 * WAIT_S);
    assert_int_equal(due(r, every), JT_KEYDUE_REMOVE);
    assert_int_equal(run(r, jt_keylife_remove), JT_OK);
    assert_int_equal(due(r, every), JT_KEYDUE_PROMOTE);
    assert_int_equal(promote(r), JT_OK);
    assert_int_equal(due(r, every), JT_KEYDUE_ROTATE);
    assert_int_equal(r->order.alg, JT_ALG_ES256);
}

static void test_waiting_is_limited(void **state)
{
    struct rig *r = *state;
    struct kid k;
    for (int i = 0; i <= JT_KEYS_WAITING_MAX; i++) {
        assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &k), JT_OK);
    }
    assert_int_equal(add(r, JT_ALG_EDDSA, WAIT_S, &k), JT_E_LIMIT);
    assert_non_null(strstr(r->order.refused, "wait already"));
    assert_int_equal(add(r, JT_ALG_ES256, WAIT_S, &k), JT_OK);
}

/* More than a worker can hold would stop every answer: rotation ends before, first keys still fit.
 */
static void test_published_are_limited(void **state)
{
    struct rig *r = *state;
    struct kid k;
    struct jt_keys keys = {0};
    for (int i = 0; i < JT_KEYS_MAX - JT_KEYS_SPARE; i++) {
        assert_int_equal(add(r, JT_ALG_EDDSA, 0, &k), JT_OK);
    }
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &k), JT_E_LIMIT);
    assert_non_null(strstr(r->order.refused, "published"));
    assert_int_equal(add(r, JT_ALG_ES256, 0, &k), JT_OK);
    assert_int_equal(add(r, JT_ALG_ES256, 0, &k), JT_E_LIMIT);
    assert_int_equal(jt_keys_refresh(&keys, r->directory, r->crypt, START_S), JT_OK);
    assert_non_null(jt_keys_active(&keys, JT_ALG_EDDSA));
    jt_keys_free(&keys);
    pass(r, LIFE_S + SKEW_S);
    assert_int_equal(due(r, 0), JT_KEYDUE_REMOVE);
    assert_int_equal(run(r, jt_keylife_remove), JT_OK);
    assert_int_equal(due(r, 0), JT_KEYDUE_REMOVE);
    assert_int_equal(run(r, jt_keylife_remove), JT_OK);
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &k), JT_OK);
}

/* A key can be revoked at any time, whatever the number of records. */
static void test_revoked_records_are_limited(void **state)
{
    struct rig *r = *state;
    struct kid a;
    struct kid b;
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &a), JT_OK);
    for (int i = 0; i < 300; i++) {
        pass(r, 1);
        r->order = (struct jt_keyorder){.kid = name(&a), .fresh = make(r, JT_ALG_EDDSA, &b)};
        assert_int_equal(run(r, jt_keylife_revoke), JT_OK);
        a = b;
    }
    assert_true(jt_directory_count(r->directory, JT_OBJ_SIGNING_KEY) < 256);
    assert_ptr_equal(jt_keylife_active(r->directory, JT_ALG_EDDSA), get(r, &a));
}

static void test_end_tokens(void **state)
{
    struct rig *r = *state;
    struct kid a;
    const struct kid nobody = {"nobody"};
    assert_int_equal(add(r, JT_ALG_EDDSA, 0, &a), JT_OK);
    assert_int_equal(with_kid(r, jt_keylife_end_tokens, &nobody), JT_E_NOTFOUND);
    atomic_store(&r->issue_sequence, 4711);
    assert_int_equal(with_kid(r, jt_keylife_end_tokens, &a), JT_OK);
    assert_state(r, &a, JT_KEYSTATE_ACTIVE);
    assert_int_equal(get(r, &a)->not_before_seq, 4711);
    assert_non_null(get(r, &a)->pkey);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_signs_at_once),
        TEST(test_second_waits_and_is_promoted),
        TEST(test_third_queues),
        TEST(test_no_wait_signs_at_once),
        TEST(test_two_in_one_batch),
        TEST(test_retire),
        TEST(test_revoke_with_a_waiting_key),
        TEST(test_revoke_the_only_one),
        TEST(test_revoke_what_does_not_sign),
        TEST(test_removal),
        TEST(test_longest_is_remembered),
        TEST(test_builtin_resource),
        TEST(test_rotation_by_itself),
        TEST(test_removals_come_first),
        TEST(test_waiting_is_limited),
        TEST(test_published_are_limited),
        TEST(test_revoked_records_are_limited),
        TEST(test_end_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
