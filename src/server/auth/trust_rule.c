/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_rule.h"

#include "../../core/base/buf.h"
#include "../../core/base/num.h"
#include "../../core/http/name.h"
#include "../../core/http/uri.h"
#include "../../core/jose/keyset.h"
#include "../../core/json/jw.h"

#define ROOM                                                                                       \
    ((size_t)1024 * 1024) /* what is larger than it may be still fits, to be told apart            \
                           */

struct reading {
    const struct jt_jval *v;
    struct jt_arena *arena;
    struct jt_trust_rule *rule;
    struct jt_trust_why *why;
    struct jt_matcher_read match;
    enum jt_err err; /* of a walk */
};

/* ----- what it takes ----- */

static enum jt_err read_issuer(struct reading *r, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    struct jt_uri u = {0};
    bool is_text = jt_jval_str(v, &s) && s.n <= JT_TRUST_TEXT_MAX;
    bool is_uri = is_text && jt_uri_read(s, &u) == JT_OK && !u.has_query && !u.has_fragment &&
                  !u.has_userinfo;
    r->rule->is_spiffe = is_uri && jt_slice_eq(u.scheme, JT_LIT("spiffe"));
    bool is_web =
        is_uri && (jt_slice_eq(u.scheme, JT_LIT("https")) ||
                   (jt_slice_eq(u.scheme, JT_LIT("http")) && jt_host_is_loopback(u.host)));
    bool is_domain = r->rule->is_spiffe && u.path.n == 0 && u.port == 0 && u.host.n > 0;
    if (!is_web && !is_domain) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "issuer is what the tokens say in iss: an https:// URL without "
                              "query, or spiffe:// and a trust domain");
    }
    return jt_arena_copy(r->arena, s, &r->rule->issuer) ? JT_OK : JT_E_NOMEM;
}

static enum jt_err read_audience(struct reading *r, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    if (!jt_jval_str(v, &s) || s.n == 0 || !jt_display_text_ok(s, JT_TRUST_TEXT_MAX)) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "audience is a text of 1 to 512 bytes: what the tokens say in aud");
    }
    return jt_arena_copy(r->arena, s, &r->rule->audience) ? JT_OK : JT_E_NOMEM;
}

static bool one_matcher(struct jt_slice name, const struct jt_jval *v, void *ctx)
{
    struct reading *r = ctx;
    struct jt_matcher *m = &r->rule->matchers[r->rule->nmatchers++];
    r->err = jt_matcher_from(&r->match, name, v, m);
    return r->err == JT_OK;
}

static enum jt_err read_match(struct reading *r, const struct jt_jval *v)
{
    size_t n = jt_jval_type(v) == JT_JOBJECT ? jt_jval_count(v) : 0;
    bool has_sub = false;
    if (n == 0 || n > JT_TRUST_MATCHERS) {
        return jt_trust_wrong(r->why, n == 0 ? JT_E_SYNTAX : JT_E_LIMIT,
                              "match is an object of 1 to %u claims and what they must be",
                              JT_TRUST_MATCHERS);
    }
    r->rule->matchers = jt_arena_array(r->arena, n, sizeof *r->rule->matchers);
    if (r->rule->matchers == NULL) {
        return JT_E_NOMEM;
    }
    if (!jt_jobj_each(v, one_matcher, r)) {
        return r->err;
    }
    for (size_t i = 0; i < n; i++) {
        has_sub = has_sub || jt_matcher_is_for(&r->rule->matchers[i], "sub");
    }
    return has_sub ? JT_OK
                   : jt_trust_wrong(r->why, JT_E_RANGE,
                                    "match has nothing for sub: the issuer's signature alone "
                                    "says only that a token is somebody's");
}

/* ----- its keys ----- */

/* A member of a key that is a text. */
static void put_member(struct jt_jw *w, const struct jt_jval *key, const char *name)
{
    struct jt_slice s = {0};
    if (jt_jval_str(jt_jobj_get(key, name), &s)) {
        jt_jw_kstr(w, name, s);
    }
}

