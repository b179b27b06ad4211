/* SPDX-License-Identifier: Apache-2.0 */
/* Forms and flat JSON (RFC 6749 section 3.2, appendix B; threat A18). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/http/form.h"

static struct jt_arena arena;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, 256u << 10);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jt_arena_free(&arena);
    return 0;
}

static void expect_text(struct jt_slice got, const char *want)
{
    if (!jt_slice_eq(got, jt_str(want))) {
        fail_msg("got '%.*s', want '%s'", JT_FMT(got), want);
    }
}

static enum jt_form_fault read_str(const char *text, struct jt_form *f)
{
    return jt_form_read(jt_str(text), &arena, f);
}

static void test_pairs(void **state)
{
    (void)state;
    struct jt_form f;
    assert_int_equal(
        read_str("grant_type=client_credentials&scope=api%3Aread+api:write&a==b&empty=", &f),
        JT_FORM_OK);
    assert_int_equal(f.n, 4);
    expect_text(jt_form_get(&f, "grant_type"), "client_credentials");
    expect_text(jt_form_get(&f, "scope"), "api:read api:write");
    expect_text(jt_form_get(&f, "a"), "=b");
    assert_int_equal(jt_form_get(&f, "empty").n, 0);
    assert_int_equal(jt_form_get(&f, "absent").n, 0);
    assert_int_equal(jt_form_get(&f, "SCOPE").n, 0); /* names are case-sensitive */
}

static void test_edges(void **state)
{
    (void)state;
    struct jt_form f;
    assert_int_equal(read_str("", &f), JT_FORM_OK);
    assert_int_equal(f.n, 0);
    assert_int_equal(read_str("&&a=1&&&b&", &f), JT_FORM_OK);
    assert_int_equal(f.n, 2);
    expect_text(f.items[1].name, "b");
    assert_int_equal(f.items[1].value.n, 0);
    assert_int_equal(read_str("=x", &f), JT_FORM_OK);
    assert_int_equal(f.items[0].name.n, 0);
    assert_int_equal(read_str("a=%0D%0A%22;b=2", &f), JT_FORM_OK); /* ";" separates nothing */
    expect_text(jt_form_get(&f, "a"), "\r\n\";b=2");
    assert_int_equal(read_str("a=%e2%82%AC%f0%9f%94%91", &f), JT_FORM_OK);
    expect_text(jt_form_get(&f, "a"), "\xe2\x82\xac\xf0\x9f\x94\x91");
    assert_int_equal(read_str("a=%2B%25%26%3D", &f), JT_FORM_OK);
    expect_text(jt_form_get(&f, "a"), "+%&=");
    assert_int_equal(read_str("a=%252B", &f), JT_FORM_OK); /* decoded once */
    expect_text(jt_form_get(&f, "a"), "%2B");
}

static void test_encoding_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a=%",         "a=%4",        "a=%4g",       "a=%g4",
        "a=% 41",      "a=%%41",      "%=a",         "a%2=b",
        "a=%00",       "%00=a",       "a=%+1",       "a=%-1",
        "a=%0x",       "a=%u0041",    "a=%ff",       "a=%c3",
        "a=%c3%28",    "a=%c0%af",    "a=%ed%a0%80", "a=%f4%90%80%80",
        "a=\xff",      "a=%e0%80%af", "a=%80",       "ok=1&a=%f8%88%80%80%80",
        "a=%c3&b=%a9", /* half a character does not reach over the pair */
    };
    struct jt_form f;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_str(bad[i], &f) != JT_FORM_ENCODING) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(jt_form_read(JT_LIT("a=b\0c"), &arena, &f), JT_FORM_ENCODING);
}

static void test_repeats_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body, *name;
    } bad[] = {
        {"scope=a&scope=b", "scope"},
        {"scope=a&x=y&scope=a", "scope"},
        {"scope=&scope=", "scope"}, /* even when empty */
        {"scope=a&scope", "scope"},
        {"scope=a&%73cope=b", "scope"}, /* compared after decoding */
        {"=a&=b", ""},
        {"unknown=1&unknown=2", "unknown"},
        {"a+b=1&a%20b=2", "a b"},
    };
    struct jt_form f;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_str(bad[i].body, &f), JT_FORM_REPEATED);
        expect_text(f.repeated, bad[i].name);
    }
    assert_int_equal(read_str("scope=a&Scope=b", &f), JT_FORM_OK);
}

static struct jt_slice many(char *out, size_t size, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        k += (size_t)snprintf(out + k, size - k, "&p%zu=v", i);
    }
    return jt_slice(out, k);
}

