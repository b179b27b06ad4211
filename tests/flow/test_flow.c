/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flow.c - request bytes to response bytes and audit record: every case of cases.txt, then
 * what the disk does to answers, floods, and that every reason to refuse is reached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>

#include "house.h"
#include "server/reason.h"

#define LINE 4096
#define ANSWER 65536

static struct house house;
static char answer[ANSWER];
static char token[LINE];
static bool reason_seen[JT_REASONS];

struct test_case {
    char name[256], line[LINE], auth[LINE], type[256], header[256], body[LINE], from[64];
    bool started, sent;
    uint64_t seq_before;
};

/* Fills in {basic:X}, {secret:X} and {token}. */
static void expand(const char *in, char *out, size_t cap)
{
    size_t o = 0;
    while (*in != '\0' && o + 1 < cap) {
        char name[64];
        char value[1024];
        int used = 0;
        if (strncmp(in, "{token}", 7) == 0) {
            o += (size_t)snprintf(out + o, cap - o, "%s", token);
            in += 7;
        } else if (sscanf(in, "{secret:%63[a-z]}%n", name, &used) == 1 && used > 0) {
            o += (size_t)snprintf(out + o, cap - o, "%s", house_secret(&house, name));
            in += used;
        } else if (sscanf(in, "{basic:%63[a-z]}%n", name, &used) == 1 && used > 0) {
            house_basic(name, house_secret(&house, name), value, sizeof value);
            o += (size_t)snprintf(out + o, cap - o, "%s", value);
            in += used;
        } else {
            out[o++] = *in++;
        }
    }
    assert_true(o < cap);
    out[o] = '\0';
}

static void send_case(struct test_case *c)
{
    char request[3 * LINE];
    char auth[LINE];
    char body[LINE];
    if (!c->started || c->sent) {
        return;
    }
    expand(c->auth, auth, sizeof auth);
    expand(c->body, body, sizeof body);
    bool post = strncmp(c->line, "POST", 4) == 0;
    int n =
        snprintf(request, sizeof request,
                 "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%s%s%s%s%s%s%s", c->line,
                 auth[0] != '\0' ? "Authorization: " : "", auth, auth[0] != '\0' ? "\r\n" : "",
                 c->header, c->header[0] != '\0' ? "\r\n" : "", post ? "Content-Type: " : "",
                 !post             ? ""
                 : c->type[0] != 0 ? c->type
                                   : "application/x-www-form-urlencoded",
                 post ? "\r\n" : "");
    if (post) {
        n += snprintf(request + n, sizeof request - (size_t)n, "Content-Length: %zu\r\n",
                      strlen(body));
    }
    n += snprintf(request + n, sizeof request - (size_t)n, "\r\n%s", post ? body : "");
    assert_true(n > 0 && (size_t)n < sizeof request);
    c->seq_before = house_last_seq(&house);
    house.from = c->from[0] != '\0' ? ntohl(inet_addr(c->from)) : 0;
    (void)house_exchange(&house, jt_slice(request, (size_t)n), answer, sizeof answer);
    house.from = 0;
    c->sent = true;
}

static void expect_slice(const struct test_case *c, const char *what, struct jt_slice got,
                         const char *want)
{
    if (!jt_slice_eq(got, jt_str(want))) {
        fail_msg("%s: %s is \"%.*s\", not \"%s\"", c->name, what, JT_FMT(got), want);
    }
}

static void expect_event(const struct test_case *c, const char *verb, const char *want)
{
    const struct jt_event *e = house_last_event(&house);
    if (e->seq <= c->seq_before) {
        fail_msg("%s: no event was recorded", c->name);
    }
    if (strcmp(verb, "event") == 0) {
        expect_slice(c, verb, jt_str(jt_event_type_name(e->type)), want);
    } else if (strcmp(verb, "reason") == 0) {
        expect_slice(c, verb, e->reason, want);
        reason_seen[jt_reason_from_name(e->reason)] = true;
    } else if (strcmp(verb, "client") == 0) {
        expect_slice(c, verb, e->client_id, want);
    } else if (strcmp(verb, "resource") == 0) {
        expect_slice(c, verb, e->resource, want);
    } else if (strcmp(verb, "address") == 0) {
        char text[JT_ADDR_TEXT];
        jt_addr_text(&e->address, text);
        expect_slice(c, verb, jt_str(text), want);
    } else {
        expect_slice(c, verb, e->scope, want);
    }
}

static void save_token(const struct test_case *c)
{
    const char *p = strstr(answer, "\"access_token\":\"");
    if (p == NULL || sscanf(p, "\"access_token\":\"%4000[^\"]", token) != 1) {
        fail_msg("%s: there is no token to save in: %s", c->name, answer);
    }
}