/* What makes a public key, and nothing else. */
static void write_jwks(const struct jt_jval *keys, struct jt_buf *out)
{
    static const char *const members[] = {"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"};
    struct jt_jw w = jt_jw(out);
    jt_jw_obj(&w);
    jt_jw_key(&w, "keys");
    jt_jw_arr(&w);
    for (size_t i = 0; i < jt_jval_count(keys); i++) {
        jt_jw_obj(&w);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
            put_member(&w, jt_jarr_at(keys, i), members[k]);
        }
        jt_jw_end_obj(&w);
    }
    jt_jw_end_arr(&w);
    jt_jw_end_obj(&w);
}

/* A private key in a rule would be everybody's who can read the rule. */
static bool has_private(const struct jt_jval *keys)
{
    for (size_t i = 0; i < jt_jval_count(keys); i++) {
        if (jt_jwk_has_private(jt_jarr_at(keys, i))) {
            return true;
        }
    }
    return false;
}

static enum jt_err read_jwks(struct reading *r, const struct jt_jval *v)
{
    const char *what = "";
    const struct jt_jval *keys = jt_jobj_get(v, "keys");
    JT_AUTO(jt_keyset_release) struct jt_keyset *set = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, ROOM);
    if (has_private(keys)) {
        return jt_trust_wrong(r->why, JT_E_RANGE,
                              "jwks has a private key or a secret: only the issuer has those; "
                              "give its public keys");
    }
    enum jt_err e = jt_keyset_from(v, &set, &what);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? e : jt_trust_wrong(r->why, JT_E_SYNTAX, "jwks %s", what);
    }
    write_jwks(keys, &text);
    if (text.n > JT_TRUST_RULE_MAX) {
        return jt_trust_wrong(r->why, JT_E_LIMIT, "jwks is larger than 16 KiB");
    }
    return jt_buf_ok(&text) && jt_arena_copy(r->arena, jt_buf_slice(&text), &r->rule->jwks)
               ? JT_OK
               : JT_E_NOMEM;
}

static enum jt_err read_jwks_uri(struct reading *r, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    struct jt_uri u = {0};
    bool is_uri = jt_jval_str(v, &s) && s.n <= JT_TRUST_TEXT_MAX && jt_uri_read(s, &u) == JT_OK &&
                  !u.has_userinfo && !u.has_fragment;
    if (!is_uri || (!jt_slice_eq(u.scheme, JT_LIT("https")) &&
                    !(jt_slice_eq(u.scheme, JT_LIT("http")) && jt_host_is_loopback(u.host)))) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "jwks_uri is an https:// URL without user or fragment");
    }
    return jt_arena_copy(r->arena, s, &r->rule->jwks_uri) ? JT_OK : JT_E_NOMEM;
}

/* ----- its policies ----- */

static enum jt_err read_algs(struct reading *r, const struct jt_jval *v)
{
    r->rule->algs = 0;
    for (size_t i = 0; jt_jval_type(v) == JT_JARRAY && i < jt_jval_count(v); i++) {
        struct jt_slice s = {0};
        enum jt_alg alg = jt_jval_str(jt_jarr_at(v, i), &s) ? jt_alg_from_name(s) : JT_ALG_NONE;
        if (alg == JT_ALG_NONE) {
            r->rule->algs = 0;
            break;
        }
        r->rule->algs |= 1u << alg;
    }
    return r->rule->algs != 0 ? JT_OK
                              : jt_trust_wrong(r->why, JT_E_RANGE,
                                               "algs is an array of some of RS256, ES256, PS256 "
                                               "and EdDSA");
}

static enum jt_err read_max_life(struct reading *r, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    int64_t seconds = 0;
    bool ok =
        jt_jval_int(v, &seconds) || (jt_jval_str(v, &s) && jt_parse_duration(s, &seconds) == JT_OK);
    if (!ok || seconds < 1 || seconds > JT_TRUST_LIFE_MAX) {
        return jt_trust_wrong(r->why, JT_E_RANGE,
                              "max_life is a duration of 1s to 24h, such as \"1h\" or 3600");
    }
    r->rule->max_life_s = seconds;
    return JT_OK;
}

static enum jt_err read_replay(struct reading *r, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    bool is_text = jt_jval_str(v, &s);
    r->rule->once = is_text && jt_slice_eq(s, JT_LIT("jti"));
    return r->rule->once || (is_text && jt_slice_eq(s, JT_LIT("none")))
               ? JT_OK
               : jt_trust_wrong(r->why, JT_E_RANGE,
                                "replay is \"jti\" (each token once, by its jti) or \"none\" (for "
                                "issuers that give no jti)");
}

