/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The urlencoded vectors of Web Platform Tests. Browsers decode anything; we must give the same
 * pairs, or refuse for one of our own reasons: broken escape, not UTF-8, repeated name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../vectors.h"
#include "core/http/form.h"
#include "core/json/json.h"

/* Every refusal is listed: a vector that starts to be refused is a fault of ours. */
static const struct {
    struct jt_slice input;
    enum jt_form_fault fault;
} refused[] = {
    {JT_LIT_INIT("%FE%FF"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%FF%FE"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%C2"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%C2x"), JT_FORM_ENCODING},
    {JT_LIT_INIT("_charset_=windows-1252&test=%C2x"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%=a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%a=a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("%a_=a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("id=0&value=%"), JT_FORM_ENCODING},
    {JT_LIT_INIT("b=%2sf%2a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("b=%2%2af%2a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("b=%%2a"), JT_FORM_ENCODING},
    {JT_LIT_INIT("a&a"), JT_FORM_REPEATED},
    {JT_LIT_INIT("a=a&a=b&a=c"), JT_FORM_REPEATED},
    {JT_LIT_INIT("\xe2\x80\xa0&\xe2\x80\xa0=x"), JT_FORM_REPEATED},
};
#define REFUSED (sizeof refused / sizeof refused[0])

static struct jt_json *doc;

static enum jt_form_fault wanted(struct jt_slice input)
{
    for (size_t i = 0; i < REFUSED; i++) {
        if (jt_slice_eq(refused[i].input, input)) {
            return refused[i].fault;
        }
    }
    return JT_FORM_OK;
}

static void expect_pairs(const struct jt_form *f, const struct jt_jval *pairs,
                         struct jt_slice input)
{
    if (f->n != jt_jval_count(pairs)) {
        fail_msg("%zu pairs: %.*s", f->n, JT_FMT(input));
    }
    for (size_t i = 0; i < f->n; i++) {
        struct jt_slice name = {0};
        struct jt_slice value = {0};
        assert_true(jt_jval_str(jt_jarr_at(jt_jarr_at(pairs, i), 0), &name));
        assert_true(jt_jval_str(jt_jarr_at(jt_jarr_at(pairs, i), 1), &value));
        if (!jt_slice_eq(name, f->items[i].name) || !jt_slice_eq(value, f->items[i].value)) {
            fail_msg("other pairs: %.*s", JT_FMT(input));
        }
    }
}

static void test_vectors(void **state)
{
    (void)state;
    size_t seen = 0;
    const struct jt_jval *root = jt_json_root(doc);
    for (size_t i = 0; i < jt_jval_count(root); i++) {
        struct jt_slice input = {0};
        struct jt_form f;
        struct jt_arena a;
        jt_arena_init(&a, 65536);
        assert_true(jt_jval_str(jt_jobj_get(jt_jarr_at(root, i), "input"), &input));
        enum jt_form_fault got = jt_form_read(input, &a, &f);
        if (got != wanted(input)) {
            fail_msg("fault %d: %.*s", (int)got, JT_FMT(input));
        }
        if (got == JT_FORM_OK) {
            expect_pairs(&f, jt_jobj_get(jt_jarr_at(root, i), "output"), input);
        } else {
            seen++;
        }
        jt_arena_free(&a);
    }
    assert_int_equal(jt_jval_count(root), 35);
    assert_int_equal(seen, REFUSED);
}

int main(void)
{
    static const struct jt_json_limits limits = {1u << 20, 8, 4096};
    struct jt_buf text;
    if (!vectors_read(__FILE__, "wpt-urlencoded/urlencoded-parser-data.json", &text)) {
        return VECTORS_SKIP;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    int rc = 1;
    if (jt_json_parse(jt_buf_slice(&text), &limits, &doc) == JT_OK) {
        rc = cmocka_run_group_tests(tests, NULL, NULL);
    }
    jt_json_free(&doc);
    jt_buf_free(&text);
    return rc;
}
