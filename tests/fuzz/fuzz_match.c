/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_match.c - the body of an introspection with lists and flags, as JSON and as a form.
 */
#include "fuzz.h"
#include "server/flow/match.h"

static void check(const struct jt_required *r, const struct jt_form *f)
{
    JT_ASSERT(f->n <= JT_FORM_MAX);
    JT_ASSERT(r->has_scopes || r->scopes.n == 0);
    bool asks = r->has_scopes || r->has_roles || r->has_groups;
    JT_ASSERT(jt_match(r, jt_slice(NULL, 0), true) == !asks); /* no scope: only who asks nothing */
    bool all = jt_match(r, JT_LIT("a b c"), false);
    bool any = jt_match(r, JT_LIT("a b c"), true);
    JT_ASSERT(!all || any); /* what satisfies all lists satisfies one */
    struct jt_required strict = *r;
    strict.strict_scopes = strict.strict_all = true;
    JT_ASSERT(!jt_match(&strict, JT_LIT("a b c"), false) || all);
    JT_ASSERT(!jt_match(&strict, JT_LIT("a b c"), true) || any);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_form f;
    struct jt_arena a;
    struct jt_required r = {0};
    struct jt_match_reading reading = {&r, &a};
    const struct jt_form_more more = {jt_match_take, &reading};
    jt_arena_init(&a, 4u << 20);
    if (jt_form_read_json(jt_slice(data, size), &a, &more, &f) == JT_FORM_OK &&
        jt_match_form(&r, &f)) {
        check(&r, &f);
    }
    r = (struct jt_required){0};
    if (jt_form_read(jt_slice(data, size), &a, &f) == JT_FORM_OK && jt_match_form(&r, &f)) {
        check(&r, &f);
    }
    jt_arena_free(&a);
    return 0;
}