static void check(struct test_case *c, const char *verb, const char *rest)
{
    send_case(c);
    if (strcmp(verb, "status") == 0) {
        if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, rest, 3) != 0) {
            fail_msg("%s: not %s but: %s", c->name, rest, answer);
        }
        assert_non_null(strstr(answer, "\r\nX-Request-Id: "));
        assert_non_null(strstr(answer, "\r\nDate: "));
    } else if (strcmp(verb, "has") == 0 && strstr(answer, rest) == NULL) {
        fail_msg("%s: \"%s\" is missing in: %s", c->name, rest, answer);
    } else if (strcmp(verb, "lacks") == 0 && strstr(answer, rest) != NULL) {
        fail_msg("%s: \"%s\" stands in: %s", c->name, rest, answer);
    } else if (strcmp(verb, "noevent") == 0) {
        assert_int_equal(house_last_seq(&house), c->seq_before);
    } else if (strcmp(verb, "save") == 0) {
        save_token(c);
    } else if (strcmp(verb, "has") != 0 && strcmp(verb, "lacks") != 0) {
        expect_event(c, verb, rest);
    }
}

static void set(char *to, size_t cap, const char *from)
{
    assert_true(strlen(from) < cap);
    memcpy(to, from, strlen(from) + 1);
}

static void on_line(struct test_case *c, char *line)
{
    char *space = strchr(line, ' ');
    const char *rest = space == NULL ? "" : space + 1;
    if (strncmp(line, "POST ", 5) == 0 || strncmp(line, "GET ", 4) == 0) {
        set(c->line, sizeof c->line, line);
        c->started = true;
        return;
    }
    if (space != NULL) {
        *space = '\0';
    }
    if (strcmp(line, "case") == 0) {
        *c = (struct test_case){0};
        set(c->name, sizeof c->name, rest);
    } else if (strcmp(line, "auth") == 0) {
        set(c->auth, sizeof c->auth, rest);
    } else if (strcmp(line, "type") == 0) {
        set(c->type, sizeof c->type, rest);
    } else if (strcmp(line, "header") == 0) {
        set(c->header, sizeof c->header, rest);
    } else if (strcmp(line, "body") == 0) {
        set(c->body, sizeof c->body, rest);
    } else if (strcmp(line, "from") == 0) {
        set(c->from, sizeof c->from, rest);
    } else {
        check(c, line, rest);
    }
}

static void test_cases(void **state)
{
    (void)state;
    static struct test_case c;
    static char line[LINE];
    size_t ncases = 0;
    FILE *f = fopen(CASES, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#') {
            ncases += strncmp(line, "case ", 5) == 0 ? 1 : 0;
            on_line(&c, line);
        }
    }
    (void)fclose(f);
    assert_true(ncases > 60);
}

static void guess(const char *client, const char *secret)
{
    char body[512];
    (void)snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s&client_secret=%s",
                   client, secret);
    (void)house_post(&house, "/token", NULL, body, answer, sizeof answer);
}

/* Twenty wrong secrets, then 429: for this client from this address alone. */
static void test_throttle(void **state)
{
    (void)state;
    house.from = ntohl(inet_addr("127.254.7.1"));
    for (int i = 0; i < 20; i++) {
        guess("alice", "jcs_wrong");
        assert_non_null(strstr(answer, "HTTP/1.1 401 "));
    }
    (void)poll(NULL, 0, 1200); /* so that the next refusal is recorded singly again */
    guess("alice", house_secret(&house, "alice")); /* the right one too: it is not looked at */
    assert_non_null(strstr(answer, "HTTP/1.1 429 "));
    assert_non_null(strstr(answer, "\"error\":\"temporarily_unavailable\""));
    assert_non_null(strstr(answer, "\"error_ref\":\""));
    const char *after = strstr(answer, "\r\nRetry-After: ");
    assert_non_null(after);
    int64_t wait = strtol(after + 15, NULL, 10);
    assert_in_range(wait, 1, 3);
    const struct jt_event *e = house_last_event(&house);
    assert_true(jt_slice_eq(e->reason, JT_LIT("throttled")));
    assert_true(jt_slice_eq(e->client_id, JT_LIT("alice")));
    reason_seen[JT_R_THROTTLED] = true;
    guess("bob", house_secret(&house, "bob")); /* another client from there */
    assert_null(strstr(answer, "HTTP/1.1 429 "));
    house.from = ntohl(inet_addr("127.254.7.2"));
    guess("alice", house_secret(&house, "alice")); /* from beside it */
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    house.from = ntohl(inet_addr("127.254.7.1"));
    (void)poll(NULL, 0, (int)wait * 1000 + 50); /* and after what Retry-After said */
    guess("alice", house_secret(&house, "alice"));
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    house.from = 0;
}

/* Every refusal of token and introspection requests that a request can cause is reached by a case.
 */
