/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include "../base/b64.h"

#define HEADER_MAX 8192

static const struct jt_json_limits header_limits = {HEADER_MAX, 4, 32};

static enum jt_err split(struct jt_slice token, struct jt_jws_parts *p)
{
    size_t a = jt_slice_find(token, '.');
    struct jt_slice rest = jt_slice_from(token, a + 1);
    size_t b = jt_slice_find(rest, '.');
    p->header = jt_slice(token.p, a);
    p->payload = jt_slice(rest.p, b);
    p->signature = jt_slice_from(rest, b + 1);
    p->signing_input = jt_slice(token.p, a + 1 + b);
    bool three = a < token.n && b < rest.n && jt_slice_find(p->signature, '.') == p->signature.n;
    return three && p->header.n > 0 && p->payload.n > 0 && p->signature.n > 0 ? JT_OK : JT_E_SYNTAX;
}

/* What may not stand in a header here, whatever it says. */
static bool forbidden(const struct jt_jval *h)
{
    static const char *const names[] = {"crit", "b64", "zip", "enc", "jwk", "jku",
                                        "x5u",  "x5c", "epk", "apu", "apv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_jobj_get(h, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static enum jt_err member(const struct jt_jval *h, const char *name, struct jt_arena *a,
                          struct jt_slice *out)
{
    const struct jt_jval *v = jt_jobj_get(h, name);
    struct jt_slice s = {0};
    if (v == NULL) {
        return JT_OK;
    }
    if (!jt_jval_str(v, &s)) {
        return JT_E_SYNTAX;
    }
    return jt_arena_copy(a, s, out) ? JT_OK : JT_E_NOMEM;
}

static enum jt_err read_header(const struct jt_jval *h, struct jt_arena *a,
                               struct jt_jws_header *out)
{
    struct jt_slice alg = {0};
    if (jt_jval_type(h) != JT_JOBJECT || forbidden(h)) {
        return JT_E_SYNTAX;
    }
    if (!jt_jval_str(jt_jobj_get(h, "alg"), &alg)) {
        return JT_E_UNSUPPORTED;
    }
    out->alg = jt_alg_from_jose(alg);
    if (out->alg == JT_ALG_NONE) {
        return JT_E_UNSUPPORTED;
    }
    JT_TRY(member(h, "kid", a, &out->kid));
    JT_TRY(member(h, "typ", a, &out->typ));
    return member(h, "cty", a, &out->cty);
}

/* A part that is decoded later is canonical base64url. */
static enum jt_err check_canonical(struct jt_slice s, struct jt_arena *a)
{
    size_t n = 0;
    uint8_t *p = jt_arena_alloc(a, JT_B64_BYTES(s.n));
    return p == NULL ? JT_E_NOMEM : jt_b64url_decode(s, p, &n);
}

enum jt_err jt_jws_read(struct jt_slice token, struct jt_arena *a, struct jt_jws_parts *parts,
                        struct jt_jws_header *header)
{
    struct jt_jws_parts p;
    struct jt_jws_header h = {.alg = JT_ALG_NONE};
    struct jt_json *doc = NULL;
    size_t n = 0;
    if (token.n > JT_JWS_MAX) {
        return JT_E_LIMIT;
    }
    JT_TRY(split(token, &p));
    if (p.header.n > JT_B64URL_LEN(HEADER_MAX)) {
        return JT_E_SYNTAX;
    }
    uint8_t *text = jt_arena_alloc(a, JT_B64_BYTES(p.header.n));
    if (text == NULL) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_b64url_decode(p.header, text, &n));
    JT_TRY(check_canonical(p.payload, a));
    JT_TRY(check_canonical(p.signature, a));
    enum jt_err e = jt_json_parse(jt_slice(text, n), &header_limits, &doc);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? e : JT_E_SYNTAX;
    }
    e = read_header(jt_json_root(doc), a, &h);
    jt_json_free(&doc);
    JT_TRY(e);
    *parts = p;
    *header = h;
    return JT_OK;
}

enum jt_err jt_jws_payload(const struct jt_jws_parts *parts, struct jt_arena *a,
                           struct jt_slice *out)
{
    size_t n = 0;
    uint8_t *p = jt_arena_alloc(a, JT_B64_BYTES(parts->payload.n));
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_b64url_decode(parts->payload, p, &n));
    *out = jt_slice(p, n);
    return JT_OK;
}

enum jt_sig_verdict jt_jws_verify(const struct jt_jws_parts *parts, struct jt_sigcheck *check)
{
    uint8_t sig[JT_SIG_MAX + 2];
    size_t n = 0;
    if (JT_B64_BYTES(parts->signature.n) > sizeof sig ||
        jt_b64url_decode(parts->signature, sig, &n) != JT_OK) {
        return JT_SIG_INVALID;
    }
    return jt_sigcheck(check, parts->signing_input, jt_slice(sig, n));
}

enum jt_err jt_jws_write(struct jt_signer *s, struct jt_slice header_b64, struct jt_slice payload,
                         struct jt_buf *out)
{
    uint8_t sig[JT_SIG_MAX];
    size_t n = 0;
    size_t start = out->n;
    size_t need = header_b64.n + 2 + JT_B64URL_LEN(payload.n) + JT_B64URL_LEN((size_t)JT_SIG_MAX);
    if (!jt_buf_reserve(out, need)) {
        return out->max - out->n < need ? JT_E_LIMIT : JT_E_NOMEM;
    }
    jt_buf_put(out, header_b64);
    jt_buf_putc(out, '.');
    jt_b64url_put(out, payload);
    enum jt_err e = jt_sign(s, jt_slice(out->p + start, out->n - start), sig, &n);
    if (e != JT_OK) {
        out->n = start;
        return e;
    }
    jt_buf_putc(out, '.');
    jt_b64url_put(out, jt_slice(sig, n));
    return JT_OK;
}
