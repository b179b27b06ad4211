/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_match.c - matchers of a trust rule: read, and held against a token's claims.
 */
#include <stdarg.h>
#include <stdio.h>

#include "../../core/base/num.h"
#include "../../core/http/name.h"
#include "trust_rule.h"

#define SHOWN 80 /* bytes of a value in a sentence */

enum jt_err jt_trust_wrong(struct jt_trust_why *why, enum jt_err e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why->text, sizeof why->text, fmt, ap);
    va_end(ap);
    return e;
}

static struct jt_slice shown(struct jt_slice s)
{
    return jt_slice(s.p, s.n > SHOWN ? SHOWN : s.n);
}

/* "~1" is "/", "~0" is "~" (RFC 6901 section 3). NULL: it is written wrongly, or no memory. */
static const char *segment(struct jt_arena *a, struct jt_slice s, bool is_pointer)
{
    char *z = jt_arena_strz(a, s);
    size_t n = 0;
    for (size_t i = 0; z != NULL && i < s.n; i++) {
        char c = z[i];
        if (is_pointer && c == '~') {
            c = z[++i] == '1' ? '/' : z[i] == '0' ? '~' : '\0';
        }
        if (c == '\0') {
            return NULL;
        }
        z[n++] = c;
    }
    if (z != NULL) {
        z[n] = '\0';
    }
    return n == 0 ? NULL : z;
}

static enum jt_err read_path(struct jt_matcher_read *r, struct jt_matcher *m)
{
    bool is_pointer = m->name.n > 0 && m->name.p[0] == '/';
    struct jt_slice rest = is_pointer ? jt_slice_from(m->name, 1) : m->name;
    bool more = true;
    if (m->name.n == 0 || !jt_display_text_ok(m->name, 256)) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "the name of a claim is empty, longer than 256 bytes, or has "
                              "characters that cannot be shown");
    }
    while (more) {
        size_t k = jt_slice_find(rest, is_pointer ? '/' : '.');
        more = k < rest.n;
        const char *z = segment(r->arena, jt_slice(rest.p, k), is_pointer);
        if (z == NULL || m->depth == JT_TRUST_DEPTH) {
            return jt_trust_wrong(r->why, r->arena->starved ? JT_E_NOMEM : JT_E_SYNTAX,
                                  "match: \"%.*s\" is not the path of a claim: 1 to 8 names, as "
                                  "in a.b, or as in /a/b when a name has a dot",
                                  JT_FMT(shown(m->name)));
        }
        m->path[m->depth++] = z;
        rest = jt_slice_from(rest, k + 1);
    }
    return JT_OK;
}

/* Claims that are checked by rules of their own. */
static enum jt_err check_name(struct jt_matcher_read *r, const struct jt_matcher *m)
{
    static const char *const own[] = {"iss", "aud", "exp", "nbf", "iat", "jti"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (jt_matcher_is_for(m, own[i])) {
            return jt_trust_wrong(r->why, JT_E_RANGE,
                                  "match: %s is checked by itself; leave it out (issuer, "
                                  "audience, max_life and replay say how)",
                                  own[i]);
        }
    }
    return JT_OK;
}

/* Elsewhere a * fits anything; here it would fit nothing. */
static enum jt_err check_star(struct jt_matcher_read *r, const struct jt_matcher *m,
                              struct jt_slice s)
{
    size_t k = jt_slice_find(s, '*');
    if (k == s.n) {
        return JT_OK;
    }
    return m->kind == JT_MATCH_PREFIX
               ? jt_trust_wrong(r->why, JT_E_RANGE,
                                "match.%.*s: in a prefix * stands for itself: write what stands "
                                "before it",
                                JT_FMT(shown(m->name)))
               : jt_trust_wrong(r->why, JT_E_RANGE,
                                "match.%.*s: values are compared whole: use {\"prefix\": "
                                "\"%.*s\"} in place of *",
                                JT_FMT(shown(m->name)), JT_FMT(shown(jt_slice(s.p, k))));
}

