/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the administration's routes: none is without a scope, and none without the step that
 * looks at who asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/admin/admin.h"

/* What changes something needs jeton:admin; of the others, the log is for jeton:audit. */
static void each_route_has_its_scope(void **state)
{
    (void)state;
    assert_true(jt_admin_endpoints_n > 30);
    for (size_t i = 0; i < jt_admin_endpoints_n; i++) {
        const struct jt_endpoint *e = &jt_admin_endpoints[i];
        struct jt_slice path = jt_str(e->path);
        bool is_log = jt_slice_starts(path, JT_LIT("/admin/v1/audit")) ||
                      jt_slice_starts(path, JT_LIT("/admin/v1/explain"));
        bool asks = strcmp(e->path, "/admin/v1/why") == 0; /* a question that does not fit a URL */
        bool is_open = strcmp(e->path, "/livez") == 0 || strcmp(e->path, "/readyz") == 0;
        enum jt_needs wanted = is_open                              ? JT_NEEDS_NOTHING
                               : is_log                             ? JT_NEEDS_AUDIT
                               : e->methods == JT_ALLOW_GET || asks ? JT_NEEDS_READ
                                                                    : JT_NEEDS_ADMIN;
        if (e->needs != wanted) {
            print_error("%s needs %d, not %d\n", e->path, (int)e->needs, (int)wanted);
        }
        assert_int_equal(e->needs, wanted);
        assert_int_equal(jt_needs_scope(e->needs) == NULL, is_open);
    }
}

static void each_route_asks_who_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < jt_admin_endpoints_n; i++) {
        const struct jt_endpoint *e = &jt_admin_endpoints[i];
        bool is_below = jt_slice_starts(jt_str(e->path), JT_LIT("/admin/"));
        if (e->needs == JT_NEEDS_NOTHING) {
            assert_false(is_below);
            continue;
        }
        assert_ptr_equal(e->steps[0].run, is_below ? jt_admin_allow : jt_admin_enter);
        assert_int_equal(e->denied, JT_EV_ADMIN_DENIED);
    }
}

static void names_of_scopes(void **state)
{
    (void)state;
    assert_string_equal(jt_needs_scope(JT_NEEDS_READ), "jeton:read");
    assert_string_equal(jt_needs_scope(JT_NEEDS_AUDIT), "jeton:audit");
    assert_string_equal(jt_needs_scope(JT_NEEDS_ADMIN), "jeton:admin");
    assert_null(jt_needs_scope(JT_NEEDS_NOTHING));
    assert_null(jt_needs_scope(JT_NEEDS_UNSAID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_has_its_scope),
        cmocka_unit_test(each_route_asks_who_it_is),
        cmocka_unit_test(names_of_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
