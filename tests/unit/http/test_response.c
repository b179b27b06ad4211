/* SPDX-License-Identifier: Apache-2.0 */
/* Answers byte by byte; no header value can split one (threat A25). Replies as a client reads them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/http/response.h"

#define DATE "Tue, 24 Nov 2026 09:30:00 GMT"

static struct jt_buf b;

static int setup(void **state)
{
    (void)state;
    jt_buf_init(&b, 65536);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jt_buf_free(&b);
    return 0;
}

static void expect_bytes(const char *want)
{
    assert_true(jt_buf_ok(&b));
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(want))) {
        fail_msg("got:\n%.*s", JT_FMT(jt_buf_slice(&b)));
    }
}

static void test_whole(void **state)
{
    (void)state;
    jt_response_begin(&b, 401, DATE, JT_LIT("abc123"), true);
    jt_response_header(&b, "Cache-Control", JT_LIT("no-store"));
    jt_response_body(&b, "application/json", JT_LIT("{}"), false);
    expect_bytes("HTTP/1.1 401 Unauthorized\r\nDate: " DATE "\r\nX-Request-Id: abc123\r\n"
                 "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
                 "Cache-Control: no-store\r\nContent-Type: application/json\r\n"
                 "Content-Length: 2\r\n\r\n{}");
}

/* RFC 9110 section 9.3.2: HEAD has the fields of GET, and no body. */
static void test_head_only(void **state)
{
    (void)state;
    jt_response_begin(&b, 200, DATE, JT_LIT("r"), false);
    jt_response_body(&b, "text/plain", JT_LIT("hello"), true);
    expect_bytes("HTTP/1.1 200 OK\r\nDate: " DATE "\r\nX-Request-Id: r\r\n"
                 "X-Content-Type-Options: nosniff\r\nContent-Type: text/plain\r\n"
                 "Content-Length: 5\r\n\r\n");
}

/* RFC 9110 section 8.6: 204 has no Content-Length, 304 need not. */
static void test_no_content(void **state)
{
    (void)state;
    jt_response_begin(&b, 204, DATE, JT_LIT("r"), false);
    jt_response_body(&b, NULL, jt_slice(NULL, 0), false);
    expect_bytes("HTTP/1.1 204 No Content\r\nDate: " DATE "\r\nX-Request-Id: r\r\n"
                 "X-Content-Type-Options: nosniff\r\n\r\n");
}

static void test_no_splitting(void **state)
{
    (void)state;
    static const struct jt_slice bad[] = {
        JT_LIT_INIT("a\r\nSet-Cookie: b"),
        JT_LIT_INIT("a\nb"),
        JT_LIT_INIT("a\rb"),
        JT_LIT_INIT("a\0b"),
        JT_LIT_INIT("\x7f"),
        JT_LIT_INIT("a\tb"),
        JT_LIT_INIT("\x1b[1m"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        jt_buf_reset(&b);
        jt_response_header(&b, "X", bad[i]);
        assert_false(jt_buf_ok(&b));
        assert_int_equal(b.n, 0);
        jt_buf_reset(&b);
        jt_response_begin(&b, 200, DATE, bad[i], false);
        assert_false(jt_buf_ok(&b));
    }
}

static void test_too_large(void **state)
{
    (void)state;
    struct jt_buf small;
    jt_buf_init(&small, 64);
    jt_response_begin(&small, 200, DATE, JT_LIT("r"), false);
    jt_response_body(&small, "text/plain", JT_LIT("hello"), false);
    assert_false(jt_buf_ok(&small));
    jt_buf_free(&small);
}

static void test_status_text(void **state)
{
    (void)state;
    static const unsigned used[] = {200, 201, 204, 304, 400, 401, 403, 404, 405, 409,
                                    413, 415, 417, 422, 429, 431, 500, 503, 505};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        assert_string_not_equal(jt_http_status_text(used[i]), "Unknown");
    }
    assert_string_equal(jt_http_status_text(418), "Unknown");
}

