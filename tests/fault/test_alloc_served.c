/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alloc_served.c - a whole server while allocation n fails, for all n: a request is done, or
 * refused with 500 or 503 and nothing was changed, or there is no answer (no memory for one); what
 * is good is never called bad, what is bad never good; the next request is as ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "alloc.h"
#include "served.h"
#include "signer.h"

#define TOKEN 2048

static struct served s;
static char auth[256];    /* of the client that asks */
static char token[TOKEN]; /* for what is asked about */
static char name[64];     /* new at each try */
static unsigned long serial;

static void must(unsigned status, unsigned wanted)
{
    if (status != wanted) {
        fail_msg("%u, not %u: %s", status, wanted, s.answer);
    }
}

static unsigned ask(const char *resource)
{
    char form[256];
    (void)snprintf(form, sizeof form, "grant_type=client_credentials&resource=%s", resource);
    return served_post(&s, "/token", auth, form);
}

static void fresh_token(void)
{
    must(ask("https://es.example.com"), 200);
    served_member(&s, "access_token", token, sizeof token);
}

static unsigned introspect(const char *about)
{
    char form[TOKEN + 16];
    (void)snprintf(form, sizeof form, "token=%s", about);
    return served_post(&s, "/introspect", auth, form);
}

static bool is_active(const char *about)
{
    must(introspect(about), 200);
    return strncmp(s.body, "{\"active\":true,", 15) == 0;
}

static void new_name(void)
{
    (void)snprintf(name, sizeof name, "n%lu", ++serial);
}

static void nothing(void)
{
}

/* -- what is tried: prepare, run while memory fails, check what came of it -------------------- */

static unsigned run_es(void)
{
    return ask("https://es.example.com");
}

static unsigned run_rs(void)
{
    return ask("https://rs.example.com");
}

static unsigned run_ed(void)
{
    return ask("https://ed.example.com");
}

static unsigned run_opaque(void)
{
    return ask("https://opaque.example.com");
}

static void check_token(unsigned status)
{
    char got[TOKEN];
    served_member(&s, "access_token", got, sizeof got);
    assert_true((status == 200) == (got[0] != '\0'));
    if (status == 200 && !is_active(got)) {
        fail_msg("it is not active: %s: %s", got, s.answer);
    }
}

/* Keys and clients are new to the worker. */
static void stir(void)
{
    new_name();
    char body[200];
    (void)snprintf(body, sizeof body,
                   "{\"audience\":\"https://%s.example.com\",\"scopes\":[{\"name\":\"a\"}]}", name);
    must(served_admin(&s, "POST", "/admin/v1/resources", body, NULL), 201);
}

static unsigned run_introspect(void)
{
    return introspect(token);
}

static void check_active(unsigned status)
{
    assert_true(status != 200 || strncmp(s.body, "{\"active\":true,", 15) == 0);
}

static void forged_token(void)
{
    fresh_token();
    char *end = token + strlen(token) - 10;
    *end = *end == 'A' ? 'B' : 'A';
}

static void check_inactive(unsigned status)
{
    assert_true(status != 200 || strcmp(s.body, "{\"active\":false}") == 0);
}

static unsigned run_revoke(void)
{
    char form[TOKEN + 16];
    (void)snprintf(form, sizeof form, "token=%s", token);
    return served_post(&s, "/revoke", auth, form);
}

static bool revoked(void)
{
    return !is_active(token);
}

static unsigned run_wrong(void)
{
    char wrong[256];
    (void)snprintf(wrong, sizeof wrong, "%s", auth);
    wrong[strlen(wrong) - 9] ^= 1;
    return served_post(&s, "/token", wrong, "grant_type=client_credentials");
}

static char form[SIGNER_FORM]; /* of a client that signs */
static char jwk[512];          /* the body that gives it its key */

static void fresh_assertion(void)
{
    signer_form(&s, "asker", false, form);
}

static void forged_assertion(void)
{
    signer_form(&s, "asker", true, form);
}

static unsigned run_signed(void)
{
    return served_post(&s, "/token", NULL, form);
}

/* Good once, and not once more, whatever memory there was; that it was used is not known before it
 * was read. */
