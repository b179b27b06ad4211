/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/jose/jwk.h"
#include "server/auth/trust_rule.h"

static struct jt_arena arena;
static struct jt_trust_why why;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, (size_t)1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jt_arena_free(&arena);
    return 0;
}

static enum jt_err read_rule(const char *text, struct jt_trust_rule *out)
{
    jt_arena_reset(&arena);
    *out = (struct jt_trust_rule){0};
    return jt_trust_rule_read(jt_str(text), &arena, out, &why);
}

static void check_written(const struct jt_trust_rule *r, const char *wanted)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, JT_TRUST_RULE_MAX);
    jt_trust_rule_write(r, &b);
    assert_true(jt_buf_ok(&b));
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(wanted))) {
        fail_msg("%.*s is not %s", JT_FMT(jt_buf_slice(&b)), wanted);
    }
}

static void defaults(void **state)
{
    static const char text[] =
        "{\"issuer\":\"https://token.actions.githubusercontent.com\","
        "\"match\":{\"sub\":{\"prefix\":\"repo:acme/app:\"},\"repository_owner_id\":\"123\"}}";
    (void)state;
    struct jt_trust_rule r;
    assert_int_equal(read_rule(text, &r), JT_OK);
    assert_int_equal(r.audience.n, 0);
    assert_int_equal(r.max_life_s, 86400);
    assert_int_equal(r.algs, JT_TRUST_ALGS);
    assert_true(r.once);
    assert_false(r.is_spiffe);
    assert_int_equal(r.nmatchers, 2);
    assert_int_equal(r.matchers[0].kind, JT_MATCH_PREFIX);
    assert_true(jt_matcher_is_for(&r.matchers[0], "sub"));
    check_written(&r, text);
}

static void all_members(void **state)
{
    (void)state;
    struct jt_trust_rule r;
    assert_int_equal(
        read_rule(" { \"replay\" : \"none\", \"max_life\": \"1h\", \"algs\": [\"ES256\",\"RS256\"],"
                  "\"jwks_uri\":\"https://k8s.example/openid/v1/jwks\",\"match\":{\"sub\":"
                  "\"system:serviceaccount:prod:app\",\"/kubernetes.io/namespace\":{\"any\":["
                  "\"prod\",\"prod2\"]},\"a.b\":true,\"n\":-7,\"t\":{\"any\":[1,false,\"x\"]}},"
                  "\"audience\":\"https://auth.example\",\"issuer\":\"https://k8s.example/id/A\"}",
                  &r),
        JT_OK);
    assert_int_equal(r.max_life_s, 3600);
    assert_false(r.once);
    assert_int_equal(r.algs, 1u << JT_ALG_RS256 | 1u << JT_ALG_ES256);
    assert_int_equal(r.matchers[1].depth, 2);
    assert_string_equal(r.matchers[1].path[0], "kubernetes.io");
    assert_string_equal(r.matchers[2].path[1], "b");
    check_written(
        &r, "{\"issuer\":\"https://k8s.example/id/A\",\"audience\":\"https://auth.example\","
            "\"match\":{\"sub\":\"system:serviceaccount:prod:app\",\"/kubernetes.io/namespace\":"
            "{\"any\":[\"prod\",\"prod2\"]},\"a.b\":true,\"n\":-7,\"t\":{\"any\":[1,false,\"x\"]}},"
            "\"jwks_uri\":\"https://k8s.example/openid/v1/jwks\",\"algs\":[\"RS256\",\"ES256\"],"
            "\"max_life\":3600,\"replay\":\"none\"}");
}

/* What stands in place of %s in a rule that is good otherwise, and a word of the reason. */
static void refused_whole(const char *text, const char *word)
{
    struct jt_trust_rule r;
    enum jt_err e = read_rule(text, &r);
    if (e == JT_OK || e == JT_E_NOMEM || strstr(why.text, word) == NULL || r.issuer.n != 0) {
        fail_msg("%.200s: %d, %s", text, (int)e, why.text);
    }
}

static void refused_match(const char *match, const char *word)
{
    char text[8192];
    (void)snprintf(text, sizeof text, "{\"issuer\":\"https://a.example\",\"match\":%s}", match);
    refused_whole(text, word);
}

static void refused_beside(const char *members, const char *word)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "{\"issuer\":\"https://a.example\",\"match\":{\"sub\":\"x\"},%s}", members);
    refused_whole(text, word);
}

