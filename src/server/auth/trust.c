/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust rules (RFC 7523 section 2.2 with the token of another issuer): the client has no secret;
 * it sends what its platform gave it, and a rule says which of the platform's tokens are its own.
 *
 * Keys are asked for only when all claims fit: whoever does not know a rule cannot make us ask an
 * issuer. Where the keys are at hand the signature is looked at whatever the claims say, so that a
 * refusal tells the issuer's words from a stranger's.
 */
#include "assertion_text.h"
#include "errand.h"
#include "method.h"
#include "trust_eval.h"

#define JUDGED_MAX 4 /* rules whose keys are tried only to say why a token is refused */

/* An issuer is a URL, which no client_id is; a SPIFFE token may have none, but then its sub is. */
static bool detect(const struct jt_auth_input *in)
{
    return in->assertion != NULL && jt_assertion_is_foreign(in->assertion);
}

static struct jt_slice claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    (void)ctx;
    return jt_form_get(in->form, "client_id");
}

/* One way to be refused, and how near it is to being accepted. */
struct outcome {
    enum jt_reason why;
    size_t nearness;
    const struct jt_credential *credential;
    const char *detail;
    bool is_signed; /* by the issuer: what is said of it is not a stranger's */
};

struct search {
    const struct jt_auth_context *ctx;
    const struct jt_client *client;
    const struct jt_assertion *assertion;
    struct jt_keys_errand *errand; /* that has come back, or NULL */
    struct jt_trust_token token;
    struct outcome best; /* of those that were refused */
    bool verified;       /* a signature was looked at */
    size_t judged;       /* rules whose keys were tried for the sake of the reason */
    const struct jt_credential *found;
    bool once; /* by the rule that was found */
};

static enum jt_reason reason_of(const struct jt_finding *f)
{
    switch (f->check) {
    case JT_CHECK_TYP:
        return JT_R_ASSERTION_MALFORMED;
    case JT_CHECK_ALG:
        return JT_R_ASSERTION_ALG;
    case JT_CHECK_ISS:
        return JT_R_TRUST_RULE;
    case JT_CHECK_AUD:
        return JT_R_ASSERTION_AUDIENCE;
    case JT_CHECK_EXP:
        return JT_R_ASSERTION_EXPIRED;
    case JT_CHECK_LIFE:
        return JT_R_ASSERTION_LIFE;
    case JT_CHECK_IAT:
    case JT_CHECK_NBF:
        return JT_R_ASSERTION_NOT_YET;
    case JT_CHECK_JTI:
        return JT_R_ASSERTION_JTI;
    case JT_CHECK_MATCH:
        return JT_R_TRUST_CLAIMS;
    case JT_CHECK_KEYS:
        return f->end == JT_FINDING_UNDECIDED ? JT_R_TRUST_KEYS : JT_R_ASSERTION_KEY;
    case JT_CHECK_SIGNATURE:
        return f->end == JT_FINDING_UNDECIDED ? JT_R_INTERNAL : JT_R_ASSERTION_SIGNATURE;
    }
    return JT_R_INTERNAL;
}

/* Of rules that fit equally well, that whose key made the signature knows the token best. */
static bool nearer(const struct outcome *a, const struct outcome *b)
{
    return a->nearness != b->nearness ? a->nearness > b->nearness : a->is_signed && !b->is_signed;
}

static void offer(struct search *s, const struct outcome *o)
{
    if (s->best.why == JT_R_NONE || nearer(o, &s->best)) {
        s->best = *o;
    }
}

/* ----- keys ----- */

static bool was_asked(const struct search *s, const struct jt_credential *k)
{
    for (size_t i = 0; s->errand != NULL && i < s->errand->nasked; i++) {
        if (s->errand->asked[i] == k->number) {
            return true;
        }
    }
    return false;
}

/* An errand that asks for the keys of this rule; NULL: no memory, or asked for too often. */
static struct jt_keys_errand *errand_for(const struct search *s, const struct jt_trust_rule *r,
                                         const struct jt_credential *k)
{
    struct jt_keys_errand *e = s->errand;
    if (e == NULL) {
        e = jt_arena_alloc(s->ctx->arena, sizeof *e);
    }
    if (e == NULL || e->nasked == JT_KEYS_ASKED) {
        return NULL;
    }
    e->errand.kind = JT_ERRAND_KEYS;
    if (!jt_arena_copy(s->ctx->arena, r->issuer, &e->from.issuer) ||
        !jt_arena_copy(s->ctx->arena, r->jwks_uri, &e->from.uri)) {
        return NULL;
    }
    e->asked[e->nasked++] = k->number;
    return e;
}