static void test_reasons_reached(void **state)
{
    (void)state;
    static const enum jt_reason elsewhere[] = {
        JT_R_NONE,
        JT_R_UNREADABLE,
        JT_R_CREDENTIAL_NONE,
        JT_R_NO_KEY,
        JT_R_NO_DISK,
        JT_R_BUSY,
        JT_R_INTERNAL,
        JT_R_PARAMETER_COUNT,
        JT_R_ADMIN_NOT_ALLOWED,
        JT_R_TOKEN_SIZE,
        /* these need keys and certificates: see tests/e2e */
        JT_R_ASSERTION_ISSUER,
        JT_R_ASSERTION_KEY,
        JT_R_ASSERTION_SIGNATURE,
        JT_R_ASSERTION_AUDIENCE,
        JT_R_ASSERTION_EXPIRED,
        JT_R_ASSERTION_NOT_YET,
        JT_R_ASSERTION_LIFE,
        JT_R_ASSERTION_JTI,
        JT_R_ASSERTION_REPLAYED,
        JT_R_ASSERTION_ROOM,
        JT_R_TRUST_RULE,
        JT_R_TRUST_CLAIMS,
        JT_R_TRUST_KEYS,
        JT_R_CERT_UNKNOWN,
        JT_R_CERT_CHAIN,
        JT_R_CERT_HEADER,
        JT_R_CERT_NEEDED,
        JT_R_BEARER_BOUND,
        JT_R_CREDENTIAL_KIND,
        JT_R_CREDENTIAL_REVOKED,
        JT_R_CREDENTIAL_EXPIRED,
        JT_R_CREDENTIAL_NOT_YET,
        JT_R_CREDENTIAL_ENVIRONMENT,
        JT_R_SECRET_BUSY,
        JT_R_ROTATION_OFF,
        JT_R_ROTATION_REQUIRED,
        JT_R_ROTATION_KIND,
        JT_R_ROTATION_REQUEST,
        JT_R_ROTATION_SUPERSEDED,
        JT_R_ROTATION_TOO_SOON,
        /* and these admin.listen */
        JT_R_ADMIN_SCOPE,
        JT_R_ADMIN_PROOF,
        JT_R_ADMIN_CERTIFICATE,
        JT_R_BEARER_AUDIENCE,
    };
    for (unsigned r = 0; r < JT_REASONS; r++) {
        bool listed = false;
        for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
            listed = listed || elsewhere[i] == (enum jt_reason)r;
        }
        if (!listed && !reason_seen[r]) {
            fail_msg("no case reaches the reason %s", jt_reason_row((enum jt_reason)r)->name);
        }
    }
}

static const char *good_body(void)
{
    static char body[512];
    (void)snprintf(body, sizeof body,
                   "grant_type=client_credentials&client_id=alice&client_secret=%s",
                   house_secret(&house, "alice"));
    return body;
}

static void break_disk(enum jt_err e)
{
    const struct jt_store_faults f = {
        .countdown = 1, .err = e, .for_ever = true, .only = "audit_append"};
    jt_store_faults_set(&house.faults, &f);
}

static void mend_disk(void)
{
    const struct jt_store_faults none = {0};
    jt_store_faults_set(&house.faults, &none);
}