static void wrong_form(void **state)
{
    (void)state;
    refused_whole("", "not JSON");
    refused_whole("{", "not JSON");
    refused_whole("[]", "JSON object");
    refused_whole("{}", "issuer is missing");
    refused_whole("{\"issuer\":\"https://a.example\"}", "match is missing");
    refused_whole("{\"match\":{\"sub\":\"x\"}}", "issuer is missing");
    refused_beside("\"isuer\":\"x\"", "unknown member \"isuer\"");
    refused_beside("\"\\u202ex\":\"x\"", "unknown member \"???\"");
    refused_beside("\"audience\":\"x\",\"audience\":\"y\"", "not JSON");
}

static void wrong_issuers(void **state)
{
    static const char *const all[] = {"",
                                      "a.example",
                                      "http://a.example",
                                      "ftp://a.example",
                                      "https://",
                                      "https://u@a.example",
                                      "https://a.example?x=1",
                                      "https://a.example/#x",
                                      "spiffe://",
                                      "spiffe://a.example/x",
                                      "spiffe://a.example:1",
                                      "kubernetes/serviceaccount"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char text[300];
        (void)snprintf(text, sizeof text, "{\"issuer\":\"%s\",\"match\":{\"sub\":\"x\"}}", all[i]);
        refused_whole(text, "issuer is what");
    }
    refused_whole("{\"issuer\":1,\"match\":{\"sub\":\"x\"}}", "issuer is what");
    refused_whole(
        "{\"issuer\":\"spiffe://a.example\",\"match\":{\"sub\":\"spiffe://a.example/x\"}}",
        "no metadata");
}

static void wrong_matchers(void **state)
{
    (void)state;
    refused_match("{}", "1 to 16");
    refused_match("[]", "1 to 16");
    refused_match("{\"email\":\"x\"}", "nothing for sub");
    refused_match("{\"a.sub\":\"x\"}", "nothing for sub");
    refused_match("{\"sub\":\"\"}", "empty");
    refused_match("{\"sub\":\"a\\u0007\"}", "cannot be shown");
    refused_match("{\"sub\":1.5}", "whole number");
    refused_match("{\"sub\":null}", "whole number");
    refused_match("{\"sub\":[\"a\"]}", "whole number");
    refused_match("{\"sub\":{}}", "a matcher is");
    refused_match("{\"sub\":{\"prefix\":\"abcd\",\"any\":[\"x\"]}}", "a matcher is");
    refused_match("{\"sub\":{\"suffix\":\"abcd\"}}", "a matcher is");
    refused_match("{\"sub\":{\"any\":[]}}", "at least one");
    refused_match("{\"sub\":{\"any\":\"x\"}}", "at least one");
    refused_match("{\"sub\":{\"any\":[[]]}}", "whole number");
    refused_match("{\"sub\":\"x\",\"\":\"x\"}", "name of a claim");
    refused_match("{\"sub\":\"x\",\"a..b\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\".a\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\"/\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\"/a~2\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\"/a~\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\"a.b.c.d.e.f.g.h.i\":\"x\"}", "not the path");
    refused_match("{\"sub\":\"x\",\"exp\":1}", "exp is checked by itself");
    refused_match("{\"sub\":\"x\",\"/aud\":\"x\"}", "aud is checked by itself");
}

