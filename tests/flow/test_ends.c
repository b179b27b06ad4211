/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ends.c - what ends a token before its time, for JWTs and opaque tokens alike; what does not;
 * and that the disk decides what is said about it.
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

#include "house.h"

#define TOKEN_MAX 4096
#define ANSWER 65536

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

/* Both formats: alice has JWTs of RS256, carol has opaque tokens. */
static const struct kind {
    const char *client, *resource;
} kinds[] = {{"alice", "https://api.one"}, {"carol", "https://api.opaque"}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void post_as(const char *client, const char *path, const char *body)
{
    char auth[1024];
    house_basic(client, house_secret(&house, client), auth, sizeof auth);
    (void)house_post(&house, path, auth, body, answer, sizeof answer);
}

/* False: there was no token in the answer. */
static bool issue_of(const char *client, const char *resource, char token[static TOKEN_MAX])
{
    char body[512];
    (void)snprintf(body, sizeof body, "grant_type=client_credentials&resource=%s", resource);
    post_as(client, "/token", body);
    const char *p = strstr(answer, "\"access_token\":\"");
    return p != NULL && sscanf(p, "\"access_token\":\"%4000[^\"]", token) == 1;
}

static void issue(const struct kind *k, char token[static TOKEN_MAX])
{
    if (!issue_of(k->client, k->resource, token)) {
        fail_msg("%s got no token: %s", k->client, answer);
    }
}

static bool active(const char *token)
{
    char body[TOKEN_MAX + 16];
    (void)snprintf(body, sizeof body, "token=%.*s", TOKEN_MAX, token);
    post_as("rs", "/introspect", body);
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    bool yes = strstr(answer, "\r\n\r\n{\"active\":true,") != NULL;
    if (!yes) { /* byte for byte as any other that is not */
        const char *end = strstr(answer, "\r\n\r\n");
        assert_non_null(end);
        assert_string_equal(end + 4, "{\"active\":false}");
    }
    return yes;
}

static unsigned revoke(const char *client, const char *token)
{
    char body[TOKEN_MAX + 16];
    (void)snprintf(body, sizeof body, "token=%.*s", TOKEN_MAX, token);
    post_as(client, "/revoke", body);
    return (unsigned)strtoul(answer + 9, NULL, 10);
}

/* A copy of an object, changed. */
struct edit {
    enum jt_object_kind kind;
    struct jt_slice name;
    void (*client)(struct jt_client *c, struct jt_credential *k, uint64_t sequence);
    void (*resource)(struct jt_resource *r);
    bool drop;
};

static enum jt_err apply(struct jt_change *chg, void *ctx)
{
    const struct edit *e = ctx;
    const struct jt_object *o = jt_change_find(chg, e->kind, e->name);
    if (o == NULL) {
        return JT_E_NOTFOUND;
    }
    if (e->drop) {
        return jt_change_drop(chg, e->kind, e->name);
    }
    if (e->kind == JT_OBJ_RESOURCE) {
        struct jt_resource r = *(const struct jt_resource *)o;
        e->resource(&r);
        return jt_change_put_copy(chg, &r.o);
    }
    struct jt_client c = *(const struct jt_client *)o;
    struct jt_credential k = c.credentials[0];
    c.credentials = &k;
    e->client(&c, &k, jt_change_sequence(chg));
    return jt_change_put_copy(chg, &c.o);
}

static void client_epoch(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)k;
    c->not_before_seq = sequence;
}

static void credential_epoch(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)c;
    k->not_before_seq = sequence;
}

static void credential_revoked(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)c;
    (void)sequence;
    k->state = JT_CRED_REVOKED;
}

static void credential_gone(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)k;
    (void)sequence;
    c->ncredentials = 0;
}

static void credential_retiring(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)c;
    (void)sequence;
    k->state = JT_CRED_RETIRING;
}

static void credential_expired(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)c;
    (void)sequence;
    k->expires_s = 1;
}

