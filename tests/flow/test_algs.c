/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_algs.c - every algorithm on its whole way: a key and a resource appear while the server
 * runs, tokens are signed, published, introspected, and the key is replaced under them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jose/alg.h"
#include "core/jose/jws.h"
#include "house.h"

#define TOKEN_MAX 4096
#define RESOURCE "https://api.new"

static struct house house;
static char answer[65536];

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

static const struct jt_scope scope = {JT_LIT_INIT("n:read"), {NULL, 0}};
static const struct jt_slice scope_name = JT_LIT_INIT("n:read");
static const struct jt_slice introspector = JT_LIT_INIT("rs");

/* The key (made outside), a resource of its algorithm, and alice may have its scope. */
static enum jt_err add(struct jt_change *chg, void *ctx)
{
    struct jt_signing_key **key = ctx;
    const struct jt_client_grant grant = {JT_LIT(RESOURCE), 1, &scope_name};
    const struct jt_resource r = {.o = {.kind = JT_OBJ_RESOURCE, .name = JT_LIT(RESOURCE)},
                                  .alg = (*key)->alg,
                                  .lifetime_s = 600,
                                  .version = 1,
                                  .nscopes = 1,
                                  .scopes = &scope,
                                  .nintrospectors = 1,
                                  .introspectors = &introspector};
    struct jt_client c =
        *(const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, JT_LIT("alice"));
    c.ngrants = 1;
    c.grants = &grant;
    JT_TRY(jt_change_put_copy(chg, &r.o));
    JT_TRY(jt_change_put_copy(chg, &c.o));
    JT_TRY(jt_change_put(chg, &(*key)->o));
    *key = NULL;
    return JT_OK;
}

static void add_key(enum jt_alg alg)
{
    struct jt_signing_key *k = NULL;
    assert_int_equal(jt_signing_key_make(house.crypt, &house.keyring, alg, 1, &k), JT_OK);
    assert_int_equal(house_change(&house, add, &k), JT_OK);
    assert_null(k);
}

static void issue(char token[static TOKEN_MAX])
{
    char auth[1024];
    house_basic("alice", house_secret(&house, "alice"), auth, sizeof auth);
    (void)house_post(&house, "/token", auth, "grant_type=client_credentials&resource=" RESOURCE,
                     answer, sizeof answer);
    const char *p = strstr(answer, "\"access_token\":\"");
    if (p == NULL || sscanf(p, "\"access_token\":\"%4000[^\"]", token) != 1) {
        fail_msg("no token: %s", answer);
    }
}

static bool active(const char *token)
{
    char auth[1024];
    char body[TOKEN_MAX + 16];
    house_basic("rs", house_secret(&house, "rs"), auth, sizeof auth);
    (void)snprintf(body, sizeof body, "token=%s", token);
    (void)house_post(&house, "/introspect", auth, body, answer, sizeof answer);
    return strstr(answer, "\r\n\r\n{\"active\":true,") != NULL;
}

static enum jt_alg alg_of(const char *token)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header h = {.alg = JT_ALG_NONE};
    jt_arena_init(&a, 65536);
    assert_int_equal(jt_jws_read(jt_str(token), &a, &parts, &h), JT_OK);
    jt_arena_free(&a);
    return h.alg;
}

static size_t count(const char *what)
{
    size_t n = 0;
    for (const char *p = strstr(answer, what); p != NULL; p = strstr(p + 1, what)) {
        n++;
    }
    return n;
}

static size_t published(enum jt_alg alg)
{
    static const char request[] =
        "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char member[64];
    (void)house_exchange(&house, jt_slice(request, sizeof request - 1), answer, sizeof answer);
    (void)snprintf(member, sizeof member, "\"alg\":\"%s\"", jt_alg_name(alg));
    return count(member);
}

/* The key of that algorithm once more, as an administrator's change makes it: the object that the
 * worker's signer was made from is freed. */
static enum jt_err replace_key(struct jt_change *chg, void *ctx)
{
    const struct jt_object *page[8];
    uint64_t cursor = 0;
    size_t n = jt_change_page(chg, JT_OBJ_SIGNING_KEY, &cursor, page, 8);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *old = (const struct jt_signing_key *)page[i];
        if (old->alg == *(const enum jt_alg *)ctx) {
            struct jt_signing_key *k = jt_signing_key_dup(old);
            assert_non_null(k);
            k->pkey = jt_pkey_ref(old->pkey);
            assert_non_null(k->pkey);
            return jt_change_put(chg, &k->o);
        }
    }
    return JT_E_NOTFOUND;
}

static void test_algorithms(void **state)
{
    static const enum jt_alg algs[] = {JT_ALG_EDDSA, JT_ALG_PS256};
    (void)state;
    char token[TOKEN_MAX];
    char again[TOKEN_MAX];
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        enum jt_alg alg = algs[i];
        assert_int_equal(published(alg), 0);
        add_key(alg);
        issue(token);
        assert_int_equal(alg_of(token), alg);
        assert_int_equal(published(alg), 1);
        assert_int_equal(count("\"d\":"), 0);
        assert_true(active(token));
        char *last = &token[strlen(token) - 10]; /* inside the signature */
        char was = *last;
        *last = was == 'A' ? 'B' : 'A';
        assert_false(active(token));
        *last = was;
        for (int round = 0; round < 3; round++) {
            assert_int_equal(house_change(&house, replace_key, &alg), JT_OK);
            assert_true(active(token));
            issue(again);
            assert_true(active(again));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_algorithms)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
