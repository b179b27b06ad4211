/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdio.h>

#include "../../core/base/b64.h"
#include "../../core/jose/jwk.h"
#include "../../core/token/at.h"

#define JWKS_MAX (256u << 10)
#define PAGE 64

void jt_keys_free(struct jt_keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        jt_signer_free(&k->v[i].signer);
        jt_sigcheck_free(&k->v[i].check);
        jt_buf_free(&k->v[i].header);
    }
    k->n = 0;
    k->built = false;
    jt_buf_free(&k->jwks);
}

/* Others may still meet its tokens, or soon will. */
static bool published(const struct jt_signing_key *s)
{
    return s->pkey != NULL && (s->state == JT_KEYSTATE_PUBLISHED ||
                               s->state == JT_KEYSTATE_ACTIVE || s->state == JT_KEYSTATE_RETIRING);
}

static enum jt_err add_key(struct jt_keys *k, const struct jt_signing_key *s)
{
    if (!published(s)) {
        return JT_OK;
    }
    if (k->n == JT_KEYS_MAX || s->o.name.n > sizeof k->v[0].kid) {
        return JT_E_LIMIT;
    }
    struct jt_key_view *v = &k->v[k->n++];
    *v = (struct jt_key_view){.alg = s->alg,
                              .state = s->state,
                              .kid_n = s->o.name.n,
                              .not_before_seq = s->not_before_seq};
    memcpy(v->kid, s->o.name.p, s->o.name.n);
    jt_buf_init(&v->header, 1024);
    jt_at_header(s->alg, s->o.name, &v->header);
    if (!jt_buf_ok(&v->header)) {
        return JT_E_NOMEM;
    }
    if (s->state == JT_KEYSTATE_ACTIVE) {
        JT_TRY(jt_signer_new(s->pkey, s->alg, &v->signer));
    }
    return jt_sigcheck_new(s->pkey, s->alg, &v->check);
}

/* A set of algorithms, one bit each. */
static unsigned algs_in_use(const struct jt_directory *d)
{
    const struct jt_object *page[PAGE];
    uint64_t cursor = 0;
    unsigned set = 0;
    size_t n = 0;
    do {
        n = jt_directory_page(d, JT_OBJ_RESOURCE, &cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            const struct jt_resource *r = (const struct jt_resource *)page[i];
            set |= r->builtin || r->format == JT_FORMAT_OPAQUE ? 0u : 1u << r->alg;
        }
    } while (n == PAGE);
    return set;
}

static enum jt_err write_jwks(struct jt_keys *k, const struct jt_object *const *keys, size_t n,
                              unsigned algs, int64_t now_s)
{
    struct jt_jw w = jt_jw(&k->jwks);
    jt_jw_obj(&w);
    jt_jw_key(&w, "keys");
    jt_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *s = (const struct jt_signing_key *)keys[i];
        /* until_s: no resource uses the algorithm any more, but tokens of it are still about */
        if (published(s) && ((algs >> s->alg & 1u) != 0 || s->until_s > now_s)) {
            JT_TRY(jt_jwk_write(&w, s->pkey, s->alg, s->o.name));
        }
    }
    jt_jw_end_arr(&w);
    jt_jw_end_obj(&w);
    return jt_buf_ok(&k->jwks) ? JT_OK : JT_E_NOMEM;
}

static enum jt_err make_etag(struct jt_keys *k, struct jt_crypt *c)
{
    uint8_t h[JT_SHA256_SIZE];
    char text[JT_B64URL_LEN(JT_SHA256_SIZE)];
    JT_TRY(jt_sha256(c, jt_buf_slice(&k->jwks), h));
    size_t n = jt_b64url_encode(jt_slice(h, sizeof h), text);
    (void)snprintf(k->etag, sizeof k->etag, "\"%.*s\"", (int)n, text);
    return JT_OK;
}

static enum jt_err build(struct jt_keys *k, const struct jt_directory *d, struct jt_crypt *c,
                         int64_t now_s)
{
    const struct jt_object *all[JT_KEYS_STORED_MAX];
    uint64_t cursor = 0;
    size_t n = jt_directory_page(d, JT_OBJ_SIGNING_KEY, &cursor, all, JT_KEYS_STORED_MAX);
    for (size_t i = 0; i < n; i++) {
        JT_TRY(add_key(k, (const struct jt_signing_key *)all[i]));
    }
    unsigned algs = algs_in_use(d);
    if (algs == 0) { /* no resource yet: show what there is, never an empty set */
        algs = ~0u;
    }
    JT_TRY(write_jwks(k, all, n, algs, now_s));
    return make_etag(k, c);
}

enum jt_err jt_keys_refresh(struct jt_keys *k, const struct jt_directory *d, struct jt_crypt *c,
                            int64_t now_s)
{
    uint64_t kv = jt_directory_version(d, JT_OBJ_SIGNING_KEY);
    uint64_t rv = jt_directory_version(d, JT_OBJ_RESOURCE);
    if (k->built && k->key_version == kv && k->resource_version == rv) {
        return JT_OK;
    }
    jt_keys_free(k);
    jt_buf_init(&k->jwks, JWKS_MAX);
    enum jt_err e = build(k, d, c, now_s);
    if (e != JT_OK) {
        jt_keys_free(k);
        return e;
    }
    k->key_version = kv;
    k->resource_version = rv;
    k->built = true;
    return JT_OK;
}

bool jt_keys_any(const struct jt_keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->v[i].signer != NULL) {
            return true;
        }
    }
    return false;
}

const struct jt_key_view *jt_keys_active(const struct jt_keys *k, enum jt_alg alg)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->v[i].alg == alg && k->v[i].signer != NULL) {
            return &k->v[i];
        }
    }
    return NULL;
}

const struct jt_key_view *jt_keys_by_kid(const struct jt_keys *k, struct jt_slice kid)
{
    for (size_t i = 0; i < k->n; i++) {
        if (jt_slice_eq(jt_slice(k->v[i].kid, k->v[i].kid_n), kid)) {
            return &k->v[i];
        }
    }
    return NULL;
}

enum jt_alg jt_keys_builtin_alg(const struct jt_keys *k, enum jt_alg preferred)
{
    if (jt_keys_active(k, preferred) != NULL) {
        return preferred;
    }
    for (size_t i = 0; i < k->n; i++) {
        if (k->v[i].signer != NULL) {
            return k->v[i].alg;
        }
    }
    return preferred;
}
