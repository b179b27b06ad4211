/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/http/chunked.h"

struct result {
    enum jt_http_fault fault;
    struct jt_chunked c;
    uint8_t *area;
};

static struct result feed(struct jt_slice in, size_t step)
{
    struct result r = {JT_HTTP_MORE, {0}, calloc(1, in.n + 1)};
    size_t n = 0;
    assert_non_null(r.area);
    while (r.fault == JT_HTTP_MORE && n < in.n) {
        size_t k = in.n - n < step ? in.n - n : step;
        memcpy(r.area + n, in.p + n, k);
        n += k;
        r.fault = jt_chunked_read(&r.c, r.area, n);
        assert_true(r.c.read <= n);
        assert_true(r.c.written <= r.c.read && r.c.written <= JT_HTTP_BODY_MAX);
    }
    return r;
}

/* Whole and byte by byte give the same. */
static enum jt_http_fault both(struct jt_slice in, const char *body, size_t read)
{
    struct result a = feed(in, in.n);
    struct result b = feed(in, 1);
    enum jt_http_fault f = a.fault;
    assert_int_equal(a.fault, b.fault);
    if (f == JT_HTTP_OK) {
        assert_int_equal(a.c.read, b.c.read);
        assert_int_equal(a.c.written, b.c.written);
        assert_memory_equal(a.area, b.area, a.c.written);
        assert_int_equal(a.c.read, read);
        assert_true(jt_slice_eq(jt_slice(a.area, a.c.written), jt_str(body)));
    }
    free(a.area);
    free(b.area);
    return f;
}

static void good_bodies(void **state)
{
    static const struct {
        const char *in, *body;
        size_t rest;
    } rows[] = {
        {"0\r\n\r\n", "", 0},
        {"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"5\r\nhello\r\n6\r\n world\r\n00000000\r\n\r\nGET /", "hello world", 5},
        {"00000005\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0},
        {"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0},
        {"1\r\nx\r\n0\r\nX-Trailer: dropped\r\nY:\r\n\r\nz", "x", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_slice in = jt_str(rows[i].in);
        assert_int_equal(both(in, rows[i].body, in.n - rows[i].rest), JT_HTTP_OK);
    }
}

/* threats S1 */
static void bad_bodies(void **state)
{
    static const struct {
        enum jt_http_fault want;
        struct jt_slice in;
    } rows[] = {
        {JT_HTTP_CHUNK, JT_LIT_INIT("\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("0x5\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("+5\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("-5\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5_0\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT(" 5\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5 \r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5;a=b\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5;\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5;\ra\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5g\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5\0\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("000000005\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("10000000000000005\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_BODY_SIZE, JT_LIT_INIT("ffffffff\r\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_BODY_SIZE, JT_LIT_INIT("4001\r\nhello")},
        {JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5\nhello\r\n0\r\n\r\n")},
        {JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5\rhello\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5\r\nhello\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5\r\nhello!\r\n0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("5\r\nhello\rx0\r\n\r\n")},
        {JT_HTTP_BARE_CR_LF, JT_LIT_INIT("0\r\n\n")},
        {JT_HTTP_BARE_CR_LF, JT_LIT_INIT("0\r\nX: a\n\r\n")},
        {JT_HTTP_FOLDED, JT_LIT_INIT("0\r\nX: a\r\n b\r\n\r\n")},
        {JT_HTTP_FIELD_NAME, JT_LIT_INIT("0\r\nX : a\r\n\r\n")},
        {JT_HTTP_FIELD_NAME, JT_LIT_INIT("0\r\n: a\r\n\r\n")},
        {JT_HTTP_FIELD_VALUE, JT_LIT_INIT("0\r\nX: \0\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nContent-Length: 5\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("0\r\ntransfer-encoding: chunked\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nHOST: a\r\n\r\n")},
        {JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nAuthorization: Basic YTpi\r\n\r\n")},
        {JT_HTTP_MORE, JT_LIT_INIT("5\r\nhello\r\n0\r\n")},
        {JT_HTTP_MORE, JT_LIT_INIT("5\r\nhello\r\n0\r\n\r")},
        {JT_HTTP_MORE, JT_LIT_INIT("5\r\nhel")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jt_http_fault got = both(rows[i].in, "", 0);
        if (got != rows[i].want) {
            print_error("row %zu: %s\n", i, jt_http_fault_name(got));
        }
        assert_int_equal(got, rows[i].want);
    }
}

static void append(char *text, size_t *n, const char *more, size_t k)
{
    memcpy(text + *n, more, k);
    *n += k;
}

static void largest_body(void **state)
{
    static char text[JT_HTTP_BODY_MAX + 100];
    size_t n = 0;
    (void)state;
    append(text, &n, "4000\r\n", 6);
    memset(text + n, 'x', JT_HTTP_BODY_MAX);
    n += JT_HTTP_BODY_MAX;
    append(text, &n, "\r\n0\r\n\r\n", 7);
    struct result r = feed(jt_slice(text, n), n);
    assert_int_equal(r.fault, JT_HTTP_OK);
    assert_int_equal(r.c.written, JT_HTTP_BODY_MAX);
    free(r.area);
    memcpy(text + n - 5, "1\r\ny\r\n", 6); /* one byte more, in a chunk of its own */
    assert_int_equal(both(jt_slice(text, n + 1), "", 0), JT_HTTP_BODY_SIZE);
}

/* Six raw bytes for each byte: the encoded size has a bound of its own. */
static void encoded_size_is_bounded(void **state)
{
    static char text[6 * JT_HTTP_BODY_MAX + 100];
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 6000; i++) {
        append(text, &n, "1\r\nx\r\n", 6);
    }
    append(text, &n, "0\r\n\r\n", 5);
    assert_true(n < 2 * JT_HTTP_BODY_MAX + 8192);
    struct result r = feed(jt_slice(text, n), n);
    assert_int_equal(r.fault, JT_HTTP_OK);
    assert_int_equal(r.c.written, 6000);
    free(r.area);
    n -= 5;
    for (int i = 0; i < 3000; i++) {
        append(text, &n, "1\r\nx\r\n", 6);
    }
    append(text, &n, "0\r\n\r\n", 5);
    assert_int_equal(both(jt_slice(text, n), "", 0), JT_HTTP_BODY_SIZE);
}

static void trailers_are_bounded(void **state)
{
    static char text[20000];
    size_t n = 0;
    (void)state;
    append(text, &n, "0\r\nX: ", 6);
    memset(text + n, 'x', 9000);
    n += 9000;
    append(text, &n, "\r\n\r\n", 4);
    assert_int_equal(both(jt_slice(text, n), "", 0), JT_HTTP_HEAD_SIZE);
    n = 0;
    append(text, &n, "0\r\n", 3);
    for (int i = 0; i < 64; i++) {
        append(text, &n, "X: a\r\n", 6);
    }
    append(text, &n, "\r\n", 2);
    assert_int_equal(both(jt_slice(text, n), "", n), JT_HTTP_OK);
    n -= 2;
    append(text, &n, "X: a\r\n\r\n", 8);
    assert_int_equal(both(jt_slice(text, n), "", 0), JT_HTTP_HEAD_FIELDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bodies),          cmocka_unit_test(bad_bodies),
        cmocka_unit_test(largest_body),         cmocka_unit_test(encoded_size_is_bounded),
        cmocka_unit_test(trailers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
