/* SPDX-License-Identifier: Apache-2.0 */
/* Where metadata is (RFC 8414 section 3), and what it must say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>

#include <cmocka.h>

#include "client/discovery.h"

#define ISSUER "https://auth.example.com"
#define BOTH (JT_METHOD_BASIC | JT_METHOD_POST)

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *issuer, *oauth, *openid;
    } rows[] = {
        {"https://a.example", "https://a.example/.well-known/oauth-authorization-server",
         "https://a.example/.well-known/openid-configuration"},
        {"https://a.example/", "https://a.example/.well-known/oauth-authorization-server",
         "https://a.example/.well-known/openid-configuration"},
        {"https://a.example:8443/realms/x",
         "https://a.example:8443/.well-known/oauth-authorization-server/realms/x",
         "https://a.example:8443/realms/x/.well-known/openid-configuration"},
        {"https://a.example/t/v2.0/",
         "https://a.example/.well-known/oauth-authorization-server/t/v2.0",
         "https://a.example/t/v2.0/.well-known/openid-configuration"},
        {"http://[::1]:80", "http://[::1]:80/.well-known/oauth-authorization-server",
         "http://[::1]:80/.well-known/openid-configuration"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_buf b;
        jt_buf_init(&b, 2048);
        jt_well_known_url(jt_str(rows[i].issuer), JT_WELL_KNOWN_OAUTH, &b);
        assert_true(jt_buf_ok(&b) && jt_slice_eq(jt_buf_slice(&b), jt_str(rows[i].oauth)));
        jt_buf_reset(&b);
        jt_well_known_url(jt_str(rows[i].issuer), JT_WELL_KNOWN_OPENID, &b);
        assert_true(jt_buf_ok(&b) && jt_slice_eq(jt_buf_slice(&b), jt_str(rows[i].openid)));
        jt_buf_free(&b);
    }
}

static void test_issuer_names(void **state)
{
    (void)state;
    const char *why = "";
    assert_true(jt_issuer_ok(JT_LIT("https://a.example/realms/x"), &why));
    assert_true(jt_issuer_ok(JT_LIT("http://127.0.0.1:8080"), &why));
    assert_false(jt_issuer_ok(JT_LIT("https://a.example?x=1"), &why));
    assert_string_equal(why, "has a query");
    assert_false(jt_issuer_ok(JT_LIT("https://a.example#x"), &why));
    assert_false(jt_issuer_ok(JT_LIT("http://a.example"), &why));
    assert_false(jt_issuer_ok(JT_LIT("a.example"), &why));
}

static void test_reads_all(void **state)
{
    (void)state;
    static const char body[] =
        "{\"issuer\":\"" ISSUER "\",\"token_endpoint\":\"" ISSUER "/t?a=b\","
        "\"introspection_endpoint\":\"https://other.example/i\",\"revocation_endpoint\":null,"
        "\"jwks_uri\":\"" ISSUER "/jwks\",\"scopes_supported\":[\"a\"],\"claims\":{\"x\":[1]},"
        "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\",\"client_secret_post\",7],"
        "\"introspection_endpoint_auth_methods_supported\":[\"bearer\",\"client_secret_basic\"]}";
    struct jt_issuer i = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(jt_issuer_read(JT_LIT(ISSUER), jt_str(body), &i, &err), JT_OAUTH_OK);
    assert_true(jt_slice_eq(i.url[JT_ENDPOINT_TOKEN], JT_LIT(ISSUER "/t?a=b")));
    assert_true(jt_slice_eq(i.url[JT_ENDPOINT_INTROSPECTION], JT_LIT("https://other.example/i")));
    assert_true(jt_slice_eq(i.url[JT_ENDPOINT_JWKS], JT_LIT(ISSUER "/jwks")));
    assert_int_equal(i.url[JT_ENDPOINT_REVOCATION].n, 0);
    assert_int_equal(i.methods[JT_ENDPOINT_TOKEN], JT_METHOD_POST);
    assert_int_equal(i.methods[JT_ENDPOINT_INTROSPECTION], JT_METHOD_BASIC);
    assert_int_equal(i.methods[JT_ENDPOINT_REVOCATION], JT_METHOD_POST); /* as for tokens */
    assert_int_equal(jt_issuer_offers(&i, JT_ENDPOINT_TOKEN, &err), JT_OAUTH_OK);
    assert_int_equal(jt_issuer_offers(&i, JT_ENDPOINT_REVOCATION, &err), JT_OAUTH_PROTOCOL);
    assert_non_null(strstr(err.text, "has no revocation_endpoint"));
    jt_issuer_free(&i);
}

