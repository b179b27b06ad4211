/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jwk.c - a public key as JSON, alone or in a set (RFC 7517).
 */
#include "core/base/buf.h"
#include "core/jose/jwk.h"
#include "fuzz.h"

static const struct jt_json_limits limits = {65536, 6, 512};

static bool same(const struct jt_pubparams *a, const struct jt_pubparams *b)
{
    return a->kind == b->kind && a->a_n == b->a_n && a->b_n == b->b_n &&
           memcmp(a->a, b->a, a->a_n) == 0 && memcmp(a->b, b->b, a->b_n) == 0;
}

static enum jt_alg alg_for(const struct jt_jwk *k)
{
    enum jt_alg alg = k->alg;
    for (size_t i = 0; alg == JT_ALG_NONE; i++) {
        JT_ASSERT(jt_alg_nth(i) != JT_ALG_NONE);
        alg = jt_alg_kind(jt_alg_nth(i)) == jt_pkey_kind(k->key) ? jt_alg_nth(i) : JT_ALG_NONE;
    }
    return alg;
}

/* What was read, written again, is the same key with the same thumbprint. */
static void round_trip(struct jt_crypt *c, const struct jt_jwk *k)
{
    struct jt_pubparams a;
    struct jt_pubparams b;
    char print[JT_THUMBPRINT_LEN];
    char again_print[JT_THUMBPRINT_LEN];
    struct jt_json *doc = NULL;
    struct jt_jwk again = {0};
    JT_AUTO(jt_buf_free) struct jt_buf out;
    jt_buf_init(&out, 16384);
    struct jt_jw w = jt_jw(&out);
    JT_ASSERT(jt_jwk_write(&w, k->key, alg_for(k), k->kid) == JT_OK && jt_buf_ok(&out));
    JT_ASSERT(jt_json_parse(jt_buf_slice(&out), &limits, &doc) == JT_OK);
    JT_ASSERT(jt_jwk_read(jt_json_root(doc), &again) == JT_OK);
    JT_ASSERT(again.alg == alg_for(k) && jt_slice_eq(again.kid, k->kid));
    JT_ASSERT(jt_pkey_params(k->key, &a) == JT_OK && jt_pkey_params(again.key, &b) == JT_OK);
    JT_ASSERT(same(&a, &b));
    JT_ASSERT(jt_jwk_thumbprint(c, k->key, print) == JT_OK);
    JT_ASSERT(jt_jwk_thumbprint(c, again.key, again_print) == JT_OK);
    JT_ASSERT(memcmp(print, again_print, sizeof print) == 0);
    jt_pkey_free(&again.key);
    jt_json_free(&doc);
}

/* Nobody has signed this. */
static void check_verifies_nothing(const struct jt_jwk *k)
{
    uint8_t sig[JT_SIG_MAX] = {0};
    static const size_t sizes[] = {0, 64, 256, JT_SIG_MAX};
    struct jt_sigcheck *check = NULL;
    JT_ASSERT(jt_sigcheck_new(k->key, alg_for(k), &check) == JT_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        JT_ASSERT(jt_sigcheck(check, JT_LIT("a message"), jt_slice(sig, sizes[i])) ==
                  JT_SIG_INVALID);
    }
    jt_sigcheck_free(&check);
}

static void check_key(struct jt_crypt *c, const struct jt_jval *v)
{
    static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    struct jt_jwk k = {0};
    if (jt_jwk_read(v, &k) != JT_OK) {
        JT_ASSERT(k.key == NULL);
        return;
    }
    JT_ASSERT(k.key != NULL && k.kid.n <= JT_KID_MAX);
    JT_ASSERT(k.alg == JT_ALG_NONE || jt_alg_kind(k.alg) == jt_pkey_kind(k.key));
    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++) {
        JT_ASSERT(jt_jobj_get(v, private[i]) == NULL);
    }
    round_trip(c, &k);
    check_verifies_nothing(&k);
    jt_pkey_free(&k.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_crypt *c;
    struct jt_json *doc = NULL;
    JT_ASSERT(c != NULL || jt_crypt_new(&c) == JT_OK);
    if (jt_json_parse(jt_slice(data, size), &limits, &doc) != JT_OK) {
        return 0;
    }
    const struct jt_jval *keys = jt_jobj_get(jt_json_root(doc), "keys");
    check_key(c, jt_json_root(doc));
    for (size_t i = 0; i < jt_jval_count(keys) && i < 8; i++) {
        check_key(c, jt_jarr_at(keys, i));
    }
    jt_json_free(&doc);
    return 0;
}
