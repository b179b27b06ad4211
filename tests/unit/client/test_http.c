/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server of one connection that says what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/http.h"
#include "core/base/clock.h"

#define FILL_MAX ((size_t)2 * 1024 * 1024)

struct server {
    const struct jt_outbound_guard *guard;
    size_t body_max;
    int fd;
    uint16_t port;
    const char *head; /* sent as it is */
    size_t fill;      /* then this many 'a' */
    bool hangs;
    char got[4096];
};

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0) {
            return; /* the client has had enough */
        }
        p += k;
        n -= (size_t)k;
    }
}

static void *serve(void *ctx)
{
    static char fill[FILL_MAX];
    struct server *s = ctx;
    int c = accept(s->fd, NULL, NULL);
    if (c < 0) {
        return NULL;
    }
    size_t n = 0;
    while (n < sizeof s->got - 1 && strstr(s->got, "\r\n\r\n") == NULL) {
        ssize_t k = recv(c, s->got + n, sizeof s->got - 1 - n, 0);
        if (k <= 0) {
            break;
        }
        n += (size_t)k;
    }
    memset(fill, 'a', sizeof fill);
    send_all(c, s->head, strlen(s->head));
    send_all(c, fill, s->fill);
    char end = 0;
    while (s->hangs && recv(c, &end, 1, 0) > 0) {
    }
    (void)close(c);
    return NULL;
}

static enum jt_oauth_end ask(struct server *s, const struct jt_outbound_request *wanted,
                             struct jt_outbound_answer *answer, struct jt_oauth_error *err)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof sa;
    char url[100];
    pthread_t thread;
    struct jt_outbound *o = NULL;
    const struct jt_outbound_opts opts = {
        .timeout_s = s->hangs ? 1 : 10, .guard = s->guard, .body_max = s->body_max};
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sa, &n), 0);
    s->port = ntohs(sa.sin_port);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/path", (unsigned)s->port);
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    assert_int_equal(jt_outbound_open(&opts, &o, err), JT_OAUTH_OK);
    struct jt_outbound_request r = *wanted;
    r.url = jt_str(url);
    enum jt_oauth_end end = jt_outbound_ask(o, &r, answer, err);
    jt_outbound_close(&o);
    assert_null(o);
    (void)shutdown(s->fd, SHUT_RDWR); /* whoever waits for a connection that never came */
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(s->fd);
    return end;
}

static void test_get(void **state)
{
    (void)state;
    struct server s = {.head =
                           "HTTP/1.1 503 Later\r\nRetry-After:  7 \r\nContent-Length: 2\r\n\r\n{}"};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_OK);
    assert_int_equal(a.status, 503);
    assert_int_equal(a.retry_after_s, 7);
    assert_true(jt_slice_eq(jt_buf_slice(&a.body), JT_LIT("{}")));
    assert_memory_equal(s.got, "GET /path HTTP/1.1\r\n", 20);
    assert_non_null(strstr(s.got, "\r\nAccept: application/json\r\n"));
    assert_null(strstr(s.got, "Authorization"));
    assert_null(strstr(s.got, "Accept-Encoding"));
    jt_outbound_answer_free(&a);
}

