/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_work.c - that a refusal costs the same work whatever its reason, so that its time tells
 * nothing (A1, I4; RFC 6819 section 4.3.5): hashes, keyed hashes and signature checks are counted
 * where they are called. Times over thousands of requests are in tests/e2e/timing.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/crypt.h"
#include "core/crypt/pkey.h"
#include "core/token/opaque.h"
#include "house.h"

#define ANSWER 65536
#define TOKEN_MAX 4096

struct work {
    unsigned macs, checks, hashes;
};
static _Atomic unsigned macs, checks, hashes;

/* The linker puts these before the real ones (see meson.build). */
enum jt_err __real_jt_hmac_sha256(struct jt_crypt *c, const uint8_t *key, struct jt_slice in,
                                  uint8_t *out);
enum jt_err __wrap_jt_hmac_sha256(struct jt_crypt *c, const uint8_t *key, struct jt_slice in,
                                  uint8_t *out);
enum jt_sig_verdict __real_jt_sigcheck(struct jt_sigcheck *s, struct jt_slice message,
                                       struct jt_slice signature);
enum jt_sig_verdict __wrap_jt_sigcheck(struct jt_sigcheck *s, struct jt_slice message,
                                       struct jt_slice signature);
enum jt_err __real_jt_opaque_hash(struct jt_crypt *c, struct jt_slice token, uint8_t *hash);
enum jt_err __wrap_jt_opaque_hash(struct jt_crypt *c, struct jt_slice token, uint8_t *hash);

enum jt_err __wrap_jt_hmac_sha256(struct jt_crypt *c, const uint8_t *key, struct jt_slice in,
                                  uint8_t *out)
{
    atomic_fetch_add(&macs, 1);
    return __real_jt_hmac_sha256(c, key, in, out);
}

enum jt_sig_verdict __wrap_jt_sigcheck(struct jt_sigcheck *s, struct jt_slice message,
                                       struct jt_slice signature)
{
    atomic_fetch_add(&checks, 1);
    return __real_jt_sigcheck(s, message, signature);
}

enum jt_err __wrap_jt_opaque_hash(struct jt_crypt *c, struct jt_slice token, uint8_t *hash)
{
    atomic_fetch_add(&hashes, 1);
    return __real_jt_opaque_hash(c, token, hash);
}

static struct house house;
static char answer[ANSWER];

static int setup(void **state)
{
    (void)state;
    house_open(&house, JT_AUDIT_BLOCK, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static struct work work_of(const char *path, const char *auth, const char *body)
{
    atomic_store(&macs, 0);
    atomic_store(&checks, 0);
    atomic_store(&hashes, 0);
    (void)house_post(&house, path, auth, body, answer, sizeof answer);
    return (struct work){atomic_load(&macs), atomic_load(&checks), atomic_load(&hashes)};
}

static bool same(struct work a, struct work b)
{
    return a.macs == b.macs && a.checks == b.checks && a.hashes == b.hashes;
}

static const char *const paths[] = {"/token", "/introspect", "/revoke"};
enum { PATHS = sizeof paths / sizeof paths[0] };

/* Who asks, whose secret they have, and what the log says about it. */
static const struct {
    const char *client, *secret_of, *secret, *reason;
} strangers[] = {
    {"ghost", NULL, "wrong", "client_unknown"},
    {"ghost", "alice", NULL, "client_unknown"},
    {"", "alice", NULL, "client_unknown"},
    {"alice", NULL, "wrong", "secret_wrong"},
    {"alice", "bob", NULL, "secret_wrong"},
    {"alice", NULL, "jcs_000000000000_cut", "secret_damaged"},
    {"off", "off", NULL, "client_disabled"},
    {"off", NULL, "wrong", "secret_wrong"},
    {"expired", "expired", NULL, "secret_expired"},
    {"expired", NULL, "wrong", "secret_wrong"},
    {"early", "early", NULL, "secret_not_yet_valid"},
    {"revoked", "revoked", NULL, "secret_revoked"},
    {"elsewhere", "elsewhere", NULL, "client_network"},
    {"elsewhere", NULL, "wrong", "secret_wrong"},
    {"bound", "bound", NULL, "credential_network"},
};

/* The same number of keyed hashes for each, at each endpoint, with both methods; and an answer of
 * the same length. */
static void test_strangers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * PATHS; i++) {
        struct work first = {0};
        size_t n = 0;
        for (size_t k = 0; k < sizeof strangers / sizeof strangers[0]; k++) {
            const char *secret = strangers[k].secret_of != NULL
                                     ? house_secret(&house, strangers[k].secret_of)
                                     : strangers[k].secret;
            char auth[1024];
            char body[1024];
            bool basic = i < PATHS;
            house_basic(strangers[k].client, secret, auth, sizeof auth);
            (void)snprintf(body, sizeof body, "grant_type=client_credentials&token=x%s%s%s%s",
                           basic ? "" : "&client_id=", basic ? "" : strangers[k].client,
                           basic ? "" : "&client_secret=", basic ? "" : secret);
            struct work w = work_of(paths[i % PATHS], basic ? auth : NULL, body);
            assert_non_null(strstr(answer, "HTTP/1.1 401 "));
            assert_true(jt_slice_eq(house_last_event(&house)->reason, jt_str(strangers[k].reason)));
            first = k == 0 ? w : first;
            n = k == 0 ? strlen(answer) : n;
            if (!same(w, first) || strlen(answer) != n) {
                fail_msg("%s, %s at %s: %u keyed hashes, not %u", strangers[k].client,
                         strangers[k].reason, paths[i % PATHS], w.macs, first.macs);
            }
        }
        assert_int_equal(first.macs, 1);
    }
}

