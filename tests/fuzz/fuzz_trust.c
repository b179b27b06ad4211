/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_trust.c - a trust rule as JSON, an empty line, and the claims of a token that is held
 * against it.
 */
#include "core/base/buf.h"
#include "core/http/name.h"
#include "fuzz.h"
#include "server/auth/trust_eval.h"

#define NOW INT64_C(1764000000)
#define TEXT_MAX 300u

static const struct jt_json_limits limits = {JT_JWS_MAX, 8, 1024};

/* What was read, written and read again, is the same; the quick looks agree with the slow one. */
static void round_trip(const struct jt_trust_rule *r)
{
    struct jt_arena arena;
    struct jt_trust_rule again;
    struct jt_trust_why why;
    struct jt_slice before = {0};
    struct jt_slice after = {0};
    JT_AUTO(jt_buf_free) struct jt_buf a;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&a, JT_TRUST_RULE_MAX);
    jt_buf_init(&b, JT_TRUST_RULE_MAX);
    jt_arena_init(&arena, JT_TRUST_ARENA);
    jt_trust_rule_write(r, &a);
    JT_ASSERT(jt_buf_ok(&a));
    JT_ASSERT(jt_trust_rule_read(jt_buf_slice(&a), &arena, &again, &why) == JT_OK);
    jt_trust_rule_write(&again, &b);
    JT_ASSERT(jt_slice_eq(jt_buf_slice(&a), jt_buf_slice(&b)));
    JT_ASSERT(jt_trust_rule_may_be_of(jt_buf_slice(&a), r->issuer));
    JT_ASSERT(!r->is_spiffe || jt_trust_rule_may_be_of(jt_buf_slice(&a), jt_slice(NULL, 0)));
    JT_ASSERT((jt_trust_rule_split(jt_buf_slice(&a), &before, &after) == JT_TRUST_KEYS_STATIC) ==
              (r->jwks.n > 0));
    JT_ASSERT(before.n + after.n <= a.n && find_text(before, "\"jwks\":{\"keys\"") == before.n);
    jt_arena_free(&arena);
}

static void check_rule(const struct jt_trust_rule *r)
{
    bool has_sub = false;
    JT_ASSERT(r->issuer.n > 0 && r->nmatchers > 0 && r->nmatchers <= JT_TRUST_MATCHERS);
    JT_ASSERT(r->algs != 0 && (r->algs & ~JT_TRUST_ALGS) == 0);
    JT_ASSERT(r->max_life_s > 0 && r->max_life_s <= JT_TRUST_LIFE_MAX);
    JT_ASSERT(r->jwks.n == 0 || r->jwks_uri.n == 0);
    for (size_t i = 0; i < r->nmatchers; i++) {
        const struct jt_matcher *m = &r->matchers[i];
        has_sub = has_sub || jt_matcher_is_for(m, "sub");
        JT_ASSERT(m->n > 0 && m->n <= JT_TRUST_VALUES && m->depth > 0);
        JT_ASSERT(m->kind != JT_MATCH_PREFIX || m->values[0].text.n >= JT_TRUST_PREFIX_MIN);
    }
    JT_ASSERT(has_sub);
    round_trip(r);
}

static void check_claims(const struct jt_trust_rule *r, const struct jt_jval *claims,
                         struct jt_arena *a)
{
    const struct jt_trust_token t = {.header = {.alg = JT_ALG_ES256}, .claims = claims};
    const struct jt_trust_moment at = {JT_LIT("https://us.example"), NOW};
    struct jt_findings found = {.arena = a, .says_all = true};
    int64_t exp = 0;
    jt_trust_evaluate(r, &t, &at, &found);
    JT_ASSERT(found.n <= JT_TRUST_FINDINGS && found.bad <= found.n);
    JT_ASSERT((jt_findings_first(&found) == NULL) == jt_findings_good(&found));
    for (size_t i = 0; i < found.n; i++) {
        struct jt_slice text = jt_finding_text(&found.item[i], a, TEXT_MAX);
        JT_ASSERT(text.n <= TEXT_MAX && jt_utf8_ok(text));
    }
    if (jt_findings_good(&found)) {
        JT_ASSERT(jt_trust_is_of(r, claims));
        JT_ASSERT(jt_jval_int(jt_jobj_get(claims, "exp"), &exp) && exp > NOW &&
                  exp - NOW <= r->max_life_s + JT_TRUST_SKEW_S);
    }
    jt_trust_verify(&t, NULL, &found);
    JT_ASSERT(!jt_findings_good(&found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    struct jt_slice rule = jt_slice(data, find_text(in, "\n\n"));
    struct jt_arena arena;
    struct jt_trust_rule r = {.algs = 0};
    struct jt_trust_why why;
    struct jt_json *doc = NULL;
    jt_arena_init(&arena, (size_t)1024 * 1024);
    enum jt_err e = jt_trust_rule_read(rule, &arena, &r, &why);
    JT_ASSERT(e == JT_OK || e == JT_E_NOMEM || why.text[0] != '\0');
    if (e == JT_OK) {
        check_rule(&r);
        if (jt_json_parse(jt_slice_from(in, rule.n + 2), &limits, &doc) == JT_OK) {
            check_claims(&r, jt_json_root(doc), &arena);
            jt_json_free(&doc);
        }
    }
    jt_arena_free(&arena);
    return 0;
}
