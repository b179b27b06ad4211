/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_address.c - X-Forwarded-For from its end: what trusted proxies say, and nobody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/flow/flow.h"

static struct jt_net trusted[3];
static const struct jt_proxies proxies = {trusted, 3};

static int setup(void **state)
{
    static const char *const nets[] = {"10.0.0.0/8", "127.0.0.1", "2001:db8:f::/48"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const char *why = NULL;
        if (jt_net_read(jt_str(nets[i]), &trusted[i], &why) != JT_OK) {
            return -1;
        }
    }
    return 0;
}

/* Up to 3 header lines of one request. */
static enum jt_err settle(const struct jt_proxies *p, const char *peer, const char *const lines[3],
                          char out[static JT_ADDR_TEXT])
{
    static struct jt_http_head h;
    static const char *const names[] = {"X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-FOR"};
    struct jt_addr a = {{0}};
    h.nfields = 0;
    assert_int_equal(jt_addr_read(jt_str(peer), &a), JT_OK);
    for (size_t i = 0; i < 3 && lines[i] != NULL; i++) {
        h.fields[h.nfields++] = (struct jt_http_field){JT_LIT("Forwarded"), JT_LIT("for=6.6.6.6")};
        h.fields[h.nfields++] = (struct jt_http_field){jt_str(names[i]), jt_str(lines[i])};
        h.fields[h.nfields++] = (struct jt_http_field){JT_LIT("X-Real-IP"), JT_LIT("6.6.6.6")};
    }
    enum jt_err e = jt_address_forwarded(&h, p, &a);
    jt_addr_text(&a, out);
    return e;
}

static void expect(const char *peer, const char *line, const char *want)
{
    char text[JT_ADDR_TEXT];
    const char *const lines[3] = {line, NULL, NULL};
    enum jt_err e = settle(&proxies, peer, lines, text);
    if (e != JT_OK || strcmp(text, want) != 0) {
        fail_msg("%s behind %s: %s, not %s", line == NULL ? "no line" : line, peer,
                 e == JT_OK ? text : "refused", want);
    }
}

static void refused(const char *line)
{
    char text[JT_ADDR_TEXT];
    const char *const lines[3] = {line, NULL, NULL};
    if (settle(&proxies, "10.0.0.1", lines, text) != JT_E_SYNTAX) {
        fail_msg("taken: \"%s\" as %s", line, text);
    }
    assert_string_equal(text, "10.0.0.1"); /* as it was */
}

static void test_chain(void **state)
{
    (void)state;
    expect("10.0.0.1", "192.0.2.7", "192.0.2.7");
    expect("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7");
    expect("10.0.0.1", "192.0.2.7,10.0.0.2,10.3.0.1,127.0.0.1", "192.0.2.7");
    expect("10.0.0.1", "192.0.2.7 \t,\t 10.0.0.2 ", "192.0.2.7");
    /* what the caller wrote itself stands further left, and does not count */
    expect("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7");
    expect("10.0.0.1", "10.0.0.9, 192.0.2.7, 10.0.0.2", "192.0.2.7");
    expect("10.0.0.1", "<script>, unknown,, 192.0.2.7, 10.0.0.2", "192.0.2.7");
    /* nothing but proxies: the one furthest away is the caller */
    expect("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3");
    expect("10.0.0.1", NULL, "10.0.0.1");
    expect("10.0.0.1", "", "10.0.0.1");
    expect("2001:db8:f::1", "2001:db8:a::9", "2001:db8:a::9");
}

static void test_forms(void **state)
{
    (void)state;
    expect("10.0.0.1", "192.0.2.7:4711", "192.0.2.7");
    expect("10.0.0.1", "2001:db8:a::9", "2001:db8:a::9");
    expect("10.0.0.1", "[2001:db8:a::9]", "2001:db8:a::9");
    expect("10.0.0.1", "[2001:db8:a::9]:4711", "2001:db8:a::9");
    expect("10.0.0.1", "2001:DB8:A:0:0:0:0:9", "2001:db8:a::9");
    expect("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7");       /* the same address */
    expect("10.0.0.1", "6.6.6.6, ::ffff:10.0.0.2", "6.6.6.6"); /* and the same proxy */
    expect("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7");
    expect("10.0.0.1", "192.0.2.7, [2001:db8:f::2]:80", "192.0.2.7");
}

