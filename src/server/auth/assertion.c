/* SPDX-License-Identifier: Apache-2.0 */
#include "assertion.h"

#include "../../core/json/json.h"
#include "assertion_text.h"

static const struct jt_json_limits claims_limits = {JT_JWS_MAX, 8, 256};

#define TIME_MAX INT64_C(4294967295) /* the year 2106 */

static bool text(const struct jt_jval *v, struct jt_arena *a, struct jt_slice *out)
{
    struct jt_slice s = {0};
    return v == NULL || (jt_jval_str(v, &s) && jt_arena_copy(a, s, out));
}

static bool date(const struct jt_jval *v, bool *has, int64_t *out)
{
    *has = v != NULL;
    return v == NULL || (jt_jval_int(v, out) && *out >= 0 && *out <= TIME_MAX);
}

static bool audience(const struct jt_jval *v, struct jt_arena *a, struct jt_assertion *s)
{
    s->aud_is_array = jt_jval_type(v) == JT_JARRAY;
    if (!s->aud_is_array) {
        return text(v, a, &s->aud);
    }
    return jt_jval_count(v) == 1 && text(jt_jarr_at(v, 0), a, &s->aud);
}

/* The name of the claim that is wrong; NULL: all are right. */
static const char *read_claims(const struct jt_jval *p, struct jt_arena *a, struct jt_assertion *s)
{
    bool has_exp = false;
    if (!text(jt_jobj_get(p, "iss"), a, &s->iss)) {
        return "iss is not a string";
    }
    if (!text(jt_jobj_get(p, "sub"), a, &s->sub)) {
        return "sub is not a string";
    }
    if (!text(jt_jobj_get(p, "jti"), a, &s->jti)) {
        return "jti is not a string";
    }
    if (!audience(jt_jobj_get(p, "aud"), a, s)) {
        return "aud is neither a string nor an array of one string";
    }
    if (!date(jt_jobj_get(p, "exp"), &has_exp, &s->exp) || !has_exp) {
        return "exp is absent, or not a whole number of seconds";
    }
    if (!date(jt_jobj_get(p, "iat"), &s->has_iat, &s->iat)) {
        return "iat is not a whole number of seconds";
    }
    return date(jt_jobj_get(p, "nbf"), &s->has_nbf, &s->nbf)
               ? NULL
               : "nbf is not a whole number of seconds";
}

static enum jt_reason refuse(struct jt_assertion *s, enum jt_reason why, const char *detail)
{
    s->detail = detail;
    return why;
}

static enum jt_reason read_payload(struct jt_arena *a, struct jt_assertion *s)
{
    struct jt_json *doc = NULL;
    enum jt_err e = jt_jws_payload(&s->parts, a, &s->payload);
    if (e == JT_OK) {
        e = jt_json_parse(s->payload, &claims_limits, &doc);
    }
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? JT_R_INTERNAL
                               : refuse(s, JT_R_ASSERTION_MALFORMED, "the claims are not JSON");
    }
    const char *wrong = jt_jval_type(jt_json_root(doc)) == JT_JOBJECT
                            ? read_claims(jt_json_root(doc), a, s)
                            : "the claims are not an object";
    jt_json_free(&doc);
    return wrong == NULL ? JT_R_NONE : refuse(s, JT_R_ASSERTION_MALFORMED, wrong);
}

/* An access token is not an assertion, whoever signed it (RFC 8725 section 3.11). */
static bool typ_ok(struct jt_slice typ)
{
    static const char *const taken[] = {"JWT", "JOSE", "client-authentication+jwt"};
    const struct jt_slice prefix = JT_LIT("application/");
    if (typ.n > prefix.n && jt_slice_eq_nocase(jt_slice(typ.p, prefix.n), prefix)) {
        typ = jt_slice_from(typ, prefix.n);
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (jt_slice_eq_nocase(typ, jt_str(taken[i]))) {
            return true;
        }
    }
    return typ.n == 0;
}

static enum jt_reason read_all(const struct jt_form *f, struct jt_arena *a, struct jt_assertion *s)
{
    struct jt_slice type = jt_form_get(f, "client_assertion_type");
    if (!jt_slice_eq(type, JT_LIT("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))) {
        return refuse(s, JT_R_ASSERTION_TYPE,
                      type.n == 0 ? "client_assertion_type is absent" : NULL);
    }
    enum jt_err e = jt_jws_read(jt_form_get(f, "client_assertion"), a, &s->parts, &s->header);
    if (e == JT_E_UNSUPPORTED) {
        return refuse(s, JT_R_ASSERTION_ALG, jt_told_alg_of(a, jt_form_get(f, "client_assertion")));
    }
    if (e != JT_OK) {
        return e == JT_E_NOMEM
                   ? JT_R_INTERNAL
                   : refuse(s, JT_R_ASSERTION_MALFORMED, "it is not a signed JWT in compact form");
    }
    if (!typ_ok(s->header.typ)) {
        return refuse(s, JT_R_ASSERTION_MALFORMED, "its typ is that of another kind of token");
    }
    return read_payload(a, s);
}

const struct jt_assertion *jt_assertion_read(const struct jt_form *f, struct jt_arena *a)
{
    if (jt_form_get(f, "client_assertion").n == 0 &&
        jt_form_get(f, "client_assertion_type").n == 0) {
        return NULL;
    }
    struct jt_assertion *s = jt_arena_alloc(a, sizeof *s);
    if (s != NULL) {
        *s = (struct jt_assertion){0};
        s->why = read_all(f, a, s);
    }
    return s;
}

bool jt_assertion_is_foreign(const struct jt_assertion *s)
{
    static const char mark[] = "://";
    if (s->why != JT_R_NONE) {
        return false;
    }
    return s->iss.n > 0 ? memmem(s->iss.p, s->iss.n, mark, sizeof mark - 1) != NULL
                        : jt_slice_starts(s->sub, JT_LIT("spiffe://"));
}

enum jt_reason jt_assertion_in_time(const struct jt_assertion *s,
                                    const struct jt_assertion_moment *at, const char **detail)
{
    int64_t latest_s = at->now_s + JT_ASSERTION_SKEW_S;
    if (s->exp <= at->now_s - JT_ASSERTION_SKEW_S) {
        *detail = jt_told_expired(at->arena, at->now_s - s->exp);
        return JT_R_ASSERTION_EXPIRED;
    }
    if (s->has_nbf && s->nbf > latest_s) {
        *detail = "nbf is in the future";
        return JT_R_ASSERTION_NOT_YET;
    }
    if (s->has_iat && s->iat > latest_s) {
        *detail = "iat is in the future";
        return JT_R_ASSERTION_NOT_YET;
    }
    int64_t begun_s = s->has_iat && s->iat < at->now_s ? s->iat : at->now_s;
    if (s->exp - begun_s > at->longest_s + JT_ASSERTION_SKEW_S) {
        *detail = jt_told_life(at->arena, s->exp - begun_s, at->longest_s);
        return JT_R_ASSERTION_LIFE;
    }
    return JT_R_NONE;
}

enum jt_reason jt_assertion_has_jti(const struct jt_assertion *s, const char **detail)
{
    if (s->jti.n > 0 && s->jti.n <= JT_ASSERTION_JTI_MAX) {
        return JT_R_NONE;
    }
    *detail = s->jti.n == 0 ? "jti is absent" : "jti is longer than 256 bytes";
    return JT_R_ASSERTION_JTI;
}