static void disabled(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)k;
    (void)sequence;
    c->enabled = false;
}

static void no_grants(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    (void)k;
    (void)sequence;
    c->ngrants = 0;
}

static void fewer_scopes(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    static struct jt_client_grant g; /* copied before it is used again */
    (void)k;
    (void)sequence;
    g = c->grants[0];
    g.nscopes = 1; /* the token has two */
    c->grants = &g;
}

static void networks(struct jt_client *c, struct jt_credential *k, uint64_t sequence)
{
    static const struct jt_net elsewhere = {{{0x20, 0x01}}, 128};
    (void)k;
    (void)sequence;
    c->nnets = 1; /* where the client may come from is no matter of its tokens */
    c->nets = &elsewhere;
}

static void fewer_resource_scopes(struct jt_resource *r)
{
    r->nscopes = 1;
}

static void other_format(struct jt_resource *r)
{
    r->format = r->format == JT_FORMAT_OPAQUE ? JT_FORMAT_JWT : JT_FORMAT_OPAQUE;
}

static void one_second(struct jt_resource *r)
{
    r->lifetime_s = 1;
}

static void edit(const struct kind *k, struct edit *e)
{
    e->name = e->kind == JT_OBJ_CLIENT ? jt_str(k->client) : jt_str(k->resource);
    assert_int_equal(house_change(&house, apply, e), JT_OK);
}

/* An old token ends, and a new one is good. */
static void test_epochs(void **state)
{
    (void)state;
    struct edit edits[] = {{.kind = JT_OBJ_CLIENT, .client = client_epoch},
                           {.kind = JT_OBJ_CLIENT, .client = credential_epoch}};
    char before[TOKEN_MAX];
    char after[TOKEN_MAX];
    for (size_t i = 0; i < KINDS * 2; i++) {
        const struct kind *k = &kinds[i % KINDS];
        issue(k, before);
        assert_true(active(before));
        edit(k, &edits[i / KINDS]);
        assert_false(active(before));
        issue(k, after);
        assert_true(active(after));
        assert_false(active(before));
    }
}

static enum jt_err raise_key(struct jt_change *chg, void *ctx)
{
    const struct jt_object *page[8];
    uint64_t cursor = 0;
    size_t n = jt_change_page(chg, JT_OBJ_SIGNING_KEY, &cursor, page, 8);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *old = (const struct jt_signing_key *)page[i];
        if (old->alg != *(enum jt_alg *)ctx) {
            continue;
        }
        struct jt_signing_key *k = jt_signing_key_dup(old);
        assert_non_null(k);
        k->pkey = jt_pkey_ref(old->pkey);
        assert_non_null(k->pkey);
        k->not_before_seq = jt_change_sequence(chg);
        enum jt_err e = jt_change_put(chg, &k->o);
        if (e != JT_OK) {
            jt_object_free(&k->o);
        }
        return e;
    }
    return JT_E_NOTFOUND;
}

/* Of one signing key: what others signed, and opaque tokens, stay. */
static void test_key_epoch(void **state)
{
    (void)state;
    enum jt_alg alg = JT_ALG_RS256;
    char rs[TOKEN_MAX];
    char es[TOKEN_MAX];
    char opaque[TOKEN_MAX];
    char after[TOKEN_MAX];
    issue(&kinds[0], rs);
    assert_true(issue_of("bob", "https://api.es", es));
    issue(&kinds[1], opaque);
    assert_int_equal(house_change(&house, raise_key, &alg), JT_OK);
    assert_false(active(rs));
    assert_true(active(opaque));
    issue(&kinds[0], after);
    assert_true(active(after));
    char body[TOKEN_MAX + 16];
    char bearer[TOKEN_MAX + 16];
    (void)snprintf(body, sizeof body, "token=%s", es);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", es);
    (void)house_post(&house, "/introspect", bearer, body, answer, sizeof answer);
    assert_non_null(strstr(answer, "{\"active\":true,"));
}