static void check_signed(unsigned status)
{
    check_token(status);
    unsigned again = run_signed();
    if (status == 200) {
        must(again, 401);
    }
}

static void check_wrong(unsigned status)
{
    assert_true(status == 0 || status == 401 || status == 429 || status >= 500);
}

static unsigned run_create(void)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"name\":\"N\",\"client_id\":\"%s\",\"grants\":[{\"resource\":\"https://"
                   "es.example.com\",\"scopes\":[\"a\"]}]}",
                   name);
    return served_admin(&s, "POST", "/admin/v1/clients", body, NULL);
}

static unsigned show(const char *path)
{
    return served_admin(&s, "GET", path, NULL, NULL);
}

static bool created(void)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/admin/v1/clients/%s", name);
    return show(path) == 200;
}

#define HASH                                                                                       \
    "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$"                                           \
    "cdXU9MC7FSHZOlPYticDnb7tpva8ET8aJMBI3oP4uv4"

static unsigned import_client(void)
{
    char body[600];
    (void)snprintf(body, sizeof body,
                   "{\"name\":\"N\",\"client_id\":\"%s\",\"grants\":[{\"resource\":\"https://"
                   "es.example.com\",\"scopes\":[\"a\"]}],\"secret_hash\":\"" HASH "\"}",
                   name);
    return served_admin(&s, "POST", "/admin/v1/clients", body, NULL);
}

static void add_hash(const char *hash)
{
    char path[128];
    char body[300];
    (void)snprintf(path, sizeof path, "/admin/v1/clients/%s/credentials", name);
    (void)snprintf(body, sizeof body, "{\"kind\":\"secret\",\"secret_hash\":\"%s\"}", hash);
    must(served_admin(&s, "POST", path, body, NULL), 201);
}

/* With a hash of each library; the secret fits the last. */
static void imported(void)
{
    new_name();
    must(import_client(), 201);
    add_hash("$2a$04$DkgXSxyzYQ8x/kuI.d/b8ufdxXS4IEMec3aQl0IhXnPVtAOXS8Og.");
    add_hash(
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc");
}

static unsigned ask_imported(const char *secret)
{
    char who[128];
    (void)snprintf(who, sizeof who, "%s:%s", name, secret);
    return served_post(&s, "/token", who, "grant_type=client_credentials");
}

static unsigned run_imported(void)
{
    return ask_imported("password");
}

/* What memory it wanted then does not keep it from its tokens now. */
static void check_imported(unsigned status)
{
    check_token(status);
    must(ask_imported("password"), 200);
}

static unsigned run_update(void)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"owner\":\"%s\"}", name);
    return served_admin(&s, "PATCH", "/admin/v1/clients/other", body, "*");
}

static bool updated(void)
{
    char owner[64];
    must(show("/admin/v1/clients/other"), 200);
    served_member(&s, "owner", owner, sizeof owner);
    return strcmp(owner, name) == 0;
}

static void victim(void)
{
    new_name();
    must(run_create(), 201);
}

static unsigned on_victim(const char *method, const char *rest, const char *json)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/admin/v1/clients/%s%s", name, rest);
    return served_admin(&s, method, path, json, NULL);
}

static unsigned count_credentials(void)
{
    unsigned n = 0;
    must(on_victim("GET", "/credentials", NULL), 200);
    for (const char *p = s.body; (p = strstr(p, "\"credential_id\"")) != NULL; p++) {
        n++;
    }
    return n;
}

static unsigned run_rotate(void)
{
    return on_victim("POST", "/credentials/rotate", "{}");
}

static bool rotated(void)
{
    return count_credentials() == 2;
}

static char own[256]; /* of the victim: "id:secret" */

static void self_rotating(void)
{
    char secret[128];
    new_name();
    char body[200];
    (void)snprintf(body, sizeof body,
                   "{\"name\":\"N\",\"client_id\":\"%s\",\"rotation\":\"allowed\"}", name);
    must(served_admin(&s, "POST", "/admin/v1/clients", body, NULL), 201);
    served_member(&s, "client_secret", secret, sizeof secret);
    (void)snprintf(own, sizeof own, "%s:%s", name, secret);
}

static unsigned run_own_rotate(void)
{
    return served_post(&s, "/credentials/rotate", own, "overlap=3600");
}