static void test_post(void **state)
{
    (void)state;
    struct server s = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    const struct jt_outbound_request r = {.form = JT_LIT("a=b"),
                                          .authorization = JT_LIT("Basic eA==")};
    assert_int_equal(ask(&s, &r, &a, &err), JT_OAUTH_OK);
    assert_int_equal(a.status, 200);
    assert_memory_equal(s.got, "POST /path HTTP/1.1\r\n", 21);
    assert_non_null(strstr(s.got, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(s.got, "\r\nAuthorization: Basic eA==\r\n"));
    assert_non_null(strstr(s.got, "\r\nContent-Length: 3\r\n"));
    assert_null(strstr(s.got, "Expect"));
    jt_outbound_answer_free(&a);
}

/* Requests of the administration: any method, JSON, a version, and the version that comes back. */
static void test_administration(void **state)
{
    (void)state;
    struct server s = {.head = "HTTP/1.1 200 OK\r\nETag: \"v7\"\r\nContent-Length: 2\r\n\r\n{}"};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    const struct jt_outbound_request patch = {.method = "PATCH",
                                              .content_type = "application/merge-patch+json",
                                              .body = JT_LIT("{\"a\":1}"),
                                              .if_match = JT_LIT("\"v6\""),
                                              .authorization = JT_LIT("Bearer x")};
    assert_int_equal(ask(&s, &patch, &a, &err), JT_OAUTH_OK);
    assert_string_equal(a.etag, "\"v7\"");
    assert_memory_equal(s.got, "PATCH /path HTTP/1.1\r\n", 22);
    assert_non_null(strstr(s.got, "\r\nContent-Type: application/merge-patch+json\r\n"));
    assert_non_null(strstr(s.got, "\r\nIf-Match: \"v6\"\r\n"));
    assert_non_null(strstr(s.got, "\r\nAuthorization: Bearer x\r\n"));
    assert_non_null(strstr(s.got, "\r\nContent-Length: 7\r\n"));
    jt_outbound_answer_free(&a);
    struct server t = {.head = "HTTP/1.1 204 No Content\r\n\r\n"};
    const struct jt_outbound_request gone = {.method = "DELETE"};
    assert_int_equal(ask(&t, &gone, &a, &err), JT_OAUTH_OK);
    assert_int_equal(a.status, 204);
    assert_string_equal(a.etag, "");
    assert_memory_equal(t.got, "DELETE /path HTTP/1.1\r\n", 23);
    assert_null(strstr(t.got, "Content-"));
    jt_outbound_answer_free(&a);
    struct server u = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    const struct jt_outbound_request empty = {.method = "POST", .content_type = "application/json"};
    assert_int_equal(ask(&u, &empty, &a, &err), JT_OAUTH_OK);
    assert_non_null(strstr(u.got, "\r\nContent-Length: 0\r\n"));
    jt_outbound_answer_free(&a);
}

static void fails(const char *head, size_t fill, enum jt_oauth_end end, const char *text)
{
    struct server s = {.head = head, .fill = fill};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    enum jt_oauth_end got = ask(&s, &(struct jt_outbound_request){0}, &a, &err);
    if (got != end || strstr(err.text, text) == NULL) {
        fail_msg("%s: ends %d: %s", head, (int)got, err.text);
    }
    jt_outbound_answer_free(&a);
}

static void test_limits(void **state)
{
    (void)state;
    struct server s = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n",
                       .fill = JT_OUTBOUND_BODY_MAX};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_OK);
    assert_int_equal(a.body.n, JT_OUTBOUND_BODY_MAX);
    jt_outbound_answer_free(&a);
    fails("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", JT_OUTBOUND_BODY_MAX + 1,
          JT_OAUTH_PROTOCOL, "larger than 1 MiB");
    fails("HTTP/1.1 200 OK\r\n\r\n", FILL_MAX, JT_OAUTH_PROTOCOL, "larger than 1 MiB");
    fails("HTTP/1.1 200 OK\r\nX: ", FILL_MAX, JT_OAUTH_FAILED, "head of 127.0.0.1");
}

/* Many small headers: libcurl's own limit is on single lines, and larger. */
static void test_head_limit(void **state)
{
    (void)state;
    static char head[80000] = "HTTP/1.1 200 OK\r\n";
    size_t n = strlen(head);
    while (n < 70000) {
        n += (size_t)snprintf(head + n, sizeof head - n, "X-Header-%zu: value\r\n", n);
    }
    (void)snprintf(head + n, sizeof head - n, "Content-Length: 0\r\n\r\n");
    fails(head, 0, JT_OAUTH_PROTOCOL, "head of 127.0.0.1");
}

static void test_bad_answers(void **state)
{
    (void)state;
    fails("", 0, JT_OAUTH_UNREACHABLE, "closed without an answer");
    fails("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", 0, JT_OAUTH_UNREACHABLE,
          "closed without a whole answer");
    fails("HTTP/1.1 200 OK\r\nX: ", 100, JT_OAUTH_UNREACHABLE, "closed without a whole answer");
    fails("hello, this is not HTTP\r\n\r\n", 0, JT_OAUTH_PROTOCOL, "does not speak HTTP");
    fails("HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n", 0,
          JT_OAUTH_PROTOCOL, "redirect (status 302) to https://evil.example/, which is never");
    fails("HTTP/1.1 307 Temporary\r\nContent-Length: 0\r\n\r\n", 0, JT_OAUTH_PROTOCOL,
          "redirect (status 307), which is never");
}

