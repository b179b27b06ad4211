/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sign_vectors.c - Wycheproof: Ed25519, RSASSA-PSS and RSASSA-PKCS1-v1_5, with SHA-256.
 */
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

static const struct jt_json_limits wide = {32u << 20, 16, 1u << 20};
static bool absent;

static struct jt_slice text_of(const struct jt_jval *v, const char *name)
{
    struct jt_slice s = {0};
    (void)jt_jval_str(jt_jobj_get(v, name), &s);
    return s;
}

static struct jt_slice bytes_of(const struct jt_jval *v, const char *name, uint8_t *out, size_t cap)
{
    struct jt_slice hex = text_of(v, name);
    assert_true(hex.n % 2 == 0 && hex.n / 2 <= cap);
    for (size_t i = 0; i < hex.n; i += 2) {
        const char two[3] = {(char)hex.p[i], (char)hex.p[i + 1], 0};
        out[i / 2] = (uint8_t)strtoul(two, NULL, 16);
    }
    return jt_slice(out, hex.n / 2);
}

/* The key of a group: its numbers alone, so that what it says about its use does not matter. False:
 * we refuse it (e of 3). */
static bool key_of(const struct jt_jval *group, const char *member, struct jt_jwk *out)
{
    static const char *const names[] = {"kty", "crv", "n", "e", "x"};
    const struct jt_jval *jwk = jt_jobj_get(group, member);
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_json *doc = NULL;
    jt_buf_init(&b, 4096);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_jobj_get(jwk, names[i]) != NULL) {
            jt_jw_kstr(&w, names[i], text_of(jwk, names[i]));
        }
    }
    jt_jw_end_obj(&w);
    assert_int_equal(jt_json_parse(jt_buf_slice(&b), &wide, &doc), JT_OK);
    enum jt_err e = jt_jwk_read(jt_json_root(doc), out);
    jt_json_free(&doc);
    return e == JT_OK;
}

/* "acceptable" stands for forms that a strict reader refuses: either is right. */
static void run_case(const struct jt_jval *t, struct jt_sigcheck *check, size_t *valid)
{
    static uint8_t message[65536];
    static uint8_t signature[4096];
    int64_t id = 0;
    struct jt_slice m = bytes_of(t, "msg", message, sizeof message);
    struct jt_slice s = bytes_of(t, "sig", signature, sizeof signature);
    struct jt_slice result = text_of(t, "result");
    bool ok = jt_sigcheck(check, m, s) == JT_SIG_VALID;
    assert_true(jt_jval_int(jt_jobj_get(t, "tcId"), &id));
    if (!jt_slice_eq(result, JT_LIT("acceptable")) && ok != jt_slice_eq(result, JT_LIT("valid"))) {
        fail_msg("case %d: %s", (int)id, ok ? "forged, but accepted" : "valid, but refused");
    }
    *valid += ok ? 1 : 0;
}

static void run_file(const char *name, const char *jwk, enum jt_alg alg, size_t least)
{
    struct jt_json *doc = NULL;
    size_t valid = 0;
    JT_AUTO(jt_buf_free) struct jt_buf text;
    if (!vectors_read(__FILE__, name, &text)) {
        absent = true;
        return;
    }
    assert_int_equal(jt_json_parse(jt_buf_slice(&text), &wide, &doc), JT_OK);
    const struct jt_jval *groups = jt_jobj_get(jt_json_root(doc), "testGroups");
    for (size_t i = 0; i < jt_jval_count(groups); i++) {
        const struct jt_jval *tests = jt_jobj_get(jt_jarr_at(groups, i), "tests");
        struct jt_jwk k = {0};
        struct jt_sigcheck *check = NULL;
        if (!key_of(jt_jarr_at(groups, i), jwk, &k)) {
            continue;
        }
        assert_int_equal(jt_sigcheck_new(k.key, alg, &check), JT_OK);
        for (size_t j = 0; j < jt_jval_count(tests); j++) {
            run_case(jt_jarr_at(tests, j), check, &valid);
        }
        jt_sigcheck_free(&check);
        jt_pkey_free(&k.key);
    }
    assert_true(valid >= least);
    jt_json_free(&doc);
}

static void ed25519(void **state)
{
    (void)state;
    run_file("wycheproof/ed25519_test.json", "publicKeyJwk", JT_ALG_EDDSA, 80);
}

static void pss(void **state)
{
    (void)state;
    run_file("wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", "publicKeyJwk", JT_ALG_PS256, 40);
    run_file("wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json", "publicKeyJwk", JT_ALG_PS256, 40);
}

static void pkcs1(void **state)
{
    (void)state;
    run_file("wycheproof/rsa_signature_2048_sha256_test.json", "keyJwk", JT_ALG_RS256, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ed25519),
        cmocka_unit_test(pss),
        cmocka_unit_test(pkcs1),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return absent && failed == 0 ? VECTORS_SKIP : failed;
}