/* Disk gone, on_failure block: 503 with Retry-After and no token; then it works again by itself. */
static void test_disk_block(void **state)
{
    (void)state;
    break_disk(JT_E_FULL);
    (void)house_post(&house, "/token", NULL, good_body(), answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 503 "));
    assert_non_null(strstr(answer, "\r\nRetry-After: "));
    assert_null(strstr(answer, "access_token"));
    (void)house_post(&house, "/token", NULL, "grant_type=client_credentials", answer,
                     sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 503 ")); /* a refusal must be on disk too */
    uint64_t before = house_last_seq(&house);
    mend_disk();
    (void)house_post(&house, "/token", NULL, good_body(), answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    assert_int_equal(house_last_seq(&house), before + 1);
}

static enum jt_err link_holds(void *ctx, const struct jt_event *e)
{
    struct jt_event *previous = ctx;
    struct jt_event copy = *e;
    struct jt_crypt *c = NULL;
    struct jt_buf scratch;
    jt_buf_init(&scratch, 65536);
    assert_int_equal(e->seq, previous->seq + 1);
    assert_int_equal(jt_crypt_new(&c), JT_OK);
    assert_int_equal(jt_event_chain(c, previous->hash, &copy, &scratch), JT_OK);
    assert_memory_equal(copy.hash, e->hash, sizeof e->hash);
    jt_crypt_free(&c);
    jt_buf_free(&scratch);
    previous->seq = e->seq;
    memcpy(previous->hash, e->hash, sizeof e->hash);
    return JT_OK;
}

static void test_chain_whole(void **state)
{
    (void)state;
    struct jt_event previous = {0};
    const struct jt_audit_query q = {.scan = 1000000};
    uint64_t next = 0;
    assert_int_equal(house.store->ops->audit_read(house.store, &q, link_holds, &previous, &next),
                     JT_OK);
    assert_true(previous.seq > 50);
}

static size_t count_answers(const char *text, const char *status)
{
    size_t n = 0;
    for (const char *p = strstr(text, status); p != NULL; p = strstr(p + 1, status)) {
        n++;
    }
    return n;
}

/* Many refusals of one address within seconds: few singly, the others counted; none is lost. */
static void test_flood(void **state)
{
    (void)state;
    const size_t total = 200;
    struct jt_writer_stats s;
    house.one_address = true;
    uint64_t before = house_last_seq(&house);
    jt_writer_stats(house.writer, &s);
    uint64_t counted = s.counted; /* by earlier tests */
    for (size_t i = 0; i < total; i++) {
        (void)house_post(&house, "/token", NULL, "grant_type=client_credentials", answer,
                         sizeof answer);
        assert_int_equal(count_answers(answer, "HTTP/1.1 401 "), 1);
        assert_non_null(strstr(answer, "\"error_ref\":\""));
    }
    jt_writer_stats(house.writer, &s);
    assert_true(s.counted > counted);
    assert_true(house_last_seq(&house) - before < total);
    assert_int_equal(house_last_seq(&house) - before + s.counted - counted, total);
    house.one_address = false;
}

/* Requests in one piece are answered in order, on one connection. */
static void test_pipeline(void **state)
{
    (void)state;
    static char request[LINE * 8];
    size_t n = 0;
    for (int i = 0; i < 10; i++) {
        n += (size_t)snprintf(request + n, sizeof request - n,
                              "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: "
                              "application/x-www-form-urlencoded\r\nContent-Length: "
                              "%zu\r\n\r\n%sGET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n",
                              strlen(good_body()), good_body());
    }
    (void)house_exchange(&house, jt_slice(request, n), answer, sizeof answer);
    assert_int_equal(count_answers(answer, "HTTP/1.1 200 OK"), 20);
    const char *p = answer;
    for (int i = 0; i < 10; i++) {
        const char *t = strstr(p, "access_token");
        const char *k = strstr(p, "\"keys\"");
        assert_true(t != NULL && k != NULL && t < k);
        p = k + 1;
    }
}

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

/* on_failure degrade: tokens go on without records, and the number of them is known. */
static void test_degrade(void **state)
{
    (void)state;
    struct jt_writer_stats s;
    break_disk(JT_E_IO);
    (void)house_post(&house, "/token", NULL, good_body(), answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    jt_writer_stats(house.writer, &s);
    assert_int_equal(s.unaudited, 1);
    assert_true(s.disk_failing);
    mend_disk();
}

static int setup_degrade(void **state)
{
    (void)state;
    house_open(&house, JT_AUDIT_DEGRADE, 0);
    return 0;
}

/* A disk that takes too long: 503 and the end of the connection; what was begun is recorded all the
 * same. */
static void test_late(void **state)
{
    (void)state;
    const struct jt_store_faults slow = {.delay_ms = 400};
    jt_store_faults_set(&house.faults, &slow);
    uint64_t before = house_last_seq(&house);
    for (int i = 0; i < 3; i++) {
        (void)house_post(&house, "/token", NULL, good_body(), answer, sizeof answer);
        assert_non_null(strstr(answer, "HTTP/1.1 503 "));
        assert_non_null(strstr(answer, "\r\nRetry-After: "));
        assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
        assert_int_equal(count_answers(answer, "HTTP/1.1 "), 1);
    }
    mend_disk();
    do { /* once the disk has caught up, everything is as ever */
        (void)house_post(&house, "/token", NULL, good_body(), answer, sizeof answer);
    } while (strstr(answer, "HTTP/1.1 503 ") != NULL);
    assert_non_null(strstr(answer, "access_token"));
    assert_true(house_last_seq(&house) >= before + 4);
}

static int setup_late(void **state)
{
    (void)state;
    house_open(&house, JT_AUDIT_BLOCK, 50000);
    return 0;
}

int main(void)
{
    const struct CMUnitTest block[] = {
        cmocka_unit_test(test_cases),           cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_reasons_reached), cmocka_unit_test(test_disk_block),
        cmocka_unit_test(test_pipeline),        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_chain_whole),
    };
    const struct CMUnitTest degrade[] = {cmocka_unit_test(test_degrade)};
    const struct CMUnitTest late[] = {cmocka_unit_test(test_late)};
    int failed = cmocka_run_group_tests_name("flow", block, setup, teardown);
    failed += cmocka_run_group_tests_name("flow, slow disk", late, setup_late, teardown);
    return failed + cmocka_run_group_tests_name("flow, degrade", degrade, setup_degrade, teardown);
}
