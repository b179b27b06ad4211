/* SPDX-License-Identifier: Apache-2.0 */
/* What the head parser takes, and above all what it refuses (RFC 9112; threat S1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/http/head.h"

/* Read from memory of exactly that size, so that a sanitizer sees a step over the end. */
static enum jt_http_fault read_exact(struct jt_slice in, struct jt_http_head *h, size_t *n)
{
    static uint8_t *last;
    free(last); /* slices of *h live until the next call */
    last = malloc(in.n == 0 ? 1 : in.n);
    assert_non_null(last);
    memcpy(last, in.p, in.n);
    return jt_http_head_read(jt_slice(last, in.n), h, n);
}

static enum jt_http_fault read_str(const char *text, struct jt_http_head *h)
{
    size_t n = 0;
    return read_exact(jt_str(text), h, &n);
}

static void expect_text(struct jt_slice got, const char *want)
{
    if (!jt_slice_eq(got, jt_str(want))) {
        fail_msg("got '%.*s', want '%s'", JT_FMT(got), want);
    }
}

/* Around one header line, the smallest request that is otherwise good. */
#define GET11 "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST11 "POST /token HTTP/1.1\r\nHost: a\r\n"
#define END "\r\n\r\n"

struct refusal {
    const char *why;
    enum jt_http_fault fault;
    struct jt_slice raw;
};
#define R(why, fault, raw)                                                                         \
    {                                                                                              \
        why, JT_HTTP_##fault, JT_LIT_INIT(raw)                                                     \
    }