static void test_count(void **state)
{
    (void)state;
    static char body[16384];
    struct jt_form f;
    assert_int_equal(jt_form_read(many(body, sizeof body, JT_FORM_MAX), &arena, &f), JT_FORM_OK);
    assert_int_equal(f.n, JT_FORM_MAX);
    assert_int_equal(jt_form_read(many(body, sizeof body, JT_FORM_MAX + 1), &arena, &f),
                     JT_FORM_TOO_MANY);
    assert_int_equal(jt_form_read(many(body, sizeof body, 1000), &arena, &f), JT_FORM_TOO_MANY);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct jt_arena small;
    struct jt_form f;
    struct jt_slice out = JT_LIT("kept");
    jt_arena_init(&small, 8);
    assert_int_equal(jt_form_read(JT_LIT("a=0123456789"), &small, &f), JT_FORM_NOMEM);
    assert_int_equal(jt_form_decode(JT_LIT("0123456789+"), &small, &out), JT_FORM_NOMEM);
    expect_text(out, "kept");
    assert_int_equal(jt_form_read_json(JT_LIT("{\"a\":\"0123456789\"}"), &small, NULL, &f),
                     JT_FORM_NOMEM);
    jt_arena_free(&small);
}

static void test_json(void **state)
{
    (void)state;
    struct jt_form f;
    assert_int_equal(
        jt_form_read_json(JT_LIT(" {\"grant_type\":\"client_credentials\",\"scope\":\"a\\u0020b\","
                                 "\"empty\":\"\"}\r\n"),
                          &arena, NULL, &f),
        JT_FORM_OK);
    assert_int_equal(f.n, 3);
    expect_text(jt_form_get(&f, "grant_type"), "client_credentials");
    expect_text(jt_form_get(&f, "scope"), "a b");
    assert_int_equal(jt_form_get(&f, "empty").n, 0);
    assert_int_equal(jt_form_read_json(JT_LIT("{}"), &arena, NULL, &f), JT_FORM_OK);
    assert_int_equal(f.n, 0);
}

static void test_json_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "\"a\"",
        "{\"a\":1}",
        "{\"a\":null}",
        "{\"a\":true}",
        "{\"a\":[\"b\"]}",
        "{\"a\":{\"b\":\"c\"}}",
        "{\"a\":\"b\",\"a\":\"b\"}",
        "{\"a\":\"\",\"\\u0061\":\"\"}",
        "{\"a\":\"b\"} x",
        "{\"a\":\"b\"}{}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\xff\"}",
        "\xef\xbb\xbf{\"a\":\"b\"}",
        "{'a':'b'}",
        "{\"a\":\"b\",}",
        "a=b",
    };
    struct jt_form f;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (jt_form_read_json(jt_str(bad[i]), &arena, NULL, &f) != JT_FORM_SYNTAX) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

/* More members than a form has places are never read. */
static void test_json_count(void **state)
{
    (void)state;
    struct jt_form f;
    for (size_t n = JT_FORM_MAX; n <= JT_FORM_MAX + 1; n++) {
        char body[2048] = "{";
        size_t k = 1;
        for (size_t i = 0; i < n; i++) {
            k += (size_t)snprintf(body + k, sizeof body - k, "%s\"p%zu\":\"v\"", i ? "," : "", i);
        }
        body[k++] = '}';
        enum jt_form_fault fault = jt_form_read_json(jt_slice(body, k), &arena, NULL, &f);
        assert_int_equal(fault == JT_FORM_OK, n == JT_FORM_MAX);
    }
}

static void test_content_type(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum jt_content_type type;
    } all[] = {
        {"", JT_CONTENT_NONE},
        {"application/x-www-form-urlencoded", JT_CONTENT_FORM},
        {"Application/X-WWW-Form-URLencoded", JT_CONTENT_FORM},
        {"application/x-www-form-urlencoded;charset=UTF-8", JT_CONTENT_FORM},
        {"application/x-www-form-urlencoded ; Charset=\"utf-8\"", JT_CONTENT_FORM},
        {"application/x-www-form-urlencoded; charset=iso-8859-1", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded; charset=utf-7", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded; charset=utf-16", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded; charset=", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded; charset=utf-8; charset=latin1", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded; boundary=x", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencoded, application/json", JT_CONTENT_OTHER},
        {"application/x-www-form-urlencode", JT_CONTENT_OTHER},
        {"application/json", JT_CONTENT_JSON},
        {"application/json; charset=utf-8", JT_CONTENT_JSON},
        {"application/json; charset=utf-16", JT_CONTENT_OTHER},
        {"application/merge-patch+json", JT_CONTENT_MERGE},
        {"application/jsonp", JT_CONTENT_OTHER},
        {"text/json", JT_CONTENT_OTHER},
        {"text/plain", JT_CONTENT_OTHER},
        {"multipart/form-data; boundary=x", JT_CONTENT_OTHER},
        {";", JT_CONTENT_OTHER},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (jt_content_type(jt_str(all[i].value)) != all[i].type) {
            fail_msg("wrong: %s", all[i].value);
        }
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_pairs),
        T(test_edges),
        T(test_encoding_refused),
        T(test_repeats_refused),
        T(test_count),
        T(test_no_memory),
        T(test_json),
        T(test_json_refused),
        T(test_json_count),
        T(test_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