static const struct {
    const char *name;
    enum jt_err (*read)(struct reading *r, const struct jt_jval *v);
    bool required;
} members[] = {
    {"issuer", read_issuer, true},      {"audience", read_audience, false},
    {"match", read_match, true},        {"jwks", read_jwks, false},
    {"jwks_uri", read_jwks_uri, false}, {"algs", read_algs, false},
    {"max_life", read_max_life, false}, {"replay", read_replay, false},
};

#define MEMBERS (sizeof members / sizeof members[0])

static bool known_member(struct jt_slice name, const struct jt_jval *v, void *ctx)
{
    struct reading *r = ctx;
    (void)v;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (jt_slice_eq(name, jt_str(members[i].name))) {
            return true;
        }
    }
    bool shows = jt_display_text_ok(name, 64);
    r->err = jt_trust_wrong(r->why, JT_E_SYNTAX,
                            "unknown member \"%.*s\"; a trust rule has issuer, audience, match, "
                            "jwks or jwks_uri, algs, max_life and replay",
                            shows ? (int)name.n : 3, shows ? (const char *)name.p : "???");
    return false;
}

/* What only makes sense together. */
static enum jt_err check_whole(const struct jt_trust_rule *r, struct jt_trust_why *why)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, ROOM);
    if (r->jwks.n > 0 && r->jwks_uri.n > 0) {
        return jt_trust_wrong(why, JT_E_RANGE, "jwks and jwks_uri exclude each other");
    }
    if (r->is_spiffe && r->jwks.n == 0 && r->jwks_uri.n == 0) {
        return jt_trust_wrong(why, JT_E_RANGE,
                              "a SPIFFE trust domain has no metadata at its name: give jwks, or "
                              "the jwks_uri of its OIDC discovery provider or bundle endpoint");
    }
    jt_trust_rule_write(r, &text);
    if (text.n > JT_TRUST_RULE_MAX) {
        return jt_trust_wrong(why, JT_E_LIMIT, "the rule is larger than 16 KiB");
    }
    return jt_buf_ok(&text) ? JT_OK : JT_E_NOMEM;
}

enum jt_err jt_trust_rule_from(const struct jt_jval *v, struct jt_arena *a,
                               struct jt_trust_rule *out, struct jt_trust_why *why)
{
    struct jt_trust_rule rule = {
        .algs = JT_TRUST_ALGS, .max_life_s = JT_TRUST_LIFE_MAX, .once = true};
    struct reading r = {v, a, &rule, why, {a, why, JT_TRUST_VALUES}, JT_OK};
    why->text[0] = '\0';
    if (jt_jval_type(v) != JT_JOBJECT) {
        return jt_trust_wrong(why, JT_E_SYNTAX, "a trust rule is a JSON object");
    }
    if (!jt_jobj_each(v, known_member, &r)) {
        return r.err;
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct jt_jval *m = jt_jobj_get(v, members[i].name);
        if (m == NULL && members[i].required) {
            return jt_trust_wrong(why, JT_E_SYNTAX, "%s is missing", members[i].name);
        }
        if (m != NULL) {
            JT_TRY(members[i].read(&r, m));
        }
    }
    JT_TRY(check_whole(&rule, why));
    *out = rule;
    return JT_OK;
}

enum jt_err jt_trust_rule_read(struct jt_slice json, struct jt_arena *a, struct jt_trust_rule *out,
                               struct jt_trust_why *why)
{
    static const struct jt_json_limits limits = {JT_TRUST_RULE_MAX, 8, 2048};
    struct jt_json *doc = NULL;
    enum jt_err e = jt_json_parse(json, &limits, &doc);
    if (e != JT_OK) {
        return e == JT_E_NOMEM
                   ? e
                   : jt_trust_wrong(why, e, "%s",
                                    e == JT_E_LIMIT ? "the rule is larger than 16 KiB, or too deep"
                                                    : "the rule is not JSON");
    }
    e = jt_trust_rule_from(jt_json_root(doc), a, out, why);
    jt_json_free(&doc);
    return e;
}