static const struct refusal refusals[] = {
    /* request line: RFC 9112 section 3 */
    R("empty line first", LINE, "\r\nGET / HTTP/1.1\r\nHost: a" END),
    R("HTTP/0.9", LINE, "GET /" END),
    R("no target", LINE, "GET HTTP/1.1\r\nHost: a" END),
    R("two spaces before target", LINE, "GET  / HTTP/1.1\r\nHost: a" END),
    R("two spaces before version", LINE, "GET /  HTTP/1.1\r\nHost: a" END),
    R("space after version", LINE, "GET / HTTP/1.1 \r\nHost: a" END),
    R("space before method", LINE, " GET / HTTP/1.1\r\nHost: a" END),
    R("tab for space", LINE, "GET\t/\tHTTP/1.1\r\nHost: a" END),
    R("words after version", LINE, "GET / HTTP/1.1 x\r\nHost: a" END),
    R("method not a token", METHOD, "G{T / HTTP/1.1\r\nHost: a" END),
    R("method with NUL", METHOD, "G\0T / HTTP/1.1\r\nHost: a" END),
    R("method with high byte", METHOD, "GE\xc3\x89 / HTTP/1.1\r\nHost: a" END),
    R("empty method", METHOD, " / HTTP/1.1\r\nHost: a" END),
    R("TLS on a plain port", BARE_CR_LF, "\x16\x03\x01\x02\x00\x01\n"),
    /* target: RFC 9112 section 3.2, origin form only */
    R("absolute form", TARGET, "GET http://a/ HTTP/1.1\r\nHost: a" END),
    R("absolute form, other host", TARGET, "GET http://b/ HTTP/1.1\r\nHost: a" END),
    R("authority form", TARGET, "CONNECT a:443 HTTP/1.1\r\nHost: a" END),
    R("asterisk but not OPTIONS", TARGET, "GET * HTTP/1.1\r\nHost: a" END),
    R("no leading slash", TARGET, "GET token HTTP/1.1\r\nHost: a" END),
    R("fragment", TARGET, "GET /#a HTTP/1.1\r\nHost: a" END),
    R("NUL in target", TARGET, "GET /\0 HTTP/1.1\r\nHost: a" END),
    R("DEL in target", TARGET, "GET /\x7f HTTP/1.1\r\nHost: a" END),
    R("tab in target", TARGET, "GET /\t HTTP/1.1\r\nHost: a" END),
    R("high byte in target", TARGET, "GET /\xff HTTP/1.1\r\nHost: a" END),
    R("quote in target", TARGET, "GET /\" HTTP/1.1\r\nHost: a" END),
    R("backslash in target", TARGET, "GET /\\ HTTP/1.1\r\nHost: a" END),
    R("markup in target", TARGET, "GET /<b> HTTP/1.1\r\nHost: a" END),
    /* version: RFC 9112 section 2.3 */
    R("HTTP/1.10", LINE, "GET / HTTP/1.10\r\nHost: a" END),
    R("HTTP/1", LINE, "GET / HTTP/1\r\nHost: a" END),
    R("lower case", LINE, "GET / http/1.1\r\nHost: a" END),
    R("HTTP/1.2", VERSION, "GET / HTTP/1.2\r\nHost: a" END),
    R("HTTP/2.0", VERSION, "GET / HTTP/2.0\r\nHost: a" END),
    R("HTTP/0.9 named", VERSION, "GET / HTTP/0.9\r\nHost: a" END),
    R("other protocol", LINE, "GET / HTCP/1.1\r\nHost: a" END),
    R("HTTP/2 preface", UPGRADE, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    /* line ends: RFC 9112 section 2.2 */
    R("LF only", BARE_CR_LF, "GET / HTTP/1.1\nHost: a\n\n"),
    R("LF after the request line", BARE_CR_LF, "GET / HTTP/1.1\nHost: a" END),
    R("LF after a header", BARE_CR_LF, "GET / HTTP/1.1\r\nHost: a\nX: b" END),
    R("LF for the empty line", BARE_CR_LF, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
    R("CR in a line", BARE_CR_LF, GET11 "X: a\rb" END),
    R("CR CR LF", BARE_CR_LF, GET11 "X: a\r\r\n\r\n"),
    R("CR in the request line", BARE_CR_LF, "GET /\r HTTP/1.1\r\nHost: a" END),
    R("CR for CRLF", BARE_CR_LF, "GET / HTTP/1.1\rHost: a\r\r"),
    /* header lines: RFC 9112 section 5 */
    R("obs-fold, blank", FOLDED, GET11 "X: a\r\n b" END),
    R("obs-fold, tab", FOLDED, GET11 "X: a\r\n\tb" END),
    R("blank before the first header", FOLDED, "GET / HTTP/1.1\r\n Host: a" END),
    R("line of blanks", FOLDED, GET11 " \r\nX: a" END),
    R("blank before colon", FIELD_NAME, GET11 "Content-Length : 1" END),
    R("tab before colon", FIELD_NAME, GET11 "X\t: 1" END),
    R("empty name", FIELD_NAME, GET11 ": a" END),
    R("only a colon", FIELD_NAME, GET11 ":" END),
    R("no colon", FIELD_NAME, GET11 "nonsense" END),
    R("name not a token", FIELD_NAME, GET11 "X[]: a" END),
    R("NUL in name", FIELD_NAME, GET11 "X\0Y: a" END),
    R("high byte in name", FIELD_NAME, GET11 "\xc3\x9c: a" END),
    R("NUL in value", FIELD_VALUE, GET11 "X: a\0b" END),
    R("escape in value", FIELD_VALUE, GET11 "X: \x1b[2J" END),
    R("DEL in value", FIELD_VALUE, GET11 "X: \x7f" END),
    /* Host: RFC 9112 section 3.2 */
    R("no Host", HOST, "GET / HTTP/1.1\r\nX: a" END),
    R("two Hosts", HOST, GET11 "Host: b" END),
    R("two equal Hosts", HOST, GET11 "host: a" END),
    R("two Hosts in HTTP/1.0", HOST, "GET / HTTP/1.0\r\nHost: a\r\nHost: a" END),
    R("empty Host", HOST, "GET / HTTP/1.1\r\nHost:" END),
    R("list of Hosts", HOST, "GET / HTTP/1.1\r\nHost: a, b" END),
    R("Host with a path", HOST, "GET / HTTP/1.1\r\nHost: a/b" END),
    R("Host with user", HOST, "GET / HTTP/1.1\r\nHost: u@a" END),
    R("Host with blank", HOST, "GET / HTTP/1.1\r\nHost: a b" END),
    R("Host with a port that is none", HOST, "GET / HTTP/1.1\r\nHost: a:b" END),
    R("Host with a port of six digits", HOST, "GET / HTTP/1.1\r\nHost: a:123456" END),
    R("Host with two ports", HOST, "GET / HTTP/1.1\r\nHost: a:1:2" END),
    R("Host that is a port", HOST, "GET / HTTP/1.1\r\nHost: :80" END),
    R("Host with an open bracket", HOST, "GET / HTTP/1.1\r\nHost: [::1" END),
    R("Host with empty brackets", HOST, "GET / HTTP/1.1\r\nHost: []" END),
    R("Host with a name in brackets", HOST, "GET / HTTP/1.1\r\nHost: [a]" END),
    R("Host with words behind brackets", HOST, "GET / HTTP/1.1\r\nHost: [::1]a" END),
    R("Host not ASCII", HOST, "GET / HTTP/1.1\r\nHost: \xc3\xa4" END),
    /* Content-Length: RFC 9112 section 6.3, RFC 9110 section 8.6 */
    R("length twice", LENGTH, POST11 "Content-Length: 5\r\nContent-Length: 5" END),
    R("lengths that differ", LENGTH, POST11 "Content-Length: 5\r\nContent-Length: 6" END),
    R("list of lengths", LENGTH, POST11 "Content-Length: 5,5" END),
    R("length with plus", LENGTH, POST11 "Content-Length: +5" END),
    R("length with minus", LENGTH, POST11 "Content-Length: -5" END),
    R("minus nought", LENGTH, POST11 "Content-Length: -0" END),
    R("length in hex", LENGTH, POST11 "Content-Length: 0x5" END),
    R("length with leading nought", LENGTH, POST11 "Content-Length: 05" END),
    R("length with fraction", LENGTH, POST11 "Content-Length: 5.0" END),
    R("length with exponent", LENGTH, POST11 "Content-Length: 1e1" END),
    R("length with blank inside", LENGTH, POST11 "Content-Length: 5 5" END),
    R("length with underscore", LENGTH, POST11 "Content-Length: 1_0" END),
    R("empty length", LENGTH, POST11 "Content-Length:" END),
    R("quoted length", LENGTH, POST11 "Content-Length: \"5\"" END),
    R("length 2^63", LENGTH, POST11 "Content-Length: 9223372036854775808" END),
    R("length 2^64", LENGTH, POST11 "Content-Length: 18446744073709551616" END),
    R("length 2^64 + 5", LENGTH, POST11 "Content-Length: 18446744073709551621" END),
    R("length over the cap", BODY_SIZE, POST11 "Content-Length: 16385" END),
    R("length 2^63 - 1", BODY_SIZE, POST11 "Content-Length: 9223372036854775807" END),
    /* Transfer-Encoding: RFC 9112 section 6.1 */
    R("both", LENGTH_AND_ENCODING, POST11 "Content-Length: 5\r\nTransfer-Encoding: chunked" END),
    R("both, other order", LENGTH_AND_ENCODING,
      POST11 "Transfer-Encoding: chunked\r\nContent-Length: 0" END),
    R("both, length over the cap", LENGTH_AND_ENCODING,
      POST11 "Transfer-Encoding: chunked\r\nContent-Length: 99999" END),
    R("chunked twice", ENCODING,
      POST11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END),
    R("chunked in a list", ENCODING, POST11 "Transfer-Encoding: chunked, chunked" END),
    R("empty member first", ENCODING, POST11 "Transfer-Encoding: ,chunked" END),
    R("empty member last", ENCODING, POST11 "Transfer-Encoding: chunked," END),
    R("identity last", ENCODING, POST11 "Transfer-Encoding: chunked, identity" END),
    R("identity", ENCODING, POST11 "Transfer-Encoding: identity" END),
    R("gzip first", ENCODING, POST11 "Transfer-Encoding: gzip, chunked" END),
    R("unknown", ENCODING, POST11 "Transfer-Encoding: xchunked" END),
    R("parameter", ENCODING, POST11 "Transfer-Encoding: chunked;q=1" END),
    R("quoted", ENCODING, POST11 "Transfer-Encoding: \"chunked\"" END),
    R("empty", ENCODING, POST11 "Transfer-Encoding:" END),
    R("vertical tab", FIELD_VALUE, POST11 "Transfer-Encoding: \vchunked" END),
    R("gzip body", CODING, POST11 "Content-Encoding: gzip\r\nContent-Length: 0" END),
    R("coding after identity", CODING,
      POST11 "Content-Encoding: identity\r\nContent-Encoding: br" END),
    R("list of codings", CODING, POST11 "Content-Encoding: identity, identity" END),
    R("empty coding", CODING, POST11 "Content-Encoding:" END),
    R("in HTTP/1.0", ENCODING, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked" END),
    R("identity and chunked lines", ENCODING,
      POST11 "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked" END),
    /* once at most */
    R("two Authorizations", REPEATED, GET11 "Authorization: a\r\nauthorization: b" END),
    R("empty Authorization repeated", REPEATED, GET11 "Authorization:\r\nAuthorization: b" END),
    R("two Content-Types", REPEATED, GET11 "Content-Type: a/b\r\nContent-Type: a/b" END),
    R("two Expects", REPEATED, GET11 "Expect: 100-continue\r\nExpect: 100-continue" END),
    R("other expectation", EXPECT, GET11 "Expect: 200-ok" END),
    R("list of expectations", EXPECT, GET11 "Expect: 100-continue, x" END),
};

static void test_refusals(void **state)
{
    (void)state;
    struct jt_http_head h;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        size_t n = 4711;
        enum jt_http_fault f = read_exact(r->raw, &h, &n);
        if (f != r->fault) {
            fail_msg("%s: got %s, want %s", r->why, jt_http_fault_name(f),
                     jt_http_fault_name(r->fault));
        }
        assert_int_equal(n, 4711); /* untouched on failure */
        assert_true(jt_http_fault_status(f) >= 400);
    }
}

/* However the bytes arrive, a refused request is never read as a good one. */
static void test_refused_in_pieces(void **state)
{
    (void)state;
    struct jt_http_head h;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        for (size_t k = 0; k <= r->raw.n; k++) {
            size_t n = 0;
            if (read_exact(jt_slice(r->raw.p, k), &h, &n) == JT_HTTP_OK) {
                fail_msg("%s: accepted after %zu bytes", r->why, k);
            }
        }
    }
}

static void test_good(void **state)
{
    (void)state;
    struct jt_http_head h;
    size_t n = 0;
    struct jt_slice raw = JT_LIT("POST /token-srv/token?a=b&c HTTP/1.1\r\n"
                                 "host:  localhost:8443 \t\r\n"
                                 "AUTHORIZATION: Basic YTpi\r\n"
                                 "Content-type: application/x-www-form-urlencoded\r\n"
                                 "X-Empty:\r\n"
                                 "X-Latin: gr\xfc\xdf\x65\tgott\r\n"
                                 "content-length: 16384\r\n\r\nBODY");
    assert_int_equal(read_exact(raw, &h, &n), JT_HTTP_OK);
    assert_int_equal(n, raw.n - 4);
    assert_int_equal(h.method, JT_POST);
    expect_text(h.method_text, "POST");
    expect_text(h.target, "/token-srv/token?a=b&c");
    expect_text(h.path, "/token-srv/token");
    expect_text(h.query, "a=b&c");
    assert_true(h.has_query);
    assert_int_equal(h.minor, 1);
    expect_text(h.host, "localhost:8443");
    expect_text(h.authorization, "Basic YTpi");
    assert_true(h.has_authorization);
    expect_text(h.content_type, "application/x-www-form-urlencoded");
    assert_true(h.has_length);
    assert_int_equal(h.length, 16384);
    assert_false(h.chunked);
    assert_true(h.keep_alive);
    assert_false(h.expect_continue);
    assert_int_equal(h.nfields, 6);
    assert_non_null(jt_http_field(&h, JT_LIT("x-empty")));
    assert_int_equal(jt_http_field(&h, JT_LIT("x-empty"))->value.n, 0);
    expect_text(jt_http_field(&h, JT_LIT("X-LATIN"))->value, "gr\xfc\xdf\x65\tgott");
    assert_null(jt_http_field(&h, JT_LIT("x-emptyy")));
}

/* Every piece of a good head asks for more, until the last byte. */
static void test_good_in_pieces(void **state)
{
    (void)state;
    static const char raw[] = "POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n"
                              "Expect: 100-Continue\r\nConnection: a , Close\r\n\r\n";
    struct jt_http_head h;
    size_t n = 0;
    for (size_t k = 0; k < sizeof raw - 1; k++) {
        assert_int_equal(read_exact(jt_slice(raw, k), &h, &n), JT_HTTP_MORE);
        assert_int_equal(n, 0);
    }
    assert_int_equal(read_exact(jt_slice(raw, sizeof raw - 1), &h, &n), JT_HTTP_OK);
    assert_int_equal(n, sizeof raw - 1);
    assert_true(h.chunked);
    assert_false(h.has_length);
    assert_true(h.expect_continue);
    assert_false(h.keep_alive);
}

/* A head left over from the last request must not shine through. */
static void test_nothing_left_over(void **state)
{
    (void)state;
    struct jt_http_head h;
    memset(&h, 0xa5, sizeof h);
    assert_int_equal(read_str("GET /livez HTTP/1.1\r\nHost: a" END, &h), JT_HTTP_OK);
    assert_false(h.has_query);
    assert_false(h.has_authorization);
    assert_false(h.chunked);
    assert_false(h.has_length);
    assert_false(h.expect_continue);
    assert_int_equal(h.length, 0);
    assert_int_equal(h.authorization.n, 0);
    assert_int_equal(h.content_type.n, 0);
    assert_int_equal(h.nfields, 1);
}

/* RFC 9110 section 9.1: methods are case-sensitive. */
static void test_hosts(void **state)
{
    static const char *const good[] = {"a",           "a.example:8443", "127.0.0.1:1", "[::1]",
                                       "[::1]:65535", "a_b-c.d~",       "a:"};
    (void)state;
    struct jt_http_head h;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char raw[200];
        (void)snprintf(raw, sizeof raw,
                       "GET / HTTP/1.1\r\nHost: %s\r\nContent-Encoding: Identity" END, good[i]);
        assert_int_equal(read_str(raw, &h), JT_HTTP_OK);
        expect_text(h.host, good[i]);
    }
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum jt_http_method method;
    } all[] = {
        {"GET", JT_GET},
        {"HEAD", JT_HEAD},
        {"POST", JT_POST},
        {"PUT", JT_PUT},
        {"PATCH", JT_PATCH},
        {"DELETE", JT_DELETE},
        {"OPTIONS", JT_OPTIONS},
        {"get", JT_METHOD_OTHER},
        {"Post", JT_METHOD_OTHER},
        {"TRACE", JT_METHOD_OTHER},
        {"POSTS", JT_METHOD_OTHER},
        {"!#$%&'*+-.^_`|~", JT_METHOD_OTHER},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char raw[128];
        struct jt_http_head h;
        (void)snprintf(raw, sizeof raw, "%s / HTTP/1.1\r\nHost: a" END, all[i].line);
        assert_int_equal(read_str(raw, &h), JT_HTTP_OK);
        assert_int_equal(h.method, all[i].method);
        expect_text(h.method_text, all[i].line);
    }
}

