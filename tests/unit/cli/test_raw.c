/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/raw.h"

static void lays_out(const char *in, int level, const char *out)
{
    struct jt_buf b;
    jt_buf_init(&b, 4096);
    jt_raw_put(&b, jt_str(in), level);
    assert_true(jt_buf_ok(&b));
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(out))) {
        fail_msg("%.*s is not %s", (int)b.n, (const char *)b.p, out);
    }
    jt_buf_free(&b);
}

static void layout(void **state)
{
    (void)state;
    lays_out("{\"a\":1,\"b\":[true,{}],\"c\":[]}", 0,
             "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {}\n  ],\n  \"c\": []\n}");
    lays_out("{\"a\":[1]}", 1, "{\n    \"a\": [\n      1\n    ]\n  }");
    lays_out(" { \"a\" : [ 1 , 2.50 ] ,\n\"b\":{ } } ", JT_RAW_ONE_LINE,
             "{\"a\":[1,2.50],\"b\":{}}");
    lays_out("\"x\"", 0, "\"x\"");
    lays_out("{\"a\":\"{[,: \\\" ]}\"}", 0, "{\n  \"a\": \"{[,: \\\" ]}\"\n}");
}

/* An issuer's answer may be a megabyte of them: each is looked at once. */
static void many_blanks(void **state)
{
    (void)state;
    static char in[1 << 20];
    memset(in, ' ', sizeof in);
    memcpy(in, "{\"a\":1", 6);
    memcpy(in + sizeof in - 2, "}", 2);
    lays_out(in, JT_RAW_ONE_LINE, "{\"a\":1}");
}

static void strings_cannot_reach_a_terminal_raw(void **state)
{
    (void)state;
    lays_out("\"\x7f\xc2\x9b\xe2\x80\xae ü \\u001b\"", 0, "\"\\u007f\\u009b\\u202e ü \\u001b\"");
    lays_out("\"\xf3\xa0\x81\x81\"", 0, "\"\\udb40\\udc41\"");
}

static bool next_is(struct jt_raw_walk *w, const char *name, const char *value)
{
    struct jt_raw_item item = {0};
    return jt_raw_next(w, &item) && jt_slice_eq(item.name, jt_str(name)) &&
           jt_slice_eq(item.value, jt_str(value));
}

static void walks(void **state)
{
    (void)state;
    struct jt_raw_item item = {0};
    struct jt_raw_walk w = jt_raw_walk(
        JT_LIT(" {\"a\" : {\"x\":[1,2]} , \"b\":\"]},\\\"\", \"c\":-1.5e3,\"d\":null}"));
    assert_true(next_is(&w, "a", "{\"x\":[1,2]}"));
    assert_true(next_is(&w, "b", "\"]},\\\"\""));
    assert_true(next_is(&w, "c", "-1.5e3"));
    assert_true(next_is(&w, "d", "null"));
    assert_false(jt_raw_next(&w, &item));
    w = jt_raw_walk(JT_LIT("[{\"a\":1}, [] ,3]"));
    assert_true(next_is(&w, "", "{\"a\":1}"));
    assert_true(next_is(&w, "", "[]"));
    assert_true(next_is(&w, "", "3"));
    assert_false(jt_raw_next(&w, &item));
    w = jt_raw_walk(JT_LIT("[]"));
    assert_false(jt_raw_next(&w, &item));
    w = jt_raw_walk(JT_LIT("17"));
    assert_false(jt_raw_next(&w, &item));
    w = jt_raw_walk(JT_LIT(""));
    assert_false(jt_raw_next(&w, &item));
}

static void members(void **state)
{
    (void)state;
    struct jt_slice object = JT_LIT("{\"items\":[{\"next\":1}],\"next\":\"c\"}");
    assert_true(jt_slice_eq(jt_raw_member(object, "next"), JT_LIT("\"c\"")));
    assert_true(jt_slice_eq(jt_raw_member(object, "items"), JT_LIT("[{\"next\":1}]")));
    assert_int_equal(jt_raw_member(object, "nothing").n, 0);
    assert_int_equal(jt_raw_member(JT_LIT("[1]"), "").n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(many_blanks),
        cmocka_unit_test(strings_cannot_reach_a_terminal_raw),
        cmocka_unit_test(walks),
        cmocka_unit_test(members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
