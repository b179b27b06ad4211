/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "server/auth/trust_eval.h"

#define NOW INT64_C(1764000000)
#define US "https://auth.example"

static struct jt_arena arena;
static struct jt_pkey *key;
static struct jt_signer *signer;
static struct jt_keyset *keys;
static struct jt_trust_rule rule;
static struct jt_findings found;

static int setup(void **state)
{
    (void)state;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    const char *why = "";
    jt_buf_init(&b, 4096);
    jt_arena_init(&arena, (size_t)1024 * 1024);
    if (jt_pkey_generate(JT_KEY_P256, &key) != JT_OK ||
        jt_signer_new(key, JT_ALG_ES256, &signer) != JT_OK) {
        return -1;
    }
    jt_buf_puts(&b, "{\"keys\":[");
    struct jt_jw w = jt_jw(&b);
    if (jt_jwk_write(&w, key, JT_ALG_ES256, JT_LIT("k1")) != JT_OK) {
        return -1;
    }
    jt_buf_puts(&b, "]}");
    return jt_keyset_read(jt_buf_slice(&b), &keys, &why) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_signer_free(&signer);
    jt_pkey_free(&key);
    jt_keyset_release(&keys);
    jt_arena_free(&arena);
    return 0;
}

static void use_rule(const char *text)
{
    struct jt_trust_why why;
    jt_arena_reset(&arena);
    if (jt_trust_rule_read(jt_str(text), &arena, &rule, &why) != JT_OK) {
        fail_msg("%s: %s", text, why.text);
    }
}

/* The first bad finding's check, or -1: all is good. */
static int judge_signed(const char *head, const char *claims, const struct jt_keyset *by)
{
    JT_AUTO(jt_buf_free) struct jt_buf h;
    JT_AUTO(jt_buf_free) struct jt_buf token;
    struct jt_json *doc = NULL;
    struct jt_trust_token t;
    jt_buf_init(&h, 2048);
    jt_buf_init(&token, JT_JWS_MAX);
    jt_b64url_put(&h, jt_str(head));
    assert_int_equal(jt_jws_write(signer, jt_buf_slice(&h), jt_str(claims), &token), JT_OK);
    assert_int_equal(jt_trust_token_read(jt_buf_slice(&token), &arena, &doc, &t), JT_OK);
    const struct jt_trust_moment at = {JT_LIT(US), NOW};
    found = (struct jt_findings){.arena = &arena, .says_all = true};
    jt_trust_evaluate(&rule, &t, &at, &found);
    jt_trust_verify(&t, by, &found);
    jt_json_free(&doc);
    const struct jt_finding *f = jt_findings_first(&found);
    assert_int_equal(f == NULL, jt_findings_good(&found));
    for (size_t i = 0; i < found.n; i++) {
        assert_true(found.item[i].name.n > 0 && found.item[i].has.n > 0 &&
                    found.item[i].wants.n > 0);
    }
    return f == NULL ? -1 : (int)f->check;
}

static int judge(const char *claims)
{
    return judge_signed("{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}", claims, keys);
}

#define ISS "\"iss\":\"https://a.example\","
#define AUD "\"aud\":\"" US "\","
#define TIMES "\"iat\":1763999990,\"exp\":1764000300,"
#define JTI "\"jti\":\"j1\","
#define SUB "\"sub\":\"repo:acme/app:ref:refs/heads/main\""
#define BASIC                                                                                      \
    "{\"issuer\":\"https://a.example\",\"max_life\":600,"                                          \
    "\"match\":{\"sub\":{\"prefix\":\"repo:acme/app:\"}}}"

static void good_ones(void **state)
{
    (void)state;
    use_rule(BASIC);
    assert_int_equal(judge("{" ISS AUD TIMES JTI SUB "}"), -1);
    assert_int_equal(judge("{" ISS "\"aud\":[\"" US "\"]," TIMES JTI SUB "}"), -1);
    assert_int_equal(judge("{" ISS AUD "\"exp\":1764000300," JTI SUB "}"), -1);
    assert_int_equal(judge("{" ISS AUD "\"nbf\":1764000010," TIMES JTI SUB "}"), -1);
    assert_int_equal(judge_signed("{\"alg\":\"ES256\"}", "{" ISS AUD TIMES JTI SUB "}", keys), -1);
    assert_int_equal(
        judge_signed("{\"alg\":\"ES256\",\"typ\":\"jose\"}", "{" ISS AUD TIMES JTI SUB "}", keys),
        -1);
}