/* Prefixes that are everybody's, or everybody's whose name begins alike. */
static void wide_prefixes(void **state)
{
    static const struct {
        const char *prefix, *word; /* NULL: it is good */
    } rows[] = {
        {"", "empty prefix"},
        {"abc", "less than 4"},
        {"repo", "strangers"},
        {"repo:", "strangers"},
        {"repo:acme", "strangers"},
        {"repo:/", "strangers"},
        {"repo:acme/", NULL},
        {"repo:acme/app:", NULL},
        {"project_path:", "strangers"},
        {"project_path:acme", "strangers"},
        {"project_path:acme/app:", NULL},
        {"system:service", "strangers"},
        {"system:serviceaccount:", "strangers"},
        {"system:serviceaccount:prod", "strangers"},
        {"system:serviceaccount:prod:", NULL},
        {"spiffe://", "strangers"},
        {"spiffe://acme.example", "strangers"},
        {"spiffe://acme.example/ns/prod/", NULL},
        {"organization:acme", "strangers"},
        {"repository_owner:acme:", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char match[300];
        struct jt_trust_rule r;
        (void)snprintf(match, sizeof match, "{\"sub\":{\"prefix\":\"%s\"}}", rows[i].prefix);
        if (rows[i].word != NULL) {
            refused_match(match, rows[i].word);
            continue;
        }
        char text[400];
        (void)snprintf(text, sizeof text, "{\"issuer\":\"https://a.example\",\"match\":%s}", match);
        if (read_rule(text, &r) != JT_OK) {
            fail_msg("%s: %s", text, why.text);
        }
    }
    refused_match("{\"sub\":{\"prefix\":1}}", "a prefix is a text");
    refused_match("{\"sub\":\"x\",\"ref\":{\"prefix\":\"\"}}", "empty prefix");
}

static void wrong_policies(void **state)
{
    (void)state;
    refused_beside("\"audience\":\"\"", "audience is");
    refused_beside("\"audience\":[\"x\"]", "audience is");
    refused_beside("\"algs\":[]", "algs is");
    refused_beside("\"algs\":\"RS256\"", "algs is");
    refused_beside("\"algs\":[\"RS256\",\"none\"]", "algs is");
    refused_beside("\"algs\":[\"HS256\"]", "algs is");
    refused_beside("\"max_life\":0", "max_life is");
    refused_beside("\"max_life\":86401", "max_life is");
    refused_beside("\"max_life\":\"25h\"", "max_life is");
    refused_beside("\"max_life\":\"soon\"", "max_life is");
    refused_beside("\"max_life\":true", "max_life is");
    refused_beside("\"replay\":\"never\"", "replay is");
    refused_beside("\"replay\":false", "replay is");
    refused_beside("\"jwks_uri\":\"http://a.example/keys\"", "jwks_uri is");
    refused_beside("\"jwks_uri\":\"file:///etc/passwd\"", "jwks_uri is");
    refused_beside("\"jwks_uri\":\"https://u:p@a.example/\"", "jwks_uri is");
    refused_beside("\"jwks\":{}", "array keys");
    refused_beside("\"jwks\":{\"keys\":[]}", "no key that can be used");
    refused_beside("\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "a private key");
    refused_beside("\"jwks\":{\"keys\":[{\"kty\":\"EC\",\"d\":\"AAAA\"}]}", "a private key");
}

static void limits(void **state)
{
    (void)state;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, (size_t)64 * 1024);
    jt_buf_puts(&b, "{\"sub\":\"x\"");
    for (size_t i = 0; i < JT_TRUST_MATCHERS; i++) {
        jt_buf_printf(&b, ",\"c%zu\":\"x\"", i);
    }
    jt_buf_puts(&b, "}");
    jt_buf_putc(&b, 0);
    refused_match((const char *)b.p, "1 to 16");
    jt_buf_reset(&b);
    jt_buf_puts(&b, "{\"sub\":\"x\",\"c\":{\"any\":[0");
    for (size_t i = 1; i < JT_TRUST_VALUES; i++) {
        jt_buf_printf(&b, ",%zu", i);
    }
    jt_buf_puts(&b, "]}}");
    jt_buf_putc(&b, 0);
    refused_match((const char *)b.p, "more than 64 values");
    jt_buf_reset(&b);
    jt_buf_puts(&b, "{\"issuer\":\"https://a.example\",\"match\":{\"sub\":\"x\"},\"x\":\"");
    while (b.n <= JT_TRUST_RULE_MAX) {
        jt_buf_putc(&b, 'x');
    }
    jt_buf_puts(&b, "\"}");
    jt_buf_putc(&b, 0);
    refused_whole((const char *)b.p, "larger than 16 KiB");
    jt_buf_reset(&b);
    jt_buf_puts(&b, "{\"sub\":\"");
    for (size_t i = 0; i <= JT_TRUST_TEXT_MAX; i++) {
        jt_buf_putc(&b, 'x');
    }
    jt_buf_puts(&b, "\"}");
    jt_buf_putc(&b, 0);
    refused_match((const char *)b.p, "longer than 512");
}

/* Only what makes a public key is kept of a static set. */
static void static_keys(void **state)
{
    (void)state;
    struct jt_pkey *k = NULL;
    struct jt_trust_rule r;
    JT_AUTO(jt_buf_free) struct jt_buf key;
    char text[2048];
    char wanted[2048];
    jt_buf_init(&key, 1024);
    struct jt_jw w = jt_jw(&key);
    assert_int_equal(jt_pkey_generate(JT_KEY_P256, &k), JT_OK);
    assert_int_equal(jt_jwk_write(&w, k, JT_ALG_ES256, JT_LIT("k1")), JT_OK);
    jt_pkey_free(&k);
    struct jt_slice inner = jt_slice(key.p + 1, key.n - 2);
    (void)snprintf(
        text, sizeof text,
        "{\"issuer\":\"spiffe://a.example\",\"match\":{\"sub\":\"spiffe://a.example/x\"},"
        "\"jwks\":{\"spiffe_sequence\":1,\"keys\":[{\"x5c\":[\"AA\"],%.*s}]}}",
        JT_FMT(inner));
    (void)snprintf(
        wanted, sizeof wanted,
        "{\"issuer\":\"spiffe://a.example\",\"match\":{\"sub\":\"spiffe://a.example/x\"},"
        "\"jwks\":{\"keys\":[{%.*s}]}}",
        JT_FMT(inner));
    assert_int_equal(read_rule(text, &r), JT_OK);
    assert_true(r.is_spiffe);
    check_written(&r, wanted);
    assert_int_equal(read_rule(wanted, &r), JT_OK); /* and read again it is the same */
    check_written(&r, wanted);
    struct jt_slice before = {0};
    struct jt_slice after = {0};
    assert_int_equal(jt_trust_rule_split(jt_str(wanted), &before, &after), JT_TRUST_KEYS_STATIC);
    assert_true(jt_slice_eq(
        before, JT_LIT("{\"issuer\":\"spiffe://a.example\",\"match\":{\"sub\":\"spiffe://"
                       "a.example/x\"}")));
    assert_true(jt_slice_eq(after, JT_LIT("}")));
    (void)snprintf(text, sizeof text,
                   "{\"issuer\":\"https://a.example\",\"match\":{\"sub\":\"x\"},\"jwks_uri\":"
                   "\"https://a.example/k\",\"jwks\":{\"keys\":[{%.*s}]}}",
                   JT_FMT(inner));
    refused_whole(text, "exclude each other");
}

static void split(void **state)
{
    static const struct {
        const char *text, *before, *after;
        enum jt_trust_keys keys;
    } rows[] = {
        {"{\"issuer\":\"x\",\"match\":{\"jwks\":{\"any\":[\"a,\\\"}\"]}}}",
         "{\"issuer\":\"x\",\"match\":{\"jwks\":{\"any\":[\"a,\\\"}\"]}}}", "",
         JT_TRUST_KEYS_ISSUER},
        {"{\"issuer\":\"x\",\"jwks\":{\"keys\":[{\"a\":\"}\"}]},\"max_life\":1}",
         "{\"issuer\":\"x\"", ",\"max_life\":1}", JT_TRUST_KEYS_STATIC},
        {"{\"issuer\":\"x\",\"jwks_uri\":\"https://x\",\"max_life\":1}",
         "{\"issuer\":\"x\",\"jwks_uri\":\"https://x\",\"max_life\":1}", "", JT_TRUST_KEYS_URI},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_slice before = {0};
        struct jt_slice after = {0};
        assert_int_equal(jt_trust_rule_split(jt_str(rows[i].text), &before, &after), rows[i].keys);
        assert_true(jt_slice_eq(before, jt_str(rows[i].before)));
        assert_true(jt_slice_eq(after, jt_str(rows[i].after)));
    }
}

static void may_be_of(void **state)
{
    (void)state;
    struct jt_slice web = JT_LIT("{\"issuer\":\"https://a.example\",");
    struct jt_slice spiffe = JT_LIT("{\"issuer\":\"spiffe://a.example\",");
    assert_true(jt_trust_rule_may_be_of(web, JT_LIT("https://a.example")));
    assert_false(jt_trust_rule_may_be_of(web, JT_LIT("https://a.exampl")));
    assert_false(jt_trust_rule_may_be_of(web, JT_LIT("https://a.example/")));
    assert_false(jt_trust_rule_may_be_of(web, JT_LIT("https://a.example\",\"x")));
    assert_false(jt_trust_rule_may_be_of(web, jt_slice(NULL, 0)));
    assert_true(jt_trust_rule_may_be_of(spiffe, jt_slice(NULL, 0)));
    assert_true(jt_trust_rule_may_be_of(spiffe, JT_LIT("spiffe://a.example")));
    assert_false(jt_trust_rule_may_be_of(jt_slice(NULL, 0), jt_slice(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(all_members),
        cmocka_unit_test(wrong_form),     cmocka_unit_test(wrong_issuers),
        cmocka_unit_test(wrong_matchers), cmocka_unit_test(wide_prefixes),
        cmocka_unit_test(wrong_policies), cmocka_unit_test(limits),
        cmocka_unit_test(static_keys),    cmocka_unit_test(split),
        cmocka_unit_test(may_be_of),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
