/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_forged.c - tokens that are not what was issued, asked about at the introspection endpoint:
 * with one bit changed or cut short (J16), truly signed but with wrong dates, type or audience
 * (J17, J19, J20), and at the second in which they end (J18). To all the answer is byte for byte
 * the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "core/jose/jws.h"
#include "house.h"

#define ANSWER 65536
#define TOKEN_MAX 4096

static struct house house;
static char answer[ANSWER];

static int setup(void **state)
{
    (void)state;
    house_open(&house, JT_AUDIT_BLOCK, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static void issue(const char *client, const char *resource, char token[static TOKEN_MAX])
{
    char auth[1024];
    char body[512];
    house_basic(client, house_secret(&house, client), auth, sizeof auth);
    (void)snprintf(body, sizeof body, "grant_type=client_credentials&resource=%s", resource);
    (void)house_post(&house, "/token", auth, body, answer, sizeof answer);
    const char *p = strstr(answer, "\"access_token\":\"");
    if (p == NULL || sscanf(p, "\"access_token\":\"%4000[^\"]", token) != 1) {
        fail_msg("no token: %s", answer);
    }
}

static char hex(unsigned v)
{
    return "0123456789ABCDEF"[v & 15];
}

/* As the form of a request has it: everything but letters and digits escaped. */
static void escape(struct jt_slice s, char *out)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = hex(c >> 4);
            *out++ = hex(c);
        }
    }
    *out = '\0';
}

/* Questions that go over one connection, one behind the other. */
struct questions {
    struct jt_buf text;
    size_t n;
};
#define TOGETHER 50

static void ask(struct questions *q, struct jt_slice token)
{
    static char body[3 * TOKEN_MAX + 16];
    char auth[1024];
    memcpy(body, "token=", 6);
    escape(token, body + 6);
    house_basic("rs", house_secret(&house, "rs"), auth, sizeof auth);
    jt_buf_printf(&q->text,
                  "POST /introspect HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: "
                  "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                  auth, strlen(body), body);
    q->n++;
}

static size_t count(const char *what)
{
    size_t n = 0;
    for (const char *p = strstr(answer, what); p != NULL; p = strstr(p + 1, what)) {
        n++;
    }
    return n;
}

/*
 * How many of them are active. All others are inactive, byte for byte; but for forms that are no
 * request at all, because a bit made a NUL or bad UTF-8 of a letter, or because nothing is left.
 */
static size_t answered(struct questions *q)
{
    assert_true(jt_buf_ok(&q->text));
    (void)house_exchange(&house, jt_buf_slice(&q->text), answer, sizeof answer);
    size_t yes = count("\r\n\r\n{\"active\":true,");
    size_t no = count("\r\nContent-Length: 16\r\n\r\n{\"active\":false}");
    size_t bad = count("has an invalid encoding.") + count("The parameter token is missing.");
    assert_int_equal(count("HTTP/1.1 200 "), yes + no);
    assert_int_equal(yes + no + bad, q->n);
    jt_buf_reset(&q->text);
    q->n = 0;
    return yes;
}

static bool active(struct jt_slice token)
{
    struct questions q = {.n = 0};
    jt_buf_init(&q.text, 65536);
    ask(&q, token);
    size_t yes = answered(&q);
    jt_buf_free(&q.text);
    return yes == 1;
}

static void flips_of_byte(struct questions *q, struct jt_slice token, size_t i)
{
    char changed[TOKEN_MAX];
    memcpy(changed, token.p, token.n);
    ask(q, jt_slice(changed, i));                       /* cut short */
    ask(q, jt_slice(changed + i + 1, token.n - i - 1)); /* begun late */
    for (unsigned bit = 0; bit < 8; bit++) {
        changed[i] = (char)(token.p[i] ^ 1u << bit);
        ask(q, jt_slice(changed, token.n));
    }
}

static void flips_of(const char *client, const char *resource)
{
    static const char *const more[] = {"A", "=", ".", "\n", " ", ".A", "A.", "%00"};
    char token[TOKEN_MAX];
    char changed[TOKEN_MAX + 8];
    struct questions q = {.n = 0};
    jt_buf_init(&q.text, 1u << 20);
    issue(client, resource, token);
    assert_true(active(jt_str(token)));
    for (size_t i = 0; i < strlen(token); i++) {
        flips_of_byte(&q, jt_str(token), i);
        if (q.n >= TOGETHER && answered(&q) != 0) {
            fail_msg("a bit about byte %zu of %s does not matter", i, token);
        }
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        (void)snprintf(changed, sizeof changed, "%s%s", token, more[i]);
        ask(&q, jt_str(changed));
        (void)snprintf(changed, sizeof changed, "%s%s", more[i], token);
        ask(&q, jt_str(changed));
    }
    assert_int_equal(answered(&q), 0);
    assert_true(active(jt_str(token)));
    jt_buf_free(&q.text);
}

/* J16: each bit of each byte, each length. */
static void test_flips_of_a_jwt(void **state)
{
    (void)state;
    flips_of("alice", "https://api.one");
}

static void test_flips_of_an_opaque_token(void **state)
{
    (void)state;
    flips_of("carol", "https://api.opaque");
}

/* What a forger with our own key could write. */
struct forge {
    struct jt_signer *signer;
    char kid[128], jti[64];
};

static enum jt_err find_key(struct jt_change *chg, void *ctx)
{
    struct forge *f = ctx;
    const struct jt_object *page[8];
    uint64_t cursor = 0;
    size_t n = jt_change_page(chg, JT_OBJ_SIGNING_KEY, &cursor, page, 8);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *k = (const struct jt_signing_key *)page[i];
        if (k->alg == JT_ALG_RS256) {
            (void)snprintf(f->kid, sizeof f->kid, "%.*s", JT_FMT(k->o.name));
            return jt_signer_new(k->pkey, k->alg, &f->signer);
        }
    }
    return JT_E_NOTFOUND;
}