/* A restore ends all tokens issued before it: by their sequence, whatever they say of time. */
static void test_restore_floor(void **state)
{
    (void)state;
    char last[TOKEN_MAX];
    char first[TOKEN_MAX];
    for (size_t i = 0; i < KINDS; i++) {
        atomic_store(&house.issue_sequence, house.app.sequence_floor - 1);
        issue(&kinds[i], last);
        issue(&kinds[i], first);
        assert_false(active(last));
        assert_true(active(first));
    }
}

static const struct {
    const char *what;
    struct edit edit;
    bool ends;
} changes[] = {
    {"client disabled", {.kind = JT_OBJ_CLIENT, .client = disabled}, true},
    {"client deleted", {.kind = JT_OBJ_CLIENT, .drop = true}, true},
    {"grant removed", {.kind = JT_OBJ_CLIENT, .client = no_grants}, true},
    {"one scope removed", {.kind = JT_OBJ_CLIENT, .client = fewer_scopes}, true},
    {"credential revoked", {.kind = JT_OBJ_CLIENT, .client = credential_revoked}, true},
    {"credential gone", {.kind = JT_OBJ_CLIENT, .client = credential_gone}, true},
    {"resource deleted", {.kind = JT_OBJ_RESOURCE, .drop = true}, true},
    {"scope deleted", {.kind = JT_OBJ_RESOURCE, .resource = fewer_resource_scopes}, true},
    {"credential retiring", {.kind = JT_OBJ_CLIENT, .client = credential_retiring}, false},
    {"credential expired", {.kind = JT_OBJ_CLIENT, .client = credential_expired}, false},
    {"networks", {.kind = JT_OBJ_CLIENT, .client = networks}, false},
    {"another format", {.kind = JT_OBJ_RESOURCE, .resource = other_format}, false},
};

static void test_changes(void **state)
{
    (void)state;
    char token[TOKEN_MAX];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        for (size_t k = 0; k < KINDS; k++) { /* each in a house of its own */
            struct edit e = changes[i].edit;
            house_close(&house);
            house_open(&house, JT_AUDIT_BLOCK, 0);
            issue(&kinds[k], token);
            assert_true(active(token));
            edit(&kinds[k], &e);
            if (active(token) == changes[i].ends) {
                fail_msg("%s, %s", changes[i].what, kinds[k].client);
            }
        }
    }
}

static void test_time_is_over(void **state)
{
    (void)state;
    char token[KINDS][TOKEN_MAX];
    for (size_t i = 0; i < KINDS; i++) {
        struct edit e = {.kind = JT_OBJ_RESOURCE, .resource = one_second};
        edit(&kinds[i], &e);
        issue(&kinds[i], token[i]);
        assert_non_null(strstr(answer, "\"expires_in\":1,"));
    }
    (void)poll(NULL, 0, 2000);
    for (size_t i = 0; i < KINDS; i++) {
        assert_false(active(token[i]));
        assert_int_equal(revoke(kinds[i].client, token[i]), 200);
        assert_true(jt_slice_eq(house_last_event(&house)->reason, JT_LIT("unknown_or_over")));
    }
}

static void break_call(const char *call, enum jt_err e)
{
    const struct jt_store_faults f = {.countdown = 1, .err = e, .for_ever = true, .only = call};
    jt_store_faults_set(&house.faults, &f);
}

static void mend(void)
{
    const struct jt_store_faults none = {0};
    jt_store_faults_set(&house.faults, &none);
}

