/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "core/crypt/crypt.h"
#include "core/token/at.h"

static struct jt_arena arena;

static enum jt_err read_text(const char *text, struct jt_at_claims *out)
{
    jt_arena_reset(&arena);
    return jt_at_read(jt_str(text), &arena, out);
}

#define TEXT "\"iss\":\"https://i\",\"sub\":\"c\",\"client_id\":\"c\",\"jti\":\"j\""
#define AUD "\"aud\":\"https://a\""
#define DATES "\"iat\":1,\"exp\":2"

static void written_is_read(void **state)
{
    const struct jt_at_claims c = {JT_LIT("https://i"), JT_LIT("client\"\\"), JT_LIT("client"),
                                   JT_LIT("https://a"), JT_LIT("a:read b"),   JT_LIT("jti"),
                                   1795512600,          INT64_C(1) << 53,     {0}};
    struct jt_at_claims got = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 4096);
    jt_at_payload(&c, &b);
    assert_true(jt_buf_ok(&b));
    jt_arena_reset(&arena);
    assert_int_equal(jt_at_read(jt_buf_slice(&b), &arena, &got), JT_OK);
    assert_true(jt_slice_eq(got.iss, c.iss) && jt_slice_eq(got.sub, c.sub));
    assert_true(jt_slice_eq(got.client_id, c.client_id) && jt_slice_eq(got.aud, c.aud));
    assert_true(jt_slice_eq(got.scope, c.scope) && jt_slice_eq(got.jti, c.jti));
    assert_true(got.iat == c.iat && got.exp == c.exp);
    assert_null(memmem(b.p, b.n, "nbf", 3));
    assert_null(memmem(b.p, b.n, "[", 1)); /* aud is one string */
}

/* RFC 8705 section 3.1 */
static void bound_to_a_certificate(void **state)
{
    uint8_t print[JT_SHA256_SIZE];
    struct jt_at_claims c = {.iss = JT_LIT("i"),
                             .sub = JT_LIT("s"),
                             .client_id = JT_LIT("s"),
                             .aud = JT_LIT("a"),
                             .jti = JT_LIT("j"),
                             .cnf = {print, sizeof print}};
    struct jt_at_claims got = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    (void)state;
    memset(print, 0xa5, sizeof print);
    jt_buf_init(&b, 4096);
    jt_at_payload(&c, &b);
    assert_true(jt_buf_ok(&b));
    assert_non_null(memmem(b.p, b.n, "\"cnf\":{\"x5t#S256\":\"paWlpaWl", 27));
    jt_arena_reset(&arena);
    assert_int_equal(jt_at_read(jt_buf_slice(&b), &arena, &got), JT_OK);
    assert_true(jt_slice_eq(got.cnf, c.cnf));
    c.cnf.n = 0;
    jt_buf_reset(&b);
    jt_at_payload(&c, &b);
    assert_null(memmem(b.p, b.n, "cnf", 3));
    assert_int_equal(jt_at_read(jt_buf_slice(&b), &arena, &got), JT_OK);
    assert_int_equal(got.cnf.n, 0);
}

/* Bound in a way that is not known here is not the same as not bound. */
static void other_confirmations(void **state)
{
    static const char *const bad[] = {
        "null",
        "{}",
        "\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU\"",
        "{\"jkt\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU\"}",
        "{\"x5t#S256\":null}",
        "{\"x5t#S256\":\"\"}",
        "{\"x5t#S256\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa\"}",
        "{\"x5t#S256\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\"}",
        "{\"x5t#S256\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaV\"}",
        "{\"x5t#S256\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU\",\"jkt\":\"a\"}",
    };
    struct jt_at_claims c = {0};
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "{" TEXT "," AUD "," DATES ",\"cnf\":%s}", bad[i]);
        assert_int_equal(read_text(text, &c), JT_E_SYNTAX);
    }
}

static void empty_scope_is_left_out(void **state)
{
    struct jt_at_claims c = {.iss = JT_LIT("i"), .aud = JT_LIT("a")};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 4096);
    jt_at_payload(&c, &b);
    assert_true(jt_buf_ok(&b));
    assert_null(memmem(b.p, b.n, "scope", 5));
}

static void header_starts_with_alg(void **state)
{
    uint8_t text[200];
    size_t n = 0;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 4096);
    jt_at_header(JT_ALG_ES256, JT_LIT("k1"), &b);
    assert_true(jt_buf_ok(&b));
    assert_int_equal(jt_b64url_decode(jt_buf_slice(&b), text, &n), JT_OK);
    assert_true(jt_slice_eq(jt_slice(text, n),
                            JT_LIT("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}")));
}