static enum jt_err read_value(struct jt_matcher_read *r, const struct jt_matcher *m,
                              const struct jt_jval *v, struct jt_claim_value *out)
{
    bool truth = false;
    struct jt_slice s = {0};
    if (r->values_left == 0) {
        return jt_trust_wrong(r->why, JT_E_LIMIT, "match: more than %u values", JT_TRUST_VALUES);
    }
    r->values_left--;
    out->type = jt_jval_type(v);
    if (jt_jval_int(v, &out->number)) {
        return JT_OK;
    }
    if (jt_jval_bool(v, &truth)) {
        out->number = truth;
        return JT_OK;
    }
    if (!jt_jval_str(v, &s)) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "match.%.*s: a value is a text, true, false or a whole number",
                              JT_FMT(shown(m->name)));
    }
    if (s.n == 0 || !jt_display_text_ok(s, JT_TRUST_TEXT_MAX)) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "match.%.*s: a text is empty, longer than 512 bytes, or has "
                              "characters that cannot be shown",
                              JT_FMT(shown(m->name)));
    }
    JT_TRY(check_star(r, m, s));
    return jt_arena_copy(r->arena, s, &out->text) ? JT_OK : JT_E_NOMEM;
}

/*
 * How well-known issuers write sub: what stands first, and what must stand behind the name that
 * follows, so that a prefix is not everybody's, nor that of everybody whose name begins alike.
 */
static const struct family {
    const char *head;
    char end;
    const char *example;
} families[] = {
    {"repo:", '/', "repo:acme/app:"},
    {"project_path:", '/', "project_path:acme/app:"},
    {"system:serviceaccount:", ':', "system:serviceaccount:prod:"},
    {"spiffe://", '/', "spiffe://acme.example/ns/prod/"},
    {"organization:", ':', "organization:acme:project:app:"},
};

/* NULL: narrow enough. */
static const char *too_wide(struct jt_slice prefix)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        struct jt_slice head = jt_str(families[i].head);
        struct jt_slice rest = jt_slice_from(prefix, head.n);
        if (jt_slice_starts(head, prefix)) {
            return families[i].example;
        }
        if (jt_slice_starts(prefix, head)) {
            size_t k = jt_slice_find(rest, (uint8_t)families[i].end);
            return k == 0 || k == rest.n ? families[i].example : NULL;
        }
    }
    return NULL;
}

static enum jt_err check_prefix(struct jt_matcher_read *r, const struct jt_matcher *m,
                                const struct jt_claim_value *v)
{
    if (v->type != JT_JSTRING) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX, "match.%.*s: a prefix is a text",
                              JT_FMT(shown(m->name)));
    }
    if (v->text.n < JT_TRUST_PREFIX_MIN) {
        return jt_trust_wrong(r->why, JT_E_RANGE,
                              "match.%.*s: a prefix of less than 4 characters fits too much",
                              JT_FMT(shown(m->name)));
    }
    const char *example = jt_matcher_is_for(m, "sub") ? too_wide(v->text) : NULL;
    if (example != NULL) {
        return jt_trust_wrong(r->why, JT_E_RANGE,
                              "match.sub: the prefix \"%.*s\" fits tokens of strangers too; name "
                              "the owner, with what stands behind it, as in \"%s\"",
                              JT_FMT(shown(v->text)), example);
    }
    return JT_OK;
}

static enum jt_err read_prefix(struct jt_matcher_read *r, const struct jt_jval *v,
                               struct jt_matcher *m, struct jt_claim_value *out)
{
    struct jt_slice s = {0};
    m->kind = JT_MATCH_PREFIX;
    if (jt_jval_str(v, &s) && s.n == 0) { /* before the words about an empty text */
        return jt_trust_wrong(r->why, JT_E_RANGE,
                              "match.%.*s: an empty prefix fits everything: write the text that "
                              "the claim begins with",
                              JT_FMT(shown(m->name)));
    }
    JT_TRY(read_value(r, m, v, out));
    return check_prefix(r, m, out);
}

