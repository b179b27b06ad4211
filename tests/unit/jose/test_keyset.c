/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "core/jose/keyset.h"

#define KEYS 6

static struct jt_pkey *keys[KEYS]; /* P-256, the last one RSA */
static struct jt_buf jwk[KEYS];    /* kid k0, k1, … */

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        char kid[8];
        bool rsa = i == KEYS - 1;
        (void)snprintf(kid, sizeof kid, "k%zu", i);
        jt_buf_init(&jwk[i], 4096);
        struct jt_jw w = jt_jw(&jwk[i]);
        if (jt_pkey_generate(rsa ? JT_KEY_RSA : JT_KEY_P256, &keys[i]) != JT_OK ||
            jt_jwk_write(&w, keys[i], rsa ? JT_ALG_RS256 : JT_ALG_ES256, jt_str(kid)) != JT_OK) {
            return -1;
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        jt_pkey_free(&keys[i]);
        jt_buf_free(&jwk[i]);
    }
    return 0;
}

static enum jt_err read_set(struct jt_slice json, struct jt_keyset **out)
{
    const char *why = "";
    *out = NULL;
    enum jt_err e = jt_keyset_read(json, out, &why);
    assert_int_equal(e == JT_OK, *out != NULL);
    assert_true(e == JT_OK || why[0] != '\0');
    return e;
}

static enum jt_err read_text(const char *text)
{
    struct jt_keyset *s = NULL;
    enum jt_err e = read_set(jt_str(text), &s);
    jt_keyset_release(&s);
    return e;
}

/* Without their names when kids is false. */
static struct jt_keyset *set_of(size_t from, size_t to, bool kids)
{
    struct jt_keyset *s = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 65536);
    jt_buf_puts(&b, "{\"keys\":[");
    for (size_t i = from; i < to; i++) {
        size_t start = b.n;
        jt_buf_puts(&b, i == from ? "" : ",");
        jt_buf_put(&b, jt_buf_slice(&jwk[i]));
        if (!kids) { /* "kid" becomes a member that means nothing */
            uint8_t *p = memmem(b.p + start, b.n - start, "\"kid\"", 5);
            assert_non_null(p);
            p[1] = 'x';
        }
    }
    jt_buf_puts(&b, "]}");
    assert_int_equal(read_set(jt_buf_slice(&b), &s), JT_OK);
    return s;
}

static enum jt_sig_verdict verify(const struct jt_keyset *s, size_t signer, enum jt_alg alg,
                                  const char *head)
{
    struct jt_arena arena;
    struct jt_signer *by = NULL;
    struct jt_jws_parts parts;
    struct jt_jws_header header = {.alg = JT_ALG_NONE};
    JT_AUTO(jt_buf_free) struct jt_buf token;
    JT_AUTO(jt_buf_free) struct jt_buf h;
    jt_arena_init(&arena, 65536);
    jt_buf_init(&token, 8192);
    jt_buf_init(&h, 1024);
    jt_b64url_put(&h, jt_str(head));
    assert_int_equal(jt_signer_new(keys[signer], alg, &by), JT_OK);
    assert_int_equal(jt_jws_write(by, jt_buf_slice(&h), JT_LIT("{}"), &token), JT_OK);
    assert_int_equal(jt_jws_read(jt_buf_slice(&token), &arena, &parts, &header), JT_OK);
    enum jt_sig_verdict v = jt_keyset_verify(s, &parts, &header);
    jt_signer_free(&by);
    jt_arena_free(&arena);
    return v;
}

static void by_name(void **state)
{
    (void)state;
    struct jt_keyset *s = set_of(0, KEYS, true);
    assert_int_equal(jt_keyset_count(s), KEYS);
    assert_null(jt_keyset_at(s, KEYS));
    assert_int_equal(verify(s, 2, JT_ALG_ES256, "{\"alg\":\"ES256\",\"kid\":\"k2\"}"),
                     JT_SIG_VALID);
    assert_int_equal(verify(s, 5, JT_ALG_RS256, "{\"alg\":\"RS256\",\"kid\":\"k5\"}"),
                     JT_SIG_VALID);
    /* the name of another key, of none, and an algorithm that the key does not say */
    assert_int_equal(verify(s, 2, JT_ALG_ES256, "{\"alg\":\"ES256\",\"kid\":\"k1\"}"),
                     JT_SIG_INVALID);
    assert_int_equal(verify(s, 2, JT_ALG_ES256, "{\"alg\":\"ES256\",\"kid\":\"nobody\"}"),
                     JT_SIG_INVALID);
    assert_int_equal(verify(s, 5, JT_ALG_PS256, "{\"alg\":\"PS256\",\"kid\":\"k5\"}"),
                     JT_SIG_INVALID);
    assert_true(jt_keyset_has(s, JT_LIT("k2"), JT_ALG_ES256));
    assert_false(jt_keyset_has(s, JT_LIT("k2"), JT_ALG_EDDSA));
    assert_false(jt_keyset_has(s, JT_LIT("k2"), JT_ALG_RS256));
    assert_false(jt_keyset_has(s, JT_LIT("nobody"), JT_ALG_ES256));
    struct jt_keyset *more = jt_keyset_ref(s);
    jt_keyset_release(&s);
    assert_null(s);
    assert_int_equal(jt_keyset_count(more), KEYS);
    jt_keyset_release(&more);
    jt_keyset_release(&more);
}

