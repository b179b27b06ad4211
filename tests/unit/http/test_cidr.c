/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: one spelling each, one comparison for both families (threats S11, S12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/http/cidr.h"

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        bool v4;
    } all[] = {
        {"10.0.0.7", "10.0.0.7", true},
        {"0.0.0.0", "0.0.0.0", true},
        {"255.255.255.255", "255.255.255.255", true},
        {"::ffff:10.0.0.7", "10.0.0.7", true}, /* the same address */
        {"::FFFF:0a00:0007", "10.0.0.7", true},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", false}, /* RFC 5952 */
        {"2001:0db8::0001", "2001:db8::1", false},
        {"::1", "::1", false},
        {"fe80::1:2:3:4", "fe80::1:2:3:4", false},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_addr a;
        char text[JT_ADDR_TEXT];
        assert_int_equal(jt_addr_read(jt_str(all[i].in), &a), JT_OK);
        jt_addr_text(&a, text);
        assert_string_equal(text, all[i].out);
        assert_int_equal(jt_addr_is_v4(&a), all[i].v4);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "localhost",
        "10.0.0",
        "10.0.0.0.1",
        "10.0.0.256",
        "10.0.0.-1",
        "10.0.0.+1",
        "010.0.0.1", /* octal elsewhere */
        "10.0.0.01",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1\n",
        "0x7f.1",
        "0x7f.0.0.1",
        "127.1",
        "2130706433",
        "10.0.0.0/8",
        "10..0.1",
        "10.0.0.",
        "10.0.0.1:80",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "g::1",
        "[::1]",
        "::1/128",
        "fe80::1%eth0",
        "::ffff:010.0.0.1",
        "::ffff:10.0.0.256",
        "::ffff:10.0.0",
        "1:2:3:4:5:6:7:8888888888888888888888888888888888888888888888",
    };
    struct jt_addr a = {{7}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (jt_addr_read(jt_str(bad[i]), &a) != JT_E_SYNTAX) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(jt_addr_read(JT_LIT("10.0.0.1\0"), &a), JT_E_SYNTAX);
    assert_int_equal(jt_addr_read(JT_LIT("::1\0::2"), &a), JT_E_SYNTAX);
    assert_int_equal(a.b[0], 7); /* untouched on failure */
}

static void test_none(void **state)
{
    (void)state;
    struct jt_addr a = {{0}};
    char text[JT_ADDR_TEXT];
    jt_addr_text(&a, text);
    assert_string_equal(text, "unix");
    assert_false(jt_addr_is_v4(&a));
}

static void test_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *in, *prefix;
    } all[] = {
        {"10.1.2.3", "10.1.2.0"},
        {"::ffff:10.1.2.255", "10.1.2.0"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:ffff:ffff:ffff:ffff:ffff", "2001:db8:1:ffff::"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_addr a;
        char text[JT_ADDR_TEXT];
        assert_int_equal(jt_addr_read(jt_str(all[i].in), &a), JT_OK);
        struct jt_addr p = jt_addr_prefix(&a);
        jt_addr_text(&p, text);
        assert_string_equal(text, all[i].prefix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