/* What we write, our client reads. */
static void test_round_trip(void **state)
{
    (void)state;
    struct jt_http_reply r;
    jt_response_begin(&b, 409, DATE, JT_LIT("ref1"), false);
    jt_response_header(&b, "ETag", JT_LIT("\"7\""));
    jt_response_body(&b, "application/json", JT_LIT("{\"a\":1}"), false);
    struct jt_slice all = jt_buf_slice(&b);
    for (size_t n = 0; n < all.n - 7; n++) {
        assert_int_equal(jt_http_reply_read(jt_slice(all.p, n), &r), JT_E_BUSY);
    }
    assert_int_equal(jt_http_reply_read(all, &r), JT_OK);
    assert_int_equal(r.status, 409);
    assert_true(r.has_length);
    assert_false(r.chunked);
    assert_int_equal(r.length, 7);
    assert_int_equal(r.head_n, all.n - 7);
    assert_true(jt_slice_eq(r.request_id, JT_LIT("ref1")));
    assert_true(jt_slice_eq(r.etag, JT_LIT("\"7\"")));
}

static void test_replies(void **state)
{
    (void)state;
    struct jt_http_reply r;
    assert_int_equal(jt_http_reply_read(JT_LIT("HTTP/1.1 200\r\n\r\n"), &r), JT_OK);
    assert_int_equal(r.status, 200);
    assert_false(r.has_length || r.chunked);
    assert_int_equal(
        jt_http_reply_read(JT_LIT("HTTP/1.1 200 \r\ntransfer-encoding: Chunked\r\n\r\n"), &r),
        JT_OK);
    assert_true(r.chunked);
}

static void test_replies_refused(void **state)
{
    (void)state;
#define OK200 "HTTP/1.1 200 OK\r\n"
    static const struct jt_slice bad[] = {
        JT_LIT_INIT("\r\n\r\n"),
        JT_LIT_INIT("\n"),
        JT_LIT_INIT("HTTP/1.0 200 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/2 200\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1 20 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1 099 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1 600 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1 2000 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1 +20 OK\r\n\r\n"),
        JT_LIT_INIT("HTTP/1.1  200 OK\r\n\r\n"),
        JT_LIT_INIT("SSH-2.0-OpenSSH_9.2\r\n"),
        JT_LIT_INIT("HTTP/1.1 200 OK\n\n"),
        JT_LIT_INIT(OK200 "X: a\n\r\n"),
        JT_LIT_INIT(OK200 "X: a\rb\r\n\r\n"),
        JT_LIT_INIT(OK200 "X : a\r\n\r\n"),
        JT_LIT_INIT(OK200 ": a\r\n\r\n"),
        JT_LIT_INIT(OK200 "X\r\n\r\n"),
        JT_LIT_INIT(OK200 "X: a\r\n b\r\n\r\n"),
        JT_LIT_INIT(OK200 "X: a\0b\r\n\r\n"),
        JT_LIT_INIT(OK200 "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
        JT_LIT_INIT(OK200 "Content-Length: 1,1\r\n\r\n"),
        JT_LIT_INIT(OK200 "Content-Length: -1\r\n\r\n"),
        JT_LIT_INIT(OK200 "Content-Length:\r\n\r\n"),
        JT_LIT_INIT(OK200 "Content-Length: 99999999999999999999\r\n\r\n"),
        JT_LIT_INIT(OK200 "Transfer-Encoding: gzip\r\n\r\n"),
        JT_LIT_INIT(OK200 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        JT_LIT_INIT(OK200 "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jt_http_reply r = {.status = 4711};
        enum jt_err e = jt_http_reply_read(bad[i], &r);
        if (e == JT_OK || e == JT_E_BUSY) {
            fail_msg("accepted: %.*s", JT_FMT(bad[i]));
        }
        assert_int_equal(r.status, 4711);
    }
}

/* A server that never ends its head is given up on. */
static void test_reply_limits(void **state)
{
    (void)state;
    struct jt_http_reply r;
    size_t n = 40000;
    char *endless = malloc(n);
    assert_non_null(endless);
    memset(endless, 'H', n);
    assert_int_equal(jt_http_reply_read(jt_slice(endless, n), &r), JT_E_LIMIT);
    free(endless);
    jt_buf_puts(&b, OK200);
    for (size_t i = 0; i < 200; i++) {
        jt_buf_puts(&b, "X: a\r\n");
    }
    jt_buf_puts(&b, "\r\n");
    assert_int_equal(jt_http_reply_read(jt_buf_slice(&b), &r), JT_E_SYNTAX);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_whole),           T(test_head_only),    T(test_no_content), T(test_no_splitting),
        T(test_too_large),       T(test_status_text),  T(test_round_trip), T(test_replies),
        T(test_replies_refused), T(test_reply_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
