/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/say.h"

static void shows(struct jt_slice in, const char *out)
{
    struct jt_buf b;
    jt_buf_init(&b, 4096);
    jt_safe_put(&b, in);
    assert_true(jt_buf_ok(&b));
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(out))) {
        fail_msg("%.*s is not %s", (int)b.n, (const char *)b.p, out);
    }
    jt_buf_free(&b);
}

static void letters_stay(void **state)
{
    (void)state;
    shows(JT_LIT(""), "");
    shows(JT_LIT("plain ~ text"), "plain ~ text");
    shows(JT_LIT("Prüfung 日本 😀"), "Prüfung 日本 😀");
}

static void controls_are_escaped(void **state)
{
    (void)state;
    shows(JT_LIT("\x1b[2J"), "\\x1b[2J");
    shows(JT_LIT("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d");
    shows(jt_slice("a\0b", 3), "a\\x00b");
    shows(JT_LIT("\x7f"), "\\x7f");
    shows(JT_LIT("\xc2\x9b"), "\\u{9b}"); /* CSI as one character */
    shows(JT_LIT("\xe2\x80\xae"), "\\u{202e}");
    shows(JT_LIT("\xe2\x80\xa8"), "\\u{2028}");
    shows(JT_LIT("\xef\xbb\xbf"), "\\u{feff}");
    shows(JT_LIT("\xf3\xa0\x81\x81"), "\\u{e0041}");
}

static void what_is_not_utf8_is_shown_byte_by_byte(void **state)
{
    (void)state;
    shows(JT_LIT("\xff"), "\\xff");
    shows(JT_LIT("\xc3"), "\\xc3");                            /* cut */
    shows(JT_LIT("\xc3x"), "\\xc3x");                          /* no continuation */
    shows(JT_LIT("\xc0\x8a"), "\\xc0\\x8a");                   /* overlong */
    shows(JT_LIT("\xe0\x80\x8a"), "\\xe0\\x80\\x8a");          /* overlong */
    shows(JT_LIT("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* surrogate */
    shows(JT_LIT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* over U+10FFFF */
    shows(JT_LIT("\x9b"), "\\x9b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_stay),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(what_is_not_utf8_is_shown_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