static void header(void **state)
{
    static const char *const types[] = {"at+jwt", "application/at+jwt", "logout+jwt",
                                        "secevent+jwt", "JWTx"};
    (void)state;
    use_rule(BASIC);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char head[200];
        (void)snprintf(head, sizeof head, "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"%s\"}",
                       types[i]);
        assert_int_equal(judge_signed(head, "{" ISS AUD TIMES JTI SUB "}", keys), JT_CHECK_TYP);
    }
    use_rule("{\"issuer\":\"https://a.example\",\"algs\":[\"RS256\"],\"match\":{\"sub\":{"
             "\"prefix\":\"repo:acme/app:\"}}}");
    assert_int_equal(judge("{" ISS AUD TIMES JTI SUB "}"), JT_CHECK_ALG);
}

static void claims(void **state)
{
    static const struct {
        const char *text;
        int bad;
    } rows[] = {
        {"{" AUD TIMES JTI SUB "}", JT_CHECK_ISS},
        {"{\"iss\":\"https://a.example/\"," AUD TIMES JTI SUB "}", JT_CHECK_ISS},
        {"{\"iss\":\"https://A.example\"," AUD TIMES JTI SUB "}", JT_CHECK_ISS},
        {"{\"iss\":[\"https://a.example\"]," AUD TIMES JTI SUB "}", JT_CHECK_ISS},
        {"{" ISS TIMES JTI SUB "}", JT_CHECK_AUD},
        {"{" ISS "\"aud\":\"" US "/token\"," TIMES JTI SUB "}", JT_CHECK_AUD},
        {"{" ISS "\"aud\":[\"" US "\",\"other\"]," TIMES JTI SUB "}", JT_CHECK_AUD},
        {"{" ISS "\"aud\":[]," TIMES JTI SUB "}", JT_CHECK_AUD},
        {"{" ISS "\"aud\":[[\"" US "\"]]," TIMES JTI SUB "}", JT_CHECK_AUD},
        {"{" ISS AUD "\"iat\":1763999990," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":\"1764000300\"," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":1764000000," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":1763999999," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":9223372036854775807," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":1764000300.5," JTI SUB "}", JT_CHECK_EXP},
        {"{" ISS AUD "\"exp\":1764000601," JTI SUB "}", JT_CHECK_LIFE},
        {"{" ISS AUD "\"iat\":1763999990,\"exp\":1764000591," JTI SUB "}", JT_CHECK_LIFE},
        {"{" ISS AUD "\"iat\":1,\"exp\":1764000300," JTI SUB "}", JT_CHECK_LIFE},
        {"{" ISS AUD "\"iat\":1764000011,\"exp\":1764000300," JTI SUB "}", JT_CHECK_IAT},
        {"{" ISS AUD "\"iat\":\"now\",\"exp\":1764000300," JTI SUB "}", JT_CHECK_IAT},
        {"{" ISS AUD "\"iat\":-1,\"exp\":1764000300," JTI SUB "}", JT_CHECK_IAT},
        {"{" ISS AUD TIMES "\"nbf\":1764000011," JTI SUB "}", JT_CHECK_NBF},
        {"{" ISS AUD TIMES "\"nbf\":null," JTI SUB "}", JT_CHECK_NBF},
        {"{" ISS AUD TIMES SUB "}", JT_CHECK_JTI},
        {"{" ISS AUD TIMES "\"jti\":\"\"," SUB "}", JT_CHECK_JTI},
        {"{" ISS AUD TIMES "\"jti\":7," SUB "}", JT_CHECK_JTI},
        {"{" ISS AUD TIMES JTI "\"sub\":\"repo:acme/app\"}", JT_CHECK_MATCH},
        {"{" ISS AUD TIMES JTI "\"sub\":\"repo:evil/app:x\"}", JT_CHECK_MATCH},
        {"{" ISS AUD TIMES JTI "\"sub\":[\"repo:acme/app:x\"]}", JT_CHECK_MATCH},
        {"{" ISS AUD TIMES "\"jti\":\"j1\"}", JT_CHECK_MATCH},
    };
    (void)state;
    use_rule(BASIC);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int bad = judge(rows[i].text);
        if (bad != rows[i].bad) {
            fail_msg("%s: %d", rows[i].text, bad);
        }
    }
}

