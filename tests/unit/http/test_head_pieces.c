/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/http/head.h"

#define TEXT(s) JT_LIT_INIT(s)
#define H1 "Host: a\r\n"

static struct jt_http_head head;

/* The verdict on the whole must be the verdict of the shortest prefix that has one. */
static enum jt_http_fault read_both_ways(struct jt_slice in, size_t *n)
{
    enum jt_http_fault early = JT_HTTP_MORE;
    for (size_t k = 0; k <= in.n && early == JT_HTTP_MORE; k++) {
        uint8_t *exact = malloc(k == 0 ? 1 : k);
        assert_non_null(exact);
        memcpy(exact, in.p, k);
        early = jt_http_head_read(jt_slice(exact, k), &head, n);
        free(exact);
    }
    enum jt_http_fault whole = jt_http_head_read(in, &head, n);
    assert_int_equal(early, whole);
    return whole;
}

/* design.md section 5 and threats S1: nothing ambiguous passes */
static const struct {
    enum jt_http_fault want;
    struct jt_slice in;
} raw[] = {
    {JT_HTTP_LINE, TEXT("\r\nGET / HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET /\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET / HTTP/1.1 \r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET / x HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET / HTTP/1.10\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET / http/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET / HTTP/1\r\n" H1 "\r\n")},
    {JT_HTTP_LINE, TEXT("GET\t/\tHTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_METHOD, TEXT(" / HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_METHOD, TEXT("G(T / HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_METHOD, TEXT("G\0T / HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET  HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET token HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET * HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET http://b/ HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("CONNECT b:443 HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /a#b HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /a\\b HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /a\"b HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /\0 HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /\x7f HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_TARGET, TEXT("GET /\xc3\xa9 HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_VERSION, TEXT("GET / HTTP/0.9\r\n" H1 "\r\n")},
    {JT_HTTP_VERSION, TEXT("GET / HTTP/1.2\r\n" H1 "\r\n")},
    {JT_HTTP_VERSION, TEXT("GET / HTTP/2.0\r\n" H1 "\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("\nGET / HTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET / HTTP/1.1\n" H1 "\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET / HTTP/1.1\r\n" H1 "\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET / HTTP/1.1\r\n" H1 "X: a\rb\r\n\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET /\rHTTP/1.1\r\n" H1 "\r\n")},
    {JT_HTTP_BARE_CR_LF, TEXT("GET / HTTP/1.1\r\r\n" H1 "\r\n")},
    {JT_HTTP_FOLDED, TEXT("GET / HTTP/1.1\r\n" H1 "X: a\r\n b\r\n\r\n")},
    {JT_HTTP_FOLDED, TEXT("GET / HTTP/1.1\r\n" H1 "X: a\r\n\tb\r\n\r\n")},
    {JT_HTTP_FOLDED, TEXT("GET / HTTP/1.1\r\n Host: a\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\n" H1 ": a\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\nHost : a\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\n" H1 "nocolon\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\n" H1 "X\0Y: a\r\n\r\n")},
    {JT_HTTP_FIELD_NAME, TEXT("GET / HTTP/1.1\r\n" H1 "Content-L\xc3\xa9: a\r\n\r\n")},
    {JT_HTTP_FIELD_VALUE, TEXT("GET / HTTP/1.1\r\n" H1 "X: a\0b\r\n\r\n")},
    {JT_HTTP_FIELD_VALUE, TEXT("GET / HTTP/1.1\r\n" H1 "X: a\x1b[0m\r\n\r\n")},
    {JT_HTTP_FIELD_VALUE, TEXT("GET / HTTP/1.1\r\n" H1 "X: \x7f\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\n" H1 H1 "\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\n" H1 "hOST: b\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.0\r\nHost:\r\nHost:\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n")},
    {JT_HTTP_HOST, TEXT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: +5\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: -5\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 0x5\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 5,5\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 5 5\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 05\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length:\r\n\r\n")},
    {JT_HTTP_LENGTH, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 9223372036854775808\r\n\r\n")},
    {JT_HTTP_LENGTH,
     TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 99999999999999999999999\r\n\r\n")},
    {JT_HTTP_LENGTH,
     TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 5\r\nContent-Length: 5\r\n\r\n")},
    {JT_HTTP_LENGTH,
     TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 5\r\nCONTENT-LENGTH: 6\r\n\r\n")},
    {JT_HTTP_LENGTH_AND_ENCODING,
     TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {JT_HTTP_LENGTH_AND_ENCODING,
     TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: ,chunked\r\n\r\n")},
    {JT_HTTP_ENCODING,
     TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: chunked, identity\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: gzip, chunked\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: identity\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: xchunked\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: \"chunked\"\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding:\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.1\r\n" H1 "Transfer-Encoding: chunked\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n")},
    {JT_HTTP_ENCODING, TEXT("POST / HTTP/1.0\r\n" H1 "Transfer-Encoding: chunked\r\n\r\n")},
    {JT_HTTP_REPEATED, TEXT("GET / HTTP/1.1\r\n" H1 "Authorization: Basic YTpi\r\n"
                            "authorization: Basic YTpi\r\n\r\n")},
    {JT_HTTP_REPEATED, TEXT("GET / HTTP/1.1\r\n" H1 "Authorization:\r\nAuthorization:\r\n\r\n")},
    {JT_HTTP_REPEATED,
     TEXT("GET / HTTP/1.1\r\n" H1 "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n")},
    {JT_HTTP_REPEATED,
     TEXT("GET / HTTP/1.1\r\n" H1 "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n")},
    {JT_HTTP_EXPECT, TEXT("GET / HTTP/1.1\r\n" H1 "Expect: 200-ok\r\n\r\n")},
    {JT_HTTP_EXPECT, TEXT("GET / HTTP/1.1\r\n" H1 "Expect:\r\n\r\n")},
    {JT_HTTP_CODING, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Encoding: gzip\r\n\r\n")},
    {JT_HTTP_BODY_SIZE, TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 16385\r\n\r\n")},
    {JT_HTTP_BODY_SIZE,
     TEXT("POST / HTTP/1.1\r\n" H1 "Content-Length: 9223372036854775807\r\n\r\n")},
    {JT_HTTP_UPGRADE, TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
    {JT_HTTP_MORE, TEXT("")},
    {JT_HTTP_MORE, TEXT("GET / HTTP/1.1\r")},
    {JT_HTTP_MORE, TEXT("GET / HTTP/1.1\r\n" H1)},
    {JT_HTTP_MORE, TEXT("GET / HTTP/1.1\r\n" H1 "\r")},
};

static void raw_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
        size_t n = 4711;
        enum jt_http_fault got = read_both_ways(raw[i].in, &n);
        if (got != raw[i].want) {
            print_error("row %zu: %s instead of %s\n", i, jt_http_fault_name(got),
                        jt_http_fault_name(raw[i].want));
        }
        assert_int_equal(got, raw[i].want);
        assert_int_equal(n, 4711);
    }
}

/* What this table and the next two tests do not cause is caused in test_chunked_pieces.c. */
static void every_fault_has_words_and_a_row(void **state)
{
    static const enum jt_http_fault elsewhere[] = {JT_HTTP_HEAD_SIZE, JT_HTTP_HEAD_FIELDS,
                                                   JT_HTTP_CHUNK};
    static const enum jt_http_fault all[] = {
#define X(name, status, text) JT_HTTP_##name,
        JT_HTTP_FAULTS(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool caused = false;
        for (size_t k = 0; k < sizeof raw / sizeof raw[0]; k++) {
            caused = caused || raw[k].want == all[i];
        }
        for (size_t k = 0; k < sizeof elsewhere / sizeof elsewhere[0]; k++) {
            caused = caused || elsewhere[k] == all[i];
        }
        assert_true(caused);
        assert_in_range(jt_http_fault_status(all[i]), 400, 505);
        assert_true(strlen(jt_http_fault_name(all[i])) > 0);
        assert_true(strlen(jt_http_fault_text(all[i])) > 10);
    }
    assert_int_equal(jt_http_fault_status(JT_HTTP_OK), 0);
    assert_int_equal(jt_http_fault_status(JT_HTTP_MORE), 0);
    assert_int_equal(jt_http_fault_status(JT_HTTP_HEAD_SIZE), 431);
    assert_string_equal(jt_http_fault_name(JT_HTTP_LENGTH_AND_ENCODING), "LENGTH_AND_ENCODING");
}

static void head_size(void **state)
{
    static char text[JT_HTTP_HEAD_MAX + 100];
    static const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    size_t n = 0;
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, begin, sizeof begin - 1);
    assert_int_equal(jt_http_head_read(jt_slice(text, JT_HTTP_HEAD_MAX - 1), &head, &n),
                     JT_HTTP_MORE);
    assert_int_equal(jt_http_head_read(jt_slice(text, JT_HTTP_HEAD_MAX), &head, &n),
                     JT_HTTP_HEAD_SIZE);
    memcpy(text + JT_HTTP_HEAD_MAX - 4, "\r\n\r\n", 4); /* exactly the largest */
    assert_int_equal(read_both_ways(jt_slice(text, sizeof text), &n), JT_HTTP_OK);
    assert_int_equal(n, JT_HTTP_HEAD_MAX);
    memcpy(text + JT_HTTP_HEAD_MAX - 4, "x\r\n\r\n", 5); /* one more */
    assert_int_equal(read_both_ways(jt_slice(text, sizeof text), &n), JT_HTTP_HEAD_SIZE);
}

static void head_fields(void **state)
{
    char text[2000];
    (void)state;
    for (int fields = 64; fields <= 65; fields++) {
        size_t n = 0;
        int k = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 1; i < fields; i++) {
            k += snprintf(text + k, sizeof text - (size_t)k, "X%d: %d\r\n", i, i);
        }
        k += snprintf(text + k, sizeof text - (size_t)k, "\r\n");
        assert_int_equal(read_both_ways(jt_slice(text, (size_t)k), &n),
                         fields == 64 ? JT_HTTP_OK : JT_HTTP_HEAD_FIELDS);
    }
}

static void reads_a_whole_request(void **state)
{
    static const char text[] = "POST /token?a=b&c HTTP/1.1\r\n"
                               "hOsT:auth.example.com:8443\r\n"
                               "Content-Type: \t application/x-www-form-urlencoded \t\r\n"
                               "Authorization: Basic YTpi\r\n"
                               "Content-Length: 16384\r\n"
                               "Expect: 100-Continue\r\n"
                               "X-Empty:\r\n"
                               "X-Text: caf\xc3\xa9\ttab\r\n"
                               "\r\nbody";
    size_t n = 0;
    (void)state;
    assert_int_equal(read_both_ways(jt_slice(text, sizeof text - 1), &n), JT_HTTP_OK);
    assert_int_equal(n, sizeof text - 1 - 4);
    assert_int_equal(head.method, JT_POST);
    assert_true(jt_slice_eq(head.target, JT_LIT("/token?a=b&c")));
    assert_true(jt_slice_eq(head.path, JT_LIT("/token")));
    assert_true(head.has_query);
    assert_true(jt_slice_eq(head.query, JT_LIT("a=b&c")));
    assert_int_equal(head.minor, 1);
    assert_true(jt_slice_eq(head.host, JT_LIT("auth.example.com:8443")));
    assert_true(jt_slice_eq(head.content_type, JT_LIT("application/x-www-form-urlencoded")));
    assert_true(head.has_authorization);
    assert_true(jt_slice_eq(head.authorization, JT_LIT("Basic YTpi")));
    assert_true(head.has_length && !head.chunked);
    assert_int_equal(head.length, 16384);
    assert_true(head.expect_continue && head.keep_alive);
    assert_int_equal(head.nfields, 7);
    const struct jt_http_field *f = jt_http_field(&head, JT_LIT("x-TEXT"));
    assert_non_null(f);
    assert_true(jt_slice_eq(f->value, JT_LIT("caf\xc3\xa9\ttab")));
    assert_null(jt_http_field(&head, JT_LIT("X-Tex")));
}

static void methods_have_a_case(void **state)
{
    static const struct {
        const char *text;
        enum jt_http_method method;
    } rows[] = {{"GET", JT_GET},           {"HEAD", JT_HEAD},
                {"POST", JT_POST},         {"PUT", JT_PUT},
                {"PATCH", JT_PATCH},       {"DELETE", JT_DELETE},
                {"OPTIONS", JT_OPTIONS},   {"post", JT_METHOD_OTHER},
                {"Get", JT_METHOD_OTHER},  {"TRACE", JT_METHOD_OTHER},
                {"POSTS", JT_METHOD_OTHER}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[100];
        size_t n = 0;
        int k = snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].text);
        assert_int_equal(jt_http_head_read(jt_slice(text, (size_t)k), &head, &n), JT_HTTP_OK);
        assert_int_equal(head.method, rows[i].method);
        assert_true(jt_slice_eq(head.method_text, jt_str(rows[i].text)));
    }
}

/* RFC 9110 section 7.1: asterisk form is for OPTIONS */
static void options_star(void **state)
{
    size_t n = 0;
    (void)state;
    assert_int_equal(read_both_ways(JT_LIT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), &n),
                     JT_HTTP_OK);
    assert_true(jt_slice_eq(head.path, JT_LIT("*")));
    assert_false(head.has_query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_table),
        cmocka_unit_test(every_fault_has_words_and_a_row),
        cmocka_unit_test(head_size),
        cmocka_unit_test(head_fields),
        cmocka_unit_test(reads_a_whole_request),
        cmocka_unit_test(methods_have_a_case),
        cmocka_unit_test(options_star),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
