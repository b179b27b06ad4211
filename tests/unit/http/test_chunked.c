/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bodies (RFC 9112 section 7.1; threat S1): what is refused, and that pieces do not matter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/http/chunked.h"

struct result {
    enum jt_http_fault fault;
    size_t read, written;
    uint8_t *area;
};

/* Hands over step bytes more each time, in memory that ends where they end. */
static struct result feed(struct jt_slice raw, size_t step)
{
    struct result r = {JT_HTTP_MORE, 0, 0, malloc(1)};
    struct jt_chunked c = {0};
    size_t n = 0;
    do {
        size_t more = raw.n - n < step ? raw.n - n : step;
        r.area = realloc(r.area, n + more + (n + more == 0));
        assert_non_null(r.area);
        memcpy(r.area + n, raw.p + n, more);
        n += more;
        r.fault = jt_chunked_read(&c, r.area, n);
    } while (r.fault == JT_HTTP_MORE && n < raw.n);
    r.read = c.read;
    r.written = c.written;
    return r;
}

struct good {
    struct jt_slice raw;
    const char *body;
    size_t rest; /* bytes that belong to the next request */
};

static const struct good goods[] = {
    {JT_LIT_INIT("0\r\n\r\n"), "", 0},
    {JT_LIT_INIT("00000000\r\n\r\n"), "", 0},
    {JT_LIT_INIT("5\r\nhello\r\n0\r\n\r\n"), "hello", 0},
    {JT_LIT_INIT("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET / HTTP"), "hello, world", 10},
    {JT_LIT_INIT("0000000a\r\n0123456789\r\n0\r\n\r\n"), "0123456789", 0},
    {JT_LIT_INIT("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"), "0123456789abcdefghij", 0},
    {JT_LIT_INIT("2\r\n\r\n\r\n1\r\n0\r\n0\r\n\r\n\r\n"), "\r\n0", 2},
    {JT_LIT_INIT("1\r\na\r\n0\r\nX-Sum: 5\r\nY:\r\n\r\nz"), "a", 1},
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        for (size_t step = 1; step <= goods[i].raw.n; step++) {
            struct result r = feed(goods[i].raw, step);
            assert_int_equal(r.fault, JT_HTTP_OK);
            assert_int_equal(r.read, goods[i].raw.n - goods[i].rest);
            assert_int_equal(r.written, strlen(goods[i].body));
            assert_memory_equal(r.area, goods[i].body, r.written);
            free(r.area);
        }
    }
}

