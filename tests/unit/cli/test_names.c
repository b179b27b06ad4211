/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/names.h"

static struct jt_names list;

static void read(const char *json)
{
    static const struct jt_json_limits limits = {1000000, 8, 100000};
    static struct jt_json *doc; /* its text is borrowed until the next */
    jt_json_free(&doc);
    if (json != NULL) {
        assert_int_equal(jt_json_parse(jt_str(json), &limits, &doc), JT_OK);
        assert_true(jt_names_read(jt_json_root(doc), &list));
    }
}

static void is(bool has_texts, const char *json)
{
    struct jt_buf b;
    jt_buf_init(&b, 100000);
    struct jt_jw w = jt_jw(&b);
    jt_names_write(&list, has_texts, &w);
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(json))) {
        fail_msg("%.*s is not %s", (int)b.n, (const char *)b.p, json);
    }
    jt_buf_free(&b);
}

static void scopes(void **state)
{
    (void)state;
    struct jt_slice text = JT_LIT("T");
    struct jt_slice none = {0};
    read("[{\"name\":\"a\",\"text\":\"A\"},{\"name\":\"b\",\"text\":\"\"}]");
    assert_false(list.is_edited);
    assert_int_equal(jt_names_put(&list, JT_LIT("a"), NULL), JT_EXIT_DONE); /* keeps its text */
    assert_true(list.is_edited);
    assert_int_equal(jt_names_put(&list, JT_LIT("b"), &text), JT_EXIT_DONE);
    assert_int_equal(jt_names_put(&list, JT_LIT("c"), NULL), JT_EXIT_DONE);
    is(true, "[{\"name\":\"a\",\"text\":\"A\"},{\"name\":\"b\",\"text\":\"T\"},"
             "{\"name\":\"c\",\"text\":\"\"}]");
    assert_int_equal(jt_names_put(&list, JT_LIT("a"), &none), JT_EXIT_DONE); /* takes its text */
    assert_int_equal(jt_names_drop(&list, JT_LIT("b"), "it", "scope"), JT_EXIT_DONE);
    is(true, "[{\"name\":\"a\",\"text\":\"\"},{\"name\":\"c\",\"text\":\"\"}]");
    read(NULL);
}

static void strings(void **state)
{
    (void)state;
    read("[\"10.0.0.0/8\",17,\"::1\"]"); /* what is no name is left out */
    is(false, "[\"10.0.0.0/8\",\"::1\"]");
    assert_int_equal(jt_names_drop(&list, JT_LIT("10.0.0.0/9"), "it", "network"),
                     JT_EXIT_NOT_FOUND);
    assert_int_equal(jt_names_drop(&list, JT_LIT("other"), "it", "network"), JT_EXIT_NOT_FOUND);
    assert_false(list.is_edited);
    assert_int_equal(jt_names_drop(&list, JT_LIT("10.0.0.0/8"), "it", "network"), JT_EXIT_DONE);
    assert_int_equal(jt_names_drop(&list, JT_LIT("::1"), "it", "network"), JT_EXIT_DONE);
    is(false, "[]");
    read("[]");
    assert_false(list.is_edited); /* read anew after somebody else was faster */
    is(false, "[]");
    read(NULL);
}

static void a_full_list(void **state)
{
    (void)state;
    static char names[JT_NAMES_MAX + 1][8];
    read("[]");
    for (size_t i = 0; i <= JT_NAMES_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%zu", i);
        assert_int_equal(jt_names_put(&list, jt_str(names[i]), NULL),
                         i < JT_NAMES_MAX ? JT_EXIT_DONE : JT_EXIT_USAGE);
    }
    assert_int_equal(list.n, JT_NAMES_MAX);
    assert_int_equal(jt_names_put(&list, JT_LIT("n7"), NULL), JT_EXIT_DONE); /* is there already */
    read(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes),
        cmocka_unit_test(strings),
        cmocka_unit_test(a_full_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