static unsigned run_add_key(void)
{
    return on_victim("POST", "/credentials", jwk);
}

static unsigned run_grant(void)
{
    return on_victim("POST", "/grants",
                     "{\"resource\":\"https://rs.example.com\",\"scopes\":[\"a\"]}");
}

static bool granted(void)
{
    must(on_victim("GET", "/grants", NULL), 200);
    return strstr(s.body, "rs.example.com") != NULL;
}

static unsigned run_delete(void)
{
    return on_victim("DELETE", "", NULL);
}

static bool deleted(void)
{
    return on_victim("GET", "", NULL) == 404;
}

static unsigned run_end_tokens(void)
{
    return served_admin(&s, "POST", "/admin/v1/revocations", "{\"client_id\":\"asker\"}", NULL);
}

static unsigned run_list(void)
{
    return served_admin(&s, "GET", "/admin/v1/clients?limit=3", NULL, NULL);
}

static unsigned run_audit(void)
{
    return served_admin(&s, "GET", "/admin/v1/audit?limit=20", NULL, NULL);
}

static unsigned run_why(void)
{
    return served_admin(&s, "POST", "/admin/v1/why",
                        "{\"client_id\":\"asker\",\"resource\":\"https://es.example.com\"}", NULL);
}

static unsigned run_metrics(void)
{
    return served_admin(&s, "GET", "/metrics", NULL, NULL);
}

static unsigned run_rekey(void)
{
    return served_admin(&s, "POST", "/admin/v1/rekey", NULL, NULL);
}

static unsigned run_key_rotate(void)
{
    return served_admin(&s, "POST", "/admin/v1/keys/rotate", "{\"alg\":\"EdDSA\"}", NULL);
}

/* A key waits; it leaves, to make room for the next one. */
static bool key_rotated(void)
{
    char path[200];
    must(show("/admin/v1/keys"), 200);
    const char *waiting = strstr(s.body, "\"state\":\"published\"");
    if (waiting == NULL) {
        return false;
    }
    while (strncmp(waiting, "\"kid\":\"", 7) != 0) {
        waiting--;
    }
    (void)snprintf(path, sizeof path, "/admin/v1/keys/%.43s/retire", waiting + 7);
    must(served_admin(&s, "POST", path, NULL, NULL), 200);
    return true;
}

static void any(unsigned status)
{
    (void)status;
}

static const struct scenario {
    const char *name;
    void (*prepare)(void);
    unsigned (*run)(void);
    unsigned good;
    void (*check)(unsigned status); /* or: */
    bool (*changed)(void);          /* what the run does was done */
    const char *event;              /* and its record */
} scenarios[] = {
    {"token ES256", nothing, run_es, 200, check_token, NULL, NULL},
    {"token RS256", nothing, run_rs, 200, check_token, NULL, NULL},
    {"token EdDSA", nothing, run_ed, 200, check_token, NULL, NULL},
    {"token opaque", nothing, run_opaque, 200, check_token, NULL, NULL},
    {"token after a change", stir, run_es, 200, check_token, NULL, NULL},
    {"token signed", fresh_assertion, run_signed, 200, check_signed, NULL, NULL},
    {"signed by another", forged_assertion, run_signed, 401, check_wrong, NULL, NULL},
    {"wrong secret", nothing, run_wrong, 401, check_wrong, NULL, NULL},
    {"introspect", fresh_token, run_introspect, 200, check_active, NULL, NULL},
    {"introspect forged", forged_token, run_introspect, 200, check_inactive, NULL, NULL},
    {"revoke", fresh_token, run_revoke, 200, NULL, revoked, "token.revoked"},
    {"client create", new_name, run_create, 201, NULL, created, "client.created"},
    {"client import", new_name, import_client, 201, NULL, created, "client.created"},
    {"imported secret", imported, run_imported, 200, check_imported, NULL, NULL},
    {"client update", new_name, run_update, 200, NULL, updated, "client.updated"},
    {"client delete", victim, run_delete, 204, NULL, deleted, "client.deleted"},
    {"grant add", victim, run_grant, 200, NULL, granted, "grant.added"},
    {"secret rotate", victim, run_rotate, 201, NULL, rotated, "credential.rotated"},
    {"own rotate", self_rotating, run_own_rotate, 201, NULL, rotated, "credential.rotated"},
    {"key add", victim, run_add_key, 201, NULL, rotated, "credential.added"},
    {"key rotate", nothing, run_key_rotate, 201, NULL, key_rotated, "key.created"},
    {"rekey", nothing, run_rekey, 200, any, NULL, NULL},
    {"revoke all", nothing, run_end_tokens, 200, any, NULL, NULL},
    {"list", nothing, run_list, 200, any, NULL, NULL},
    {"audit", nothing, run_audit, 200, any, NULL, NULL},
    {"why", nothing, run_why, 200, any, NULL, NULL},
    {"metrics", nothing, run_metrics, 200, any, NULL, NULL},
};