/* The disk refuses a revocation: 503, and nobody hears that the token had ended. */
static void test_disk_fails_at_revocation(void **state)
{
    static const char *const calls[] = {"begin", "put", "commit"};
    (void)state;
    char token[TOKEN_MAX];
    for (size_t i = 0; i < KINDS * 3; i++) {
        const struct kind *k = &kinds[i % KINDS];
        issue(k, token);
        break_call(calls[i / KINDS], JT_E_FULL);
        uint64_t before = house_last_seq(&house);
        assert_int_equal(revoke(k->client, token), 503);
        assert_non_null(strstr(answer, "\r\nRetry-After: "));
        assert_true(active(token));
        mend();
        assert_true(active(token));
        assert_int_equal(house_last_seq(&house), before);
        assert_int_equal(revoke(k->client, token), 200); /* tried again, it ends */
        assert_false(active(token));
    }
}

/* jeton.db has it, the log does not take it: it counts when both have it, and then for good. */
static void test_log_fails_at_revocation(void **state)
{
    (void)state;
    char token[TOKEN_MAX];
    for (size_t i = 0; i < KINDS; i++) {
        issue(&kinds[i], token);
        break_call("audit_append", JT_E_IO);
        assert_int_equal(revoke(kinds[i].client, token), 503);
        assert_non_null(strstr(answer, "\r\nRetry-After: "));
        assert_true(active(token));
        mend();
        assert_int_equal(revoke(kinds[i].client, token), 200);
        assert_false(active(token));
    }
}

/* jeton.db is gone: opaque tokens wait for it, JWTs do not. */
static void test_disk_fails_at_issue(void **state)
{
    static const char *const calls[] = {"begin", "put", "commit"};
    (void)state;
    char token[TOKEN_MAX];
    for (size_t i = 0; i < 3; i++) {
        break_call(calls[i], JT_E_IO);
        assert_false(issue_of("carol", "https://api.opaque", token));
        assert_non_null(strstr(answer, "HTTP/1.1 503 "));
        assert_non_null(strstr(answer, "\r\nRetry-After: "));
        assert_null(strstr(answer, "jat_"));
        issue(&kinds[0], token);
        mend();
        issue(&kinds[1], token);
        assert_true(active(token));
    }
}

static enum jt_err no_token_in_it(void *ctx, const struct jt_event *e)
{
    const struct jt_slice *all[] = {&e->client_id, &e->resource, &e->scope,        &e->jti,
                                    &e->reason,    &e->detail,   &e->credential_id};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->n > 0 && memmem(all[i]->p, all[i]->n, ctx, strlen(ctx)) != NULL) {
            return JT_E_CORRUPT;
        }
    }
    return JT_OK;
}

/* The same jti in the log when it was issued, in introspection and in the log when it ended; the
 * token itself nowhere. */
static void test_one_jti(void **state)
{
    (void)state;
    char token[TOKEN_MAX];
    char jti[64];
    for (size_t i = 0; i < KINDS; i++) {
        issue(&kinds[i], token);
        const struct jt_event *e = house_last_event(&house);
        assert_true(e->type == JT_EV_TOKEN_ISSUED && e->jti.n > 0 && e->jti.n < sizeof jti);
        (void)snprintf(jti, sizeof jti, "%.*s", JT_FMT(e->jti));
        for (int again = 0; again < 2; again++) {
            assert_true(active(token));
            assert_non_null(strstr(answer, jti));
        }
        assert_int_equal(revoke(kinds[i].client, token), 200);
        e = house_last_event(&house);
        assert_int_equal(e->type, JT_EV_TOKEN_REVOKED);
        assert_true(jt_slice_eq(e->jti, jt_str(jti)));
        const struct jt_audit_query q = {.scan = 1000000};
        uint64_t next = 0;
        assert_int_equal(
            house.store->ops->audit_read(house.store, &q, no_token_in_it, token, &next), JT_OK);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_epochs),
        TEST(test_key_epoch),
        TEST(test_restore_floor),
        TEST(test_changes),
        TEST(test_time_is_over),
        TEST(test_disk_fails_at_revocation),
        TEST(test_log_fails_at_revocation),
        TEST(test_disk_fails_at_issue),
        TEST(test_one_jti),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
