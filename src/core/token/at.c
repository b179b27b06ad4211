/* SPDX-License-Identifier: Apache-2.0 */
#include "at.h"

#include "../base/b64.h"
#include "../crypt/crypt.h"
#include "../json/json.h"
#include "../json/jw.h"

#define TIME_MAX (INT64_C(1) << 53)

static const struct jt_json_limits payload_limits = {16384, 8, 256};

void jt_at_header(enum jt_alg alg, struct jt_slice kid, struct jt_buf *out)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, 512);
    struct jt_jw w = jt_jw(&text);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "alg", jt_str(jt_alg_name(alg)));
    jt_jw_kstr(&w, "typ", JT_LIT("at+jwt"));
    jt_jw_kstr(&w, "kid", kid);
    jt_jw_end_obj(&w);
    if (!jt_buf_ok(&text)) {
        out->failed = true;
        return;
    }
    jt_b64url_put(out, jt_buf_slice(&text));
}

void jt_at_put_cnf(struct jt_jw *w, struct jt_slice cnf)
{
    char text[JT_B64URL_LEN(JT_SHA256_SIZE)];
    if (cnf.n == 0) {
        return;
    }
    JT_ASSERT(cnf.n == JT_SHA256_SIZE);
    jt_jw_key(w, "cnf");
    jt_jw_obj(w);
    jt_jw_kstr(w, "x5t#S256", jt_slice(text, jt_b64url_encode(cnf, text)));
    jt_jw_end_obj(w);
}

void jt_at_payload(const struct jt_at_claims *c, struct jt_buf *out)
{
    struct jt_jw w = jt_jw(out);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "iss", c->iss);
    jt_jw_kstr(&w, "sub", c->sub);
    jt_jw_kstr(&w, "client_id", c->client_id);
    jt_jw_kstr(&w, "aud", c->aud);
    if (c->scope.n > 0) {
        jt_jw_kstr(&w, "scope", c->scope);
    }
    jt_jw_kint(&w, "iat", c->iat);
    jt_jw_kint(&w, "exp", c->exp);
    if (c->jti.n > 0) {
        jt_jw_kstr(&w, "jti", c->jti);
    }
    jt_at_put_cnf(&w, c->cnf);
    jt_jw_end_obj(&w);
}

bool jt_at_typ_ok(struct jt_slice typ)
{
    return jt_slice_eq_nocase(typ, JT_LIT("at+jwt")) ||
           jt_slice_eq_nocase(typ, JT_LIT("application/at+jwt"));
}

static bool text(const struct jt_jval *v, struct jt_arena *a, struct jt_slice *out)
{
    struct jt_slice s = {0};
    return jt_jval_str(v, &s) && jt_arena_copy(a, s, out);
}

static bool date(const struct jt_jval *v, int64_t *out)
{
    return jt_jval_int(v, out) && *out >= 0 && *out <= TIME_MAX;
}

/* One string, or an array of exactly one (RFC 7519 section 4.1.3). */
static bool audience(const struct jt_jval *v, struct jt_arena *a, struct jt_slice *out)
{
    if (jt_jval_type(v) == JT_JARRAY) {
        return jt_jval_count(v) == 1 && text(jt_jarr_at(v, 0), a, out);
    }
    return text(v, a, out);
}

/* {"x5t#S256":"43 characters"}, or nothing */
static bool confirmation(const struct jt_jval *v, struct jt_arena *a, struct jt_slice *out)
{
    struct jt_slice s = {0};
    uint8_t bytes[JT_B64_BYTES(JT_B64URL_LEN(JT_SHA256_SIZE))];
    size_t n = 0;
    if (v == NULL) {
        return true;
    }
    return jt_jval_type(v) == JT_JOBJECT && jt_jval_count(v) == 1 &&
           jt_jval_str(jt_jobj_get(v, "x5t#S256"), &s) && s.n == JT_B64URL_LEN(JT_SHA256_SIZE) &&
           jt_b64url_decode(s, bytes, &n) == JT_OK && jt_arena_copy(a, jt_slice(bytes, n), out);
}

static bool read_claims(const struct jt_jval *p, struct jt_arena *a, struct jt_at_claims *c)
{
    const struct jt_jval *scope = jt_jobj_get(p, "scope");
    return text(jt_jobj_get(p, "iss"), a, &c->iss) && text(jt_jobj_get(p, "sub"), a, &c->sub) &&
           text(jt_jobj_get(p, "client_id"), a, &c->client_id) &&
           audience(jt_jobj_get(p, "aud"), a, &c->aud) && c->aud.n > 0 &&
           date(jt_jobj_get(p, "iat"), &c->iat) && date(jt_jobj_get(p, "exp"), &c->exp) &&
           text(jt_jobj_get(p, "jti"), a, &c->jti) &&
           (scope == NULL || text(scope, a, &c->scope)) &&
           confirmation(jt_jobj_get(p, "cnf"), a, &c->cnf);
}

enum jt_err jt_at_read(struct jt_slice payload, struct jt_arena *a, struct jt_at_claims *out)
{
    struct jt_json *doc = NULL;
    struct jt_at_claims c = {0};
    enum jt_err e = jt_json_parse(payload, &payload_limits, &doc);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? e : JT_E_SYNTAX;
    }
    bool ok =
        jt_jval_type(jt_json_root(doc)) == JT_JOBJECT && read_claims(jt_json_root(doc), a, &c);
    jt_json_free(&doc);
    if (!ok) {
        return a->starved ? JT_E_NOMEM : JT_E_SYNTAX;
    }
    *out = c;
    return JT_OK;
}
