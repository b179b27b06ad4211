/* SPDX-License-Identifier: Apache-2.0 */
/* Which URLs a client may ask, and what they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/http.h"

static void test_allowed(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://auth.example.com",        "https://auth.example.com:8443/t/token?x=1",
        "HTTPS://Auth.Example.com/",       "https://[2001:db8::1]:8443/token",
        "http://127.0.0.1:8080/token",     "http://[::1]:8080",
        "http://localhost/realms/x/token", "http://127.255.0.9",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *why = NULL;
        if (!jt_outbound_url_ok(jt_str(good[i]), true, &why)) {
            fail_msg("%s %s", good[i], why);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool allow_http;
        const char *why;
    } rows[] = {
        {"", true, "is not a URL"},
        {"auth.example.com", true, "is not a URL"},
        {"https://", true, "is not a URL"},
        {"https://a b/", true, "is not a URL"},
        {"https://a\\b/", true, "is not a URL"},
        {"https://a:99999/", true, "is not a URL"},
        {"https://a%2eb/", true, "is not a URL"},
        {"https://a/\r\nX: y", true, "is not a URL"},
        {"http://auth.example.com/token", true, "does not begin with https://"},
        {"http://127.0.0.1.example.com/", true, "does not begin with https://"},
        {"http://10.0.0.1/", true, "does not begin with https://"},
        {"http://0/", true, "does not begin with https://"},
        {"http://127.0.0.1/", false, "does not begin with https://"},
        {"ftp://auth.example.com/", true, "does not begin with https://"},
        {"file:///etc/passwd", true, "is not a URL"},
        {"file://localhost/etc/passwd", true, "does not begin with https://"},
        {"https://user@auth.example.com/", true, "has a user or a fragment"},
        {"https://user:pw@auth.example.com/", true, "has a user or a fragment"},
        {"https://auth.example.com/token#x", true, "has a user or a fragment"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = "";
        if (jt_outbound_url_ok(jt_str(rows[i].url), rows[i].allow_http, &why)) {
            fail_msg("%s is taken", rows[i].url);
        }
        assert_memory_equal(why, rows[i].why, strlen(rows[i].why));
    }
}

static void test_length(void **state)
{
    (void)state;
    char url[JT_OUTBOUND_URL_MAX + 2];
    const char *why = "";
    memset(url, 'a', sizeof url);
    memcpy(url, "https://a/", 10);
    assert_true(jt_outbound_url_ok(jt_slice(url, JT_OUTBOUND_URL_MAX), true, &why));
    assert_false(jt_outbound_url_ok(jt_slice(url, JT_OUTBOUND_URL_MAX + 1), true, &why));
}

static void test_place(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"https://auth.example.com/token", "auth.example.com"},
        {"https://auth.example.com:8443", "auth.example.com:8443"},
        {"http://[::1]:80/x?y", "[::1]:80"},
        {"nonsense", "the issuer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char place[JT_OUTBOUND_PLACE];
        jt_outbound_place(jt_str(rows[i][0]), place);
        assert_string_equal(place, rows[i][1]);
    }
}

static void test_loopback(void **state)
{
    (void)state;
    assert_true(jt_outbound_is_loopback(JT_LIT("https://localhost:8443")));
    assert_true(jt_outbound_is_loopback(JT_LIT("http://[::1]")));
    assert_false(jt_outbound_is_loopback(JT_LIT("https://localhost.example.com")));
    assert_false(jt_outbound_is_loopback(JT_LIT("localhost")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),   cmocka_unit_test(test_place),
        cmocka_unit_test(test_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