/* The keys that the rule carries, or that its issuer has. */
static enum jt_keys_state keys_of(const struct search *s, const struct jt_trust_rule *r,
                                  bool may_ask, struct jt_keys_answer *out)
{
    const char *why = "";
    const struct jt_jws_header *h = &s->assertion->header;
    *out = (struct jt_keys_answer){.state = JT_KEYS_NONE};
    if (r->jwks.n > 0) {
        out->state =
            jt_keyset_read(r->jwks, &out->set, &why) == JT_OK ? JT_KEYS_HAVE : JT_KEYS_UNDECIDED;
        return out->state;
    }
    const struct jt_keys_want want = {
        .from = {r->issuer, r->jwks_uri}, .kid = h->kid, .alg = h->alg, .asked = !may_ask};
    jt_issuers_keys(s->ctx->issuers, &want, out);
    return out->state;
}

/* ----- one rule ----- */

static const char *words_of(const struct jt_finding *f, struct jt_arena *a)
{
    return jt_arena_strz(a, jt_finding_text(f, a, 300));
}

/* Everything but the signature is right. PROVEN, LATER, or REFUSED with an offer made. */
static enum jt_auth_verdict check_signature(struct search *s, const struct jt_credential *k,
                                            const struct jt_trust_rule *r,
                                            struct jt_findings *found, struct jt_auth_result *out)
{
    enum jt_reason usable = jt_auth_usable(s->client, k, s->ctx);
    struct jt_keys_answer keys;
    struct outcome o = {.nearness = found->n, .credential = k};
    bool may_ask = usable == JT_R_NONE && !was_asked(s, k);
    if (keys_of(s, r, may_ask, &keys) == JT_KEYS_ASK) {
        struct jt_keys_errand *e = errand_for(s, r, k);
        if (e != NULL) {
            out->errand = &e->errand;
            return JT_AUTH_LATER;
        }
    }
    jt_trust_verify(&s->token, keys.set, found);
    s->verified = s->verified || keys.set != NULL;
    jt_keyset_release(&keys.set);
    const struct jt_finding *f = jt_findings_first(found);
    if (f == NULL && usable == JT_R_NONE) {
        s->found = k;
        s->once = r->once;
        return JT_AUTH_PROVEN;
    }
    /* a credential that may not be used counts only when the proof is right */
    o.why = f == NULL ? usable : usable != JT_R_NONE ? JT_R_TRUST_RULE : reason_of(f);
    o.is_signed = f == NULL;
    o.nearness += f == NULL ? 2 : o.why == JT_R_TRUST_KEYS;
    o.detail = o.why == JT_R_TRUST_KEYS ? jt_arena_strz(s->ctx->arena, jt_str(keys.why))
               : f != NULL              ? words_of(f, s->ctx->arena)
                                        : NULL;
    offer(s, &o);
    return JT_AUTH_REFUSED;
}

/* A claim is wrong. Did the issuer say it, as far as its keys are at hand? Nobody is asked. */
static void judge_signer(struct search *s, const struct jt_trust_rule *r, struct outcome *o)
{
    struct jt_keys_answer keys;
    struct jt_findings found = {.arena = s->ctx->arena};
    if (s->judged == JUDGED_MAX || keys_of(s, r, false, &keys) != JT_KEYS_HAVE) {
        return; /* a stranger chooses what is looked at: a few signatures a request, and no more */
    }
    s->judged++;
    jt_trust_verify(&s->token, keys.set, &found);
    s->verified = true;
    jt_keyset_release(&keys.set);
    const struct jt_finding *f = jt_findings_first(&found);
    o->is_signed = f == NULL;
    if (f != NULL) {
        o->why = reason_of(f);
        o->detail = words_of(f, s->ctx->arena);
    }
}

static enum jt_auth_verdict try_rule(struct search *s, const struct jt_credential *k,
                                     struct jt_auth_result *out)
{
    struct jt_trust_rule r;
    struct jt_trust_why why = {0};
    JT_AUTO(jt_arena_free) struct jt_arena arena;
    struct jt_arena *a = s->ctx->arena; /* of what outlives this rule */
    const struct jt_trust_moment at = {s->ctx->issuer, s->ctx->now_s};
    jt_arena_init(&arena, JT_TRUST_ARENA);
    struct jt_findings *found = jt_arena_alloc(&arena, sizeof *found);
    if (found == NULL || jt_trust_rule_read(k->material, &arena, &r, &why) != JT_OK) {
        s->best = (struct outcome){.why = JT_R_INTERNAL, .nearness = SIZE_MAX};
        return JT_AUTH_REFUSED;
    }
    if (!jt_trust_is_of(&r, s->token.claims)) {
        return JT_AUTH_REFUSED;
    }
    found->arena = &arena;
    jt_trust_evaluate(&r, &s->token, &at, found);
    const struct jt_finding *f = jt_findings_first(found);
    if (f == NULL) {
        return check_signature(s, k, &r, found, out);
    }
    struct outcome o = {reason_of(f), found->n - found->bad, k, words_of(f, a), false};
    judge_signer(s, &r, &o);
    offer(s, &o);
    return JT_AUTH_REFUSED;
}

