/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of issuers: RFC 6749 sections 5.1 and 5.2, RFC 7662 section 2.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>

#include <cmocka.h>

#include "client/response.h"
#include "core/base/buf.h"

#define PLACE "auth.example.com"

static void test_token(void **state)
{
    (void)state;
    static const char body[] = "{\"access_token\":\"a.b-c\",\"token_type\":\"bEARER\","
                               "\"expires_in\":3600,\"scope\":\"x y:z\",\"more\":{\"a\":[1]}}";
    struct jt_json *doc = NULL;
    struct jt_token_response t = {0};
    struct jt_oauth_error err = {0};
    assert_int_equal(jt_token_response_read(jt_str(body), PLACE, &doc, &t, &err), JT_OAUTH_OK);
    assert_true(jt_slice_eq(t.access_token, JT_LIT("a.b-c")));
    assert_true(jt_slice_eq(t.scope, JT_LIT("x y:z")));
    assert_int_equal(t.expires_in_s, 3600);
    jt_json_free(&doc);
}

static void test_token_with_little(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
        "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":null,\"scope\":null}",
        " {\"access_token\":\"a\",\"token_type\":\"Bearer\",\"scope\":\"\"}\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct jt_json *doc = NULL;
        struct jt_token_response t = {0};
        struct jt_oauth_error err = {0};
        assert_int_equal(jt_token_response_read(jt_str(bodies[i]), PLACE, &doc, &t, &err),
                         JT_OAUTH_OK);
        assert_int_equal(t.expires_in_s, -1);
        assert_int_equal(t.scope.n, 0);
        jt_json_free(&doc);
    }
}

static void test_tokens_refused(void **state)
{
    (void)state;
#define TOKEN "{\"access_token\":\"a\",\"token_type\":\"Bearer\","
    static const char *const rows[][2] = {
        {"", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"access_token=a&token_type=Bearer", "not a JSON object"}, /* an old dialect */
        {TOKEN "\"access_token\":\"b\"}", "not a JSON object"},    /* twice */
        {TOKEN "\"a\":1}{}", "not a JSON object"},
        {"{\"token_type\":\"Bearer\"}", "no access_token"},
        {"{\"access_token\":null,\"token_type\":\"Bearer\"}", "no access_token"},
        {"{\"access_token\":7,\"token_type\":\"Bearer\"}", "no access_token"},
        {"{\"access_token\":\"\",\"token_type\":\"Bearer\"}", "its access_token is empty"},
        {"{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}", "no header can carry"},
        {"{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\"}", "no header can carry"},
        {"{\"access_token\":\"\\u007f\",\"token_type\":\"Bearer\"}", "no header can carry"},
        {"{\"access_token\":\"\xc3\xa4\",\"token_type\":\"Bearer\"}", "no header can carry"},
        {"{\"access_token\":\"a\"}", "no token_type"},
        {"{\"access_token\":\"a\",\"token_type\":1}", "no token_type"},
        {"{\"access_token\":\"a\",\"token_type\":\"DPoP\"}", "not Bearer"},
        {"{\"access_token\":\"a\",\"token_type\":\"\"}", "not Bearer"},
        {TOKEN "\"expires_in\":\"3600\"}", "expires_in"},
        {TOKEN "\"expires_in\":-1}", "expires_in"},
        {TOKEN "\"expires_in\":3600.0}", "expires_in"},
        {TOKEN "\"expires_in\":1e3}", "expires_in"},
        {TOKEN "\"expires_in\":99999999999}", "expires_in"},
        {TOKEN "\"expires_in\":true}", "expires_in"},
        {TOKEN "\"scope\":[\"a\"]}", "scope"},
        {TOKEN "\"scope\":\"a\\\"b\"}", "scope"},
        {TOKEN "\"scope\":\"a\\nb\"}", "scope"},
    };
#undef TOKEN
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_json *doc = NULL;
        struct jt_token_response t = {0};
        struct jt_oauth_error err = {0};
        assert_int_equal(jt_token_response_read(jt_str(rows[i][0]), PLACE, &doc, &t, &err),
                         JT_OAUTH_PROTOCOL);
        if (strstr(err.text, rows[i][1]) == NULL || strstr(err.text, PLACE) == NULL) {
            fail_msg("%s: %s", rows[i][0], err.text);
        }
        jt_json_free(&doc);
    }
}

static void test_token_length(void **state)
{
    (void)state;
    static char text[JT_ACCESS_TOKEN_MAX + 1];
    memset(text, 'a', sizeof text);
    assert_true(jt_access_token_ok(jt_slice(text, JT_ACCESS_TOKEN_MAX)));
    assert_false(jt_access_token_ok(jt_slice(text, JT_ACCESS_TOKEN_MAX + 1)));
    assert_false(jt_access_token_ok(jt_slice(text, 0)));
}

