/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_eval.h - a token held against a trust rule, claim by claim.
 *
 * The server and jeton credential test share it, so that what the test says is what will happen.
 * All of it comes before the keys: who does not know the rule cannot make the server fetch them. A
 * token is good only when no finding is bad and the signature is good as well.
 * Owns:    findings live in the arena.
 * RFC:     7519 section 4.1, 7523 section 3, 8725 sections 3.8 to 3.11
 */
#ifndef JT_AUTH_TRUST_EVAL_H
#define JT_AUTH_TRUST_EVAL_H

#include "../../core/jose/keyset.h"
#include "trust_rule.h"

#define JT_TRUST_SKEW_S 10 /* how far the issuer's clock may be ahead */
#define JT_TRUST_FINDINGS 32u
#define JT_TRUST_JTI_MAX 256u

/* A token read, not believed. */
struct jt_trust_token {
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    const struct jt_jval *claims;
};

enum jt_trust_check {
    JT_CHECK_TYP = 0,
    JT_CHECK_ALG,
    JT_CHECK_ISS,
    JT_CHECK_AUD,
    JT_CHECK_EXP,
    JT_CHECK_LIFE,
    JT_CHECK_IAT,
    JT_CHECK_NBF,
    JT_CHECK_JTI,
    JT_CHECK_MATCH,
    JT_CHECK_KEYS,
    JT_CHECK_SIGNATURE,
};

enum jt_finding_end { JT_FINDING_UNDECIDED = 0, JT_FINDING_GOOD, JT_FINDING_BAD };

struct jt_finding {
    enum jt_trust_check check;
    enum jt_finding_end end;
    struct jt_slice name;  /* "aud", or the claim of a matcher */
    struct jt_slice has;   /* what the token says */
    struct jt_slice wants; /* what the rule wants */
};

struct jt_findings {
    struct jt_arena *arena;
    bool says_all; /* has and wants also where it is good */
    size_t n, bad; /* bad: not good, undecided included */
    struct jt_finding item[JT_TRUST_FINDINGS];
};

struct jt_trust_moment {
    struct jt_slice audience; /* where the rule names none: the server's issuer */
    int64_t now_s;
};

/*
 * Reads the form of a token and its claims; *doc keeps them. JT_E_LIMIT, JT_E_SYNTAX,
 * JT_E_UNSUPPORTED: no JWS that could be accepted here; JT_E_NOMEM.
 */
JT_MUST enum jt_err jt_trust_token_read(struct jt_slice text, struct jt_arena *a,
                                        struct jt_json **doc, struct jt_trust_token *out);
/* Fills out, whose arena and says_all are set: everything but keys and signature. */
void jt_trust_evaluate(const struct jt_trust_rule *r, const struct jt_trust_token *t,
                       const struct jt_trust_moment *at, struct jt_findings *out);
/* The last finding: the signature, by these keys. keys NULL: they are not to be had. */
void jt_trust_verify(const struct jt_trust_token *t, const struct jt_keyset *keys,
                     struct jt_findings *out);
/* Was all that was looked at good? */
bool jt_findings_good(const struct jt_findings *f);
/* The first one that is bad, or undecided; NULL: none. */
const struct jt_finding *jt_findings_first(const struct jt_findings *f);
/* "sub is "a", but the rule wants "b"": for audit, at most max bytes in the arena. */
struct jt_slice jt_finding_text(const struct jt_finding *f, struct jt_arena *a, size_t max);
/* Whether this rule speaks of tokens of that issuer: iss is the rule's; or there is none and sub
 * is of the rule's SPIFFE trust domain. */
bool jt_trust_is_of(const struct jt_trust_rule *r, const struct jt_jval *claims);

#endif
