/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/http/name.h"
#include "core/json/json.h"
#include "core/json/jw.h"

static const struct jt_json_limits limits = {65536, 8, 1000};

static struct jt_buf b;

static struct jt_jw fresh(void)
{
    jt_buf_reset(&b);
    return jt_jw(&b);
}

static void commas(void **state)
{
    (void)state;
    struct jt_jw w = fresh();
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "a", JT_LIT("x"));
    jt_jw_kint(&w, "b", INT64_MIN);
    jt_jw_kbool(&w, "c", true);
    jt_jw_key(&w, "d");
    jt_jw_arr(&w);
    jt_jw_int(&w, 1);
    jt_jw_null(&w);
    jt_jw_bool(&w, false);
    jt_jw_obj(&w);
    jt_jw_end_obj(&w);
    jt_jw_arr(&w);
    jt_jw_end_arr(&w);
    jt_jw_raw(&w, JT_LIT("{\"r\":1}"));
    jt_jw_end_arr(&w);
    jt_jw_key_slice(&w, JT_LIT("e\""));
    jt_jw_null(&w);
    jt_jw_end_obj(&w);
    assert_true(jt_slice_eq(jt_buf_slice(&b),
                            JT_LIT("{\"a\":\"x\",\"b\":-9223372036854775808,\"c\":true,"
                                   "\"d\":[1,null,false,{},[],{\"r\":1}],\"e\\\"\":null}")));
}

/* One line, printable to a terminal, and the value comes back (threats S14). */
static void check_string(struct jt_slice s)
{
    struct jt_json *doc = NULL;
    struct jt_slice back = {0};
    struct jt_jw w = fresh();
    jt_jw_str(&w, s);
    assert_true(jt_buf_ok(&b));
    for (size_t i = 0; i < b.n; i++) {
        assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
        assert_false(i > 0 && b.p[i - 1] == 0xc2 && b.p[i] < 0xa0);
        assert_false(i > 1 && b.p[i - 2] == 0xe2 && b.p[i - 1] == 0x80 &&
                     (b.p[i] == 0xa8 || b.p[i] == 0xa9));
    }
    assert_true(jt_utf8_ok(jt_buf_slice(&b)));
    enum jt_err e = jt_json_parse(jt_buf_slice(&b), &limits, &doc);
    if (s.n > 0 && memchr(s.p, 0, s.n) != NULL) {
        assert_int_equal(e, JT_E_SYNTAX); /* written as \u0000, which the reader refuses */
        assert_non_null(memmem(b.p, b.n, "\\u0000", 6));
        return;
    }
    assert_int_equal(e, JT_OK);
    assert_true(jt_jval_str(jt_json_root(doc), &back));
    if (jt_utf8_ok(s)) {
        assert_true(jt_slice_eq(back, s));
    } else {
        assert_non_null(memmem(back.p, back.n, "\xef\xbf\xbd", 3));
    }
    jt_json_free(&doc);
}

static void every_byte_and_pair(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 65536; v++) {
        const uint8_t p[2] = {(uint8_t)(v >> 8), (uint8_t)(v & 0xff)};
        check_string(jt_slice(p, 2));
        if (v < 256) {
            check_string(jt_slice(p + 1, 1));
        }
    }
}

static size_t encode(uint32_t c, uint8_t p[static 4])
{
    if (c < 0x800) {
        p[0] = (uint8_t)(0xc0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (uint8_t)(0xe0 | c >> 12);
        p[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        p[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    p[0] = (uint8_t)(0xf0 | c >> 18);
    p[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    p[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    p[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

/* Steps over the range, surrogates and beyond U+10FFFF among them. */
static void characters(void **state)
{
    static const uint32_t edges[] = {0x80,   0x9f,   0xa0,    0x7ff,    0x800,
                                     0x2028, 0x2029, 0xd7ff,  0xd800,   0xdfff,
                                     0xe000, 0xffff, 0x10000, 0x10ffff, 0x110000};
    uint8_t p[4];
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        size_t n = encode(edges[i], p);
        check_string(jt_slice(p, n));
        check_string(jt_slice(p, n - 1)); /* cut */
    }
    for (uint32_t c = 0x80; c < 0x120000; c += 97) {
        check_string(jt_slice(p, encode(c, p)));
    }
}

static void failure_stays_in_the_buffer(void **state)
{
    struct jt_buf small;
    (void)state;
    jt_buf_init(&small, 8);
    struct jt_jw w = jt_jw(&small);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "name", JT_LIT("value"));
    jt_jw_end_obj(&w);
    assert_false(jt_buf_ok(&small));
    jt_buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas),
        cmocka_unit_test(every_byte_and_pair),
        cmocka_unit_test(characters),
        cmocka_unit_test(failure_stays_in_the_buffer),
    };
    jt_buf_init(&b, 65536);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    jt_buf_free(&b);
    return failed;
}