static void test_targets(void **state)
{
    (void)state;
    struct jt_http_head h;
    assert_int_equal(read_str("OPTIONS * HTTP/1.1\r\nHost: a" END, &h), JT_HTTP_OK);
    expect_text(h.path, "*");
    assert_int_equal(read_str("GET /? HTTP/1.1\r\nHost: a" END, &h), JT_HTTP_OK);
    assert_true(h.has_query);
    assert_int_equal(h.query.n, 0);
    assert_int_equal(read_str("GET //x/../%2e%00?a?b HTTP/1.1\r\nHost: a" END, &h), JT_HTTP_OK);
    expect_text(h.path, "//x/../%2e%00"); /* as sent: no route matches it */
    expect_text(h.query, "a?b");
}

/* RFC 9112 section 9.3 */
static void test_keep_alive(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        bool keep;
    } all[] = {
        {GET11 "\r\n", true},
        {GET11 "Connection: close" END, false},
        {GET11 "Connection: CLOSE" END, false},
        {GET11 "Connection: keep-alive, close" END, false},
        {GET11 "Connection: keep-alive\r\nConnection: close" END, false},
        {GET11 "Connection: ,\t, x ,close" END, false},
        {GET11 "Connection: closed" END, true},
        {"GET / HTTP/1.0" END, false},
        {"GET / HTTP/1.0\r\nHost:" END, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive" END, true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close" END, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_http_head h;
        assert_int_equal(read_str(all[i].raw, &h), JT_HTTP_OK);
        assert_int_equal(h.keep_alive, all[i].keep);
    }
}

