/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include <stdlib.h>

#define ENTRIES 256u
#define ALGS 8u /* room for enum jt_alg */

static const struct jt_json_limits key_limits = {16384, 4, 32};

struct entry {
    uint32_t number; /* of the credential; 0: free */
    enum jt_key_kind kind;
    enum jt_alg only;          /* what the key says of itself; JT_ALG_NONE: nothing */
    enum jt_alg alg;           /* of check */
    struct jt_sigcheck *check; /* NULL: nobody needed it yet */
    size_t kid_n;
    char kid[JT_KID_MAX];
};

struct jt_checks {
    struct entry entries[ENTRIES];
    struct jt_sigcheck *decoys[ALGS];
};

enum jt_err jt_checks_new(struct jt_checks **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? JT_E_NOMEM : JT_OK;
}

void jt_checks_free(struct jt_checks **c)
{
    for (size_t i = 0; *c != NULL && i < ENTRIES; i++) {
        jt_sigcheck_free(&(*c)->entries[i].check);
    }
    for (size_t i = 0; *c != NULL && i < ALGS; i++) {
        jt_sigcheck_free(&(*c)->decoys[i]);
    }
    free(*c);
    *c = NULL;
}

static bool is_for(const struct entry *e, enum jt_alg alg)
{
    return jt_alg_kind(alg) == e->kind && (e->only == JT_ALG_NONE || e->only == alg);
}

static enum jt_err fill(struct entry *e, const struct jt_credential *k, enum jt_alg alg)
{
    struct jt_json *doc = NULL;
    struct jt_jwk jwk = {0};
    enum jt_err err = jt_json_parse(k->material, &key_limits, &doc);
    if (err == JT_OK) {
        err = jt_jwk_read(jt_json_root(doc), &jwk);
    }
    if (err == JT_OK) {
        e->number = k->number;
        e->kind = jt_pkey_kind(jwk.key);
        e->only = jwk.alg;
        e->kid_n = jwk.kid.n;
        memcpy(e->kid, jwk.kid.n > 0 ? (const char *)jwk.kid.p : "", jwk.kid.n);
        err = is_for(e, alg) ? jt_sigcheck_new(jwk.key, alg, &e->check) : JT_E_UNSUPPORTED;
        e->alg = err == JT_OK ? alg : JT_ALG_NONE;
    } else if (err != JT_E_NOMEM) {
        err = JT_E_CORRUPT;
    }
    jt_pkey_free(&jwk.key);
    jt_json_free(&doc);
    return err;
}

enum jt_err jt_checks_get(struct jt_checks *c, const struct jt_credential *k, enum jt_alg alg,
                          struct jt_check *out)
{
    struct entry *e = &c->entries[k->number % ENTRIES];
    if (e->number == k->number && !is_for(e, alg)) {
        return JT_E_UNSUPPORTED; /* known without reading it again: strangers choose alg */
    }
    if (e->number != k->number || e->alg != alg) {
        jt_sigcheck_free(&e->check);
        *e = (struct entry){0};
        JT_TRY(fill(e, k, alg));
    }
    *out = (struct jt_check){e->check, jt_slice(e->kid, e->kid_n)};
    return JT_OK;
}

/* Making a key of RSA takes long; a number that looks like a modulus is as good for nobody. */
static enum jt_err decoy_key(enum jt_key_kind kind, struct jt_pkey **out)
{
    struct jt_pubparams p = {.kind = JT_KEY_RSA, .a_n = 256, .b = {0x01, 0x00, 0x01}, .b_n = 3};
    if (kind != JT_KEY_RSA) {
        return jt_pkey_generate(kind, out);
    }
    for (size_t i = 0; i < p.a_n; i++) {
        p.a[i] = (uint8_t)(i * 167 + 13);
    }
    p.a[0] |= 0x80;
    p.a[p.a_n - 1] |= 1;
    return jt_pkey_from_params(&p, out);
}

struct jt_sigcheck *jt_checks_decoy(struct jt_checks *c, enum jt_alg alg)
{
    struct jt_pkey *key = NULL;
    struct jt_sigcheck **at = &c->decoys[alg % ALGS];
    if (*at == NULL && decoy_key(jt_alg_kind(alg), &key) == JT_OK &&
        jt_sigcheck_new(key, alg, at) != JT_OK) {
        *at = NULL;
    }
    jt_pkey_free(&key);
    return *at;
}