static void test_introspection(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum jt_oauth_end end;
        bool active;
    } rows[] = {
        {"{\"active\":true,\"scope\":\"x\"}", JT_OAUTH_OK, true},
        {"{\"active\":false}", JT_OAUTH_OK, false},
        {"{}", JT_OAUTH_PROTOCOL, false},
        {"{\"active\":\"true\"}", JT_OAUTH_PROTOCOL, false},
        {"{\"active\":1}", JT_OAUTH_PROTOCOL, false},
        {"{\"active\":null}", JT_OAUTH_PROTOCOL, false},
        {"{\"active\":false,\"active\":true}", JT_OAUTH_PROTOCOL, false},
        {"[{\"active\":true}]", JT_OAUTH_PROTOCOL, false},
        {"", JT_OAUTH_PROTOCOL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_json *doc = NULL;
        struct jt_oauth_error err = {0};
        bool active = false;
        assert_int_equal(jt_introspection_read(jt_str(rows[i].body), PLACE, &doc, &active, &err),
                         rows[i].end);
        assert_int_equal(active, rows[i].active);
        jt_json_free(&doc);
    }
}

static void refusal(unsigned status, const char *body, enum jt_oauth_end end, const char *text)
{
    struct jt_oauth_error err = {0};
    enum jt_oauth_end got = jt_error_response_read(status, jt_str(body), PLACE,
                                                   status == 503 || status == 429 ? 7 : 0, &err);
    assert_int_equal(got, end);
    assert_int_equal(err.status, status);
    if (strcmp(err.text, text) != 0) {
        fail_msg("got  %s\nwant %s", err.text, text);
    }
}

static void test_errors(void **state)
{
    (void)state;
    refusal(400, "{\"error\":\"invalid_scope\"}", JT_OAUTH_REFUSED,
            "the issuer refused: invalid_scope");
    refusal(401,
            "{\"error\":\"invalid_client\",\"error_description\":\"No.\",\"error_ref\":\"ab2\"}",
            JT_OAUTH_REFUSED,
            "the issuer refused: invalid_client (No.), reference ab2; its administrator can run: "
            "jeton explain ab2");
    refusal(429, "{\"error\":\"slow_down\"}", JT_OAUTH_REFUSED,
            "the issuer refused: slow_down; try again in 7 s");
    refusal(503, "{\"error\":\"temporarily_unavailable\"}", JT_OAUTH_UNREACHABLE,
            "the issuer cannot answer now: temporarily_unavailable; try again in 7 s");
    refusal(500, "{\"error\":\"server_error\"}", JT_OAUTH_REFUSED,
            "the issuer refused: server_error");
    refusal(503, "<html>", JT_OAUTH_UNREACHABLE,
            PLACE " answered with status 503, without an error of OAuth; try again in 7 s");
    refusal(502, "", JT_OAUTH_UNREACHABLE,
            PLACE " answered with status 502, without an error of OAuth");
}

static void test_what_is_no_error(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "<html>",
                                         "[]",
                                         "{}",
                                         "{\"error\":7}",
                                         "{\"error\":\"\"}",
                                         "{\"error\":{\"message\":\"x\"}}",
                                         "{\"error\":\"a\\\"b\"}",
                                         "{\"error\":\"a\\nb\"}",
                                         "{\"error\":\"\xc3\xa4\"}",
                                         "{\"error\":\"a\",\"error\":\"b\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        refusal(400, bodies[i], JT_OAUTH_PROTOCOL,
                PLACE " answered with status 400, without an error of OAuth");
    }
    /* An error needs an error's status (RFC 6749 section 5.2). */
    refusal(204, "{\"error\":\"x\"}", JT_OAUTH_PROTOCOL,
            PLACE " answered with status 204, without an error of OAuth");
}

/* What is no text of section 5.2 is left out, and the error still told. */
static void test_bad_details_are_left_out(void **state)
{
    (void)state;
    refusal(400, "{\"error\":\"x\",\"error_description\":\"a\\u001b[31mb\"}", JT_OAUTH_REFUSED,
            "the issuer refused: x");
    refusal(400, "{\"error\":\"x\",\"error_description\":[1],\"error_ref\":\"a; rm -rf\"}",
            JT_OAUTH_REFUSED, "the issuer refused: x");
    refusal(400, "{\"error\":\"x\",\"error_ref\":\"\"}", JT_OAUTH_REFUSED, "the issuer refused: x");
}

static void test_about(void **state)
{
    (void)state;
    struct jt_oauth_error err = {0};
    assert_int_equal(
        jt_error_response_read(401, JT_LIT("{\"error\":\"invalid_client\",\"error_ref\":\"q7\"}"),
                               PLACE, 0, &err),
        JT_OAUTH_REFUSED);
    assert_int_equal(err.about, JT_ABOUT_CLIENT);
    assert_string_equal(err.error, "invalid_client");
    assert_string_equal(err.ref, "q7");
}

static void test_longest_error(void **state)
{
    (void)state;
    char body[200];
    char name[80];
    struct jt_oauth_error err = {0};
    memset(name, 'e', sizeof name);
    (void)snprintf(body, sizeof body, "{\"error\":\"%.63s\"}", name);
    assert_int_equal(jt_error_response_read(400, jt_str(body), PLACE, 0, &err), JT_OAUTH_REFUSED);
    assert_int_equal(strlen(err.error), 63);
    (void)snprintf(body, sizeof body, "{\"error\":\"%.64s\"}", name);
    assert_int_equal(jt_error_response_read(400, jt_str(body), PLACE, 0, &err), JT_OAUTH_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_token_with_little),
        cmocka_unit_test(test_tokens_refused),
        cmocka_unit_test(test_token_length),
        cmocka_unit_test(test_introspection),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_what_is_no_error),
        cmocka_unit_test(test_bad_details_are_left_out),
        cmocka_unit_test(test_about),
        cmocka_unit_test(test_longest_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