/* Without a name the keys that fit are tried, but not more than four. */
static void without_name(void **state)
{
    (void)state;
    struct jt_keyset *s = set_of(0, KEYS, false);
    for (size_t i = 0; i < KEYS; i++) {
        bool rsa = i == KEYS - 1;
        enum jt_sig_verdict v = verify(s, i, rsa ? JT_ALG_RS256 : JT_ALG_ES256,
                                       rsa ? "{\"alg\":\"RS256\"}" : "{\"alg\":\"ES256\"}");
        assert_int_equal(v, rsa || i < JT_KEYSET_TRIES ? JT_SIG_VALID : JT_SIG_INVALID);
    }
    jt_keyset_release(&s);
}

/* RFC 7517 section 5: what cannot be used is left out; a set of nothing else is none. */
static void refusals(void **state)
{
    static const char *const none[] = {
        "{\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        "{\"keys\":[1,null,\"x\",[]]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
    };
    static const char *const broken[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "<html></html>",
        "{\"keys\":[]}x",
        "{\"keys\":[],\"keys\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(read_text(none[i]), JT_E_NOTFOUND);
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(read_text(broken[i]), JT_E_SYNTAX);
    }
}

static void some_are_left_out(void **state)
{
    (void)state;
    struct jt_keyset *s = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 65536);
    jt_buf_puts(&b, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},");
    jt_buf_put(&b, jt_buf_slice(&jwk[0]));
    jt_buf_puts(&b, ",{\"kty\":\"EC\",\"crv\":\"P-521\",\"kid\":\"big\"}]}");
    assert_int_equal(read_set(jt_buf_slice(&b), &s), JT_OK);
    assert_int_equal(jt_keyset_count(s), 1);
    assert_true(jt_slice_eq(jt_keyset_at(s, 0)->kid, JT_LIT("k0")));
    jt_keyset_release(&s);
}

/* SPIFFE bundles write "jwt-svid" where others write "sig", and hold certificates too. */
static void spiffe_use(void **state)
{
    static const struct {
        const char *use;
        bool taken;
    } rows[] = {{"sig", true}, {"jwt-svid", true}, {"x509-svid", false}, {"enc", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_keyset *s = NULL;
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, 65536);
        jt_buf_puts(&b, "{\"keys\":[");
        struct jt_slice k = jt_buf_slice(&jwk[0]);
        const uint8_t *at = memmem(k.p, k.n, "\"sig\"", 5);
        assert_non_null(at);
        jt_buf_put(&b, jt_slice(k.p, (size_t)(at - k.p)));
        jt_buf_printf(&b, "\"%s\"", rows[i].use);
        jt_buf_put(&b, jt_slice_from(k, (size_t)(at - k.p) + 5));
        jt_buf_puts(&b, "]}");
        assert_int_equal(read_set(jt_buf_slice(&b), &s), rows[i].taken ? JT_OK : JT_E_NOTFOUND);
        jt_keyset_release(&s);
    }
}

static void limits(void **state)
{
    (void)state;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, (size_t)1024 * 1024);
    jt_buf_puts(&b, "{\"keys\":[");
    for (size_t i = 0; i < JT_KEYSET_KEYS + 1; i++) {
        jt_buf_puts(&b, i == 0 ? "" : ",");
        jt_buf_put(&b, jt_buf_slice(&jwk[0]));
    }
    jt_buf_puts(&b, "]}");
    struct jt_keyset *s = NULL;
    assert_int_equal(read_set(jt_buf_slice(&b), &s), JT_E_LIMIT);
    jt_buf_reset(&b);
    jt_buf_puts(&b, "{\"keys\":[");
    jt_buf_put(&b, jt_buf_slice(&jwk[0]));
    jt_buf_puts(&b, "],\"x\":\"");
    while (b.n < JT_KEYSET_BYTES) {
        jt_buf_putc(&b, 'x');
    }
    jt_buf_puts(&b, "\"}");
    assert_int_equal(read_set(jt_buf_slice(&b), &s), JT_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name),    cmocka_unit_test(without_name),
        cmocka_unit_test(refusals),   cmocka_unit_test(some_are_left_out),
        cmocka_unit_test(spiffe_use), cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
