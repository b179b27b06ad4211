/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_metrics.c - every line of the page is one that Prometheus reads (exposition format 0.0.4),
 * and its size does not follow the number of clients.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/flow/app.h"

#define SERIES_MAX 4000

struct rig {
    struct jt_store *store;
    struct jt_epochs epochs;
    struct jt_directory *directory;
    struct jt_writer *writer;
    struct jt_settings settings;
    struct jt_app app;
    struct jt_local locals[2];
    struct jt_local *list[2];
    _Atomic uint64_t sequence;
};

static void quiet(void *ctx, int level, const char *message)
{
    (void)ctx;
    (void)level;
    (void)message;
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    const struct jt_store_opts o = {0};
    assert_non_null(r);
    jt_epochs_init(&r->epochs);
    assert_int_equal(jt_directory_new(&r->epochs, &r->directory), JT_OK);
    assert_int_equal(jt_store_memory.open(&o, &r->store), JT_OK);
    const struct jt_writer_opts w = {.store = r->store,
                                     .directory = r->directory,
                                     .epochs = &r->epochs,
                                     .issue_sequence = &r->sequence,
                                     .clock = &jt_clock_system,
                                     .reason_name = jt_reason_name_of,
                                     .log = quiet};
    assert_int_equal(jt_writer_start(&w, &r->writer), JT_OK);
    r->app.clock = &jt_clock_system;
    r->app.directory = r->directory;
    r->app.writer = r->writer;
    r->list[0] = &r->locals[0];
    r->list[1] = &r->locals[1];
    r->app.nlocals = 2;
    r->app.locals = r->list;
    r->app.started_s = 1795512600;
    r->settings.rotate_every_s = 86400;
    atomic_store(&r->app.settings, &r->settings);
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
    free(r);
    return 0;
}

static void add_client(struct rig *r, const char *id, int64_t expires_s,
                       enum jt_credential_state state)
{
    const struct jt_credential k = {
        .id = JT_LIT("abcdefghijkl"), .number = 1, .state = state, .expires_s = expires_s};
    const struct jt_client c = {
        .o = {.name = jt_str(id)}, .enabled = true, .ncredentials = 1, .credentials = &k};
    struct jt_client *copy = jt_client_dup(&c);
    assert_non_null(copy);
    assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
}

static void add_key(struct rig *r, const char *kid, enum jt_key_state state)
{
    const struct jt_signing_key k = {
        .o = {.name = jt_str(kid)}, .alg = JT_ALG_ES256, .state = state, .signs_s = 100};
    struct jt_signing_key *copy = jt_signing_key_dup(&k);
    assert_non_null(copy);
    assert_int_equal(jt_directory_put(r->directory, &copy->o), JT_OK);
}

/* The page as text, to be freed. */
static char *page(struct rig *r)
{
    struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    jt_metrics_write(&r->app, &b);
    assert_true(jt_buf_ok(&b));
    char *text = jt_buf_take(&b);
    assert_non_null(text);
    return text;
}

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (!first && c >= '0' && c <= '9');
}

static size_t name_length(const char *s)
{
    size_t n = 0;
    while (name_char(s[n], n == 0)) {
        n++;
    }
    return n;
}

/* What a parser has read so far. */
struct parsed {
    char family[128], type[16]; /* the one under way */
    size_t nfamilies, nseries;
    char families[200][128];
    char series[SERIES_MAX][200];
    double last_bucket;
};

static void on_comment(struct parsed *p, const char *line)
{
    char name[128];
    char type[16];
    int used = 0;
    if (sscanf(line, "# HELP %127s %n", name, &used) == 1 && used > 0) {
        assert_int_equal(name_length(name), strlen(name));
        assert_true(strlen(line + used) > 5); /* it says something */
        for (size_t i = 0; i < p->nfamilies; i++) {
            assert_string_not_equal(p->families[i], name); /* a family stands in one place */
        }
        (void)strcpy(p->families[p->nfamilies++], name);
        (void)strcpy(p->family, name);
        p->type[0] = '\0';
        p->last_bucket = 0;
        return;
    }
    if (sscanf(line, "# TYPE %127s %15s%n", name, type, &used) != 2 || line[used] != '\0') {
        fail_msg("a comment that is neither HELP nor TYPE: %s", line);
    }
    assert_string_equal(name, p->family);
    assert_true(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0 ||
                strcmp(type, "histogram") == 0);
    (void)strcpy(p->type, type);
}