/* Rules that may be used now come first: an old one must not stand in the way of the new one. */
static enum jt_auth_verdict try_all(struct search *s, struct jt_auth_result *out)
{
    const struct jt_client *c = s->client;
    enum jt_auth_verdict v = JT_AUTH_REFUSED;
    for (int usable = 1; usable >= 0; usable--) {
        for (size_t i = 0; i < c->ncredentials && v == JT_AUTH_REFUSED; i++) {
            const struct jt_credential *k = &c->credentials[i];
            bool now = jt_auth_usable(c, k, s->ctx) == JT_R_NONE;
            if (k->kind == JT_CRED_TRUST && now == (usable == 1) &&
                jt_trust_rule_may_be_of(k->material, s->assertion->iss)) {
                v = try_rule(s, k, out);
            }
        }
    }
    return v;
}

/* ----- all of it ----- */

static enum jt_auth_verdict refuse(const struct search *s, struct jt_auth_result *out)
{
    const struct outcome *o = &s->best;
    struct jt_sigcheck *decoy =
        s->verified ? NULL : jt_checks_decoy(s->ctx->checks, s->assertion->header.alg);
    if (decoy != NULL && jt_jws_verify(&s->assertion->parts, decoy) == JT_SIG_UNDECIDED) {
        return jt_auth_refuse(out, JT_R_INTERNAL, NULL);
    }
    if (o->credential != NULL) {
        out->credential_id = o->credential->id;
    }
    out->tried = o->why != JT_R_INTERNAL && o->why != JT_R_TRUST_KEYS && !o->is_signed;
    return jt_auth_refuse(out, o->why, o->detail);
}

static struct outcome nobody(const struct jt_client *c, struct jt_slice client_id)
{
    return (struct outcome){
        .why = client_id.n == 0 ? JT_R_TRUST_RULE
               : c == NULL      ? JT_R_CLIENT_UNKNOWN
                                : JT_R_NONE,
        .detail = client_id.n == 0
                      ? "client_id is absent: send client_id, it says whose rules are meant"
                      : NULL};
}

static enum jt_auth_verdict verify(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    static const struct jt_json_limits limits = {JT_JWS_MAX, 8, 1024};
    struct jt_json *doc = NULL;
    struct jt_errand *back = in->errand;
    out->claimed = jt_form_get(in->form, "client_id");
    const struct jt_client *c = jt_directory_client(ctx->directory, out->claimed);
    struct search s = {
        .ctx = ctx,
        .client = c,
        .assertion = in->assertion,
        .errand = back != NULL && back->kind == JT_ERRAND_KEYS ? jt_keys_errand_of(back) : NULL,
        .token = {in->assertion->parts, in->assertion->header, NULL},
        .best = nobody(c, out->claimed),
    };
    if (s.best.why != JT_R_NONE) {
        return refuse(&s, out);
    }
    if (jt_json_parse(in->assertion->payload, &limits, &doc) != JT_OK) {
        return jt_auth_refuse(out, JT_R_INTERNAL, NULL); /* it was JSON a moment ago */
    }
    s.token.claims = jt_json_root(doc);
    enum jt_auth_verdict v = try_all(&s, out);
    jt_json_free(&doc);
    if (v == JT_AUTH_REFUSED) {
        if (s.best.why == JT_R_NONE) {
            s.best.why = JT_R_TRUST_RULE;
            s.best.detail = jt_told_issuers(ctx->arena, s.assertion->iss, c);
        }
        return refuse(&s, out);
    }
    if (v == JT_AUTH_LATER) {
        return v;
    }
    *proof = (struct jt_auth_proof){.client = c, .credential = s.found};
    out->credential_id = s.found->id;
    return s.once ? jt_auth_use_once(ctx, in->assertion, out) : JT_AUTH_PROVEN;
}

/* The name by which it is known is that of its proof; what differs is whose key signs. */
const struct jt_auth_ops jt_auth_trust = {"trust", detect, claimed, verify};