static void begin_forging(struct forge *f)
{
    char token[TOKEN_MAX];
    uint8_t payload[TOKEN_MAX];
    size_t n = 0;
    issue("alice", "https://api.one", token);
    struct jt_slice rest = jt_slice_from(jt_str(token), jt_slice_find(jt_str(token), '.') + 1);
    assert_int_equal(jt_b64url_decode(jt_slice(rest.p, jt_slice_find(rest, '.')), payload, &n),
                     JT_OK);
    payload[n] = '\0';
    const char *p = strstr((char *)payload, "\"jti\":\"");
    assert_non_null(p);
    assert_int_equal(sscanf(p, "\"jti\":\"%63[^\"]", f->jti), 1);
    assert_int_equal(house_change(&house, find_key, f), JT_OK);
}

/* {kid} {jti} {now} {exp} filled in. */
static void fill(const struct forge *f, const char *in, char *out)
{
    long long now = (long long)jt_wall_s(&jt_clock_system);
    while (*in != '\0') {
        if (strncmp(in, "{kid}", 5) == 0) {
            out += sprintf(out, "%s", f->kid);
            in += 5;
        } else if (strncmp(in, "{jti}", 5) == 0) {
            out += sprintf(out, "%s", f->jti);
            in += 5;
        } else if (strncmp(in, "{now}", 5) == 0) {
            out += sprintf(out, "%lld", now);
            in += 5;
        } else if (strncmp(in, "{exp}", 5) == 0) {
            out += sprintf(out, "%lld", now + 600);
            in += 5;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
}

static bool forged(const struct forge *f, const char *header, const char *payload)
{
    char text[TOKEN_MAX];
    JT_AUTO(jt_buf_free) struct jt_buf h;
    JT_AUTO(jt_buf_free) struct jt_buf t;
    jt_buf_init(&h, 65536);
    jt_buf_init(&t, 65536);
    fill(f, header, text);
    jt_b64url_put(&h, jt_str(text));
    fill(f, payload, text);
    assert_int_equal(jt_jws_write(f->signer, jt_buf_slice(&h), jt_str(text), &t), JT_OK);
    return active(jt_buf_slice(&t));
}

#define HEADER "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}"
#define WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"alice\",\"client_id\":\"alice\""
#define AUD "\"aud\":\"https://api.one\""
#define SCOPE "\"scope\":\"api:read\""
#define DATES "\"iat\":{now},\"exp\":{exp}"
#define JTI "\"jti\":\"{jti}\""
#define BUT_DATES "{" WHO "," AUD "," SCOPE "," JTI ","
#define BUT_AUD "{" WHO "," SCOPE "," DATES "," JTI ","
#define BUT_WHO "{" AUD "," SCOPE "," DATES "," JTI ","
#define GOOD "{" WHO "," AUD "," SCOPE "," DATES "," JTI "}"

/* Nothing is wrong with these: what is refused below is refused for what it differs in. */
static const char *const fine[][2] = {
    {HEADER, GOOD},
    {"{\"kid\":\"{kid}\",\"typ\":\"AT+JWT\",\"alg\":\"RS256\"}", GOOD},
    {"{\"alg\":\"RS256\",\"typ\":\"application/at+jwt\",\"kid\":\"{kid}\",\"x\":1}", GOOD},
    {HEADER, BUT_AUD "\"aud\":[\"https://api.one\"]}"},
    {HEADER, BUT_DATES "\"iat\":0,\"exp\":4102444800,\"nbf\":1,\"extra\":{\"a\":[1]}}"},
};

static const char *const wrong_dates[] = {
    BUT_DATES "\"iat\":{now}}",
    BUT_DATES "\"exp\":{exp}}",
    BUT_DATES "\"iat\":{now},\"exp\":{now}}",
    BUT_DATES "\"iat\":{now},\"exp\":0}",
    BUT_DATES "\"iat\":{now},\"exp\":-1}",
    BUT_DATES "\"iat\":{now},\"exp\":\"{exp}\"}",
    BUT_DATES "\"iat\":{now},\"exp\":{exp}.5}",
    BUT_DATES "\"iat\":{now},\"exp\":{exp}.0}",
    BUT_DATES "\"iat\":{now},\"exp\":1e300}",
    BUT_DATES "\"iat\":{now},\"exp\":5e9}",
    BUT_DATES "\"iat\":{now},\"exp\":null}",
    BUT_DATES "\"iat\":{now},\"exp\":true}",
    BUT_DATES "\"iat\":{now},\"exp\":[{exp}]}",
    BUT_DATES "\"iat\":{now},\"exp\":{}}",
    BUT_DATES "\"iat\":{now},\"exp\":9007199254740993}",
    BUT_DATES "\"iat\":{now},\"exp\":9223372036854775807}",
    BUT_DATES "\"iat\":{now},\"exp\":9223372036854775808}",
    BUT_DATES "\"iat\":{now},\"exp\":18446744073709551616}",
    BUT_DATES "\"iat\":{now},\"exp\":{exp},\"exp\":4102444800}",
    BUT_DATES "\"iat\":\"{now}\",\"exp\":{exp}}",
    BUT_DATES "\"iat\":-1,\"exp\":{exp}}",
    BUT_DATES "\"iat\":1e9,\"exp\":{exp}}",
    BUT_DATES "\"iat\":{now},\"EXP\":{exp}}",
};

static const char *const wrong_headers[] = {
    "{\"alg\":\"RS256\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"id_token\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"logout+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"client-authentication+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt \",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":[\"at+jwt\"],\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}x\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"../../dev/null\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"' or 1=1--\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":[\"{kid}\"]}",
    "{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"rs256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"crit\":[\"exp\"],\"exp\":1}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"crit\":[]}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"b64\":true}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"zip\":\"DEF\"}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"jwk\":{}}",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\",\"jku\":\"http://127.0.0.1:9/\"}",
    "[]",
    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}x",
    "\xef\xbb\xbf{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}",
};

static const char *const wrong_content[] = {
    /* aud */
    BUT_AUD "\"x\":1}",
    BUT_AUD "\"aud\":\"\"}",
    BUT_AUD "\"aud\":[]}",
    BUT_AUD "\"aud\":null}",
    BUT_AUD "\"aud\":[\"https://api.one\",1]}",
    BUT_AUD "\"aud\":[\"https://api.one\",\"https://api.two\"]}",
    BUT_AUD "\"aud\":[[\"https://api.one\"]]}",
    BUT_AUD "\"aud\":{\"https://api.one\":1}}",
    BUT_AUD "\"aud\":\"https://api.one/\"}",
    BUT_AUD "\"aud\":\"https://api.on\"}",
    BUT_AUD "\"aud\":\"HTTPS://api.one\"}",
    BUT_AUD "\"aud\":\"https://API.one\"}",
    BUT_AUD "\"aud\":\"https://api.one:443\"}",
    BUT_AUD "\"aud\":\"https://api.two\"}",
    BUT_AUD "\"aud\":\"https://api.one\",\"aud\":\"https://api.one\"}",
    BUT_AUD "\"aud\":\"https://api.one\\u0000\"}",
    /* iss, sub, client_id */
    BUT_WHO "\"sub\":\"alice\",\"client_id\":\"alice\"}",
    BUT_WHO "\"iss\":\"https://other.example\",\"sub\":\"alice\",\"client_id\":\"alice\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "/\",\"sub\":\"alice\",\"client_id\":\"alice\"}",
    BUT_WHO "\"iss\":[\"" HOUSE_ISSUER "\"],\"sub\":\"alice\",\"client_id\":\"alice\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"bob\",\"client_id\":\"alice\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"bob\",\"client_id\":\"bob\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"Alice\",\"client_id\":\"Alice\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"alice\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"client_id\":\"alice\"}",
    BUT_WHO WHO ",\"sub\":\"bob\"}",
    BUT_WHO "\"iss\":\"" HOUSE_ISSUER "\",\"sub\":\"alice\\u0000\",\"client_id\":\"alice\"}",
    /* scope, jti */
    "{" WHO "," AUD "," DATES "," JTI ",\"scope\":\"api:read api:admin\"}",
    "{" WHO "," AUD "," DATES "," JTI ",\"scope\":\"two:read\"}",
    "{" WHO "," AUD "," DATES "," JTI ",\"scope\":[\"api:read\"]}",
    "{" WHO "," AUD "," DATES "," SCOPE "}",
    "{" WHO "," AUD "," DATES "," SCOPE ",\"jti\":\"\"}",
    "{" WHO "," AUD "," DATES "," SCOPE ",\"jti\":\"{jti}a\"}",
    "{" WHO "," AUD "," DATES "," SCOPE ",\"jti\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
    "{" WHO "," AUD "," DATES "," SCOPE ",\"jti\":1}",
    /* form */
    "",
    "[]",
    "null",
    "\"x\"",
    "[" GOOD "]",
    GOOD "x",
    "\xef\xbb\xbf" GOOD,
    BUT_DATES DATES ",\"x\":[[[[[[[[]]]]]]]]}",
    BUT_DATES DATES ",\"x\":\"\xff\"}",
};

static void all_inactive(const struct forge *f, const char *const *rows, size_t n, bool headers)
{
    for (size_t i = 0; i < n; i++) {
        if (forged(f, headers ? rows[i] : HEADER, headers ? GOOD : rows[i])) {
            fail_msg("taken: %s", rows[i]);
        }
    }
    assert_true(forged(f, HEADER, GOOD));
}

static void test_signed_and_wrong(void **state)
{
    struct forge f = {0};
    (void)state;
    begin_forging(&f);
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        if (!forged(&f, fine[i][0], fine[i][1])) {
            fail_msg("refused: %s %s", fine[i][0], fine[i][1]);
        }
    }
    all_inactive(&f, wrong_dates, sizeof wrong_dates / sizeof wrong_dates[0], false);
    all_inactive(&f, wrong_headers, sizeof wrong_headers / sizeof wrong_headers[0], true);
    all_inactive(&f, wrong_content, sizeof wrong_content / sizeof wrong_content[0], false);
    jt_signer_free(&f.signer);
}

/* J18: over from the very second that exp names, for both formats; and not a second before. */
static void test_boundary(void **state)
{
    static const struct {
        const char *client, *resource;
    } kinds[] = {{"alice", "https://api.one"}, {"carol", "https://api.opaque"}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char token[TOKEN_MAX];
        long long exp = 0;
        issue(kinds[i].client, kinds[i].resource, token);
        assert_true(active(jt_str(token)));
        const char *p = strstr(answer, "\"exp\":");
        assert_true(p != NULL && sscanf(p, "\"exp\":%lld", &exp) == 1);
        const struct {
            int64_t us;
            bool is;
        } table[] = {{exp * 1000000 - 1000000, true},  {exp * 1000000 - 1, true},
                     {exp * 1000000, false},           {exp * 1000000 + 1, false},
                     {exp * 1000000 + 1000000, false}, {INT64_C(4102444800000000), false},
                     {exp * 1000000 - 1, true}};
        for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
            atomic_store(&house.stands_us, table[k].us);
            assert_int_equal(active(jt_str(token)), table[k].is);
        }
        atomic_store(&house.stands_us, 0);
        assert_true(active(jt_str(token)));
    }
}

/* The same of a secret: good from not-before on, and until the second before it ends. */
static enum jt_err limit_alice(struct jt_change *chg, void *ctx)
{
    const int64_t *s = ctx;
    const struct jt_object *o = jt_change_find(chg, JT_OBJ_CLIENT, JT_LIT("alice"));
    if (o == NULL) {
        return JT_E_NOTFOUND;
    }
    struct jt_client c = *(const struct jt_client *)o;
    struct jt_credential k = c.credentials[0];
    k.not_before_s = s[0];
    k.expires_s = s[1];
    c.credentials = &k;
    return jt_change_put_copy(chg, &c.o);
}

static void test_boundary_of_a_secret(void **state)
{
    int64_t limits[2] = {2000000000, 2000000100};
    static const struct {
        int64_t us;
        const char *reason;
    } table[] = {
        {INT64_C(1999999999999999), "secret_not_yet_valid"},
        {INT64_C(2000000000000000), ""},
        {INT64_C(2000000099999999), ""},
        {INT64_C(2000000100000000), "secret_expired"},
        {INT64_C(4000000000000000), "secret_expired"},
    };
    char auth[1024];
    (void)state;
    assert_int_equal(house_change(&house, limit_alice, limits), JT_OK);
    house_basic("alice", house_secret(&house, "alice"), auth, sizeof auth);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        atomic_store(&house.stands_us, table[i].us);
        (void)house_post(&house, "/token", auth, "grant_type=client_credentials", answer,
                         sizeof answer);
        bool good = table[i].reason[0] == '\0';
        assert_int_equal(strstr(answer, "HTTP/1.1 200 ") != NULL, good);
        assert_true(jt_slice_eq(house_last_event(&house)->reason, jt_str(table[i].reason)));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_flips_of_a_jwt), TEST(test_flips_of_an_opaque_token), TEST(test_signed_and_wrong),
        TEST(test_boundary),       TEST(test_boundary_of_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
