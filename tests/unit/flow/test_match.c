/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_match.c - what a resource server asks of a token beyond its being active.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/flow/match.h"

static struct jt_arena arena;
static struct jt_required required;
static struct jt_form form;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jt_arena_free(&arena);
    return 0;
}

/* As jt_read_params and introspection do it. False: the request is refused. */
static bool read_json(const char *body)
{
    required = (struct jt_required){0};
    jt_arena_reset(&arena);
    struct jt_match_reading reading = {&required, &arena};
    const struct jt_form_more more = {jt_match_take, &reading};
    return jt_form_read_json(jt_str(body), &arena, &more, &form) == JT_FORM_OK &&
           jt_match_form(&required, &form);
}

static bool read_form(const char *body)
{
    required = (struct jt_required){0};
    jt_arena_reset(&arena);
    return jt_form_read(jt_str(body), &arena, &form) == JT_FORM_OK &&
           jt_match_form(&required, &form);
}

static const struct {
    const char *json, *form;
    bool all, any; /* every list must match, or one suffices (JT_COMPAT_CIDAAS_OR) */
} rows[] = {
    /* the token has "a b c" */
    {"{}", "x=1", true, true},
    {"{\"scopes\":[\"a\"]}", "scopes=a", true, true},
    {"{\"scopes\":[\"x\",\"b\"]}", "scopes=x+b", true, true},
    {"{\"scopes\":[\"x\",\"y\"]}", "scopes=x+y", false, false},
    {"{\"scopes\":[\"A\"]}", "scopes=A", false, false},
    {"{\"scopes\":[\"ab\"]}", "scopes=ab", false, false},
    {"{\"scopes\":[]}", NULL, false, false}, /* an empty list matches nothing */
    {"{\"roles\":[]}", NULL, false, false},
    {"{\"groups\":[]}", NULL, false, false},
    {"{\"scopes\":\"\"}", "scopes=", true, true}, /* an empty parameter is omitted */
    {"{\"scopes\":\"a x\"}", "scopes=a+x", true, true},
    {"{\"scopes\":[\"a\",\"b\"],\"strictScopeValidation\":true}",
     "scopes=a+b&strictScopeValidation=true", true, true},
    {"{\"scopes\":[\"a\",\"x\"],\"strictScopeValidation\":true}",
     "scopes=a+x&strictScopeValidation=true", false, false},
    {"{\"strictScopeValidation\":true,\"scopes\":[\"a\",\"x\"]}",
     "strictScopeValidation=true&scopes=a+x", false, false},
    {"{\"scopes\":[\"a\",\"x\"],\"strictScopeValidation\":false}",
     "scopes=a+x&strictScopeValidation=false", true, true},
    {"{\"scopes\":[\"a\",\"x\"],\"strictScopeValidation\":\"true\"}",
     "scopes=a+x&strictScopeValidation=true", false, false},
    {"{\"strictScopeValidation\":true}", "strictScopeValidation=true", true, true},
    {"{\"scopes\":[\"a\",\"a\"],\"strictScopeValidation\":true}",
     "scopes=a+a&strictScopeValidation=true", true, true},
    {"{\"roles\":[\"admin\"]}", "roles=admin", false, false}, /* no token has roles */
    {"{\"groups\":[{\"groupId\":\"g\",\"roles\":[\"r\"]}]}", "groups=g", false, false},
    /* several lists: all must match, or one suffices */
    {"{\"scopes\":[\"a\"],\"roles\":[\"admin\"]}", "scopes=a&roles=admin", false, true},
    {"{\"scopes\":[\"a\"],\"groups\":[\"g\"]}", "scopes=a&groups=g", false, true},
    {"{\"scopes\":[\"x\"],\"roles\":[\"admin\"]}", "scopes=x&roles=admin", false, false},
    {"{\"roles\":[\"admin\"],\"groups\":[\"g\"]}", "roles=admin&groups=g", false, false},
    {"{\"scopes\":[\"a\"],\"roles\":[\"admin\"],\"strictValidation\":true}",
     "scopes=a&roles=admin&strictValidation=true", false, false},
    {"{\"scopes\":[\"a\"],\"roles\":[\"admin\"],\"strictValidation\":false}",
     "scopes=a&roles=admin&strictValidation=false", false, true},
    {"{\"scopes\":[\"a\"],\"strictValidation\":true}", "scopes=a&strictValidation=true", true,
     true},
    {"{\"scopes\":[\"a\",\"x\"],\"roles\":[\"admin\"],\"strictScopeValidation\":true}",
     "scopes=a+x&roles=admin&strictScopeValidation=true", false, false},
    /* the strict flags of lists that are not there, or that never match, change nothing */
    {"{\"scopes\":[\"a\"],\"strictRoleValidation\":true,\"strictGroupValidation\":true}",
     "scopes=a&strictRoleValidation=true&strictGroupValidation=true", true, true},
    {"{\"roles\":[\"admin\"],\"strictRoleValidation\":false}",
     "roles=admin&strictRoleValidation=false", false, false},
    {"{\"groups\":[\"g\"],\"strictGroupValidation\":false}", "groups=g&strictGroupValidation=false",
     false, false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int is_json = 0; is_json < 2; is_json++) {
            const char *body = is_json ? rows[i].json : rows[i].form;
            if (body == NULL) {
                continue;
            }
            if (!(is_json ? read_json(body) : read_form(body))) {
                fail_msg("refused: %s", body);
            }
            if (jt_match(&required, JT_LIT("a b c"), false) != rows[i].all ||
                jt_match(&required, JT_LIT("a b c"), true) != rows[i].any) {
                fail_msg("%s", body);
            }
            bool asks = required.has_scopes || required.has_roles || required.has_groups;
            assert_int_equal(jt_match(&required, JT_LIT(""), false), !asks); /* no scope at all */
        }
    }
}