static void methods(const char *list, unsigned want)
{
    char body[400];
    struct jt_issuer i = {0};
    struct jt_oauth_error err = {0};
    (void)snprintf(body, sizeof body, "{\"issuer\":\"" ISSUER "\"%s%s}",
                   list[0] == '\0' ? "" : ",\"token_endpoint_auth_methods_supported\":", list);
    assert_int_equal(jt_issuer_read(JT_LIT(ISSUER), jt_str(body), &i, &err), JT_OAUTH_OK);
    assert_int_equal(i.methods[JT_ENDPOINT_TOKEN], want);
    jt_issuer_free(&i);
}

static void test_methods(void **state)
{
    (void)state;
    methods("", JT_METHOD_BASIC); /* RFC 8414 section 2: the default */
    methods("null", JT_METHOD_BASIC);
    methods("[\"client_secret_basic\",\"client_secret_post\"]", BOTH);
    methods("[\"client_secret_post\"]", JT_METHOD_POST);
    methods("[\"private_key_jwt\",\"CLIENT_SECRET_BASIC\"]", 0);
    methods("[]", 0);
}

static void refused(const char *issuer, const char *body, const char *text)
{
    struct jt_issuer i = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(jt_issuer_read(jt_str(issuer), jt_str(body), &i, &err), JT_OAUTH_PROTOCOL);
    assert_int_equal(err.end, JT_OAUTH_PROTOCOL);
    if (strstr(err.text, text) == NULL) {
        fail_msg("%s: %s", body, err.text);
    }
    jt_issuer_free(&i);
}

static void test_refused_documents(void **state)
{
    (void)state;
    static const char *const not_objects[] = {"",
                                              "[]",
                                              "\"x\"",
                                              "null",
                                              "{",
                                              "{}x",
                                              "<html>",
                                              "{\"issuer\":\"a\",\"issuer\":\"a\"}",
                                              "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof not_objects / sizeof not_objects[0]; i++) {
        refused(ISSUER, not_objects[i], "is not a JSON object");
    }
    refused(ISSUER, "{}", "names no issuer");
    refused(ISSUER, "{\"issuer\":7}", "names no issuer");
    refused(ISSUER, "{\"issuer\":[\"" ISSUER "\"]}", "names no issuer");
    refused(ISSUER, "{\"issuer\":\"" ISSUER "/\"}",
            "asked for the issuer " ISSUER ", but its metadata says " ISSUER "/;");
    refused(ISSUER "/", "{\"issuer\":\"" ISSUER "\"}", "they must be the same");
    refused(ISSUER, "{\"issuer\":\"https://Auth.example.com\"}", "says https://Auth.example.com;");
    refused(ISSUER, "{\"issuer\":\"https://evil.example\"}", "says https://evil.example;");
}

static void test_too_deep(void **state)
{
    (void)state;
    char body[200] = "{\"issuer\":\"" ISSUER "\",\"a\":";
    for (size_t i = 0; i < 16; i++) {
        (void)strncat(body, "[", 2);
    }
    for (size_t i = 0; i < 16; i++) {
        (void)strncat(body, "]", 2);
    }
    (void)strncat(body, "}", 2);
    refused(ISSUER, body, "is not a JSON object");
}

static void test_refused_endpoints(void **state)
{
    (void)state;
    static const char *const names[] = {"token_endpoint", "introspection_endpoint",
                                        "revocation_endpoint", "jwks_uri"};
    static const char *const values[] = {
        "7",
        "[\"https://a.example\"]",
        "\"\"",
        "\"/token\"",
        "\"http://auth.example.com/token\"",
        "\"http://127.0.0.1/token\"", /* of this machine, named by another */
        "\"https://u@auth.example.com/token\"",
        "\"https://auth.example.com/token#f\"",
        "\"ftp://auth.example.com/token\""};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char body[400];
            (void)snprintf(body, sizeof body, "{\"issuer\":\"" ISSUER "\",\"%s\":%s}", names[n],
                           values[v]);
            refused(ISSUER, body, names[n]);
        }
    }
}

static void test_loopback_endpoints(void **state)
{
    (void)state;
    static const char body[] = "{\"issuer\":\"http://127.0.0.1:80\",\"token_endpoint\":"
                               "\"http://localhost:81/token\"}";
    struct jt_issuer i = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(jt_issuer_read(JT_LIT("http://127.0.0.1:80"), jt_str(body), &i, &err),
                     JT_OAUTH_OK);
    jt_issuer_free(&i);
    refused("http://127.0.0.1:80",
            "{\"issuer\":\"http://127.0.0.1:80\",\"token_endpoint\":\"http://a.example/token\"}",
            "token_endpoint http://a.example/token does not begin with https://");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_issuer_names),
        cmocka_unit_test(test_reads_all),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_refused_endpoints),
        cmocka_unit_test(test_loopback_endpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