/* Labels that have a bounded number of values; kid: one active key for each algorithm. */
static bool label_bounded(const char *name, size_t n)
{
    static const char *const all[] = {"version", "auth_method", "result", "reason",
                                      "rule",    "within",      "kid",    "alg",
                                      "le",      "op",          "kind"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strlen(all[i]) == n && strncmp(all[i], name, n) == 0) {
            return true;
        }
    }
    return false;
}

/* {name="value",…}; returns what follows. */
static const char *labels(const char *s, const char *line)
{
    if (*s != '{') {
        return s;
    }
    do {
        s++;
        size_t n = name_length(s);
        if (n == 0 || s[n] != '=' || s[n + 1] != '"' || !label_bounded(s, n)) {
            fail_msg("a bad label: %s", line);
        }
        s += n + 2;
        while (*s != '"') {
            assert_true(*s >= ' ' && *s != '\\' && *s <= '~');
            s++;
        }
        s++;
    } while (*s == ',');
    assert_int_equal(*s, '}');
    return s + 1;
}

static void on_sample(struct parsed *p, const char *line)
{
    size_t n = name_length(line);
    size_t family = strlen(p->family);
    assert_true(n >= family && strncmp(line, p->family, family) == 0);
    const char *suffix = line + family;
    bool histogram = strcmp(p->type, "histogram") == 0;
    if (n != family) {
        assert_true(histogram &&
                    (strncmp(suffix, "_bucket", 7) == 0 || strncmp(suffix, "_sum", 4) == 0 ||
                     strncmp(suffix, "_count", 6) == 0));
    }
    assert_true(p->type[0] != '\0' && (n == family) != histogram);
    const char *end = labels(line + n, line);
    size_t length = (size_t)(end - line);
    assert_true(length < sizeof p->series[0] && p->nseries < SERIES_MAX);
    (void)snprintf(p->series[p->nseries], sizeof p->series[0], "%.*s", (int)length, line);
    for (size_t i = 0; i < p->nseries; i++) {
        assert_string_not_equal(p->series[i], p->series[p->nseries]); /* once each */
    }
    p->nseries++;
    char *rest = NULL;
    assert_int_equal(*end, ' ');
    double v = strtod(end + 1, &rest);
    if (rest == end + 1 || *rest != '\0' || v < 0) {
        fail_msg("not a value: %s", line);
    }
    if (strncmp(suffix, "_bucket", 7) == 0 || strncmp(suffix, "_count", 6) == 0) {
        assert_true(v >= p->last_bucket); /* cumulative, and the count is all of them */
        p->last_bucket = v;
    }
    assert_true(strcmp(p->type, "counter") != 0 || strcmp(p->family + family - 6, "_total") == 0);
}

static void parse(char *text, struct parsed *p)
{
    *p = (struct parsed){0};
    size_t n = strlen(text);
    assert_true(n > 0 && text[n - 1] == '\n');
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (line[0] == '#') {
            on_comment(p, line);
        } else {
            on_sample(p, line);
        }
    }
}

static struct parsed parsed;

static void test_every_line_is_read(void **state)
{
    struct rig *r = *state;
    add_key(r, "kid-1", JT_KEYSTATE_ACTIVE);
    add_client(r, "alice", 0, JT_CRED_ACTIVE);
    for (size_t m = 0; m < JT_METRIC_METHODS; m++) {
        for (size_t i = 0; i < JT_REASONS; i++) {
            jt_count(&r->locals[0].metrics.token[m][i]);
        }
    }
    for (size_t i = 0; i < JT_REASONS; i++) {
        jt_count(&r->locals[1].metrics.auth_failures[i]);
        jt_count(&r->locals[1].metrics.introspections_refused[i]);
    }
    for (int64_t us = 1; us < 100000000; us *= 3) {
        jt_histogram_add(&r->locals[us % 2].metrics.token_requests, us);
    }
    char *text = page(r);
    parse(text, &parsed);
    assert_true(parsed.nfamilies > 15);
    assert_true(parsed.nseries > JT_METRIC_METHODS * JT_REASONS);
    free(text);
}

static void expect_line(const char *text, const char *line)
{
    if (strstr(text, line) == NULL) {
        fail_msg("\"%s\" is missing in:\n%s", line, text);
    }
}

