/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../vectors.h"
#include "core/jose/alg.h"
#include "core/jose/jwk.h"
#include "core/jose/jws.h"

static const struct jt_json_limits wide = {32u << 20, 16, 1u << 20};
static struct jt_arena arena;
static bool absent;

static struct jt_json *load(const char *name)
{
    struct jt_json *doc = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf text;
    if (!vectors_read(__FILE__, name, &text)) {
        absent = true;
        return NULL;
    }
    assert_int_equal(jt_json_parse(jt_buf_slice(&text), &wide, &doc), JT_OK);
    return doc;
}

static struct jt_slice text_of(const struct jt_jval *v, const char *name)
{
    struct jt_slice s = {0};
    (void)jt_jval_str(jt_jobj_get(v, name), &s);
    return s;
}

/* What a verifier does: key, form, agreement of the algorithms, signature. */
static bool accepts(const struct jt_jwk *k, struct jt_slice token)
{
    struct jt_jws_parts parts;
    struct jt_jws_header h;
    struct jt_sigcheck *check = NULL;
    jt_arena_reset(&arena);
    if (jt_jws_read(token, &arena, &parts, &h) != JT_OK ||
        (k->alg != JT_ALG_NONE && k->alg != h.alg) ||
        jt_sigcheck_new(k->key, h.alg, &check) != JT_OK) {
        return false;
    }
    bool ok = jt_jws_verify(&parts, check) == JT_SIG_VALID;
    jt_sigcheck_free(&check);
    return ok;
}

/*
 * The valid cases of our algorithms that are refused: 259 and 272 have an empty payload, and empty
 * parts are refused (jws.h, threats J11); 346 and 350 are signed with PS384, whatever alg their key
 * names.
 */
static bool may_refuse(int64_t id)
{
    return id == 259 || id == 272 || id == 346 || id == 350;
}

static unsigned good, forged;

static void run_group(const struct jt_jval *group)
{
    const struct jt_jval *jwk = jt_jobj_get(group, "public");
    const struct jt_jval *tests = jt_jobj_get(group, "tests");
    struct jt_jwk k = {0};
    struct jt_slice alg = text_of(jwk, "alg");
    bool ours = jt_alg_from_jose(alg) != JT_ALG_NONE;
    bool have = jwk != NULL && jt_jwk_read(jwk, &k) == JT_OK;
    for (size_t i = 0; i < jt_jval_count(tests); i++) {
        const struct jt_jval *t = jt_jarr_at(tests, i);
        bool valid = jt_slice_eq(text_of(t, "result"), JT_LIT("valid"));
        bool ok = have && accepts(&k, text_of(t, "jws"));
        int64_t id = 0;
        assert_true(jt_jval_int(jt_jobj_get(t, "tcId"), &id));
        if (ok != valid && (ok || (ours && !may_refuse(id)))) {
            fail_msg("case %d: %s", (int)id, ok ? "forged, but accepted" : "valid, but refused");
        }
        good += ok;
        forged += !valid;
    }
    jt_pkey_free(&k.key);
}

/* threats.md section 1, 1: no false accept of all 401, in any group */
static void wycheproof(void **state)
{
    struct jt_json *doc = load("wycheproof/json_web_signature_test.json");
    (void)state;
    if (doc == NULL) {
        skip();
    }
    const struct jt_jval *groups = jt_jobj_get(jt_json_root(doc), "testGroups");
    for (size_t i = 0; i < jt_jval_count(groups); i++) {
        run_group(jt_jarr_at(groups, i));
    }
    assert_int_equal(forged, 355);
    /* 18, 33, 260 to 263, 273 to 275, 287, 288, 345, 349, 378: and no other */
    assert_int_equal(good, 14);
    jt_json_free(&doc);
}

