/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of other issuers, with a clock of our own and an issuer that is a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "core/jose/jwk.h"
#include "server/issuers/issuers.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static _Atomic int64_t now_us = HOUR;
static atomic_int fetches, logged;
static atomic_bool fails;         /* the issuer does not answer */
static _Atomic(const char *) kid; /* of its one key */
static atomic_bool held;          /* fetches wait for the gate */
static sem_t gate;
static struct jt_pkey *key;
static struct jt_issuers *issuers;

static int64_t clock_us(void *ctx)
{
    (void)ctx;
    return now_us;
}

static const struct jt_clock clock_of_tests = {clock_us, clock_us, NULL};

static enum jt_oauth_end fetch(void *ctx, const struct jt_jwks_source *from,
                               const struct jt_network *network, const atomic_bool *stop,
                               struct jt_keyset **out, struct jt_oauth_error *err)
{
    const char *why = "";
    JT_AUTO(jt_buf_free) struct jt_buf b;
    (void)ctx;
    (void)from;
    (void)network;
    jt_buf_init(&b, 4096);
    atomic_fetch_add(&fetches, 1);
    if (held) {
        (void)sem_wait(&gate);
    }
    if (fails || atomic_load(stop)) {
        return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "it is down");
    }
    jt_buf_puts(&b, "{\"keys\":[");
    struct jt_jw w = jt_jw(&b);
    if (jt_jwk_write(&w, key, JT_ALG_ES256, jt_str(kid)) != JT_OK) {
        return jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING, "no key");
    }
    jt_buf_puts(&b, "]}");
    return jt_keyset_read(jt_buf_slice(&b), out, &why) == JT_OK ? JT_OAUTH_OK : JT_OAUTH_FAILED;
}

static void log_line(void *ctx, int level, const char *message)
{
    (void)ctx;
    (void)level;
    (void)message;
    atomic_fetch_add(&logged, 1);
}

static int setup(void **state)
{
    const struct jt_issuers_opts o = {
        .clock = &clock_of_tests, .fetch = {fetch, NULL}, .log = log_line};
    (void)state;
    fetches = 0;
    logged = 0;
    fails = false;
    held = false;
    kid = "k1";
    (void)sem_init(&gate, 0, 0);
    return (key != NULL || jt_pkey_generate(JT_KEY_P256, &key) == JT_OK) &&
                   jt_issuers_new(&o, &issuers) == JT_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_issuers_free(&issuers);
    (void)sem_destroy(&gate);
    return 0;
}

static struct jt_jwks_source at(const char *uri)
{
    return (struct jt_jwks_source){JT_LIT("https://a.example"), jt_str(uri)};
}

#define HERE "https://a.example/keys"

static enum jt_keys_state look(const char *uri, const char *name, bool asked)
{
    const struct jt_keys_want want = {at(uri), jt_str(name), JT_ALG_ES256, asked};
    struct jt_keys_answer a;
    jt_issuers_keys(issuers, &want, &a);
    enum jt_keys_state s = a.state;
    assert_int_equal(s == JT_KEYS_HAVE, a.set != NULL);
    assert_int_equal(s == JT_KEYS_NONE, a.why[0] != '\0' && s != JT_KEYS_ASK);
    if (a.set != NULL && name[0] != '\0' && !jt_keyset_has(a.set, jt_str(name), JT_ALG_ES256)) {
        s = JT_KEYS_UNDECIDED; /* have, but not this one */
    }
    jt_keyset_release(&a.set);
    return s;
}

#define LACKS JT_KEYS_UNDECIDED

static void woken(struct jt_keys_wait *w)
{
    (void)sem_post(w->ctx);
}

/* Waits for a fetch; false: there is nothing to wait for. */
static bool wait_at(const char *uri)
{
    sem_t done;
    const struct jt_jwks_source from = at(uri);
    (void)sem_init(&done, 0, 0);
    struct jt_keys_wait w = {.done = woken, .ctx = &done};
    bool waits = jt_issuers_wait(issuers, &from, &w);
    if (waits) {
        (void)sem_wait(&done);
    }
    (void)sem_destroy(&done);
    return waits;
}