/* The counters of all workers, added up. */
static void test_sums(void **state)
{
    struct rig *r = *state;
    for (size_t i = 0; i < 2; i++) {
        struct jt_metrics *m = &r->locals[i].metrics;
        jt_count(&m->token[jt_metric_method("client_secret_basic")][JT_R_NONE]);
        jt_count(&m->token[jt_metric_method(NULL)][JT_R_AUTH_MISSING]);
        jt_count(&m->introspections[JT_INTROSPECT_IS_ACTIVE]);
        jt_count(&m->limited_client);
        jt_count(&m->revocations);
        jt_histogram_add(&m->token_requests, 1500);
        jt_histogram_add(&m->token_requests, 6000000);
        jt_histogram_add(&m->token_requests, -5); /* a clock that went back is no negative sum */
    }
    char *text = page(r);
    expect_line(text, "\njeton_token_requests_total{auth_method=\"client_secret_basic\","
                      "result=\"issued\"} 2\n");
    expect_line(text, "\njeton_token_requests_total{auth_method=\"none\","
                      "result=\"auth_missing\"} 2\n");
    expect_line(text, "\njeton_introspection_requests_total{result=\"active\"} 2\n");
    expect_line(text, "\njeton_rate_limited_total{rule=\"failures_client_address\"} 2\n");
    expect_line(text, "\njeton_revocations_total 2\n");
    expect_line(text, "\njeton_token_request_duration_seconds_bucket{le=\"0.001\"} 2\n");
    expect_line(text, "\njeton_token_request_duration_seconds_bucket{le=\"0.0025\"} 4\n");
    expect_line(text, "\njeton_token_request_duration_seconds_bucket{le=\"5\"} 4\n");
    expect_line(text, "\njeton_token_request_duration_seconds_bucket{le=\"+Inf\"} 6\n");
    expect_line(text, "\njeton_token_request_duration_seconds_sum 12.003000\n");
    expect_line(text, "\njeton_token_request_duration_seconds_count 6\n");
    free(text);
}

/* Ten times as many clients and dead keys: as many lines. */
static void test_clients_do_not_show(void **state)
{
    struct rig *r = *state;
    char id[32];
    size_t before = 0;
    add_key(r, "active-one", JT_KEYSTATE_ACTIVE);
    for (int i = 0; i < 2000; i++) {
        if (i == 200) {
            char *text = page(r);
            parse(text, &parsed);
            before = parsed.nseries;
            free(text);
        }
        (void)snprintf(id, sizeof id, "client-%d", i);
        add_client(r, id, 0, JT_CRED_ACTIVE);
        (void)snprintf(id, sizeof id, "kid-%d", i);
        if (i < 100) {
            add_key(r, id, JT_KEYSTATE_REVOKED);
        }
    }
    char *text = page(r);
    assert_null(strstr(text, "client-1"));
    assert_null(strstr(text, "kid-1"));
    expect_line(text, "\njeton_clients 2000\n");
    /* behind a hundred that are dead, the one that signs is seen */
    expect_line(text, "{kid=\"active-one\",alg=\"ES256\"} 86500\n");
    parse(text, &parsed);
    assert_int_equal(parsed.nseries, before);
    free(text);
}

static void test_secrets_that_end_soon(void **state)
{
    struct rig *r = *state;
    for (uint64_t i = 0; i < JT_EXPIRING_WINDOWS; i++) { /* the main thread counts them */
        atomic_store(&r->app.expiring[i], i);
    }
    atomic_store(&r->app.reminders[JT_REMIND_KEY], 9);
    char *text = page(r);
    expect_line(text, "\njeton_client_secrets_expiring{within=\"7d\"} 1\n");
    expect_line(text, "\njeton_client_secrets_expiring{within=\"1d\"} 0\n");
    expect_line(text, "\njeton_client_secrets_expiring{within=\"14d\"} 2\n");
    expect_line(text, "\njeton_client_secrets_expiring{within=\"30d\"} 3\n");
    expect_line(text, "\njeton_reminders_total{kind=\"credential\"} 0\n");
    expect_line(text, "\njeton_reminders_total{kind=\"key\"} 9\n");
    free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_line_is_read),
        TEST(test_sums),
        TEST(test_clients_do_not_show),
        TEST(test_secrets_that_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