/* The public members of a key that is published with its private ones. */
static void public_key(const struct jt_jval *v, struct jt_jwk *out, struct jt_json **doc)
{
    static const char *const names[] = {"kty", "crv", "n", "e", "x", "y"};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4096);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_jobj_get(v, names[i]) != NULL) {
            jt_jw_kstr(&w, names[i], text_of(v, names[i]));
        }
    }
    jt_jw_end_obj(&w);
    assert_int_equal(jt_json_parse(jt_buf_slice(&b), &wide, doc), JT_OK);
    assert_int_equal(jt_jwk_read(jt_json_root(*doc), out), JT_OK);
}

/* RFC 7515 appendix A.2 (RS256) and A.3 (ES256) */
static void rfc7515(void **state)
{
    (void)state;
    for (int n = 2; n <= 3; n++) {
        char name[100];
        struct jt_json *pub = NULL;
        struct jt_jwk k = {0};
        JT_AUTO(jt_buf_free) struct jt_buf token;
        (void)snprintf(name, sizeof name, "latchset-jose/tests/vectors/rfc7515_A.%d.jwk", n);
        struct jt_json *doc = load(name);
        if (doc == NULL) {
            skip();
        }
        assert_int_equal(jt_jwk_read(jt_json_root(doc), &k), JT_E_SYNTAX); /* private members */
        public_key(jt_json_root(doc), &k, &pub);
        (void)snprintf(name, sizeof name, "latchset-jose/tests/vectors/rfc7515_A.%d.jwsc", n);
        assert_true(vectors_read(__FILE__, name, &token));
        while (token.n > 0 && token.p[token.n - 1] <= ' ') {
            token.n--;
        }
        assert_true(accepts(&k, jt_buf_slice(&token)));
        token.p[token.n / 2] ^= 1;
        assert_false(accepts(&k, jt_buf_slice(&token)));
        jt_pkey_free(&k.key);
        jt_json_free(&pub);
        jt_json_free(&doc);
    }
}

/* RFC 7638 section 3.1 */
static void thumbprint(void **state)
{
    struct jt_json *doc = load("latchset-jose/tests/vectors/rfc7638_3.1.jwk");
    struct jt_jwk k = {0};
    struct jt_crypt *c = NULL;
    char out[JT_THUMBPRINT_LEN];
    JT_AUTO(jt_buf_free) struct jt_buf want;
    (void)state;
    if (doc == NULL) {
        jt_buf_init(&want, 1);
        skip();
    }
    assert_true(vectors_read(__FILE__, "latchset-jose/tests/vectors/rfc7638_3.1.thp", &want));
    assert_int_equal(jt_crypt_new(&c), JT_OK);
    assert_int_equal(jt_jwk_read(jt_json_root(doc), &k), JT_OK);
    assert_int_equal(jt_jwk_thumbprint(c, k.key, out), JT_OK);
    assert_true(want.n >= JT_THUMBPRINT_LEN);
    assert_memory_equal(out, want.p, JT_THUMBPRINT_LEN);
    jt_pkey_free(&k.key);
    jt_crypt_free(&c);
    jt_json_free(&doc);
}

/* threats J13: 8192 bits are the most, and are taken */
static void rsa_8192(void **state)
{
    struct jt_json *doc = load("libjwt-keys/rsa_key_8192_pub.json");
    struct jt_json *pub = NULL;
    struct jt_jwk k = {0};
    (void)state;
    if (doc == NULL) {
        skip();
    }
    const struct jt_jval *keys = jt_jobj_get(jt_json_root(doc), "keys");
    public_key(keys == NULL ? jt_json_root(doc) : jt_jarr_at(keys, 0), &k, &pub);
    assert_int_equal(jt_pkey_kind(k.key), JT_KEY_RSA);
    jt_pkey_free(&k.key);
    jt_json_free(&pub);
    jt_json_free(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof),
        cmocka_unit_test(rfc7515),
        cmocka_unit_test(thumbprint),
        cmocka_unit_test(rsa_8192),
    };
    jt_arena_init(&arena, 1u << 18);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    jt_arena_free(&arena);
    return absent && failed == 0 ? VECTORS_SKIP : failed;
}