static void test_garbage(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "unknown",
        "_hidden",
        "localhost",
        ",",
        "192.0.2.7,",
        "192.0.2.7, ",
        "192.0.2.7,,10.0.0.2",
        "192.0.2.7; 10.0.0.2 x",
        "192.0.2.7 10.0.0.2",
        "192.0.2.256",
        "192.0.2",
        "0192.0.2.7",
        "192.0.2.7/32",
        "192.0.2.7:",
        "192.0.2.7:65536",
        "192.0.2.7:-1",
        "192.0.2.7:80:80",
        "user@192.0.2.7:80",
        "[192.0.2.7]",
        "[192.0.2.7]:80",
        "[2001:db8::1",
        "2001:db8::1]",
        "[]",
        "[]:80",
        "[2001:db8::1]80",
        "fe80::1%eth0",
        "\"192.0.2.7\"",
        "for=192.0.2.7",
        "::", /* "no address" here */
        "[::]",
        "[::]:80",
        "%31%39%32.0.2.7",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused(bad[i]);
    }
    refused("192.0.2.7, unknown, 10.0.0.2"); /* behind a trusted one it counts */
}

static void test_untrusted_peers_are_themselves(void **state)
{
    (void)state;
    static const struct jt_proxies none = {NULL, 0};
    char text[JT_ADDR_TEXT];
    const char *const lines[3] = {"6.6.6.6", NULL, NULL};
    expect("192.0.2.9", "6.6.6.6", "192.0.2.9");
    expect("192.0.2.9", "10.0.0.1", "192.0.2.9");
    expect("192.0.2.9", "garbage", "192.0.2.9"); /* not even read */
    expect("127.0.0.2", "6.6.6.6", "127.0.0.2");
    expect("2001:db8:e::1", "6.6.6.6", "2001:db8:e::1");
    assert_int_equal(settle(&none, "10.0.0.1", lines, text), JT_OK);
    assert_string_equal(text, "10.0.0.1");
}

/* RFC 9110 section 5.3: several lines are one list, in their order. */
static void test_several_lines(void **state)
{
    (void)state;
    char text[JT_ADDR_TEXT];
    static const struct {
        const char *lines[3];
        const char *want;
    } all[] = {
        {{"6.6.6.6", "192.0.2.7", NULL}, "192.0.2.7"},
        {{"192.0.2.7", "10.0.0.2", NULL}, "192.0.2.7"},
        {{"6.6.6.6, 192.0.2.7", "10.0.0.3, 10.0.0.2", "10.0.0.4"}, "192.0.2.7"},
        {{"192.0.2.7", "", "10.0.0.2"}, "192.0.2.7"},
        {{"garbage", "192.0.2.7", NULL}, "192.0.2.7"},
        {{"10.0.0.4", "10.0.0.3", "10.0.0.2"}, "10.0.0.4"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(settle(&proxies, "10.0.0.1", all[i].lines, text), JT_OK);
        assert_string_equal(text, all[i].want);
    }
    const char *const bad[3] = {"192.0.2.7", "garbage", "10.0.0.2"};
    assert_int_equal(settle(&proxies, "10.0.0.1", bad, text), JT_E_SYNTAX);
}

static void test_hops(void **state)
{
    (void)state;
    char line[1024] = "192.0.2.7";
    for (int i = 0; i < 31; i++) {
        (void)strcat(line, ",10.0.0.2");
    }
    expect("10.0.0.1", line, "192.0.2.7"); /* 32 */
    (void)strcat(line, ",10.0.0.2");
    refused(line);
    char text[JT_ADDR_TEXT];
    const char *const lines[3] = {"192.0.2.7", line, NULL}; /* counted over all lines */
    assert_int_equal(settle(&proxies, "10.0.0.1", lines, text), JT_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),         cmocka_unit_test(test_forms),
        cmocka_unit_test(test_garbage),       cmocka_unit_test(test_untrusted_peers_are_themselves),
        cmocka_unit_test(test_several_lines), cmocka_unit_test(test_hops),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
