/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jose/jwk.h"

static const struct jt_json_limits limits = {32768, 8, 256};

static enum jt_err read_text(const char *text)
{
    struct jt_json *doc = NULL;
    struct jt_jwk k = {0};
    assert_int_equal(jt_json_parse(jt_str(text), &limits, &doc), JT_OK);
    enum jt_err e = jt_jwk_read(jt_json_root(doc), &k);
    assert_int_equal(e == JT_OK, k.key != NULL);
    jt_pkey_free(&k.key);
    jt_json_free(&doc);
    return e;
}

static void write_key(enum jt_key_kind kind, enum jt_alg alg, struct jt_buf *out)
{
    struct jt_pkey *k = NULL;
    jt_buf_init(out, 8192);
    assert_int_equal(jt_pkey_generate(kind, &k), JT_OK);
    struct jt_jw w = jt_jw(out);
    assert_int_equal(
        jt_jwk_write(&w, k, kind == JT_KEY_RSA ? JT_ALG_ES256 : JT_ALG_RS256, JT_LIT("k")),
        JT_E_UNSUPPORTED);
    assert_int_equal(out->n, 0);
    w = jt_jw(out);
    assert_int_equal(jt_jwk_write(&w, k, alg, JT_LIT("k")), JT_OK);
    jt_pkey_free(&k);
}

/* threats M1 */
static void written_is_read_and_public(void **state)
{
    static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct jt_buf b;
        struct jt_json *doc = NULL;
        struct jt_jwk k = {0};
        write_key(i == 0 ? JT_KEY_RSA : JT_KEY_P256, i == 0 ? JT_ALG_RS256 : JT_ALG_ES256, &b);
        assert_int_equal(jt_json_parse(jt_buf_slice(&b), &limits, &doc), JT_OK);
        assert_int_equal(jt_jwk_read(jt_json_root(doc), &k), JT_OK);
        assert_int_equal(k.alg, i == 0 ? JT_ALG_RS256 : JT_ALG_ES256);
        assert_true(jt_slice_eq(k.kid, JT_LIT("k")));
        for (size_t n = 0; n < sizeof private / sizeof private[0]; n++) {
            assert_null(jt_jobj_get(jt_json_root(doc), private[n]));
        }
        jt_pkey_free(&k.key);
        jt_json_free(&doc);
        jt_buf_free(&b);
    }
}

/* threats J4: what is put in place of, or beside, the members of a good P-256 key */
static void refusals(void **state)
{
    static const struct {
        const char *find, *put;
    } rows[] = {
        {"\"use\":\"sig\"", "\"use\":\"enc\""},
        {"\"use\":\"sig\"", "\"use\":1"},
        {"\"use\":\"sig\"", "\"key_ops\":[\"encrypt\"]"},
        {"\"use\":\"sig\"", "\"key_ops\":[\"sign\"]"},
        {"\"use\":\"sig\"", "\"key_ops\":[]"},
        {"\"use\":\"sig\"", "\"key_ops\":\"verify\""},
        {"\"use\":\"sig\"", "\"key_ops\":[\"verify\",1]"},
        {"\"use\":\"sig\"", "\"d\":\"AAAA\""},
        {"\"use\":\"sig\"", "\"k\":\"AAAA\""},
        {"\"alg\":\"ES256\"", "\"alg\":\"RS256\""},
        {"\"alg\":\"ES256\"", "\"alg\":\"ES384\""},
        {"\"alg\":\"ES256\"", "\"alg\":\"es256\""},
        {"\"alg\":\"ES256\"", "\"alg\":null"},
        {"\"alg\":\"ES256\"", "\"alg\":\"none\""},
        {"\"kty\":\"EC\"", "\"kty\":\"RSA\""},
        {"\"kty\":\"EC\"", "\"kty\":\"oct\""},
        {"\"kty\":\"EC\"", "\"kty\":\"ec\""},
        {"\"kty\":\"EC\"", "\"kty\":1"},
        {"\"kty\":\"EC\"", "\"ktx\":\"EC\""},
        {"\"crv\":\"P-256\"", "\"crv\":\"P-384\""},
        {"\"crv\":\"P-256\"", "\"crv\":\"secp256k1\""},
        {"\"crv\":\"P-256\"", "\"crw\":\"P-256\""},
        {"\"x\":\"", "\"x\":\"AA"},
        {"\"x\":\"", "\"x\":\"="},
        {"\"y\":\"", "\"z\":\""},
        {"\"kid\":\"k\"", "\"kid\":1"},
    };
    struct jt_buf b;
    (void)state;
    write_key(JT_KEY_P256, JT_ALG_ES256, &b);
    char *good = jt_buf_take(&b);
    assert_non_null(good);
    assert_int_equal(read_text(good), JT_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[600];
        const char *at = strstr(good, rows[i].find);
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, rows[i].put,
                       at + strlen(rows[i].find));
        enum jt_err e = read_text(text);
        if (e == JT_OK) {
            print_error("taken: %s\n", rows[i].put);
        }
        assert_int_not_equal(e, JT_OK);
    }
    free(good);
    assert_int_not_equal(read_text("[]"), JT_OK);
    assert_int_not_equal(read_text("\"x\""), JT_OK);
}

static void kid_length(void **state)
{
    struct jt_buf b;
    char text[700];
    (void)state;
    write_key(JT_KEY_P256, JT_ALG_ES256, &b);
    char *good = jt_buf_take(&b);
    assert_non_null(good);
    const char *at = strstr(good, "\"k\",");
    assert_non_null(at);
    for (int n = JT_KID_MAX; n <= JT_KID_MAX + 1; n++) {
        (void)snprintf(text, sizeof text, "%.*s\"%0*d\"%s", (int)(at - good), good, n, 7, at + 3);
        assert_int_equal(read_text(text), n == JT_KID_MAX ? JT_OK : JT_E_SYNTAX);
    }
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_and_public),
        cmocka_unit_test(refusals),
        cmocka_unit_test(kid_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
