/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_eval.h"

#include "../../core/base/buf.h"
#include "../../core/base/num.h"
#include "trust_text.h"

#define TIME_MAX INT64_C(253402300799) /* the year 9999 */

static const struct jt_json_limits claim_limits = {JT_JWS_MAX, 8, 1024};

enum jt_err jt_trust_token_read(struct jt_slice text, struct jt_arena *a, struct jt_json **doc,
                                struct jt_trust_token *out)
{
    struct jt_slice payload = {0};
    JT_TRY(jt_jws_read(text, a, &out->parts, &out->header));
    JT_TRY(jt_jws_payload(&out->parts, a, &payload));
    JT_TRY(jt_json_parse(payload, &claim_limits, doc));
    out->claims = jt_json_root(*doc);
    if (jt_jval_type(out->claims) != JT_JOBJECT) {
        jt_json_free(doc);
        return JT_E_SYNTAX;
    }
    return JT_OK;
}

struct eval {
    const struct jt_trust_rule *rule;
    const struct jt_trust_token *token;
    const struct jt_trust_moment *at;
    struct jt_findings *out;
};

/* A claim of the top level, or NULL. */
static const struct jt_jval *claim(const struct eval *e, const char *name)
{
    return jt_jobj_get(e->token->claims, name);
}

static struct jt_finding *add(struct jt_findings *out, enum jt_trust_check check,
                              struct jt_slice name, bool good)
{
    JT_ASSERT(out->n < JT_TRUST_FINDINGS);
    struct jt_finding *f = &out->item[out->n++];
    *f = (struct jt_finding){
        .check = check, .end = good ? JT_FINDING_GOOD : JT_FINDING_BAD, .name = name};
    out->bad += good ? 0 : 1;
    return f;
}

/* Words are only made where somebody reads them. */
static bool speaks(const struct jt_findings *out, const struct jt_finding *f)
{
    return out->says_all || f->end != JT_FINDING_GOOD;
}

static void say(struct jt_findings *out, struct jt_finding *f, struct jt_slice has,
                struct jt_slice wants)
{
    if (speaks(out, f)) {
        f->has = jt_said_text(out->arena, has);
        f->wants = jt_said_text(out->arena, wants);
    }
}

/* ----- header ----- */

/* Absent, or a plain JWT: an access token (at+jwt), a logout token and whatever has a type of its
 * own is for something else (RFC 8725 section 3.11). */
static void check_typ(const struct eval *e)
{
    struct jt_slice typ = e->token->header.typ;
    bool good = typ.n == 0 || jt_slice_eq_nocase(typ, JT_LIT("JWT")) ||
                jt_slice_eq_nocase(typ, JT_LIT("JOSE"));
    say(e->out, add(e->out, JT_CHECK_TYP, JT_LIT("typ"), good), typ, JT_LIT("JWT, or none"));
}

static void check_alg(const struct eval *e)
{
    enum jt_alg alg = e->token->header.alg;
    struct jt_finding *f =
        add(e->out, JT_CHECK_ALG, JT_LIT("alg"), (e->rule->algs >> alg & 1u) != 0);
    if (speaks(e->out, f)) {
        f->has = jt_str(jt_alg_name(alg));
        f->wants = jt_said_algs(e->out->arena, e->rule->algs);
    }
}

/* ----- whose, for whom ----- */

static bool in_domain(const struct jt_trust_rule *r, const struct jt_jval *claims)
{
    struct jt_slice sub = {0};
    return jt_jval_str(jt_jobj_get(claims, "sub"), &sub) && jt_slice_starts(sub, r->issuer) &&
           sub.n > r->issuer.n && sub.p[r->issuer.n] == '/';
}

bool jt_trust_is_of(const struct jt_trust_rule *r, const struct jt_jval *claims)
{
    const struct jt_jval *iss = jt_jobj_get(claims, "iss");
    struct jt_slice s = {0};
    if (iss == NULL) {
        return r->is_spiffe && in_domain(r, claims);
    }
    return jt_jval_str(iss, &s) && jt_slice_eq(s, r->issuer);
}

static void check_iss(const struct eval *e)
{
    bool good = jt_trust_is_of(e->rule, e->token->claims) &&
                (!e->rule->is_spiffe || in_domain(e->rule, e->token->claims));
    struct jt_finding *f = add(e->out, JT_CHECK_ISS, JT_LIT("iss"), good);
    if (speaks(e->out, f)) {
        f->has = jt_said_claim(e->out->arena, claim(e, "iss"));
        f->wants = e->rule->issuer;
    }
}

static void check_aud(const struct eval *e)
{
    struct jt_slice wants = e->rule->audience.n > 0 ? e->rule->audience : e->at->audience;
    const struct jt_jval *aud = claim(e, "aud");
    struct jt_slice s = {0};
    if (jt_jval_type(aud) == JT_JARRAY && jt_jval_count(aud) == 1) {
        aud = jt_jarr_at(aud, 0);
    }
    bool good = wants.n > 0 && jt_jval_str(aud, &s) && jt_slice_eq(s, wants);
    struct jt_finding *f = add(e->out, JT_CHECK_AUD, JT_LIT("aud"), good);
    if (speaks(e->out, f)) {
        f->has = jt_said_claim(e->out->arena, aud);
        f->wants = wants.n > 0 ? jt_said_text(e->out->arena, wants)
                               : JT_LIT("what the rule names, or the server's issuer");
    }
}