/* The number of the newest event of a type; 0: none. */
static unsigned long newest(const char *type)
{
    char path[100];
    (void)snprintf(path, sizeof path, "/admin/v1/audit?type=%s&limit=1", type);
    must(show(path), 200);
    const char *p = strstr(s.body, "\"seq\":");
    return p == NULL ? 0 : strtoul(p + 6, NULL, 10);
}

/*
 * What was answered with success was done. What was done is on record, and nothing else: a change
 * may be decided, and in the outbox, before memory runs out for the rest of it.
 */
static void check_change(const struct scenario *c, unsigned status, unsigned long before)
{
    must(ask("https://es.example.com"), 200); /* what was decided is settled before this */
    bool recorded = newest(c->event) != before;
    bool done = c->changed();
    if (done != recorded || (status == c->good && !done)) {
        fail_msg("%s: answered %u, %s, %s", c->name, status, done ? "done" : "not done",
                 recorded ? "recorded" : "not recorded");
    }
}

static unsigned long begin(const struct scenario *c)
{
    c->prepare();
    return c->event == NULL ? 0 : newest(c->event);
}

static void end(const struct scenario *c, unsigned status, unsigned long before)
{
    if (c->event == NULL) {
        c->check(status);
    } else {
        check_change(c, status, before);
    }
}

static void once_without(const struct scenario *c)
{
    unsigned long before = begin(c);
    must(c->run(), c->good);
    end(c, c->good, before);
}

/* Refused for want of memory, or the answer it always gets. */
static bool allowed(const struct scenario *c, unsigned status)
{
    return status == 0 || status == 500 || status == 503 || status == c->good ||
           (c->good == 401 && status == 429);
}

static long try_all(const struct scenario *c, bool ever)
{
    for (long n = 1;; n = fault_next(n)) {
        unsigned long before = begin(c);
        if (getenv("JETON_FAULT_VERBOSE") != NULL) {
            print_message("%s %ld%s\n", c->name, n, ever ? " and later" : "");
        }
        fault_arm(n, ever);
        unsigned status = c->run();
        long seen = fault_disarm();
        if (!allowed(c, status)) {
            fail_msg("%s: allocation %ld%s: %s", c->name, n, ever ? " and later" : "", s.answer);
        }
        end(c, status, before);
        if (seen < n) {
            return n;
        }
    }
}

static void each_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct scenario *c = &scenarios[i];
        once_without(c);
        long once = try_all(c, false);
        long ever = try_all(c, true);
        print_message("%s: %ld allocations (%ld)\n", c->name, once - 1, ever - 1);
        if (c->run != run_wrong) { /* it is throttled by now */
            once_without(c);
        }
    }
}

