/* SPDX-License-Identifier: Apache-2.0 */
/* How a client says who it is (RFC 6749 section 2.3.1), and what it posts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/oauth.h"
#include "core/base/b64.h"

static void test_form(void **state)
{
    (void)state;
    struct jt_buf form;
    jt_buf_init(&form, 200);
    jt_form_put(&form, "grant_type", JT_LIT("client_credentials"));
    jt_form_put(&form, "scope", JT_LIT(""));
    jt_form_put(&form, "resource", JT_LIT("https://a.example/x?y=1&z+%"));
    jt_form_put(&form, "s", JT_LIT("a b\xc3\xa4~-._*"));
    assert_true(jt_buf_ok(&form));
    assert_true(jt_slice_eq(jt_buf_slice(&form),
                            JT_LIT("grant_type=client_credentials&resource=https%3A%2F%2Fa.example"
                                   "%2Fx%3Fy%3D1%26z%2B%25&s=a%20b%C3%A4~-._%2A")));
    jt_buf_free(&form);
}

struct asked {
    struct jt_buf authorization, form;
    enum jt_oauth_end end;
    struct jt_oauth_error err;
};

static struct asked ask(unsigned methods, const struct jt_oauth_caller *caller)
{
    struct asked a = {0};
    struct jt_issuer issuer = {.name = JT_LIT("https://a.example")};
    issuer.methods[JT_ENDPOINT_TOKEN] = methods;
    const struct jt_oauth_session s = {NULL, &issuer, *caller};
    jt_buf_init(&a.authorization, 65536);
    jt_buf_init(&a.form, 65536);
    jt_buf_puts(&a.form, "a=b");
    a.end = jt_oauth_authenticate(&s, JT_ENDPOINT_TOKEN, &a.authorization, &a.form, &a.err);
    return a;
}

static void done(struct asked *a)
{
    jt_buf_free(&a->authorization);
    jt_buf_free(&a->form);
}

static void basic(const char *id, const char *secret, const char *pair)
{
    uint8_t text[256];
    size_t n = 0;
    const struct jt_oauth_caller caller = {.id = jt_str(id), .secret = jt_str(secret)};
    struct asked a = ask(JT_METHOD_BASIC | JT_METHOD_POST, &caller);
    struct jt_slice got = jt_buf_slice(&a.authorization);
    assert_int_equal(a.end, JT_OAUTH_OK);
    assert_true(jt_slice_starts(got, JT_LIT("Basic ")));
    assert_int_equal(jt_b64_decode(jt_slice_from(got, 6), text, &n), JT_OK);
    if (!jt_slice_eq(jt_slice(text, n), jt_str(pair))) {
        fail_msg("got %.*s, want %s", (int)n, (const char *)text, pair);
    }
    assert_true(jt_slice_eq(jt_buf_slice(&a.form), JT_LIT("a=b"))); /* never in both */
    done(&a);
}

static void test_basic(void **state)
{
    (void)state;
    basic("demo", "jcs_abc_DEF", "demo:jcs_abc_DEF");
    basic("a:b", "s3cr3t+with/odd:chars%&=", "a%3Ab:s3cr3t%2Bwith%2Fodd%3Achars%25%26%3D");
    basic("\xc3\xa4", "a b", "%C3%A4:a%20b");
}

static void test_post(void **state)
{
    (void)state;
    const struct jt_oauth_caller caller = {.id = JT_LIT("a&b"), .secret = JT_LIT("c=d")};
    struct asked a = ask(JT_METHOD_POST, &caller);
    assert_int_equal(a.end, JT_OAUTH_OK);
    assert_int_equal(a.authorization.n, 0);
    assert_true(
        jt_slice_eq(jt_buf_slice(&a.form), JT_LIT("a=b&client_id=a%26b&client_secret=c%3Dd")));
    done(&a);
}

static void test_no_way(void **state)
{
    (void)state;
    const struct jt_oauth_caller caller = {.id = JT_LIT("a"), .secret = JT_LIT("b")};
    struct asked a = ask(0, &caller);
    assert_int_equal(a.end, JT_OAUTH_CONFIG);
    assert_non_null(strstr(a.err.text, "takes no client secrets"));
    assert_int_equal(a.authorization.n, 0);
    assert_int_equal(a.form.n, 3);
    done(&a);
}

static void test_bearer(void **state)
{
    (void)state;
    struct jt_oauth_caller caller = {.bearer = JT_LIT("x.y.z")};
    struct asked a = ask(0, &caller);
    assert_int_equal(a.end, JT_OAUTH_OK);
    assert_true(jt_slice_eq(jt_buf_slice(&a.authorization), JT_LIT("Bearer x.y.z")));
    done(&a);
    caller.bearer = JT_LIT("x\r\nCookie: y");
    a = ask(0, &caller);
    assert_int_equal(a.end, JT_OAUTH_CONFIG);
    assert_int_equal(a.authorization.n, 0);
    done(&a);
}

static void test_too_long(void **state)
{
    (void)state;
    static char secret[30000];
    memset(secret, '%', sizeof secret);
    const struct jt_oauth_caller caller = {.id = JT_LIT("a"), .secret = jt_slice(secret, 30000)};
    struct asked a = ask(JT_METHOD_BASIC, &caller);
    assert_int_equal(a.end, JT_OAUTH_CONFIG);
    done(&a);
    a = ask(JT_METHOD_POST, &caller);
    assert_int_equal(a.end, JT_OAUTH_CONFIG);
    done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),   cmocka_unit_test(test_basic),
        cmocka_unit_test(test_post),   cmocka_unit_test(test_no_way),
        cmocka_unit_test(test_bearer), cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
