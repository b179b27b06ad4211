/* SPDX-License-Identifier: Apache-2.0 */
/* What names may be made of (RFC 6749 appendix A, RFC 3629; threats J22, S14, A25). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/http/name.h"

/* RFC 6749 section 3.3: every byte, one by one. */
static void test_scope_bytes(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t s[3] = {'a', (uint8_t)c, 'b'};
        bool ok = c == 0x21 || (c >= 0x23 && c <= 0x5b) || (c >= 0x5d && c <= 0x7e);
        assert_int_equal(jt_scope_name_ok(jt_slice(s, 3)), ok);
    }
}

static void test_client_id_bytes(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t s[2] = {'a', (uint8_t)c};
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool ok = alnum || c == '.' || c == '_' || c == '~' || c == '-';
        assert_int_equal(jt_client_id_ok(jt_slice(s, 2)), ok);
        assert_int_equal(jt_client_id_ok(jt_slice(s + 1, 1)), alnum);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char a[129];
    memset(a, 'a', sizeof a);
    assert_false(jt_scope_name_ok(jt_slice(NULL, 0)));
    assert_true(jt_scope_name_ok(jt_slice(a, 128)));
    assert_false(jt_scope_name_ok(jt_slice(a, 129)));
    assert_false(jt_client_id_ok(jt_slice(NULL, 0)));
    assert_true(jt_client_id_ok(jt_slice(a, 64)));
    assert_false(jt_client_id_ok(jt_slice(a, 65)));
    assert_true(jt_display_text_ok(jt_slice(NULL, 0), 0));
    assert_true(jt_display_text_ok(jt_slice(a, 10), 10));
    assert_false(jt_display_text_ok(jt_slice(a, 11), 10));
}

/* The bounds of every length of RFC 3629 section 4. */
static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "\x01",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91z",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x94",
        "\xc3\x28",
        "\xe2\x28\xac",
        "\xe2\x82\x28",
        "\xf0\x9f\x94\x28",
        "a\xc3",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(jt_utf8_ok(jt_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(jt_utf8_ok(jt_str(bad[i])));
        assert_false(jt_display_text_ok(jt_str(bad[i]), 100));
    }
    assert_false(jt_utf8_ok(JT_LIT("a\0b")));
}

static void test_display_text(void **state)
{
    (void)state;
    static const char *const good[] = {"Billing service", "Z\xc3\xbcrich",
                                       "\xe8\xaa\x8d\xe8\xa8\xbc", "a\"b\\c<d>"};
    static const char *const bad[] = {
        "a\nb",         "a\rb",         "a\tb",         "\x1b[31m",     "\x7f",
        "\xc2\x80",     "\xc2\x9f",     "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xae",
        "\xe2\x80\xaa", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xd8\x9c",     "\xe2\x81\xa6",
        "\xe2\x81\xa9", "\xef\xbb\xbf",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(jt_display_text_ok(jt_str(good[i]), 64));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(jt_display_text_ok(jt_str(bad[i]), 64));
    }
    assert_false(jt_display_text_ok(JT_LIT("a\0"), 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scope_bytes),  cmocka_unit_test(test_client_id_bytes),
        cmocka_unit_test(test_lengths),      cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_display_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