static void pass(int64_t us)
{
    now_us += us;
}

/* A fetch that nobody waits for has ended. */
static void settle(int n)
{
    for (int i = 0; i < 5000; i++) {
        struct jt_issuers_counts c = jt_issuers_counts(issuers);
        if (c.fetched + c.failed == (uint64_t)n) {
            return;
        }
        (void)usleep(1000);
    }
    fail_msg("%d fetches of %d", (int)fetches, n);
}

static void first_use(void **state)
{
    (void)state;
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_NONE);
    assert_int_equal(fetches, 0);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    assert_int_equal(look(HERE, "", false), JT_KEYS_HAVE);
    assert_int_equal(fetches, 1);
    assert_int_equal(jt_issuers_counts(issuers).known, 1);
    /* the same URL is the same keys, whoever names it; another is not */
    assert_int_equal(look("https://a.example/other", "k1", false), JT_KEYS_ASK);
    assert_int_equal(look("", "k1", false), JT_KEYS_ASK);
}

/* threats S19: whatever kids strangers invent, one fetch a cool-down */
static void unknown_kids(void **state)
{
    (void)state;
    assert_true(wait_at(HERE));
    for (int i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "x%d", i);
        assert_int_equal(look(HERE, name, false), LACKS);
        assert_false(wait_at(HERE));
    }
    assert_int_equal(fetches, 1);
    pass(30 * SECOND);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    assert_int_equal(look(HERE, "k2", false), JT_KEYS_ASK);
    kid = "k2";
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k2", true), JT_KEYS_HAVE);
    assert_int_equal(look(HERE, "k1", false), LACKS);
    assert_int_equal(fetches, 2);
}

static void refreshed_in_the_background(void **state)
{
    (void)state;
    assert_true(wait_at(HERE));
    pass(10 * MINUTE);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    assert_int_equal(fetches, 1);
    pass(SECOND);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    settle(2);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    assert_int_equal(fetches, 2);
    pass(61 * MINUTE); /* so old that it is asked for first */
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE);
    assert_int_equal(fetches, 3);
}

static void stale_if_error(void **state)
{
    (void)state;
    assert_true(wait_at(HERE));
    fails = true;
    pass(2 * HOUR);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_HAVE);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_HAVE); /* it is left in peace */
    assert_int_equal(look(HERE, "x", false), JT_KEYS_NONE);  /* who knows whether it has that one */
    assert_int_equal(fetches, 2);
    assert_int_equal(logged, 1);
    pass(21 * HOUR + 59 * MINUTE);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_HAVE);
    pass(2 * MINUTE);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_NONE); /* a day is over */
    assert_int_equal(jt_issuers_counts(issuers).known, 0);
    assert_int_equal(logged, 1); /* said once */
    fails = false;
    pass(31 * SECOND);
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_HAVE);
    assert_int_equal(logged, 2);
}

static void failure_cools_down(void **state)
{
    (void)state;
    fails = true;
    assert_true(wait_at(HERE));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(look(HERE, "k1", false), JT_KEYS_NONE);
        assert_false(wait_at(HERE));
    }
    assert_int_equal(fetches, 1);
    pass(30 * SECOND);
    assert_int_equal(look(HERE, "k1", false), JT_KEYS_ASK);
}

#define MANY 100

static void *waiter(void *ctx)
{
    (void)wait_at(HERE);
    *(enum jt_keys_state *)ctx = look(HERE, "k1", true);
    return NULL;
}

static void single_flight(void **state)
{
    pthread_t threads[MANY];
    enum jt_keys_state got[MANY] = {0};
    (void)state;
    held = true;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, waiter, &got[i]), 0);
    }
    (void)usleep(20000);
    held = false;
    for (size_t i = 0; i < MANY; i++) {
        (void)sem_post(&gate);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(got[i], JT_KEYS_HAVE);
    }
    assert_int_equal(fetches, 1);
}

