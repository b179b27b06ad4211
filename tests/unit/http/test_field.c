/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/http/field.h"

static struct jt_http_head head;

/* The head of a request with these header lines. */
static enum jt_http_fault with(unsigned minor, const char *lines)
{
    char text[600];
    size_t n = 0;
    int k = snprintf(text, sizeof text, "POST / HTTP/1.%u\r\n%s\r\n", minor, lines);
    return jt_http_head_read(jt_slice(text, (size_t)k), &head, &n);
}

static void keep_alive(void **state)
{
    (void)state;
    assert_int_equal(with(1, "Host: a\r\n"), JT_HTTP_OK);
    assert_true(head.keep_alive);
    assert_int_equal(with(0, "Host: a\r\n"), JT_HTTP_OK);
    assert_false(head.keep_alive);
    assert_int_equal(with(0, "Connection: Keep-Alive\r\n"), JT_HTTP_OK);
    assert_true(head.keep_alive);
    assert_int_equal(with(1, "Host: a\r\nConnection: foo ,\tCLOSE\t, bar\r\n"), JT_HTTP_OK);
    assert_false(head.keep_alive);
    assert_int_equal(with(1, "Host: a\r\nConnection: keep-alive\r\nConnection: close\r\n"),
                     JT_HTTP_OK);
    assert_false(head.keep_alive);
    assert_int_equal(with(1, "Host: a\r\nConnection: closed,,not-close\r\n"), JT_HTTP_OK);
    assert_true(head.keep_alive);
}

static void host_forms(void **state)
{
    (void)state;
    assert_int_equal(with(1, "Host: [::1]:8443\r\n"), JT_HTTP_OK);
    assert_int_equal(with(0, ""), JT_HTTP_OK); /* HTTP/1.0 may leave it out */
    assert_int_equal(head.host.n, 0);
    assert_int_equal(with(0, "Host:\r\n"), JT_HTTP_OK);
    assert_int_equal(with(1, "Host: \t \r\n"), JT_HTTP_HOST);
    assert_int_equal(with(1, "Host: a\xc3\xa9\r\n"), JT_HTTP_HOST);
    assert_int_equal(with(1, "Host: %61\r\n"), JT_HTTP_HOST);
}

static void framing(void **state)
{
    (void)state;
    assert_int_equal(with(1, "Host: a\r\nTransfer-Encoding: CHUNKED\r\n"), JT_HTTP_OK);
    assert_true(head.chunked && !head.has_length);
    assert_int_equal(with(1, "Host: a\r\nContent-Length: 0\r\n"), JT_HTTP_OK);
    assert_true(!head.chunked && head.has_length);
    assert_int_equal(with(1, "Host: a\r\n"), JT_HTTP_OK);
    assert_true(!head.chunked && !head.has_length && head.length == 0);
    /* names that only look like framing have no meaning */
    assert_int_equal(with(1, "Host: a\r\nTransfer_Encoding: chunked\r\n"), JT_HTTP_OK);
    assert_false(head.chunked);
}

/* RFC 9110 section 10.1.1: ignored in HTTP/1.0 */
static void expect(void **state)
{
    (void)state;
    assert_int_equal(with(0, "Expect: 100-continue\r\n"), JT_HTTP_OK);
    assert_false(head.expect_continue);
    assert_int_equal(with(1, "Host: a\r\nExpect: 100-continue, x\r\n"), JT_HTTP_EXPECT);
}

static void one_line(void **state)
{
    struct jt_http_field f = {0};
    (void)state;
    assert_int_equal(jt_http_field_read(JT_LIT("a:"), &f), JT_HTTP_OK);
    assert_int_equal(f.value.n, 0);
    assert_int_equal(jt_http_field_read(JT_LIT("a: \t "), &f), JT_HTTP_OK);
    assert_int_equal(f.value.n, 0);
    assert_int_equal(jt_http_field_read(JT_LIT("a:b:c"), &f), JT_HTTP_OK);
    assert_true(jt_slice_eq(f.name, JT_LIT("a")));
    assert_true(jt_slice_eq(f.value, JT_LIT("b:c")));
}

/* RFC 9110 section 5.6.2, all 256 bytes */
static void token_characters(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool want = c > 0x20 && c < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", (int)c) == NULL;
        assert_int_equal(jt_http_token_char((uint8_t)c), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive), cmocka_unit_test(host_forms),
        cmocka_unit_test(framing),    cmocka_unit_test(expect),
        cmocka_unit_test(one_line),   cmocka_unit_test(token_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