/* RFC 9110 section 10.1.1: an expectation of HTTP/1.0 is ignored. */
static void test_expect_in_1_0(void **state)
{
    (void)state;
    struct jt_http_head h;
    assert_int_equal(read_str("POST / HTTP/1.0\r\nExpect: 100-continue" END, &h), JT_HTTP_OK);
    assert_false(h.expect_continue);
}

/* A request line, a Host, and an X header that makes the head exactly size bytes. */
static size_t head_of_size(char *raw, size_t size)
{
    static const char before[] = GET11 "X: ";
    memset(raw, 'x', size);
    memcpy(raw, before, sizeof before - 1);
    memcpy(raw + size - 4, END, 4);
    return size;
}

static void test_head_size(void **state)
{
    (void)state;
    char raw[JT_HTTP_HEAD_MAX + 8];
    struct jt_http_head h;
    size_t n = 0;
    struct jt_slice in = jt_slice(raw, head_of_size(raw, JT_HTTP_HEAD_MAX));
    assert_int_equal(read_exact(in, &h, &n), JT_HTTP_OK);
    assert_int_equal(n, JT_HTTP_HEAD_MAX);
    in = jt_slice(raw, head_of_size(raw, JT_HTTP_HEAD_MAX + 1));
    assert_int_equal(read_exact(in, &h, &n), JT_HTTP_HEAD_SIZE);
    in.n = JT_HTTP_HEAD_MAX; /* told as soon as no room is left for the end */
    assert_int_equal(read_exact(in, &h, &n), JT_HTTP_HEAD_SIZE);
    in.n = JT_HTTP_HEAD_MAX - 1;
    assert_int_equal(read_exact(in, &h, &n), JT_HTTP_MORE);
    memset(raw, 'G', sizeof raw); /* a request line without end */
    assert_int_equal(read_exact(jt_slice(raw, sizeof raw), &h, &n), JT_HTTP_HEAD_SIZE);
}