static void provision(void)
{
    static const struct {
        const char *name, *more;
    } resources[] = {{"es", "\"alg\":\"ES256\""},
                     {"rs", "\"alg\":\"RS256\""},
                     {"ed", "\"alg\":\"EdDSA\""},
                     {"opaque", "\"format\":\"opaque\""}};
    static const char grants[] =
        "\"grants\":[{\"resource\":\"https://es.example.com\",\"scopes\":["
        "\"a\"]},{\"resource\":\"https://rs.example.com\",\"scopes\":[\"a\"]},{"
        "\"resource\":\"https://ed.example.com\",\"scopes\":[\"a\"]},{"
        "\"resource\":\"https://opaque.example.com\",\"scopes\":[\"a\"]}]";
    char body[1024];
    char secret[200];
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"audience\":\"https://%s.example.com\",\"scopes\":[{\"name\":\"a\"}],%s}",
                       resources[i].name, resources[i].more);
        must(served_admin(&s, "POST", "/admin/v1/resources", body, NULL), 201);
    }
    (void)snprintf(body, sizeof body, "{\"name\":\"A\",\"client_id\":\"asker\",%s}", grants);
    must(served_admin(&s, "POST", "/admin/v1/clients", body, NULL), 201);
    served_member(&s, "client_secret", secret, sizeof secret);
    (void)snprintf(auth, sizeof auth, "asker:%s", secret);
    signer_init(jwk, sizeof jwk);
    must(served_admin(&s, "POST", "/admin/v1/clients/asker/credentials", jwk, NULL), 201);
    must(served_admin(&s, "POST", "/admin/v1/clients",
                      "{\"name\":\"O\",\"client_id\":\"other\",\"owner\":\"o\"}", NULL),
         201);
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "/admin/v1/resources/https%%3A%%2F%%2F%s.example.com",
                       resources[i].name);
        must(served_admin(&s, "PATCH", path, "{\"introspect_by\":[\"asker\"]}", "*"), 200);
    }
}

/* SIGHUP: all of it, or nothing. */
static void each_reload(void **state)
{
    (void)state;
    for (int ever = 0; ever < 2; ever++) {
        for (long n = 1;; n = fault_next(n)) {
            s.lifetime = n % 2 == 0 ? "1h" : "2h";
            fault_arm(n, ever == 1);
            served_hangup(&s);
            long last = -1;
            for (int still = 0; still < 10;) { /* until it has come to rest */
                const struct timespec ms = {0, 2000000};
                (void)nanosleep(&ms, NULL);
                long k = fault_seen();
                still = k == last && k > 0 ? still + 1 : 0;
                last = k;
            }
            long seen = fault_disarm();
            must(ask("https://es.example.com"), 200);
            if (seen < n) {
                print_message("reload: %ld allocations\n", seen);
                break;
            }
        }
    }
}

static int setup(void **state)
{
    (void)state;
    fault_exempt();
    served_init(&s);
    if (!served_start(&s)) {
        return -1;
    }
    provision();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int code = served_stop(&s);
    served_remove(&s);
    signer_free();
    return code;
}

/* A start: it succeeds, or ends with 1 and a later one succeeds with all that was there. */
static void try_starts(bool first)
{
    static struct served one;
    for (int ever = 0; ever < 2; ever++) {
        long n = 1;
        served_init(&one);
        assert_true(served_start(&one));
        assert_int_equal(served_stop(&one), 0);
        for (;; n = fault_next(n)) {
            if (first) {
                served_remove(&one);
                served_init(&one);
            }
            if (getenv("JETON_FAULT_VERBOSE") != NULL) {
                print_message("start %ld%s\n", n, ever == 1 ? " and later" : "");
            }
            long before = fault_live();
            fault_arm(n, ever == 1);
            bool up = served_start(&one);
            long seen = fault_disarm();
            if (up) {
                assert_int_equal(served_stop(&one), 0);
            } else {
                assert_int_equal(one.code, 1);
            }
            if (fault_live() != before) {
                fail_msg("start: allocation %ld: %ld blocks are left", n, fault_live() - before);
            }
            if (!up) {
                assert_true(served_start(&one));
                assert_int_equal(served_stop(&one), 0);
            }
            if (seen < n) {
                break;
            }
        }
        served_remove(&one);
        print_message("%s start: %ld allocations\n", first ? "first" : "later", n - 1);
    }
}

static void each_start(void **state)
{
    (void)state;
    try_starts(false);
}

static void each_first_start(void **state)
{
    (void)state;
    try_starts(true);
}

int main(void)
{
    const struct CMUnitTest starts[] = {cmocka_unit_test(each_start),
                                        cmocka_unit_test(each_first_start)};
    const struct CMUnitTest flows[] = {cmocka_unit_test(each_request),
                                       cmocka_unit_test(each_reload)};
    fault_exempt();
    int failed = cmocka_run_group_tests_name("requests", flows, setup, teardown);
    return failed + cmocka_run_group_tests_name("starts", starts, NULL, NULL);
}