/* ----- when ----- */

/* A time; false: absent, or not a whole number of seconds since 1970. */
static bool time_of(const struct eval *e, const char *name, int64_t *out)
{
    int64_t t = 0;
    if (!jt_jval_int(claim(e, name), &t) || t < 0 || t > TIME_MAX) {
        return false;
    }
    *out = t;
    return true;
}

static void say_time(const struct eval *e, struct jt_finding *f, const char *name,
                     const char *wants)
{
    int64_t t = 0;
    if (speaks(e->out, f)) {
        f->has = time_of(e, name, &t) ? jt_said_time(e->out->arena, t)
                                      : jt_said_claim(e->out->arena, claim(e, name));
        f->wants = jt_said_after(e->out->arena, wants, e->at->now_s);
    }
}

static void check_exp(const struct eval *e)
{
    int64_t exp = 0;
    bool good = time_of(e, "exp", &exp) && exp > e->at->now_s;
    say_time(e, add(e->out, JT_CHECK_EXP, JT_LIT("exp"), good), "exp", "after ");
}

/* iat and nbf: when there, not in the future. */
static void check_begin(const struct eval *e, enum jt_trust_check check, const char *name)
{
    int64_t t = 0;
    if (claim(e, name) == NULL) {
        return;
    }
    bool good = time_of(e, name, &t) && t <= e->at->now_s + JT_TRUST_SKEW_S;
    say_time(e, add(e->out, check, jt_str(name), good), name, "at most 10 s after ");
}

/* From iat, or from now where there is none. */
static void check_life(const struct eval *e)
{
    int64_t exp = 0;
    int64_t begin = e->at->now_s;
    if (!time_of(e, "exp", &exp)) {
        return; /* said already */
    }
    (void)time_of(e, "iat", &begin);
    bool good = exp > begin && exp - begin <= e->rule->max_life_s;
    struct jt_finding *f = add(e->out, JT_CHECK_LIFE, JT_LIT("life"), good);
    if (speaks(e->out, f)) {
        f->has = jt_said_seconds(e->out->arena, "", exp - begin);
        f->wants = jt_said_seconds(e->out->arena, "at most ", e->rule->max_life_s);
    }
}

static void check_jti(const struct eval *e)
{
    struct jt_slice s = {0};
    if (!e->rule->once) {
        return;
    }
    bool good = jt_jval_str(claim(e, "jti"), &s) && s.n > 0 && s.n <= JT_TRUST_JTI_MAX;
    struct jt_finding *f = add(e->out, JT_CHECK_JTI, JT_LIT("jti"), good);
    if (speaks(e->out, f)) {
        f->has = jt_said_claim(e->out->arena, claim(e, "jti"));
        f->wants = JT_LIT("a text of 1 to 256 bytes, new with each token");
    }
}

static void check_matchers(const struct eval *e)
{
    for (size_t i = 0; i < e->rule->nmatchers; i++) {
        const struct jt_matcher *m = &e->rule->matchers[i];
        const struct jt_jval *v = jt_matcher_find(m, e->token->claims);
        struct jt_finding *f =
            add(e->out, JT_CHECK_MATCH, m->name, v != NULL && jt_matcher_fits(m, v));
        if (speaks(e->out, f)) {
            f->has = jt_said_claim(e->out->arena, v);
            f->wants = jt_said_matcher(e->out->arena, m);
        }
    }
}

void jt_trust_evaluate(const struct jt_trust_rule *r, const struct jt_trust_token *t,
                       const struct jt_trust_moment *at, struct jt_findings *out)
{
    const struct eval e = {r, t, at, out};
    out->n = 0;
    out->bad = 0;
    check_typ(&e);
    check_alg(&e);
    check_iss(&e);
    check_aud(&e);
    check_exp(&e);
    check_life(&e);
    check_begin(&e, JT_CHECK_IAT, "iat");
    check_begin(&e, JT_CHECK_NBF, "nbf");
    check_jti(&e);
    check_matchers(&e);
}

void jt_trust_verify(const struct jt_trust_token *t, const struct jt_keyset *keys,
                     struct jt_findings *out)
{
    const struct jt_jws_header *h = &t->header;
    bool known = keys != NULL && jt_keyset_has(keys, h->kid, h->alg);
    if (!known) {
        struct jt_finding *f = add(out, JT_CHECK_KEYS, JT_LIT("kid"), false);
        say(out, f, h->kid,
            keys == NULL ? JT_LIT("a key of the issuer; its keys were not to be had")
                         : JT_LIT("a key of the issuer that fits alg"));
        f->end = keys == NULL ? JT_FINDING_UNDECIDED : f->end;
        return;
    }
    enum jt_sig_verdict v = jt_keyset_verify(keys, &t->parts, h);
    struct jt_finding *f = add(out, JT_CHECK_SIGNATURE, JT_LIT("signature"), v == JT_SIG_VALID);
    say(out, f, v == JT_SIG_VALID ? JT_LIT("valid") : JT_LIT("not valid"),
        JT_LIT("valid by a key of the issuer"));
    f->end = v == JT_SIG_UNDECIDED ? JT_FINDING_UNDECIDED : f->end;
}

bool jt_findings_good(const struct jt_findings *f)
{
    return f->n > 0 && f->bad == 0;
}

const struct jt_finding *jt_findings_first(const struct jt_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->item[i].end != JT_FINDING_GOOD) {
            return &f->item[i];
        }
    }
    return NULL;
}
