/* SPDX-License-Identifier: Apache-2.0 */
#include "keyset.h"

#include <stdatomic.h>
#include <stdlib.h>

static const struct jt_json_limits limits = {JT_KEYSET_BYTES, 6, 4096};

struct jt_keyset {
    atomic_size_t refs;
    size_t n;
    struct jt_keyset_key keys[JT_KEYSET_KEYS];
};

struct jt_keyset *jt_keyset_ref(struct jt_keyset *s)
{
    (void)atomic_fetch_add(&s->refs, 1);
    return s;
}

void jt_keyset_release(struct jt_keyset **s)
{
    struct jt_keyset *k = *s;
    *s = NULL;
    if (k == NULL || atomic_fetch_sub(&k->refs, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < k->n; i++) {
        jt_pkey_free(&k->keys[i].key);
        free((void *)(uintptr_t)k->keys[i].kid.p);
    }
    free(k);
}

/* JT_E_NOMEM, or JT_OK: whether the key could be used or not. */
static enum jt_err add(struct jt_keyset *s, const struct jt_jval *v)
{
    struct jt_jwk k = {0};
    enum jt_err e = jt_jwk_read_use(v, JT_LIT("jwt-svid"), &k);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? e : JT_OK;
    }
    struct jt_keyset_key *to = &s->keys[s->n];
    *to = (struct jt_keyset_key){.key = k.key, .alg = k.alg};
    if (k.kid.n > 0) {
        uint8_t *name = malloc(k.kid.n);
        if (name == NULL) {
            jt_pkey_free(&to->key);
            return JT_E_NOMEM;
        }
        memcpy(name, k.kid.p, k.kid.n);
        to->kid = jt_slice(name, k.kid.n);
    }
    s->n++;
    return JT_OK;
}

enum jt_err jt_keyset_from(const struct jt_jval *v, struct jt_keyset **out, const char **why)
{
    const struct jt_jval *list = jt_jobj_get(v, "keys");
    *why = "is not a JSON object with an array keys";
    if (list == NULL || jt_jval_type(list) != JT_JARRAY) {
        return JT_E_SYNTAX;
    }
    *why = "has more than 64 keys";
    if (jt_jval_count(list) > JT_KEYSET_KEYS) {
        return JT_E_LIMIT;
    }
    *why = "out of memory";
    JT_AUTO(jt_keyset_release) struct jt_keyset *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    atomic_init(&s->refs, 1);
    for (size_t i = 0; i < jt_jval_count(list); i++) {
        JT_TRY(add(s, jt_jarr_at(list, i)));
    }
    *why = "has no key that can be used: RSA of 2048 bits or more, P-256 or Ed25519, for "
           "signatures";
    if (s->n == 0) {
        return JT_E_NOTFOUND;
    }
    *out = s;
    s = NULL;
    return JT_OK;
}

enum jt_err jt_keyset_read(struct jt_slice json, struct jt_keyset **out, const char **why)
{
    struct jt_json *doc = NULL;
    enum jt_err e = jt_json_parse(json, &limits, &doc);
    if (e != JT_OK) {
        *why = e == JT_E_LIMIT   ? "is larger than 256 KiB or has too many members"
               : e == JT_E_NOMEM ? "out of memory"
                                 : "is not JSON";
        return e;
    }
    e = jt_keyset_from(jt_json_root(doc), out, why);
    jt_json_free(&doc);
    return e;
}

size_t jt_keyset_count(const struct jt_keyset *s)
{
    return s->n;
}

const struct jt_keyset_key *jt_keyset_at(const struct jt_keyset *s, size_t i)
{
    return i < s->n ? &s->keys[i] : NULL;
}

static bool fits(const struct jt_keyset_key *k, struct jt_slice kid, enum jt_alg alg)
{
    return (kid.n == 0 || jt_slice_eq(k->kid, kid)) && (k->alg == JT_ALG_NONE || k->alg == alg) &&
           jt_alg_kind(alg) == jt_pkey_kind(k->key);
}

bool jt_keyset_has(const struct jt_keyset *s, struct jt_slice kid, enum jt_alg alg)
{
    for (size_t i = 0; i < s->n; i++) {
        if (fits(&s->keys[i], kid, alg)) {
            return true;
        }
    }
    return false;
}

static enum jt_sig_verdict verify_with(const struct jt_keyset_key *k,
                                       const struct jt_jws_parts *parts, enum jt_alg alg)
{
    struct jt_sigcheck *check = NULL;
    if (jt_sigcheck_new(k->key, alg, &check) != JT_OK) {
        return JT_SIG_UNDECIDED;
    }
    enum jt_sig_verdict v = jt_jws_verify(parts, check);
    jt_sigcheck_free(&check);
    return v;
}

enum jt_sig_verdict jt_keyset_verify(const struct jt_keyset *s, const struct jt_jws_parts *parts,
                                     const struct jt_jws_header *header)
{
    size_t tries = 0;
    for (size_t i = 0; i < s->n && tries < JT_KEYSET_TRIES; i++) {
        if (!fits(&s->keys[i], header->kid, header->alg)) {
            continue;
        }
        tries++;
        enum jt_sig_verdict v = verify_with(&s->keys[i], parts, header->alg);
        if (v != JT_SIG_INVALID) {
            return v;
        }
    }
    return JT_SIG_INVALID;
}
