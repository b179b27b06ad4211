/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_limits.c - connections in all and per address; IPv6 by /64; listening sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/net/limits.h"
#include "server/net/listener.h"

static struct jt_addr addr(const char *text)
{
    struct jt_addr a;
    assert_int_equal(jt_addr_read(jt_str(text), &a), JT_OK);
    return a;
}

static void test_per_address(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    struct jt_addr a = addr("10.0.0.1");
    struct jt_addr b = addr("10.0.0.2");
    assert_int_equal(jt_limits_new(100, 2, &l), JT_OK);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_ADDRESS_FULL);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_YES);
    jt_limits_leave(l, &a);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    jt_limits_free(&l);
    assert_null(l);
}

static void test_in_all(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    assert_int_equal(jt_limits_new(300, 10, &l), JT_OK);
    for (uint8_t i = 0; i < 150; i++) {
        struct jt_addr a = addr("10.1.0.0");
        a.b[15] = i;
        assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
        assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    }
    struct jt_addr more = addr("10.2.0.0");
    assert_int_equal(jt_limits_enter(l, &more), JT_ADMIT_FULL);
    for (uint8_t i = 0; i < 150; i++) {
        struct jt_addr a = addr("10.1.0.0");
        a.b[15] = i;
        jt_limits_leave(l, &a);
        jt_limits_leave(l, &a);
    }
    assert_int_equal(jt_limits_enter(l, &more), JT_ADMIT_YES);
    jt_limits_free(&l);
}

/* One host chooses among 2^64 addresses: they count as one. */
static void test_ipv6_by_prefix(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    struct jt_addr a = addr("2001:db8:1:1::1");
    struct jt_addr b = addr("2001:db8:1:1:ffff::2");
    struct jt_addr c = addr("2001:db8:1:2::1");
    assert_int_equal(jt_limits_new(100, 1, &l), JT_OK);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_ADDRESS_FULL);
    assert_int_equal(jt_limits_enter(l, &c), JT_ADMIT_YES);
    jt_limits_free(&l);
}

/* A trusted proxy stands for many: it counts among all, and not by its address. */
static void test_uncounted(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    struct jt_addr a = addr("10.0.0.1");
    assert_int_equal(jt_limits_new(5, 1, &l), JT_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(jt_limits_enter_any(l), JT_ADMIT_YES);
    }
    assert_int_equal(jt_limits_count(l), 4);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter_any(l), JT_ADMIT_FULL);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_FULL);
    assert_int_equal(jt_limits_count(l), 5); /* who is refused is not counted */
    for (int i = 0; i < 4; i++) {
        jt_limits_leave_any(l);
    }
    assert_int_equal(jt_limits_count(l), 1);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_ADDRESS_FULL);
    assert_int_equal(jt_limits_count(l), 1);
    jt_limits_free(&l);
}

/* New limits hold for who comes, and throw nobody out. */
static void test_set(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    struct jt_addr a = addr("10.0.0.1");
    struct jt_addr b = addr("10.0.0.2");
    assert_int_equal(jt_limits_new(10, 3, &l), JT_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    }
    jt_limits_set(l, 4, 2);
    assert_int_equal(jt_limits_count(l), 3);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_ADDRESS_FULL);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_FULL);
    jt_limits_set(l, 10, 4);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    jt_limits_free(&l);
}

/* What was refused is counted by the rule; who left does not count. */
static void test_counts(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    struct jt_addr a = addr("10.0.0.1");
    struct jt_addr b = addr("10.0.0.2");
    assert_int_equal(jt_limits_new(2, 1, &l), JT_OK);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &a), JT_ADMIT_ADDRESS_FULL);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_YES);
    assert_int_equal(jt_limits_enter(l, &b), JT_ADMIT_FULL);
    assert_int_equal(jt_limits_enter_any(l), JT_ADMIT_FULL);
    jt_limits_leave(l, &a);
    jt_limits_count_pause(l);
    struct jt_limits_counts n = jt_limits_counts(l);
    assert_int_equal(n.full, 2);
    assert_int_equal(n.address_full, 1);
    assert_int_equal(n.pauses, 1);
    jt_limits_free(&l);
}

static void test_one_line_a_second(void **state)
{
    (void)state;
    struct jt_limits *l = NULL;
    assert_int_equal(jt_limits_new(2, 1, &l), JT_OK);
    assert_true(jt_limits_may_log(l, 5));
    assert_false(jt_limits_may_log(l, 5));
    assert_false(jt_limits_may_log(l, 1000004));
    assert_true(jt_limits_may_log(l, 1000005));
    assert_false(jt_limits_may_log(l, 2000004));
    assert_true(jt_limits_may_log(l, 9000000));
    jt_limits_free(&l);
}

/* A socket of the service manager: listening TCP, or it is refused. */
static void test_inherited(void **state)
{
    (void)state;
    struct jt_listener a;
    struct jt_listener b = {.fd = -1};
    char why[200] = "";
    char text[JT_LISTEN_TEXT];
    char want[JT_LISTEN_TEXT];
    int ends[2];
    assert_int_equal(jt_listen_tcp(JT_LIT("127.0.0.1:0"), &a, why, sizeof why), JT_OK);
    assert_int_equal(jt_listen_inherited(a.fd, &b, why, sizeof why), JT_OK);
    assert_true(b.inherited && b.port == a.port && b.kind == JT_LISTEN_PUBLIC);
    jt_listener_text(&b, text);
    (void)snprintf(want, sizeof want, "127.0.0.1:%u", (unsigned)a.port);
    assert_string_equal(text, want);
    jt_listener_close(&a);
    int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* it does not listen */
    assert_true(plain >= 0);
    assert_int_equal(jt_listen_inherited(plain, &b, why, sizeof why), JT_E_SYNTAX);
    assert_non_null(strstr(why, "LISTEN_FDS"));
    (void)close(plain);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(jt_listen_inherited(ends[0], &b, why, sizeof why), JT_E_SYNTAX);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_int_equal(jt_listen_inherited(-1, &b, why, sizeof why), JT_E_SYNTAX);
}

static void test_listen(void **state)
{
    (void)state;
    struct jt_listener a;
    struct jt_listener b;
    char why[300];
    char text[64];
    char path[200];
    assert_int_equal(jt_listen_tcp(JT_LIT("127.0.0.1:0"), &a, why, sizeof why), JT_OK);
    assert_int_not_equal(a.port, 0);
    (void)snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)a.port);
    assert_int_equal(jt_listen_tcp(jt_str(text), &b, why, sizeof why), JT_E_CONFLICT);
    assert_non_null(strstr(why, text));
    jt_listener_close(&a);
    assert_int_equal(jt_listen_tcp(JT_LIT("localhost:1"), &b, why, sizeof why), JT_E_SYNTAX);
    assert_int_equal(jt_listen_tcp(JT_LIT("127.0.0.1"), &b, why, sizeof why), JT_E_SYNTAX);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    path[0] = '/';
    assert_int_equal(jt_listen_unix(path, &b, why, sizeof why), JT_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_per_address),
        cmocka_unit_test(test_in_all),
        cmocka_unit_test(test_ipv6_by_prefix),
        cmocka_unit_test(test_uncounted),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_one_line_a_second),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