static void test_field_count(void **state)
{
    (void)state;
    for (size_t fields = JT_HTTP_HEADERS_MAX - 1; fields <= JT_HTTP_HEADERS_MAX + 1; fields++) {
        char raw[1024] = GET11;
        size_t n = strlen(raw);
        for (size_t i = 1; i < fields; i++) {
            memcpy(raw + n, "x:y\r\n", 6);
            n += 5;
        }
        memcpy(raw + n, "\r\n", 3);
        struct jt_http_head h;
        bool over = fields > JT_HTTP_HEADERS_MAX;
        assert_int_equal(read_str(raw, &h), over ? JT_HTTP_HEAD_FIELDS : JT_HTTP_OK);
        assert_true(over || h.nfields == fields);
    }
}

/* What follows the head is the body's or the next request's affair. */
static void test_body_behind(void **state)
{
    (void)state;
    static char raw[3 * JT_HTTP_HEAD_MAX];
    static const char head[] = POST11 "Content-Length: 3" END;
    struct jt_http_head h;
    size_t n = 0;
    memset(raw, '\n', sizeof raw);
    memcpy(raw, head, sizeof head - 1);
    assert_int_equal(read_exact(jt_slice(raw, sizeof raw), &h, &n), JT_HTTP_OK);
    assert_int_equal(n, sizeof head - 1);
    assert_int_equal(h.length, 3);
}

static void test_faults_have_texts(void **state)
{
    (void)state;
    assert_int_equal(jt_http_fault_status(JT_HTTP_OK), 0);
    assert_int_equal(jt_http_fault_status(JT_HTTP_MORE), 0);
#define X(name, status, text)                                                                      \
    assert_int_equal(jt_http_fault_status(JT_HTTP_##name), status);                                \
    assert_string_equal(jt_http_fault_name(JT_HTTP_##name), #name);                                \
    assert_string_equal(jt_http_fault_text(JT_HTTP_##name), text);
    JT_HTTP_FAULTS(X)
#undef X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refused_in_pieces),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_good_in_pieces),
        cmocka_unit_test(test_nothing_left_over),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_expect_in_1_0),
        cmocka_unit_test(test_head_size),
        cmocka_unit_test(test_field_count),
        cmocka_unit_test(test_body_behind),
        cmocka_unit_test(test_faults_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
