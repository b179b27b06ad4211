/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/b64.h"

static uint8_t out[512];

static void url_refused(const char *text)
{
    size_t n = 77;
    assert_int_equal(jt_b64url_decode(jt_str(text), out, &n), JT_E_SYNTAX);
    assert_int_equal(n, 77);
}

static void std_refused(const char *text)
{
    size_t n = 77;
    assert_int_equal(jt_b64_decode(jt_str(text), out, &n), JT_E_SYNTAX);
    assert_int_equal(n, 77);
}

/* The alphabet of base64, the length of base64url. */
static void bare(void **state)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    size_t n = 77;
    (void)state;
    jt_buf_init(&b, 64);
    jt_b64_bare_put(&b, jt_slice("\xfb\xff\xfe\xff", 4));
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("+//+/w")));
    assert_int_equal(jt_b64_bare_decode(JT_LIT("+//+/w=="), out, &n), JT_E_SYNTAX);
    assert_int_equal(jt_b64_bare_decode(JT_LIT("-__-_w"), out, &n), JT_E_SYNTAX);
    assert_int_equal(jt_b64_bare_decode(JT_LIT("+//+/x"), out, &n), JT_E_SYNTAX); /* unused bits */
    assert_int_equal(n, 77);
    assert_int_equal(jt_b64_bare_decode(JT_LIT("+//+/w"), out, &n), JT_OK);
    assert_memory_equal(out, "\xfb\xff\xfe\xff", n);
}

/* RFC 4648 section 10 */
static void rfc4648_vectors(void **state)
{
    static const struct {
        const char *plain, *b64, *url, *b32;
    } rows[] = {
        {"", "", "", ""},
        {"f", "Zg==", "Zg", "my"},
        {"fo", "Zm8=", "Zm8", "mzxq"},
        {"foo", "Zm9v", "Zm9v", "mzxw6"},
        {"foob", "Zm9vYg==", "Zm9vYg", "mzxw6yq"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE", "mzxw6ytb"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_slice plain = jt_str(rows[i].plain);
        char text[64];
        size_t n = 0;
        assert_int_equal(jt_b64_decode(jt_str(rows[i].b64), out, &n), JT_OK);
        assert_true(jt_slice_eq(jt_slice(out, n), plain));
        assert_int_equal(jt_b64url_decode(jt_str(rows[i].url), out, &n), JT_OK);
        assert_true(jt_slice_eq(jt_slice(out, n), plain));
        assert_int_equal(jt_b32_decode(jt_str(rows[i].b32), out, &n), JT_OK);
        assert_true(jt_slice_eq(jt_slice(out, n), plain));
        n = jt_b64url_encode(plain, text);
        assert_int_equal(n, JT_B64URL_LEN(plain.n));
        assert_true(jt_slice_eq(jt_slice(text, n), jt_str(rows[i].url)));
        JT_AUTO(jt_buf_free) struct jt_buf bare;
        jt_buf_init(&bare, 64);
        jt_b64_bare_put(&bare, plain);
        assert_int_equal(jt_b64_bare_decode(jt_buf_slice(&bare), out, &n), JT_OK);
        assert_true(jt_slice_eq(jt_slice(out, n), plain));
        assert_true(jt_slice_eq(jt_buf_slice(&bare), jt_str(rows[i].url)));
        n = jt_b32_encode(plain, text);
        assert_int_equal(n, JT_B32_LEN(plain.n));
        assert_true(jt_slice_eq(jt_slice(text, n), jt_str(rows[i].b32)));
    }
}

static void every_length_round_trips(void **state)
{
    uint8_t in[256];
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t n = 0; n <= sizeof in; n++) {
        size_t k = jt_b64url_encode(jt_slice(in, n), text);
        size_t back = 0;
        assert_int_equal(k, JT_B64URL_LEN(n));
        assert_int_equal(jt_b64url_decode(jt_slice(text, k), out, &back), JT_OK);
        assert_true(back <= JT_B64_BYTES(k));
        assert_true(jt_slice_eq(jt_slice(out, back), jt_slice(in, n)));
        k = jt_b32_encode(jt_slice(in, n), text);
        assert_int_equal(jt_b32_decode(jt_slice(text, k), out, &back), JT_OK);
        assert_true(jt_slice_eq(jt_slice(out, back), jt_slice(in, n)));
    }
}