/* A secret in Basic that reads in two ways is hashed twice, for whomever it is said. */
static void test_two_readings(void **state)
{
    static const char *const clients[] = {"ghost", "alice", "off", "expired", "elsewhere"};
    (void)state;
    for (size_t k = 0; k < sizeof clients / sizeof clients[0]; k++) {
        char auth[1024];
        house_basic(clients[k], "wrong+and%20odd", auth, sizeof auth);
        struct work w = work_of("/token", auth, "grant_type=client_credentials");
        assert_non_null(strstr(answer, "HTTP/1.1 401 "));
        assert_true(same(w, (struct work){.macs = 2}));
    }
}

/* A method that is not taken proves nothing for anybody: no work at all, whoever is named. */
static void test_other_methods(void **state)
{
    static const char *const clients[] = {"ghost", "alice", "off", "expired"};
    static const char *const more[] = {"&client_assertion=a.b.c", ""};
    (void)state;
    for (size_t b = 0; b < 2; b++) {
        for (size_t k = 0; k < sizeof clients / sizeof clients[0]; k++) {
            char body[256];
            (void)snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s%s",
                           clients[k], more[b]);
            struct work w = work_of("/token", NULL, body);
            assert_non_null(strstr(answer, "HTTP/1.1 401 "));
            assert_true(same(w, (struct work){0}));
        }
    }
}

static void issue(const char *client, const char *resource, char token[static TOKEN_MAX])
{
    char auth[1024];
    char body[512];
    house_basic(client, house_secret(&house, client), auth, sizeof auth);
    (void)snprintf(body, sizeof body, "grant_type=client_credentials&resource=%s", resource);
    (void)house_post(&house, "/token", auth, body, answer, sizeof answer);
    const char *p = strstr(answer, "\"access_token\":\"");
    assert_true(p != NULL && sscanf(p, "\"access_token\":\"%4000[^\"]", token) == 1);
}

/* What an introspection of it costs; it is not active. */
static struct work inactive(const char *who, const char *token)
{
    char auth[1024];
    char body[TOKEN_MAX + 16];
    house_basic(who, house_secret(&house, who), auth, sizeof auth);
    (void)snprintf(body, sizeof body, "token=%.*s", TOKEN_MAX, token);
    struct work w = work_of("/introspect", auth, body);
    assert_non_null(strstr(answer, "\r\n\r\n{\"active\":false}"));
    return w;
}

static enum jt_err disable(struct jt_change *chg, void *ctx)
{
    const struct jt_object *o = jt_change_find(chg, JT_OBJ_CLIENT, *(struct jt_slice *)ctx);
    if (o == NULL) {
        return JT_E_NOTFOUND;
    }
    struct jt_client c = *(const struct jt_client *)o;
    c.enabled = false;
    return jt_change_put_copy(chg, &c.o);
}

/*
 * One token of ours, seen by somebody who may not (foreign), then revoked, over, and of a client
 * that is disabled: the same work each time, and for opaque tokens also the same as for one that
 * never was. Whether we signed a JWT, and were asked about it before, can be told by the time; the
 * first anybody finds out with the JWKS, and the second says nothing about what became of it.
 */
static void test_inactive_tokens(void **state)
{
    static const char *const clients[] = {"alice", "carol"};
    static const char *const resources[] = {"https://api.one", "https://api.opaque"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char auth[1024];
        char body[TOKEN_MAX + 16];
        char token[TOKEN_MAX];
        issue(clients[i], resources[i], token);
        struct work first = inactive("bob", token);
        assert_true(first.macs == 1 && first.checks + first.hashes <= 1);
        struct work foreign = inactive("bob", token); /* its signature is known by now */
        assert_true(foreign.macs == 1 && foreign.checks == 0 && foreign.hashes == first.hashes);
        atomic_store(&house.stands_us, INT64_C(4000000000000000));
        assert_true(same(inactive("rs", token), foreign)); /* over */
        atomic_store(&house.stands_us, 0);
        house_basic(clients[i], house_secret(&house, clients[i]), auth, sizeof auth);
        (void)snprintf(body, sizeof body, "token=%s", token);
        (void)house_post(&house, "/revoke", auth, body, answer, sizeof answer);
        assert_true(same(inactive("rs", token), foreign)); /* revoked */
        issue(clients[i], resources[i], token);
        struct jt_slice name = jt_str(clients[i]);
        assert_int_equal(house_change(&house, disable, &name), JT_OK);
        assert_true(same(inactive("rs", token), first)); /* of nobody */
        assert_true(same(inactive("rs", token), foreign));
    }
    struct work never = inactive("rs", "jat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_true(never.macs == 1 && never.checks == 0 && never.hashes == 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_strangers),
        TEST(test_two_readings),
        TEST(test_other_methods),
        TEST(test_inactive_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