static void no_replay_protection_wanted(void **state)
{
    (void)state;
    use_rule("{\"issuer\":\"https://a.example\",\"replay\":\"none\",\"match\":{\"sub\":{\"prefix\":"
             "\"repo:acme/\"}}}");
    assert_int_equal(judge("{" ISS AUD TIMES SUB "}"), -1);
}

static void own_audience(void **state)
{
    (void)state;
    use_rule("{\"issuer\":\"https://a.example\",\"audience\":\"jeton\",\"match\":{\"sub\":\"x\"}}");
    assert_int_equal(judge("{" ISS "\"aud\":\"jeton\"," TIMES JTI "\"sub\":\"x\"}"), -1);
    assert_int_equal(judge("{" ISS AUD TIMES JTI "\"sub\":\"x\"}"), JT_CHECK_AUD);
}

/* Paths, types and sets; the type of a value counts. */
static void matchers(void **state)
{
    static const struct {
        const char *matcher, *claim;
        bool fits;
    } rows[] = {
        {"\"n\":1", "\"n\":1", true},
        {"\"n\":1", "\"n\":\"1\"", false},
        {"\"n\":1", "\"n\":1.0", false},
        {"\"n\":1", "\"n\":true", false},
        {"\"n\":\"1\"", "\"n\":1", false},
        {"\"n\":true", "\"n\":true", true},
        {"\"n\":true", "\"n\":\"true\"", false},
        {"\"n\":true", "\"n\":1", false},
        {"\"n\":false", "\"n\":null", false},
        {"\"n\":\"a\"", "\"n\":\"a\"", true},
        {"\"n\":\"a\"", "\"n\":\"A\"", false},
        {"\"n\":\"a\"", "\"n\":[\"a\"]", false},
        {"\"n\":{\"any\":[\"a\",2,true]}", "\"n\":2", true},
        {"\"n\":{\"any\":[\"a\",2,true]}", "\"n\":true", true},
        {"\"n\":{\"any\":[\"a\",2,true]}", "\"n\":\"2\"", false},
        {"\"a.b\":\"x\"", "\"a\":{\"b\":\"x\"}", true},
        {"\"a.b\":\"x\"", "\"a.b\":\"x\"", false},
        {"\"/a.b\":\"x\"", "\"a.b\":\"x\"", true},
        {"\"/kubernetes.io/pod/name\":\"x\"", "\"kubernetes.io\":{\"pod\":{\"name\":\"x\"}}", true},
        {"\"/https:~1~1a~0/x\":\"y\"", "\"https://a~\":{\"x\":\"y\"}", true},
        {"\"/g/1\":\"b\"", "\"g\":[\"a\",\"b\"]", true},
        {"\"/g/2\":\"b\"", "\"g\":[\"a\",\"b\"]", false},
        {"\"/g/01\":\"b\"", "\"g\":[\"a\",\"b\"]", false},
        {"\"a.b.c\":\"x\"", "\"a\":{\"b\":\"x\"}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text,
                       "{\"issuer\":\"https://a.example\",\"match\":{\"sub\":\"x\",%s}}",
                       rows[i].matcher);
        use_rule(text);
        (void)snprintf(text, sizeof text, "{" ISS AUD TIMES JTI "\"sub\":\"x\",%s}", rows[i].claim);
        int bad = judge(text);
        if (bad != (rows[i].fits ? -1 : JT_CHECK_MATCH)) {
            fail_msg("%s with %s: %d", rows[i].matcher, rows[i].claim, bad);
        }
    }
}