static void test_json_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"scopes\":[1]}",
        "{\"scopes\":[\"\"]}",
        "{\"scopes\":[\"a b\"]}",
        "{\"scopes\":[\"a\\\"\"]}",
        "{\"scopes\":[\"\\u00e4\"]}",
        "{\"scopes\":[null]}",
        "{\"scopes\":[[\"a\"]]}",
        "{\"scopes\":{\"a\":1}}",
        "{\"scopes\":null}",
        "{\"scopes\":7}",
        "{\"scopes\":true}",
        "{\"scopes\":[\"a\"],\"scopes\":[\"b\"]}",
        "{\"roles\":{}}",
        "{\"other\":[]}",
        "{\"other\":true}",
        "{\"other\":null}",
        "{\"token\":[\"x\"]}",
        "{\"token\":true}",
        "{\"client_secret\":[\"x\"]}",
        "{\"strictValidation\":1}",
        "{\"strictValidation\":null}",
        "{\"strictValidation\":[]}",
        "{\"strictValidation\":\"yes\"}",
        "{\"strictvalidation\":true}",
        "{\"groups\":[{\"roles\":[[\"too deep\"]]}]}",
        "[]",
        "[\"scopes\"]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_json(bad[i])) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

/* A flag says true or false; another one that said true does not make up for it. */
static void test_form_flags(void **state)
{
    (void)state;
    static const char *const names[] = {"strictScopeValidation", "strictValidation",
                                        "strictRoleValidation", "strictGroupValidation"};
    static const char *const bad[] = {"yes", "1", "TRUE", "true+", "truefalse"};
    char body[200];
    for (size_t n = 0; n < 4; n++) {
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            (void)snprintf(body, sizeof body, "%s=true&%s=%s", names[(n + 3) % 4], names[n],
                           bad[i]);
            if (read_form(body)) {
                fail_msg("taken: %s", body);
            }
        }
    }
}

/* Members count, and the whole is bounded, however deep. */
static void test_limits(void **state)
{
    (void)state;
    static char body[20000];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"scopes\":[");
    for (int i = 0; i < 2000; i++) {
        n += (size_t)snprintf(body + n, sizeof body - n, "%s\"a\"", i > 0 ? "," : "");
    }
    (void)snprintf(body + n, sizeof body - n, "]}");
    assert_false(read_json(body));
    n = (size_t)snprintf(body, sizeof body, "{\"scopes\":[");
    for (int i = 0; i < 900; i++) {
        n += (size_t)snprintf(body + n, sizeof body - n, "%s\"a%d\"", i > 0 ? "," : "", i);
    }
    (void)snprintf(body + n, sizeof body - n, "]}");
    assert_true(read_json(body));
    assert_true(jt_match(&required, JT_LIT("a899"), false));
    assert_false(jt_match(&required, JT_LIT("a900"), false));
    struct jt_arena small;
    jt_arena_init(&small, 64);
    struct jt_match_reading reading = {&required, &small};
    const struct jt_form_more more = {jt_match_take, &reading};
    assert_int_not_equal(jt_form_read_json(jt_str(body), &small, &more, &form), JT_FORM_OK);
    jt_arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_form_flags),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