static enum jt_err read_any(struct jt_matcher_read *r, const struct jt_jval *v,
                            struct jt_matcher *m)
{
    m->kind = JT_MATCH_ANY;
    m->n = jt_jval_type(v) == JT_JARRAY ? jt_jval_count(v) : 0;
    if (m->n == 0) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "match.%.*s: any is an array with at least one value",
                              JT_FMT(shown(m->name)));
    }
    if (m->n > r->values_left) {
        return jt_trust_wrong(r->why, JT_E_LIMIT, "match: more than %u values", JT_TRUST_VALUES);
    }
    struct jt_claim_value *all = jt_arena_array(r->arena, m->n, sizeof *all);
    if (all == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < m->n; i++) {
        JT_TRY(read_value(r, m, jt_jarr_at(v, i), &all[i]));
    }
    m->values = all;
    return JT_OK;
}

enum jt_err jt_matcher_from(struct jt_matcher_read *r, struct jt_slice name,
                            const struct jt_jval *v, struct jt_matcher *m)
{
    *m = (struct jt_matcher){.kind = JT_MATCH_EXACT, .n = 1};
    if (!jt_arena_copy(r->arena, name, &m->name)) {
        return JT_E_NOMEM;
    }
    JT_TRY(read_path(r, m));
    JT_TRY(check_name(r, m));
    const struct jt_jval *any = jt_jobj_get(v, "any");
    const struct jt_jval *prefix = jt_jobj_get(v, "prefix");
    bool is_object = jt_jval_type(v) == JT_JOBJECT;
    if (is_object && (jt_jval_count(v) != 1 || (any == NULL && prefix == NULL))) {
        return jt_trust_wrong(r->why, JT_E_SYNTAX,
                              "match.%.*s: a matcher is a value, {\"prefix\": \"…\"} or {\"any\": "
                              "[…]}",
                              JT_FMT(shown(m->name)));
    }
    if (any != NULL) {
        return read_any(r, any, m);
    }
    struct jt_claim_value *one = jt_arena_alloc(r->arena, sizeof *one);
    if (one == NULL) {
        return JT_E_NOMEM;
    }
    m->values = one;
    return prefix != NULL ? read_prefix(r, prefix, m, one) : read_value(r, m, v, one);
}

bool jt_matcher_is_for(const struct jt_matcher *m, const char *claim)
{
    return m->depth == 1 && strcmp(m->path[0], claim) == 0;
}

const struct jt_jval *jt_matcher_find(const struct jt_matcher *m, const struct jt_jval *claims)
{
    const struct jt_jval *v = claims;
    for (size_t i = 0; v != NULL && i < m->depth; i++) {
        uint64_t index = 0;
        if (jt_jval_type(v) == JT_JARRAY) {
            v = jt_parse_u64(jt_str(m->path[i]), 1000000, &index) == JT_OK
                    ? jt_jarr_at(v, (size_t)index)
                    : NULL;
        } else {
            v = jt_jobj_get(v, m->path[i]);
        }
    }
    return v;
}

static bool equal(const struct jt_claim_value *want, const struct jt_jval *claim)
{
    struct jt_slice s = {0};
    int64_t number = 0;
    bool truth = false;
    if (want->type == JT_JSTRING) {
        return jt_jval_str(claim, &s) && jt_slice_eq(s, want->text);
    }
    if (want->type == JT_JINT) {
        return jt_jval_int(claim, &number) && number == want->number;
    }
    return want->type == JT_JBOOL && jt_jval_bool(claim, &truth) && truth == (want->number != 0);
}

bool jt_matcher_fits(const struct jt_matcher *m, const struct jt_jval *claim)
{
    struct jt_slice s = {0};
    if (m->kind == JT_MATCH_PREFIX) {
        return jt_jval_str(claim, &s) && jt_slice_starts(s, m->values[0].text);
    }
    for (size_t i = 0; i < m->n; i++) {
        if (equal(&m->values[i], claim)) {
            return true;
        }
    }
    return false;
}