static void spiffe(void **state)
{
    (void)state;
    use_rule("{\"issuer\":\"spiffe://a.example\",\"jwks_uri\":\"https://a.example/keys\","
             "\"replay\":\"none\",\"match\":{\"sub\":{\"any\":[\"spiffe://a.example/app\","
             "\"spiffe://a.example.evil/app\",\"spiffe://a.example\"]}}}");
    assert_int_equal(judge("{" AUD TIMES "\"sub\":\"spiffe://a.example/app\"}"), -1);
    assert_int_equal(
        judge("{\"iss\":\"spiffe://a.example\"," AUD TIMES "\"sub\":\"spiffe://a.example/app\"}"),
        -1);
    assert_int_equal(
        judge("{\"iss\":\"https://a.example\"," AUD TIMES "\"sub\":\"spiffe://a.example/app\"}"),
        JT_CHECK_ISS);
    assert_int_equal(judge("{" AUD TIMES "\"sub\":\"spiffe://a.example.evil/app\"}"), JT_CHECK_ISS);
    assert_int_equal(judge("{" AUD TIMES "\"sub\":\"spiffe://a.example\"}"), JT_CHECK_ISS);
    assert_int_equal(judge("{\"iss\":null," AUD TIMES "\"sub\":\"spiffe://a.example/app\"}"),
                     JT_CHECK_ISS);
}

static void keys_and_signature(void **state)
{
    (void)state;
    use_rule(BASIC);
    assert_int_equal(
        judge_signed("{\"alg\":\"ES256\",\"kid\":\"k2\"}", "{" ISS AUD TIMES JTI SUB "}", keys),
        JT_CHECK_KEYS);
    assert_int_equal(jt_findings_first(&found)->end, JT_FINDING_BAD);
    assert_int_equal(
        judge_signed("{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{" ISS AUD TIMES JTI SUB "}", NULL),
        JT_CHECK_KEYS);
    assert_int_equal(jt_findings_first(&found)->end, JT_FINDING_UNDECIDED);
    struct jt_signer *other = signer;
    struct jt_pkey *k = NULL;
    assert_int_equal(jt_pkey_generate(JT_KEY_P256, &k), JT_OK);
    assert_int_equal(jt_signer_new(k, JT_ALG_ES256, &signer), JT_OK);
    assert_int_equal(judge("{" ISS AUD TIMES JTI SUB "}"), JT_CHECK_SIGNATURE);
    jt_signer_free(&signer);
    jt_pkey_free(&k);
    signer = other;
}

/* What audit keeps is cut, at a whole character. */
static void texts(void **state)
{
    (void)state;
    use_rule(BASIC);
    assert_int_equal(judge("{" ISS AUD TIMES JTI "\"sub\":\"repo:evil/app\"}"), JT_CHECK_MATCH);
    struct jt_slice s = jt_finding_text(jt_findings_first(&found), &arena, 200);
    static const char wanted[] =
        "sub is \"repo:evil/app\"; wanted: a text that begins with \"repo:acme/app:\"";
    assert_true(jt_slice_eq(s, jt_str(wanted)));
    char claims_text[1200] = "{" ISS AUD TIMES JTI "\"sub\":\"";
    for (size_t i = 0; i < 300; i++) {
        strncat(claims_text, "é", 3);
    }
    strncat(claims_text, "\"}", 3);
    assert_int_equal(judge(claims_text), JT_CHECK_MATCH);
    s = jt_finding_text(jt_findings_first(&found), &arena, 100);
    assert_true(s.n == 99 || s.n == 100);
    assert_true(s.p[s.n - 1] == 0xa9);
}

static void not_a_token(void **state)
{
    static const char *const all[] = {"",
                                      "x",
                                      "a.b.c",
                                      "eyJhbGciOiJFUzI1NiJ9.W10.AAAA",
                                      "eyJhbGciOiJFUzI1NiJ9.MQ.AAAA",
                                      "eyJhbGciOiJub25lIn0.e30.AAAA"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_json *doc = NULL;
        struct jt_trust_token t;
        jt_arena_reset(&arena);
        assert_int_not_equal(jt_trust_token_read(jt_str(all[i]), &arena, &doc, &t), JT_OK);
        assert_null(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),    cmocka_unit_test(header),
        cmocka_unit_test(claims),       cmocka_unit_test(no_replay_protection_wanted),
        cmocka_unit_test(own_audience), cmocka_unit_test(matchers),
        cmocka_unit_test(spiffe),       cmocka_unit_test(keys_and_signature),
        cmocka_unit_test(texts),        cmocka_unit_test(not_a_token),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
