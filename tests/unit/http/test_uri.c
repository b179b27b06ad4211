/* SPDX-License-Identifier: Apache-2.0 */
/* URIs of operators and clients (RFC 3986, RFC 8414 section 2, RFC 8707 section 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/http/uri.h"

static void expect_text(struct jt_slice got, const char *want)
{
    if (!jt_slice_eq(got, jt_str(want))) {
        fail_msg("got '%.*s', want '%s'", JT_FMT(got), want);
    }
}

static void test_parts(void **state)
{
    (void)state;
    struct jt_uri u;
    assert_int_equal(jt_uri_read(JT_LIT("https://u:p@a.example:8443/x/y?q=?/#f?"), &u), JT_OK);
    expect_text(u.scheme, "https");
    expect_text(u.host, "a.example");
    assert_int_equal(u.port, 8443);
    expect_text(u.path, "/x/y");
    expect_text(u.query, "q=?/");
    assert_true(u.has_query && u.has_fragment && u.has_userinfo);
    assert_false(u.is_ipv6);

    assert_int_equal(jt_uri_read(JT_LIT("http://[2001:db8::1]"), &u), JT_OK);
    expect_text(u.host, "2001:db8::1");
    assert_true(u.is_ipv6);
    assert_int_equal(u.port, 0);
    assert_int_equal(u.path.n + u.query.n, 0);
    assert_false(u.has_query || u.has_fragment || u.has_userinfo);

    assert_int_equal(jt_uri_read(JT_LIT("a+b-c.1://h?"), &u), JT_OK);
    assert_true(u.has_query);
    assert_int_equal(u.query.n, 0);
    assert_int_equal(jt_uri_read(JT_LIT("h://[::1]:65535/%41"), &u), JT_OK);
    assert_int_equal(u.port, 65535);
    expect_text(u.path, "/%41");
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "https",
        "https:",
        "https:/a",
        "https://",
        "https:///path",
        "https://:443",
        "https://?q",
        "://a",
        "1https://a",
        "ht_tp://a",
        "//a/b",
        "/path",
        "urn:example:a", /* no authority */
        "https://a b",
        "https://a/ b",
        "https://a/\"",
        "https://a/<",
        "https://a/\\",
        "https://a/{}",
        "https://a/\x7f",
        "https://\xc3\xa4/",
        "https://a/\xc3\xa4",
        "https://a/%",
        "https://a/%4",
        "https://a/%4g",
        "https://a%41/", /* an encoded host is a second spelling */
        "https://a:port",
        "https://a:",
        "https://a:65536",
        "https://a:+1",
        "https://a:01",
        "https://a:1:2",
        "https://u@v@w/",
        "https://[::1",
        "https://::1]",
        "https://[::1]x",
        "https://[::1]:",
        "https://[127.0.0.1]", /* brackets are for IPv6 */
        "https://[]",
        "https://[fe80::1%25eth0]",
        "https://a[b",
        "https://a]",
        "https://a;b",
        "https://a,b",
    };
    struct jt_uri u = {.port = 4711};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum jt_err e = jt_uri_read(jt_str(bad[i]), &u);
        if (e != JT_E_SYNTAX) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(jt_uri_read(JT_LIT("https://a/\0"), &u), JT_E_SYNTAX);
    assert_int_equal(u.port, 4711); /* untouched on failure */
}

static void test_issuer(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://auth.example.com",   "https://auth.example.com:8443",
        "https://[2001:db8::1]:8443", "https://10.0.0.7",
        "http://localhost:8080",      "http://127.0.0.1",
        "http://127.9.9.9:1",         "http://[::1]:8443",
    };
    static const char *const bad[] = {
        "",
        "auth.example.com",
        "https://auth.example.com/",
        "https://auth.example.com/x",
        "https://auth.example.com?",
        "https://auth.example.com?x",
        "https://auth.example.com#",
        "https://user@auth.example.com",
        "https://@auth.example.com",
        "https://Auth.example.com",
        "https://[2001:DB8::1]",
        "HTTPS://auth.example.com",
        "http://auth.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::ffff:10.0.0.1]",
        "http://128.0.0.1",
        "http://0x7f.1",
        "http://0",
        "ftp://localhost",
        "https://auth.example.com:",
        "https://auth.example.com\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *why = "";
        if (jt_issuer_check(jt_str(good[i]), &why) != JT_OK) {
            fail_msg("%s: %s", good[i], why);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        if (jt_issuer_check(jt_str(bad[i]), &why) == JT_OK) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_non_null(why);
    }
    char longer[600];
    const char *why = NULL;
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "https://", 8);
    assert_int_equal(jt_issuer_check(jt_slice(longer, 512), &why), JT_OK);
    assert_int_not_equal(jt_issuer_check(jt_slice(longer, 513), &why), JT_OK);
}

