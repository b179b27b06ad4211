/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header (RFC 7617, RFC 6750; threat A7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/http/basic.h"

static struct jt_arena arena;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, 64u << 10);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jt_arena_free(&arena);
    return 0;
}

static void expect_text(struct jt_slice got, const char *want)
{
    if (!jt_slice_eq(got, jt_str(want))) {
        fail_msg("got '%.*s', want '%s'", JT_FMT(got), want);
    }
}

static void test_basic(void **state)
{
    (void)state;
    static const struct {
        const char *header, *user, *password;
    } all[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"}, /* RFC 7617 section 2 */
        {"Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3"},                /* RFC 7617 section 2.1 */
        {"basic YTpi", "a", "b"},
        {"BASIC YTpi", "a", "b"},
        {"bAsIc YTpiOmM=", "a", "b:c"}, /* the first colon splits */
        {"Basic Og==", "", ""},
        {"Basic YTo=", "a", ""},
        {"Basic OmI=", "", "b"},
        {"Basic YSUzYWI6YyUyYg==", "a%3ab", "c%2b"}, /* form-decoding is not done here */
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct jt_authz z;
        jt_authz_read(jt_str(all[i].header), &arena, &z);
        assert_int_equal(z.scheme, JT_AUTHZ_BASIC);
        expect_text(z.user, all[i].user);
        expect_text(z.password, all[i].password);
        assert_int_equal(z.token.n, 0);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Basic",           "Basic ",           "Basic  YTpi",    /* two spaces */
        "Basic\tYTpi",                                           /* and see below: another scheme */
        "Basic YTpi ",                                           /* blank behind */
        "Basic YTpi YTpi",                                       /* two credentials */
        "Basic YTpi,YTpi", "Basic YWI=",                         /* no colon */
        "Basic YTpiYw",                                          /* padding missing */
        "Basic YTpiYw=",                                         /* padding short */
        "Basic YTpi====",                                        /* padding long */
        "Basic YTo",                                             /* "a:" without padding */
        "Basic YTp=",                                            /* unused bits set */
        "Basic YT=i",                                            /* padding inside */
        "Basic =",         "Basic ====",       "Basic YTpi\xc3", /* not the alphabet */
        "Basic YT-_",                                            /* base64url */
        "Basic a:b",                                             /* not encoded at all */
        "Basic YToA",                                            /* NUL */
        "Basic YToK",                                            /* line feed */
        "Basic DTpi",                                            /* CR in the user */
        "Basic YTp/",                                            /* DEL: "a:\x7f" */
        "Basic YTr/",                                            /* not UTF-8: "a:\xff" */
        "Basic YTr/Og==",                                        /* "a:\xff:" */
        "Basic YTrD",                                            /* half a character: "a:\xc3" */
        "Basic YTrDOg==",  "Bearer",           "Bearer ",        "Bearer  a",
        "Bearer a b",      "Bearer a,b",       "Bearer a=b",     "Bearer =",
        "Bearer \"a\"",    "Bearer a\xc3\xa4", "Bearer a:b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jt_authz z;
        jt_authz_read(jt_str(bad[i]), &arena, &z);
        bool other = jt_slice_find(jt_str(bad[i]), '\t') < strlen(bad[i]);
        if (z.scheme != (other ? JT_AUTHZ_OTHER : JT_AUTHZ_MALFORMED)) {
            fail_msg("%s: scheme %d", bad[i], (int)z.scheme);
        }
        assert_int_equal(z.user.n + z.password.n, 0);
    }
}

static void test_bearer(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a.b.c", "AZaz09-._~+/==", "jat_0"};
    char header[64];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct jt_authz z;
        (void)snprintf(header, sizeof header, "%s %s", i % 2 == 0 ? "Bearer" : "bEARER", good[i]);
        jt_authz_read(jt_str(header), &arena, &z);
        assert_int_equal(z.scheme, JT_AUTHZ_BEARER);
        expect_text(z.token, good[i]);
        assert_int_equal(z.user.n, 0);
    }
}

static void test_none_and_other(void **state)
{
    (void)state;
    struct jt_authz z;
    memset(&z, 0xa5, sizeof z);
    jt_authz_read(jt_slice(NULL, 0), &arena, &z);
    assert_int_equal(z.scheme, JT_AUTHZ_NONE);
    assert_int_equal(z.user.n + z.password.n + z.token.n, 0);
    static const char *const others[] = {
        "DPoP a", "Digest username=\"a\"", "Basicx YTpi", "YTpi", "Basic:YTpi", "Bearers a"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jt_authz_read(jt_str(others[i]), &arena, &z);
        assert_int_equal(z.scheme, JT_AUTHZ_OTHER);
        assert_int_equal(z.user.n + z.password.n + z.token.n, 0);
    }
}

/* Without memory the header is refused, never read as absent. */
static void test_no_memory(void **state)
{
    (void)state;
    struct jt_arena small;
    struct jt_authz z;
    jt_arena_init(&small, 4);
    jt_authz_read(JT_LIT("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), &small, &z);
    assert_int_equal(z.scheme, JT_AUTHZ_MALFORMED);
    jt_arena_free(&small);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_basic), T(test_malformed), T(test_bearer), T(test_none_and_other), T(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
