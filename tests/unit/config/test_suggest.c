/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/config/suggest.h"

static size_t distance(const char *a, const char *b)
{
    return jt_edit_distance(jt_str(a), jt_str(b));
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("abc", ""), 3);
    assert_int_equal(distance("listen", "listen"), 0);
    assert_int_equal(distance("Listen", "lISTEN"), 0);
    assert_int_equal(distance("listen", "lsiten"), 1); /* neighbours swapped */
    assert_int_equal(distance("acess", "access"), 1);
    assert_int_equal(distance("issuerr", "issuer"), 1);
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("ca", "abc"), 3); /* optimal string alignment, not the full form */
}

static void long_words_are_near_to_nothing(void **state)
{
    (void)state;
    char word[JT_SUGGEST_LEN_MAX + 2];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_true(distance(word, "a") == SIZE_MAX);
    assert_true(distance("a", word) == SIZE_MAX);
    struct jt_suggest s = jt_suggest(jt_str(word));
    jt_suggest_offer(&s, jt_str(word));
    assert_false(jt_suggest_found(&s));
}

static const char *nearest(const char *word, const char *a, const char *b)
{
    struct jt_suggest s = jt_suggest(jt_str(word));
    jt_suggest_offer(&s, jt_str(a));
    jt_suggest_offer(&s, jt_str(b));
    return (const char *)s.best.p;
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(nearest("clinet", "client", "resource"), "client");
    assert_string_equal(nearest("max_conections", "max_connections_per_address", "max_connections"),
                        "max_connections");
    assert_string_equal(nearest("lits", "show", "list"), "list");
    assert_null(nearest("frobnicate", "client", "resource"));
    assert_null(nearest("x", "o", "p"));  /* one letter wrong of one */
    assert_null(nearest("", "o", "dev")); /* nothing is near to nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(long_words_are_near_to_nothing),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