static void test_audience(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://api.example.com",
        "https://api.example.com/v1/",
        "http://api",
        "https://api.example.com/?a=b",
        "urn:example:orders",
        "app:orders",
        "https://[2001:db8::1]/x",
        "x:y",
    };
    static const char *const bad[] = {
        "",
        "orders",
        "/orders",
        "https:",
        "https://",
        "https:/api.example.com", /* a slip of the hand that would never match */
        "HTTPS:api",
        "https://api example",
        "https://api.example.com#",
        "https://api.example.com#x",
        "urn:a#b",
        "1urn:a",
        ":a",
        "urn:\"a\"",
        "urn:a\\b",
        "urn:%4",
        "urn:a\xc3\xa4",
        "urn:a\r\nX: y",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *why = "";
        if (jt_audience_check(jt_str(good[i]), &why) != JT_OK) {
            fail_msg("%s: %s", good[i], why);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        if (jt_audience_check(jt_str(bad[i]), &why) == JT_OK) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_non_null(why);
    }
    char longer[600] = "urn:";
    const char *why = NULL;
    memset(longer + 4, 'a', sizeof longer - 4);
    assert_int_equal(jt_audience_check(jt_slice(longer, 512), &why), JT_OK);
    assert_int_equal(jt_audience_check(jt_slice(longer, 513), &why), JT_E_SYNTAX);
}

static void test_percent(void **state)
{
    (void)state;
    struct jt_arena a;
    struct jt_slice out = {0};
    jt_arena_init(&a, 65536);
    assert_int_equal(jt_percent_decode(JT_LIT("a%2Fb%2fc+d%25"), &a, &out), JT_OK);
    expect_text(out, "a/b/c+d%"); /* "+" stays, and one pass only */
    assert_int_equal(jt_percent_decode(JT_LIT(""), &a, &out), JT_OK);
    assert_int_equal(out.n, 0);
    static const char *const bad[] = {"%", "%4", "%4g", "%g4", "a%", "a%%41", "%00", "a%00b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(jt_percent_decode(jt_str(bad[i]), &a, &out), JT_E_SYNTAX);
    }
    assert_int_equal(jt_percent_decode(JT_LIT("a\0b"), &a, &out), JT_E_SYNTAX);

    /* every byte but NUL comes back, and nothing but unreserved characters stands in between */
    uint8_t all[255];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)(i + 1);
    }
    struct jt_buf b;
    jt_buf_init(&b, 4096);
    jt_percent_encode(jt_slice(all, sizeof all), &b);
    assert_true(jt_buf_ok(&b));
    assert_int_equal(b.n, 66 + (255 - 66) * 3);
    assert_int_equal(jt_percent_decode(jt_buf_slice(&b), &a, &out), JT_OK);
    assert_int_equal(out.n, sizeof all);
    assert_memory_equal(out.p, all, sizeof all);
    jt_buf_free(&b);
    jt_arena_free(&a);

    jt_arena_init(&a, 4);
    assert_int_equal(jt_percent_decode(JT_LIT("12345678"), &a, &out), JT_E_NOMEM);
    jt_arena_free(&a);
}

static void test_hostport(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
    } good[] = {
        {"127.0.0.1:8443", "127.0.0.1", 8443},
        {"[::1]:8443", "::1", 8443},
        {"[::]:443", "::", 443},
        {"localhost:0", "localhost", 0},
        {"a.example:65535", "a.example", 65535},
    };
    static const char *const bad[] = {
        "",       ":",          ":8443",     "127.0.0.1",     "127.0.0.1:", "[::1]",
        "[::1]:", "::1:8443",   "[::1]8443", "[::1:8443",     "a:b",        "a:65536",
        "a:-1",   "a:08443",    "a:1 ",      "a b:1",         "a/b:1",      "u@a:1",
        "[a]:1",  "[::1%lo]:1", "a:1:2",     "[127.0.0.1]:1",
    };
    struct jt_slice host = {0};
    uint16_t port = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(jt_hostport_read(jt_str(good[i].text), &host, &port), JT_OK);
        expect_text(host, good[i].host);
        assert_int_equal(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (jt_hostport_read(jt_str(bad[i]), &host, &port) != JT_E_SYNTAX) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void test_loopback(void **state)
{
    (void)state;
    static const char *const yes[] = {"localhost",       "LOCALHOST", "127.0.0.1",
                                      "127.255.255.254", "::1",       "::ffff:127.0.0.1"};
    static const char *const no[] = {"",           "localhost.", "localhos",  "128.0.0.1",
                                     "0.0.0.0",    "::",         "::2",       "127.1",
                                     "127.0.0.1x", "0127.0.0.1", "2130706433"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        assert_true(jt_host_is_loopback(jt_str(yes[i])));
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        assert_false(jt_host_is_loopback(jt_str(no[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_issuer),   cmocka_unit_test(test_audience),
        cmocka_unit_test(test_percent),  cmocka_unit_test(test_hostport),
        cmocka_unit_test(test_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