static void test_deadline(void **state)
{
    (void)state;
    struct server s = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", .hangs = true};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    int64_t start = jt_mono_us(&jt_clock_system);
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_UNREACHABLE);
    int64_t took_us = jt_mono_us(&jt_clock_system) - start;
    assert_true(took_us > 900000 && took_us < 5000000);
    assert_non_null(strstr(err.text, "did not answer within 1 s"));
    assert_int_equal(err.about, JT_ABOUT_TIMEOUT);
    jt_outbound_answer_free(&a);
}

/* Variables name a proxy, which loopback never uses. */
static void test_no_proxy_for_loopback(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
    test_get(state);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(unsetenv("all_proxy"), 0);
}

static struct jt_net net_of(const char *text)
{
    struct jt_net n = {.bits = 0};
    const char *why = "";
    assert_int_equal(jt_net_read(jt_str(text), &n, &why), JT_OK);
    return n;
}

#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/* threats S19: what is not public is not even connected to, unless its network is allowed */
static void test_guard(void **state)
{
    (void)state;
    const struct jt_net nets[] = {net_of("127.0.0.0/8")};
    const struct jt_net others[] = {net_of("::1"), net_of("10.0.0.0/8")};
    const struct jt_outbound_guard closed = {NULL, 0, NULL};
    const struct jt_outbound_guard elsewhere = {others, 2, NULL};
    const struct jt_outbound_guard opened = {nets, 1, NULL};
    const struct jt_outbound_guard *refusing[] = {&closed, &elsewhere};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    for (size_t i = 0; i < 2; i++) {
        struct server s = {.head = GOOD, .guard = refusing[i]};
        assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_CONFIG);
        assert_int_equal(err.about, JT_ABOUT_ADDRESS);
        assert_non_null(strstr(err.text, "is at 127.0.0.1, which is not an address of the public"));
        assert_string_equal(s.got, "");
        jt_outbound_answer_free(&a);
    }
    struct server s = {.head = GOOD, .guard = &opened};
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_OK);
    assert_int_equal(a.status, 200);
    jt_outbound_answer_free(&a);
}

/* The server stops: a transfer under way is given up. */
static void test_guard_stops(void **state)
{
    (void)state;
    const struct jt_net nets[] = {net_of("127.0.0.1")};
    atomic_bool stop = true;
    const struct jt_outbound_guard g = {nets, 1, &stop};
    struct server s = {
        .head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", .guard = &g, .hangs = true};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_FAILED);
    assert_non_null(strstr(err.text, "the server stops"));
    jt_outbound_answer_free(&a);
}

static void test_smaller_limit(void **state)
{
    (void)state;
    struct server s = {
        .head = "HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n", .fill = 4097, .body_max = 4096};
    struct jt_outbound_answer a = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(ask(&s, &(struct jt_outbound_request){0}, &a, &err), JT_OAUTH_PROTOCOL);
    assert_non_null(strstr(err.text, "larger than 4 KiB"));
    jt_outbound_answer_free(&a);
}

static void test_ca_file(void **state)
{
    (void)state;
    struct jt_outbound *o = NULL;
    struct jt_oauth_error err = {0};
    const struct jt_outbound_opts opts = {.ca_file = "/nowhere/ca.pem", .timeout_s = 1};
    assert_int_equal(jt_outbound_open(&opts, &o, &err), JT_OAUTH_CONFIG);
    assert_int_equal(err.about, JT_ABOUT_CA_FILE);
    assert_string_equal(err.text,
                        "cannot read the CA file /nowhere/ca.pem: No such file or directory");
    assert_null(o);
}

static void test_certificate_files(void **state)
{
    (void)state;
    struct jt_outbound *o = NULL;
    struct jt_oauth_error err = {0};
    const struct jt_outbound_opts cert = {.cert_file = "/nowhere/a.pem", .timeout_s = 1};
    assert_int_equal(jt_outbound_open(&cert, &o, &err), JT_OAUTH_CONFIG);
    assert_int_equal(err.about, JT_ABOUT_CERTIFICATE);
    assert_string_equal(
        err.text, "cannot read the certificate file /nowhere/a.pem: No such file or directory");
    const struct jt_outbound_opts key = {.key_file = "/nowhere/a.key", .timeout_s = 1};
    assert_int_equal(jt_outbound_open(&key, &o, &err), JT_OAUTH_CONFIG);
    assert_string_equal(
        err.text, "cannot read the private key file /nowhere/a.key: No such file or directory");
    assert_null(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_administration),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_no_proxy_for_loopback),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_guard_stops),
        cmocka_unit_test(test_smaller_limit),
        cmocka_unit_test(test_ca_file),
        cmocka_unit_test(test_certificate_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
