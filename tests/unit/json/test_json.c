/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/json.h"

static const struct jt_json_limits limits = {1000, 4, 20};

static enum jt_err parse(struct jt_slice text)
{
    struct jt_json *doc = NULL;
    uint8_t *exact = malloc(text.n == 0 ? 1 : text.n);
    assert_non_null(exact);
    if (text.n > 0) {
        memcpy(exact, text.p, text.n);
    }
    enum jt_err e = jt_json_parse(jt_slice(exact, text.n), &limits, &doc);
    assert_int_equal(e == JT_OK, doc != NULL);
    jt_json_free(&doc);
    assert_null(doc);
    free(exact);
    return e;
}

static void refused(void **state)
{
    static const struct jt_slice bad[] = {
        JT_LIT_INIT(""),
        JT_LIT_INIT(" "),
        JT_LIT_INIT("{\"a\":1,\"a\":2}"),
        JT_LIT_INIT("{\"a\":1,\"\\u0061\":2}"),
        JT_LIT_INIT("{\"x\":{\"a\":1,\"a\":1}}"),
        JT_LIT_INIT("{\"a\":\"b\\u0000c\"}"),
        JT_LIT_INIT("{\"a\\u0000\":1}"),
        JT_LIT_INIT("{\"a\":\"b\0c\"}"),
        JT_LIT_INIT("{}\0"),
        JT_LIT_INIT("{}{}"),
        JT_LIT_INIT("{} x"),
        JT_LIT_INIT("\xef\xbb\xbf{}"),
        JT_LIT_INIT("\"\xff\""),
        JT_LIT_INIT("\"\xc0\xaf\""),
        JT_LIT_INIT("\"\xed\xa0\x80\""),
        JT_LIT_INIT("\"\\ud800\""),
        JT_LIT_INIT("{\"a\":1,}"),
        JT_LIT_INIT("[1,]"),
        JT_LIT_INIT("{'a':1}"),
        JT_LIT_INIT("NaN"),
        JT_LIT_INIT("01"),
        JT_LIT_INIT("1e999"),
        JT_LIT_INIT("18446744073709551616"),
        JT_LIT_INIT("/**/{}"),
        JT_LIT_INIT("\"a\nb\""),
        JT_LIT_INIT("{\"a\""),
        JT_LIT_INIT("]"),
        JT_LIT_INIT("\"\\"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum jt_err e = parse(bad[i]);
        if (e != JT_E_SYNTAX) {
            print_error("row %zu: %s\n", i, jt_err_text(e));
        }
        assert_int_equal(e, JT_E_SYNTAX);
    }
}

/* threats J10 */
static void limited(void **state)
{
    static char deep[1000];
    static const char wide[] = "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]";
    static char big[1001];
    (void)state;
    memset(deep, '[', sizeof deep);
    assert_int_equal(parse(jt_slice(deep, sizeof deep)), JT_E_LIMIT);
    assert_int_equal(parse(JT_LIT("[[[[]]]]")), JT_OK);
    assert_int_equal(parse(JT_LIT("[[[[[]]]]]")), JT_E_LIMIT);
    assert_int_equal(parse(JT_LIT("[[[{\"a\":[]}]]]")), JT_E_LIMIT);
    assert_int_equal(parse(JT_LIT("[\"[[[[[[[{{{{\"]")), JT_OK); /* not inside strings */
    assert_int_equal(parse(JT_LIT("[\"\\\"[[[[[[[\"]")), JT_OK);
    assert_int_equal(parse(JT_LIT("[\"\\\\\",[[[[[]]]]]]")), JT_E_LIMIT);
    assert_int_equal(parse(jt_str(wide)), JT_E_LIMIT);
    assert_int_equal(parse(jt_slice(wide + 2, 0)), JT_E_SYNTAX);
    assert_int_equal(parse(JT_LIT("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]")), JT_OK);
    memset(big, ' ', sizeof big);
    big[0] = '1';
    assert_int_equal(parse(jt_slice(big, 1000)), JT_OK);
    assert_int_equal(parse(jt_slice(big, 1001)), JT_E_LIMIT);
}

static bool collect(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    char *z = ctx;
    (void)value;
    strncat(z, (const char *)name.p, name.n);
    return strlen(z) < 3;
}

static void values(void **state)
{
    static const char text[] = "{\"z\":\"t\\u00e9\",\"i\":-9223372036854775808,\"r\":1.0,"
                               "\"b\":true,\"n\":null,\"a\":[1,2],\"o\":{}}";
    struct jt_json *doc = NULL;
    struct jt_slice s = JT_LIT("kept");
    int64_t i = 7;
    bool b = false;
    char names[16] = "";
    (void)state;
    assert_int_equal(jt_json_parse(jt_str(text), &limits, &doc), JT_OK);
    const struct jt_jval *r = jt_json_root(doc);
    assert_int_equal(jt_jval_type(r), JT_JOBJECT);
    assert_int_equal(jt_jval_count(r), 7);
    assert_true(jt_jval_str(jt_jobj_get(r, "z"), &s));
    assert_true(jt_slice_eq(s, JT_LIT("t\xc3\xa9")));
    assert_false(jt_jval_str(jt_jobj_get(r, "i"), &s));
    assert_true(jt_slice_eq(s, JT_LIT("t\xc3\xa9")));
    assert_true(jt_jval_int(jt_jobj_get(r, "i"), &i));
    assert_true(i == INT64_MIN);
    assert_false(jt_jval_int(jt_jobj_get(r, "r"), &i)); /* 1.0 is not written as an integer */
    assert_true(jt_jval_bool(jt_jobj_get(r, "b"), &b) && b);
    assert_false(jt_jval_bool(jt_jobj_get(r, "n"), &b));
    assert_int_equal(jt_jval_type(jt_jobj_get(r, "r")), JT_JREAL);
    assert_int_equal(jt_jval_type(jt_jobj_get(r, "n")), JT_JNULL);
    assert_int_equal(jt_jval_count(jt_jobj_get(r, "a")), 2);
    assert_non_null(jt_jarr_at(jt_jobj_get(r, "a"), 1));
    assert_null(jt_jarr_at(jt_jobj_get(r, "a"), 2));
    assert_null(jt_jarr_at(r, 0));
    assert_null(jt_jobj_get(r, "missing"));
    assert_null(jt_jobj_get(jt_jobj_get(r, "a"), "z"));
    assert_int_equal(jt_jval_count(jt_jobj_get(r, "z")), 0);
    assert_false(jt_jobj_each(r, collect, names)); /* in the order written, until false */
    assert_string_equal(names, "zir");
    jt_json_free(&doc);
    assert_false(jt_jval_str(NULL, &s) || jt_jval_int(NULL, &i) || jt_jval_bool(NULL, &b));
    assert_null(jt_jobj_get(NULL, "a"));
    assert_int_equal(jt_jval_count(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(limited),
        cmocka_unit_test(values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
