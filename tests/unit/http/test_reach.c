/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/http/reach.h"

static bool is_public(const char *text)
{
    struct jt_addr a = {{0}};
    if (jt_addr_read(jt_str(text), &a) != JT_OK) {
        fail_msg("%s", text);
    }
    return jt_addr_is_public(&a);
}

static void public_ones(void **state)
{
    static const char *const all[] = {
        "1.1.1.1",         "8.8.8.8",          "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.1",        "172.15.255.255",  "172.32.0.0",
        "192.167.255.255", "192.169.0.0",      "198.17.255.255",  "198.20.0.0",
        "223.255.255.255", "169.253.255.255",  "2606:4700::1111", "2a00::1",
        "2001:4860::8888", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!is_public(all[i])) {
            fail_msg("%s is refused", all[i]);
        }
    }
}

/* threats S19 */
static void others(void **state)
{
    static const char *const all[] = {"0.0.0.0",
                                      "0.1.2.3",
                                      "10.0.0.1",
                                      "10.255.255.255",
                                      "100.64.0.1",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "127.255.255.254",
                                      "169.254.169.254",
                                      "172.16.0.1",
                                      "172.31.255.255",
                                      "192.0.0.1",
                                      "192.0.2.1",
                                      "192.88.99.1",
                                      "192.168.1.1",
                                      "198.18.0.1",
                                      "198.19.255.255",
                                      "198.51.100.7",
                                      "203.0.113.7",
                                      "224.0.0.1",
                                      "239.255.255.255",
                                      "240.0.0.1",
                                      "255.255.255.255",
                                      "::",
                                      "::1",
                                      "::127.0.0.1",
                                      "::ffff:127.0.0.1",
                                      "::ffff:10.0.0.1",
                                      "::ffff:169.254.169.254",
                                      "64:ff9b::127.0.0.1",
                                      "64:ff9b::10.0.0.1",
                                      "64:ff9b:1::8.8.8.8",
                                      "100::1",
                                      "2001::1",
                                      "2001:db8::1",
                                      "2002:7f00:1::",
                                      "3fff::1",
                                      "fc00::1",
                                      "fd00:ec2::254",
                                      "fe80::1",
                                      "fec0::1",
                                      "ff02::1",
                                      "4000::1"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (is_public(all[i])) {
            fail_msg("%s is let through", all[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_ones),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