/* 20 at once, then one more every 6 s, for all issuers together. */
static void budget(void **state)
{
    int served = 0;
    char uri[64];
    (void)state;
    for (int i = 0; i < 40; i++) {
        (void)snprintf(uri, sizeof uri, "https://b%d.example/keys", i);
        served += wait_at(uri);
    }
    assert_int_equal(served, JT_ISSUERS_BURST);
    assert_int_equal(look("https://b39.example/keys", "k1", true), JT_KEYS_NONE);
    pass(6 * SECOND);
    assert_true(wait_at("https://b39.example/keys"));
    assert_false(wait_at("https://b38.example/keys"));
    pass(10 * HOUR); /* and no more than 20 are saved up */
    for (int i = 100; i < 140; i++) {
        (void)snprintf(uri, sizeof uri, "https://b%d.example/keys", i);
        served += wait_at(uri);
    }
    assert_int_equal(served, 2 * JT_ISSUERS_BURST);
}

/* An issuer that does not answer holds up nobody else. */
static void no_head_of_line(void **state)
{
    sem_t done;
    (void)state;
    (void)sem_init(&done, 0, 0);
    const struct jt_jwks_source slow = at("https://slow.example/keys");
    struct jt_keys_wait w = {.done = woken, .ctx = &done};
    held = true;
    assert_true(jt_issuers_wait(issuers, &slow, &w));
    while (fetches == 0) {
        (void)usleep(1000);
    }
    held = false;
    assert_true(wait_at(HERE));
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_HAVE);
    assert_int_equal(look("https://slow.example/keys", "k1", false), JT_KEYS_ASK);
    (void)sem_post(&gate);
    (void)sem_wait(&done);
    (void)sem_destroy(&done);
}

/* Whoever waits is called, and nobody can wait any more. */
static void stopped(void **state)
{
    sem_t done;
    struct jt_keys_wait w[JT_ISSUERS_FETCHERS + 2];
    char uri[64];
    size_t n = sizeof w / sizeof w[0];
    (void)state;
    (void)sem_init(&done, 0, 0);
    held = true;
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(uri, sizeof uri, "https://c%zu.example/keys", i);
        const struct jt_jwks_source from = at(uri);
        w[i] = (struct jt_keys_wait){.done = woken, .ctx = &done};
        assert_true(jt_issuers_wait(issuers, &from, &w[i]));
    }
    jt_issuers_stop(issuers);
    for (size_t i = 0; i < n; i++) {
        (void)sem_post(&gate);
    }
    for (size_t i = 0; i < n; i++) {
        (void)sem_wait(&done);
    }
    assert_false(wait_at("https://d.example/keys"));
    assert_int_equal(look("https://c0.example/keys", "k1", true), JT_KEYS_NONE);
    (void)sem_destroy(&done);
}

/* The issuer that was used longest ago makes room. */
static void room(void **state)
{
    char uri[64];
    (void)state;
    assert_true(wait_at(HERE));
    for (size_t i = 0; i < JT_ISSUERS_MAX; i++) {
        pass(6 * SECOND);
        if (i % 100 == 0) {
            (void)look(HERE, "k1", true);
        }
        (void)snprintf(uri, sizeof uri, "https://e%zu.example/keys", i);
        assert_true(wait_at(uri));
    }
    assert_int_equal(look(HERE, "k1", true), JT_KEYS_HAVE);
    assert_int_equal(look("https://e0.example/keys", "k1", true), JT_KEYS_NONE);
    assert_int_equal(look(uri, "k1", true), JT_KEYS_HAVE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_use),      TEST(unknown_kids),       TEST(refreshed_in_the_background),
        TEST(stale_if_error), TEST(failure_cools_down), TEST(single_flight),
        TEST(budget),         TEST(no_head_of_line),    TEST(stopped),
        TEST(room),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    jt_pkey_free(&key);
    return failed;
}
