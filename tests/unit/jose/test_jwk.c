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
        jt_jwk_write(&w, k, kind == JT_KEY_P256 ? JT_ALG_EDDSA : JT_ALG_ES256, JT_LIT("k")),
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
    static const struct {
        enum jt_key_kind kind;
        enum jt_alg alg;
        const char *kty;
    } keys[] = {{JT_KEY_RSA, JT_ALG_RS256, "RSA"},
                {JT_KEY_RSA, JT_ALG_PS256, "RSA"},
                {JT_KEY_P256, JT_ALG_ES256, "EC"},
                {JT_KEY_ED25519, JT_ALG_EDDSA, "OKP"}};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct jt_buf b;
        struct jt_json *doc = NULL;
        struct jt_jwk k = {0};
        struct jt_slice kty = {0};
        write_key(keys[i].kind, keys[i].alg, &b);
        assert_int_equal(jt_json_parse(jt_buf_slice(&b), &limits, &doc), JT_OK);
        assert_int_equal(jt_jwk_read(jt_json_root(doc), &k), JT_OK);
        assert_int_equal(k.alg, keys[i].alg);
        assert_int_equal(jt_pkey_kind(k.key), keys[i].kind);
        assert_true(jt_jval_str(jt_jobj_get(jt_json_root(doc), "kty"), &kty));
        assert_true(jt_slice_eq(kty, jt_str(keys[i].kty)));
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

/* RFC 8037 section 2 */
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
static void octet_key_pairs(void **state)
{
    static const char *const bad[] = {
        "{\"kty\":\"OKP\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"ed25519\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"okp\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "=\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "AA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":7}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"d\":\"" ED_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"alg\":\"ES256\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"alg\":\"eddsa\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\",\"use\":\"enc\"}",
        /* of small order: 0, and 1 */
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
        "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    };
    (void)state;
    assert_int_equal(read_text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}"), JT_OK);
    assert_int_equal(read_text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\","
                               "\"use\":\"sig\",\"x\":\"" ED_X "\"}"),
                     JT_OK);
    assert_int_equal(
        read_text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"Ed25519\",\"x\":\"" ED_X "\"}"),
        JT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_text(bad[i]) == JT_OK) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

/* RFC 8037 appendix A.3 */
static void octet_thumbprint(void **state)
{
    struct jt_json *doc = NULL;
    struct jt_jwk k = {0};
    struct jt_crypt *c = NULL;
    char out[JT_THUMBPRINT_LEN];
    (void)state;
    assert_int_equal(
        jt_json_parse(JT_LIT("{\"x\":\"" ED_X "\",\"crv\":\"Ed25519\",\"kty\":\"OKP\"}"), &limits,
                      &doc),
        JT_OK);
    assert_int_equal(jt_jwk_read(jt_json_root(doc), &k), JT_OK);
    assert_int_equal(jt_crypt_new(&c), JT_OK);
    assert_int_equal(jt_jwk_thumbprint(c, k.key, out), JT_OK);
    assert_memory_equal(out, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", JT_THUMBPRINT_LEN);
    jt_crypt_free(&c);
    jt_pkey_free(&k.key);
    jt_json_free(&doc);
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
        cmocka_unit_test(octet_key_pairs),
        cmocka_unit_test(octet_thumbprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