/* threats J11: one text for each value */
static void url_is_canonical(void **state)
{
    static const char *const bad[] = {"A",     "Zg==", "Zm8=",  "Zh",  "Zm9",  "Z+8",
                                      "Z/8",   "Zm 9", "Zm9v ", " Zg", "Zg\n", "Z\rg",
                                      "Zm9vY", "Zg.",  "Z=",    "=",   "é",    "Zm9v?"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        url_refused(bad[i]);
    }
    size_t n = 77;
    assert_int_equal(jt_b64url_decode(jt_slice("Zg\0\0", 4), out, &n), JT_E_SYNTAX);
}

/* Of all texts of two characters exactly the 256 encodings of one byte are taken. */
static void two_characters_make_256_values(void **state)
{
    bool seen[256] = {false};
    unsigned taken = 0;
    (void)state;
    for (unsigned v = 0; v < 65536; v++) {
        const uint8_t text[2] = {(uint8_t)(v >> 8), (uint8_t)(v & 0xff)};
        char again[4];
        size_t n = 0;
        if (jt_b64url_decode(jt_slice(text, 2), out, &n) == JT_OK) {
            assert_int_equal(n, 1);
            assert_false(seen[out[0]]);
            seen[out[0]] = true;
            taken++;
            assert_int_equal(jt_b64url_encode(jt_slice(out, 1), again), 2);
            assert_memory_equal(again, text, 2);
        }
    }
    assert_int_equal(taken, 256);
}

static void standard_needs_exact_padding(void **state)
{
    static const char *const bad[] = {"Zg",   "Zg=",      "Zg===", "Zm8",   "Zm8==", "=",
                                      "==",   "====",     "A===",  "Zh==",  "Zm9=",  "Z-8=",
                                      "Z_8=", "Zg==Zg==", "Z=g=",  "Zm9v=", " Zg==", "Zg==\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        std_refused(bad[i]);
    }
}

static void base32_is_canonical(void **state)
{
    static const char *const bad[] = {"m", "mzx", "mzxw6y", "mz", "m1", "m0", "m8", "my======"};
    size_t n = 77;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(jt_b32_decode(jt_str(bad[i]), out, &n), JT_E_SYNTAX);
        assert_int_equal(n, 77);
    }
    assert_int_equal(jt_b32_decode(JT_LIT("MZXW6YTBOI"), out, &n), JT_OK);
    assert_true(jt_slice_eq(jt_slice(out, n), JT_LIT("foobar")));
}

static void put_appends_and_respects_max(void **state)
{
    struct jt_buf b;
    (void)state;
    jt_buf_init(&b, 6);
    jt_buf_puts(&b, "x.");
    jt_b64url_put(&b, JT_LIT("foo"));
    assert_true(jt_buf_ok(&b));
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("x.Zm9v")));
    jt_b64url_put(&b, JT_LIT("f"));
    assert_false(jt_buf_ok(&b));
    assert_int_equal(b.n, 6);
    jt_buf_free(&b);
}

static void standard_put_pads(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"\xfb\xff", "+/8="}, {"foob", "Zm9vYg=="}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t back[32];
        size_t n = 0;
        struct jt_buf b;
        jt_buf_init(&b, 64);
        jt_buf_puts(&b, "-_"); /* what stands there already stays */
        jt_b64_put(&b, jt_str(rows[i][0]));
        struct jt_slice got = jt_slice_from(jt_buf_slice(&b), 2);
        assert_true(jt_buf_ok(&b) && memcmp(b.p, "-_", 2) == 0);
        assert_true(jt_slice_eq(got, jt_str(rows[i][1])));
        assert_int_equal(jt_b64_decode(got, back, &n), JT_OK);
        assert_true(jt_slice_eq(jt_slice(back, n), jt_str(rows[i][0])));
        jt_buf_free(&b);
    }
    struct jt_buf b;
    jt_buf_init(&b, 3);
    jt_b64_put(&b, JT_LIT("f"));
    assert_false(jt_buf_ok(&b));
    assert_int_equal(b.n, 0);
    jt_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc4648_vectors),
        cmocka_unit_test(bare),
        cmocka_unit_test(every_length_round_trips),
        cmocka_unit_test(url_is_canonical),
        cmocka_unit_test(two_characters_make_256_values),
        cmocka_unit_test(standard_needs_exact_padding),
        cmocka_unit_test(base32_is_canonical),
        cmocka_unit_test(put_appends_and_respects_max),
        cmocka_unit_test(standard_put_pads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
