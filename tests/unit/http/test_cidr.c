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

static struct jt_net net(const char *text)
{
    struct jt_net n = {{{0}}, 0};
    const char *why = NULL;
    if (jt_net_read(jt_str(text), &n, &why) != JT_OK) {
        fail_msg("%s %s", text, why);
    }
    return n;
}

static struct jt_addr addr(const char *text)
{
    struct jt_addr a = {{0}};
    assert_int_equal(jt_addr_read(jt_str(text), &a), JT_OK);
    return a;
}

static void test_net_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        unsigned bits;
    } all[] = {
        {"10.1.0.0/16", "10.1.0.0/16", 112},
        {"0.0.0.0/0", "0.0.0.0/0", 96},
        {"10.0.0.7", "10.0.0.7", 128},
        {"10.0.0.7/32", "10.0.0.7", 128},
        {"10.0.0.6/31", "10.0.0.6/31", 127},
        {"128.0.0.0/1", "128.0.0.0/1", 97},
        {"2001:DB8::/32", "2001:db8::/32", 32},
        {"::/0", "::/0", 0},
        {"::1", "::1", 128},
        {"::1/128", "::1", 128},
        {"8000::/1", "8000::/1", 1},
        {"2001:db8:0:ffff:ffff:ffff:ffff:fff0/124", "2001:db8:0:ffff:ffff:ffff:ffff:fff0/124", 124},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char text[JT_NET_TEXT];
        struct jt_net n = net(all[i].in);
        assert_int_equal(n.bits, all[i].bits);
        jt_net_text(&n, text);
        assert_string_equal(text, all[i].out);
        struct jt_net again = net(text);
        assert_memory_equal(&again, &n, sizeof n);
    }
}

static void test_net_refused(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum jt_err e;
        const char *why;
    } all[] = {
        {"", JT_E_SYNTAX, "is not an address"},
        {"/", JT_E_SYNTAX, "is not an address"},
        {"/8", JT_E_SYNTAX, "is not an address"},
        {"any", JT_E_SYNTAX, "is not an address"},
        {"10/8", JT_E_SYNTAX, "is not an address"},
        {"10.0.0.0.0/8", JT_E_SYNTAX, "is not an address"},
        {"010.0.0.0/8", JT_E_SYNTAX, "is not an address"},
        {" 10.0.0.0/8", JT_E_SYNTAX, "is not an address"},
        {"10.0.0.0 /8", JT_E_SYNTAX, "is not an address"},
        {"fe80::1%eth0/64", JT_E_SYNTAX, "is not an address"},
        {"[2001:db8::]/32", JT_E_SYNTAX, "is not an address"},
        {"10.0.0.0:80", JT_E_SYNTAX, "is not an address"},
        {"10.0.0.0/", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/08", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/+8", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/-8", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/8 ", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/33", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/104", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/8/8", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/255.0.0.0", JT_E_SYNTAX, "not 0 to 32"},
        {"10.0.0.0/18446744073709551624", JT_E_SYNTAX, "not 0 to 32"},
        {"2001:db8::/129", JT_E_SYNTAX, "not 0 to 128"},
        {"2001:db8::/x", JT_E_SYNTAX, "not 0 to 128"},
        /* 8 of 32 or 8 of 128? */
        {"::ffff:10.0.0.0/8", JT_E_SYNTAX, "in the form of IPv6"},
        {"::ffff:10.0.0.0/104", JT_E_SYNTAX, "in the form of IPv6"},
        {"::ffff:0:0/96", JT_E_SYNTAX, "in the form of IPv6"},
        {"::ffff:10.0.0.1", JT_E_SYNTAX, "in the form of IPv6"},
        {"10.0.0.1/8", JT_E_RANGE, "bits set behind its length"},
        {"10.0.0.1/31", JT_E_RANGE, "bits set behind its length"},
        {"0.0.0.1/0", JT_E_RANGE, "bits set behind its length"},
        {"2001:db8::1/64", JT_E_RANGE, "bits set behind its length"},
        {"::1/0", JT_E_RANGE, "bits set behind its length"},
        {"c000::/1", JT_E_RANGE, "bits set behind its length"},
    };
    struct jt_net n = {{{7}}, 9};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *why = "";
        if (jt_net_read(jt_str(all[i].in), &n, &why) != all[i].e ||
            strstr(why, all[i].why) == NULL) {
            fail_msg("%s: %s", all[i].in, why);
        }
    }
    assert_int_equal(n.a.b[0], 7); /* untouched on failure */
    assert_int_equal(n.bits, 9);
}

static void test_net_has(void **state)
{
    (void)state;
    static const struct {
        const char *net, *addr;
        bool has;
    } all[] = {
        {"10.0.0.0/8", "10.0.0.0", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true}, /* the same address */
        {"10.0.0.0/8", "a00::", false},
        {"10.0.0.7", "10.0.0.7", true},
        {"10.0.0.7", "10.0.0.6", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"0.0.0.0/0", "::", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.0.0.1", false}, /* that it is kept as ::ffff:10.0.0.1 must not show */
        {"::/64", "127.0.0.1", false},
        {"::/64", "::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::", false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_net n = net(all[i].net);
        struct jt_addr a = addr(all[i].addr);
        if (jt_net_has(&n, &a) != all[i].has) {
            fail_msg("%s in %s?", all[i].addr, all[i].net);
        }
    }
}

static void test_nets_have(void **state)
{
    (void)state;
    const struct jt_net nets[] = {net("10.0.0.0/8"), net("2001:db8::/32"), net("192.0.2.1")};
    const struct jt_addr in[] = {addr("10.9.9.9"), addr("2001:db8:1::1"), addr("192.0.2.1")};
    struct jt_addr out = addr("192.0.2.2");
    for (size_t i = 0; i < 3; i++) {
        assert_true(jt_nets_have(nets, 3, &in[i]));
        assert_int_equal(jt_nets_have(nets, 2, &in[i]), i < 2);
        assert_false(jt_nets_have(nets, 0, &in[i])); /* an empty list has nobody */
    }
    assert_false(jt_nets_have(nets, 3, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_none),     cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_net_text), cmocka_unit_test(test_net_refused),
        cmocka_unit_test(test_net_has),  cmocka_unit_test(test_nets_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
