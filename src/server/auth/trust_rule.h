/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_rule.h - a rule that trusts another issuer's tokens: whose, for whom, with which claims.
 *
 * {"issuer": "https://…" or "spiffe://…", "audience": "…", "match": {claim: value, {"prefix": "…"}
 *  or {"any": […]}, …}, "jwks": {…} or "jwks_uri": "https://…", "algs": ["RS256", …],
 *  "max_life": "24h", "replay": "jti" or "none"}
 *
 * A claim is named by its path, "a.b" or as a JSON pointer "/a/b" (RFC 6901). There is a matcher
 * for sub always, because an issuer's signature alone says only that it is somebody's token.
 * Owns:    nothing; the text lives in the arena that it was read with.
 * Threads: a value.
 * RFC:     7523 section 3, 8725
 */
#ifndef JT_AUTH_TRUST_RULE_H
#define JT_AUTH_TRUST_RULE_H

#include "../../core/base/arena.h"
#include "../../core/jose/alg.h"
#include "../../core/json/json.h"

#define JT_TRUST_RULE_MAX ((size_t)16 * 1024) /* bytes */
#define JT_TRUST_ARENA ((size_t)256 * 1024)   /* is enough to read one */
#define JT_TRUST_MATCHERS 16u
#define JT_TRUST_VALUES 64u /* of all matchers together */
#define JT_TRUST_DEPTH 8u   /* names in the path of a claim */
#define JT_TRUST_TEXT_MAX 512u
#define JT_TRUST_PREFIX_MIN 4u
#define JT_TRUST_LIFE_MAX ((int64_t)24 * 3600)
#define JT_TRUST_ALGS                                                                              \
    (1u << JT_ALG_RS256 | 1u << JT_ALG_ES256 | 1u << JT_ALG_PS256 | 1u << JT_ALG_EDDSA)

enum jt_match_kind { JT_MATCH_EXACT = 0, JT_MATCH_PREFIX, JT_MATCH_ANY };

struct jt_claim_value {
    enum jt_jtype type;   /* JT_JSTRING, JT_JINT or JT_JBOOL */
    struct jt_slice text; /* of a string */
    int64_t number;       /* of an integer; of a boolean 0 or 1 */
};

struct jt_matcher {
    struct jt_slice name; /* as written */
    size_t depth;
    const char *path[JT_TRUST_DEPTH];
    enum jt_match_kind kind;
    size_t n;
    const struct jt_claim_value *values; /* EXACT and PREFIX: one */
};

struct jt_trust_rule {
    struct jt_slice issuer;
    struct jt_slice audience; /* empty: the server's issuer */
    size_t nmatchers;
    struct jt_matcher *matchers;
    struct jt_slice jwks;     /* {"keys":[…]}, canonical; empty: they are fetched */
    struct jt_slice jwks_uri; /* empty: found through the issuer's metadata */
    unsigned algs;            /* 1 << enum jt_alg; never empty */
    int64_t max_life_s;
    bool once; /* the replay policy: each jti is taken once */
    bool is_spiffe;
};

struct jt_trust_why {
    char text[400]; /* a sentence about what is wrong, and what to write instead */
};

/* JT_E_SYNTAX, JT_E_RANGE, JT_E_LIMIT with *why; JT_E_NOMEM. */
JT_MUST enum jt_err jt_trust_rule_read(struct jt_slice json, struct jt_arena *a,
                                       struct jt_trust_rule *out, struct jt_trust_why *why);
/* Of a value that is read already. */
JT_MUST enum jt_err jt_trust_rule_from(const struct jt_jval *v, struct jt_arena *a,
                                       struct jt_trust_rule *out, struct jt_trust_why *why);
/* The rule as JSON, in one form: members in the order above, without what is a default, jwks
 * reduced to what makes a key. Reading it gives the same rule. */
struct jt_buf;
void jt_trust_rule_write(const struct jt_trust_rule *r, struct jt_buf *out);

enum jt_trust_keys { JT_TRUST_KEYS_ISSUER = 0, JT_TRUST_KEYS_URI, JT_TRUST_KEYS_STATIC };
/* Of a rule that was written: where its keys come from, and its text before and behind jwks, which
 * together are the rule without them. */
enum jt_trust_keys jt_trust_rule_split(struct jt_slice written, struct jt_slice *before,
                                       struct jt_slice *after);
/* Whom a rule that was written trusts; empty: it is none. */
struct jt_slice jt_trust_rule_issuer(struct jt_slice written);
/* May a rule that was written be one for tokens that say iss? Empty: for tokens without. Quick, so
 * that only those are read that come into question. */
bool jt_trust_rule_may_be_of(struct jt_slice written, struct jt_slice iss);

/* trust_match.c, private to the rule: reads one matcher into m; the values it may still have are
 * counted down. */
struct jt_matcher_read {
    struct jt_arena *arena;
    struct jt_trust_why *why;
    size_t values_left;
};
JT_MUST enum jt_err jt_matcher_from(struct jt_matcher_read *r, struct jt_slice name,
                                    const struct jt_jval *v, struct jt_matcher *m);
/* Is it for this claim of the top level? */
bool jt_matcher_is_for(const struct jt_matcher *m, const char *claim);
/* The claim in these claims; NULL: there is none. */
const struct jt_jval *jt_matcher_find(const struct jt_matcher *m, const struct jt_jval *claims);
bool jt_matcher_fits(const struct jt_matcher *m, const struct jt_jval *claim);
/* Fills *why and returns e. */
enum jt_err jt_trust_wrong(struct jt_trust_why *why, enum jt_err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
