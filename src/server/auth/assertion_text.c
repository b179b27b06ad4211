/* SPDX-License-Identifier: Apache-2.0 */
#include "assertion_text.h"

#include "../../core/base/b64.h"
#include "../../core/base/buf.h"
#include "../../core/jose/jws.h"
#include "trust_rule.h"

#define TEXT_MAX 2048u

static const struct jt_json_limits limits = {JT_JWS_MAX, 4, 32};

static void put_said(struct jt_buf *b, struct jt_slice s)
{
    size_t n = s.n < JT_TOLD_MAX ? s.n : JT_TOLD_MAX;
    if (s.n == 0) {
        jt_buf_puts(b, "none");
        return;
    }
    jt_buf_putc(b, '"');
    for (size_t i = 0; i < n; i++) {
        jt_buf_putc(b, s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?');
    }
    jt_buf_puts(b, n < s.n ? "...\"" : "\"");
}

static const char *keep(struct jt_arena *a, const struct jt_buf *b)
{
    return jt_buf_ok(b) ? jt_arena_strz(a, jt_buf_slice(b)) : NULL;
}

const char *jt_told_expired(struct jt_arena *a, int64_t ago_s)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_printf(&b, "exp was %lld s ago", (long long)ago_s);
    return keep(a, &b);
}

const char *jt_told_life(struct jt_arena *a, int64_t lives_s, int64_t longest_s)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_printf(&b, "it lives %lld s; the most is %lld s", (long long)lives_s,
                  (long long)longest_s);
    return keep(a, &b);
}

const char *jt_told_alg(struct jt_arena *a, struct jt_slice alg)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_puts(&b, "alg is ");
    put_said(&b, alg);
    return keep(a, &b);
}

const char *jt_told_alg_of(struct jt_arena *a, struct jt_slice token)
{
    struct jt_json *doc = NULL;
    struct jt_slice alg = {0};
    const char *text = NULL;
    size_t n = 0;
    const struct jt_slice header = jt_slice(token.p, jt_slice_find(token, '.'));
    uint8_t *p = jt_arena_alloc(a, JT_B64_BYTES(header.n));
    if (p == NULL || jt_b64url_decode(header, p, &n) != JT_OK ||
        jt_json_parse(jt_slice(p, n), &limits, &doc) != JT_OK) {
        return NULL;
    }
    const struct jt_jval *v = jt_jobj_get(jt_json_root(doc), "alg");
    text = v == NULL || jt_jval_str(v, &alg) ? jt_told_alg(a, alg) : "alg is not a string";
    jt_json_free(&doc);
    return text;
}

/* ----- what the client has ----- */

static void put_key(struct jt_buf *b, const struct jt_credential *k)
{
    struct jt_json *doc = NULL;
    struct jt_slice kid = {0};
    struct jt_slice kty = {0};
    if (jt_json_parse(k->material, &limits, &doc) != JT_OK) {
        return;
    }
    (void)jt_jval_str(jt_jobj_get(jt_json_root(doc), "kid"), &kid);
    (void)jt_jval_str(jt_jobj_get(jt_json_root(doc), "kty"), &kty);
    put_said(b, kid);
    jt_buf_printf(b, " (%.*s)", JT_FMT(kty));
    jt_json_free(&doc);
}

const char *jt_told_keys(struct jt_arena *a, struct jt_slice kid, const char *alg,
                         const struct jt_client *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    size_t n = 0;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_puts(&b, "kid is ");
    put_said(&b, kid);
    jt_buf_printf(&b, ", alg is %s; the client has ", alg);
    for (size_t i = c->ncredentials; i > 0; i--) { /* the newest first */
        if (c->credentials[i - 1].kind == JT_CRED_JWK && n++ < JT_TOLD_KIDS) {
            jt_buf_puts(&b, n == 1 ? "" : ", ");
            put_key(&b, &c->credentials[i - 1]);
        }
    }
    if (n > JT_TOLD_KIDS) {
        jt_buf_printf(&b, " and %zu more", n - JT_TOLD_KIDS);
    }
    jt_buf_puts(&b, n == 0 ? "no key" : "");
    return keep(a, &b);
}

static bool said_before(const struct jt_client *c, size_t end, struct jt_slice issuer)
{
    for (size_t i = 0; i < end; i++) {
        if (c->credentials[i].kind == JT_CRED_TRUST &&
            jt_slice_eq(jt_trust_rule_issuer(c->credentials[i].material), issuer)) {
            return true;
        }
    }
    return false;
}

const char *jt_told_issuers(struct jt_arena *a, struct jt_slice iss, const struct jt_client *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    size_t n = 0;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_puts(&b, "iss is ");
    put_said(&b, iss);
    jt_buf_puts(&b, "; the client's rules name ");
    for (size_t i = 0; i < c->ncredentials; i++) {
        struct jt_slice issuer = jt_trust_rule_issuer(c->credentials[i].material);
        if (c->credentials[i].kind == JT_CRED_TRUST && !said_before(c, i, issuer) &&
            n++ < JT_TOLD_RULES) {
            jt_buf_puts(&b, n == 1 ? "" : ", ");
            put_said(&b, issuer);
        }
    }
    if (n > JT_TOLD_RULES) {
        jt_buf_printf(&b, " and %zu more", n - JT_TOLD_RULES);
    }
    jt_buf_puts(&b, n == 0 ? "nobody" : "");
    return keep(a, &b);
}