/* threats J17 */
static void dates(void **state)
{
    static const char *const bad[] = {"\"123\"",
                                      "1.5",
                                      "1.0",
                                      "1e300",
                                      "1e3",
                                      "-1",
                                      "9007199254740993",
                                      "9223372036854775808",
                                      "9223372036854775807",
                                      "null",
                                      "true",
                                      "[1]",
                                      "{}",
                                      "\"\""};
    static const char *const good[] = {"0", "2147483648", "4102444800", "9007199254740992"};
    (void)state;
    for (int which = 0; which < 2; which++) {
        const char *name = which == 0 ? "exp" : "iat";
        const char *rest = which == 0 ? "\"iat\":1" : "\"exp\":1";
        struct jt_at_claims c = {0};
        char text[300];
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            (void)snprintf(text, sizeof text, "{" TEXT "," AUD ",%s,\"%s\":%s}", rest, name,
                           bad[i]);
            assert_int_equal(read_text(text, &c), JT_E_SYNTAX);
        }
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            (void)snprintf(text, sizeof text, "{" TEXT "," AUD ",%s,\"%s\":%s}", rest, name,
                           good[i]);
            assert_int_equal(read_text(text, &c), JT_OK);
            assert_true((which == 0 ? c.exp : c.iat) == strtoll(good[i], NULL, 10));
        }
        (void)snprintf(text, sizeof text, "{" TEXT "," AUD ",%s}", rest); /* absent */
        assert_int_equal(read_text(text, &c), JT_E_SYNTAX);
    }
}

/* threats J19 */
static void typ(void **state)
{
    static const char *const good[] = {"at+jwt", "AT+JWT", "application/at+jwt",
                                       "Application/At+Jwt"};
    static const char *const bad[] = {"",
                                      "JWT",
                                      "jwt",
                                      "at+jwt ",
                                      "at+jwtx",
                                      "dpop+jwt",
                                      "logout+jwt",
                                      "application/jwt",
                                      "id_token",
                                      "text/at+jwt",
                                      "application/application/at+jwt",
                                      "at\xe2\x80\x8b+jwt"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(jt_at_typ_ok(jt_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(jt_at_typ_ok(jt_str(bad[i])));
    }
    assert_false(jt_at_typ_ok(jt_slice("at+jwt\0", 7)));
}

/* threats J20 */
static void audience(void **state)
{
    static const char *const bad[] = {
        "\"\"", "[]",   "[\"\"]", "[\"a\",\"b\"]", "[1]",           "[null]",   "[[\"a\"]]",
        "1",    "null", "true",   "{\"a\":\"b\"}", "[\"a\",\"a\"]", "[\"a\",1]"};
    struct jt_at_claims c = {0};
    char text[300];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "{" TEXT "," DATES ",\"aud\":%s}", bad[i]);
        assert_int_equal(read_text(text, &c), JT_E_SYNTAX);
    }
    assert_int_equal(read_text("{" TEXT "," DATES "}", &c), JT_E_SYNTAX);
    assert_int_equal(read_text("{" TEXT "," DATES ",\"aud\":[\"https://A\"]}", &c), JT_OK);
    assert_true(jt_slice_eq(c.aud, JT_LIT("https://A"))); /* as written, bytes */
    assert_int_equal(read_text("{" TEXT "," DATES "," AUD "}", &c), JT_OK);
    assert_true(jt_slice_eq(c.aud, JT_LIT("https://a")));
}

/* threats.md section 1, 2 */
static void content(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "\"x\"",
        "{}",
        "{" TEXT "," AUD "," DATES "}x",
        "{" TEXT "," AUD "," DATES ",\"sub\":\"admin\"}",
        "{" TEXT "," AUD "," DATES ",\"exp\":9}",
        "{" TEXT "," AUD "," DATES ",\"scope\":null}",
        "{" TEXT "," AUD "," DATES ",\"scope\":[\"a\"]}",
        "{" TEXT "," AUD "," DATES ",\"x\":[[[[[[[[]]]]]]]]}",
        "\xef\xbb\xbf{" TEXT "," AUD "," DATES "}",
        "{\"iss\":\"i\",\"sub\":\"c\\u0000d\",\"client_id\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"iss\":\"i\",\"sub\":\"\xff\",\"client_id\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"iss\":1,\"sub\":\"c\",\"client_id\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"sub\":\"c\",\"client_id\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"iss\":\"i\",\"client_id\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"iss\":\"i\",\"sub\":\"c\",\"jti\":\"j\"," AUD "," DATES "}",
        "{\"iss\":\"i\",\"sub\":\"c\",\"client_id\":\"c\"," AUD "," DATES "}",
    };
    struct jt_at_claims c = {.exp = 42};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(bad[i], &c), JT_E_SYNTAX);
        assert_true(c.exp == 42);
    }
    assert_int_equal(read_text("{" TEXT "," AUD "," DATES ",\"x\":[[[[[[[]]]]]]]}", &c), JT_OK);
    assert_int_equal(c.scope.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(bound_to_a_certificate),
        cmocka_unit_test(other_confirmations),
        cmocka_unit_test(empty_scope_is_left_out),
        cmocka_unit_test(header_starts_with_alg),
        cmocka_unit_test(dates),
        cmocka_unit_test(typ),
        cmocka_unit_test(audience),
        cmocka_unit_test(content),
    };
    jt_arena_init(&arena, 65536);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    jt_arena_free(&arena);
    return failed;
}