static const struct {
    const char *why;
    enum jt_http_fault fault;
    struct jt_slice raw;
} refusals[] = {
    {"0x", JT_HTTP_CHUNK, JT_LIT_INIT("0x5\r\nhello\r\n0\r\n\r\n")},
    {"plus", JT_HTTP_CHUNK, JT_LIT_INIT("+5\r\nhello\r\n0\r\n\r\n")},
    {"minus", JT_HTTP_CHUNK, JT_LIT_INIT("-5\r\nhello\r\n0\r\n\r\n")},
    {"underscore", JT_HTTP_CHUNK, JT_LIT_INIT("0_5\r\nhello\r\n0\r\n\r\n")},
    {"no size", JT_HTTP_CHUNK, JT_LIT_INIT("\r\nhello\r\n0\r\n\r\n")},
    {"not hex", JT_HTTP_CHUNK, JT_LIT_INIT("g\r\nhello\r\n0\r\n\r\n")},
    {"blank before", JT_HTTP_CHUNK, JT_LIT_INIT(" 5\r\nhello\r\n0\r\n\r\n")},
    {"blank after", JT_HTTP_CHUNK, JT_LIT_INIT("5 \r\nhello\r\n0\r\n\r\n")},
    {"NUL in size", JT_HTTP_CHUNK, JT_LIT_INIT("5\0\r\nhello\r\n0\r\n\r\n")},
    {"extension", JT_HTTP_CHUNK, JT_LIT_INIT("5;a=b\r\nhello\r\n0\r\n\r\n")},
    {"empty extension", JT_HTTP_CHUNK, JT_LIT_INIT("5;\r\nhello\r\n0\r\n\r\n")},
    {"extension on the last", JT_HTTP_CHUNK, JT_LIT_INIT("0;a\r\n\r\n")},
    {"CR in extension", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5;a\rb\r\nhello\r\n0\r\n\r\n")},
    {"LF in extension", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5;\nhello\r\n0\r\n\r\n")},
    {"LF after size", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5\nhello\r\n0\r\n\r\n")},
    {"CR after size", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("5\rhello\r\n0\r\n\r\n")},
    {"nine digits", JT_HTTP_CHUNK, JT_LIT_INIT("000000005\r\nhello\r\n0\r\n\r\n")},
    {"2^64 + 5", JT_HTTP_CHUNK, JT_LIT_INIT("10000000000000005\r\nhello\r\n0\r\n\r\n")},
    {"2^32 - 1", JT_HTTP_BODY_SIZE, JT_LIT_INIT("ffffffff\r\nhello\r\n0\r\n\r\n")},
    {"one over the cap", JT_HTTP_BODY_SIZE, JT_LIT_INIT("4001\r\nhello")},
    {"over the cap in all", JT_HTTP_BODY_SIZE, JT_LIT_INIT("1\r\nx\r\n4000\r\nhello")},
    {"size endless", JT_HTTP_CHUNK, JT_LIT_INIT("0000000000000000")},
    {"data too long", JT_HTTP_CHUNK, JT_LIT_INIT("4\r\nhello\r\n0\r\n\r\n")},
    {"data too short", JT_HTTP_CHUNK, JT_LIT_INIT("6\r\nhello\r\n0\r\n\r\n")},
    {"LF after data", JT_HTTP_CHUNK, JT_LIT_INIT("5\r\nhello\n0\r\n\r\n")},
    {"CR CR after data", JT_HTTP_CHUNK, JT_LIT_INIT("5\r\nhello\r\r\n0\r\n\r\n")},
    {"LF at the end", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("0\r\n\n")},
    {"CR at the end", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("0\r\n\rX")},
    {"length in trailer", JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nContent-Length: 5\r\n\r\n")},
    {"encoding in trailer", JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {"host in trailer", JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nhost: a\r\n\r\n")},
    {"authorization in trailer", JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nAUTHORIZATION: a\r\n\r\n")},
    {"content type in trailer", JT_HTTP_CHUNK, JT_LIT_INIT("0\r\nContent-Type: a/b\r\n\r\n")},
    {"fold in trailer", JT_HTTP_FOLDED, JT_LIT_INIT("0\r\nX: a\r\n b\r\n\r\n")},
    {"no name in trailer", JT_HTTP_FIELD_NAME, JT_LIT_INIT("0\r\n: a\r\n\r\n")},
    {"no colon in trailer", JT_HTTP_FIELD_NAME, JT_LIT_INIT("0\r\nGET / HTTP/1.1\r\n\r\n")},
    {"NUL in trailer", JT_HTTP_FIELD_VALUE, JT_LIT_INIT("0\r\nX: \0\r\n\r\n")},
    {"LF in trailer", JT_HTTP_BARE_CR_LF, JT_LIT_INIT("0\r\nX: a\nY: b\r\n\r\n")},
};

/* Whole: the named fault. In pieces: some fault, never a body. */
static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct result r = feed(refusals[i].raw, refusals[i].raw.n);
        if (r.fault != refusals[i].fault) {
            fail_msg("%s: got %s, want %s", refusals[i].why, jt_http_fault_name(r.fault),
                     jt_http_fault_name(refusals[i].fault));
        }
        free(r.area);
        for (size_t step = 1; step < refusals[i].raw.n; step++) {
            r = feed(refusals[i].raw, step);
            if (jt_http_fault_status(r.fault) < 400) {
                fail_msg("%s: got %s in steps of %zu", refusals[i].why, jt_http_fault_name(r.fault),
                         step);
            }
            free(r.area);
        }
    }
}

/* A body that stops early asks for more; it is never complete. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        for (size_t n = 0; n < goods[i].raw.n - goods[i].rest; n++) {
            struct result r = feed(jt_slice(goods[i].raw.p, n), n + 1);
            assert_int_equal(r.fault, JT_HTTP_MORE);
            free(r.area);
        }
    }
}

/* chunks of one size each, then the last chunk and end */
static struct jt_slice build(uint8_t *raw, size_t chunks, const char *chunk, const char *end)
{
    size_t k = strlen(chunk);
    for (size_t i = 0; i < chunks; i++) {
        memcpy(raw + i * k, chunk, k);
    }
    memcpy(raw + chunks * k, end, strlen(end));
    return jt_slice(raw, chunks * k + strlen(end));
}

static uint8_t raw[200000];

static void test_caps(void **state)
{
    (void)state;
    size_t head = 6; /* "4000" CRLF */
    memcpy(raw, "4000\r\n", head);
    memset(raw + head, 'x', JT_HTTP_BODY_MAX);
    memcpy(raw + head + JT_HTTP_BODY_MAX, "\r\n0\r\n\r\n", 7);
    struct result r = feed(jt_slice(raw, head + JT_HTTP_BODY_MAX + 7), SIZE_MAX);
    assert_int_equal(r.fault, JT_HTTP_OK);
    assert_int_equal(r.written, JT_HTTP_BODY_MAX);
    free(r.area);

    /* many small chunks: under the cap decoded, over the cap encoded, whole or in pieces */
    size_t encoded_max = 2 * JT_HTTP_BODY_MAX + 8192;
    size_t fits = (encoded_max - 5) / 6;
    static const size_t steps[] = {SIZE_MAX, 1000};
    for (size_t i = 0; i < 2; i++) {
        r = feed(build(raw, fits, "1\r\na\r\n", "0\r\n\r\n"), steps[i]);
        assert_int_equal(r.fault, JT_HTTP_OK);
        assert_int_equal(r.written, fits);
        free(r.area);
        r = feed(build(raw, fits + 1, "1\r\na\r\n", "0\r\n\r\n"), steps[i]);
        assert_int_equal(r.fault, JT_HTTP_BODY_SIZE);
        free(r.area);
    }
}

static void test_trailer_caps(void **state)
{
    (void)state;
    static const char last[] = "0\r\n";
    struct result r = feed(build(raw, 1, last, "a:\r\n\r\n"), 1);
    assert_int_equal(r.fault, JT_HTTP_OK);
    free(r.area);
    for (size_t fields = JT_HTTP_HEADERS_MAX; fields <= JT_HTTP_HEADERS_MAX + 1; fields++) {
        memcpy(raw, last, 3);
        struct jt_slice t = build(raw + 3, fields, "a:\r\n", "\r\n");
        r = feed(jt_slice(raw, t.n + 3), SIZE_MAX);
        assert_int_equal(r.fault, fields > JT_HTTP_HEADERS_MAX ? JT_HTTP_HEAD_FIELDS : JT_HTTP_OK);
        free(r.area);
    }
    memcpy(raw, last, 3);
    memset(raw + 3, 'a', 9000); /* one line without end */
    r = feed(jt_slice(raw, 9003), SIZE_MAX);
    assert_int_equal(r.fault, JT_HTTP_HEAD_SIZE);
    free(r.area);
    raw[4] = ':'; /* and one with an end */
    memcpy(raw + 9003, "\r\n\r\n", 4);
    r = feed(jt_slice(raw, 9007), SIZE_MAX);
    assert_int_equal(r.fault, JT_HTTP_HEAD_SIZE);
    free(r.area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cut),          cmocka_unit_test(test_caps),
        cmocka_unit_test(test_trailer_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
