/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_form.c - parameters as a form and as JSON: each reader reads what was written of what the
 * other has read.
 */
#include "core/base/buf.h"
#include "core/http/form.h"
#include "core/http/head.h"
#include "core/http/name.h"
#include "core/http/uri.h"
#include "core/json/jw.h"
#include "fuzz.h"

static void check_form(const struct jt_form *f)
{
    JT_ASSERT(f->n <= JT_FORM_MAX);
    for (size_t i = 0; i < f->n; i++) {
        JT_ASSERT(jt_utf8_ok(f->items[i].name) && jt_utf8_ok(f->items[i].value));
        for (size_t k = 0; k < i; k++) {
            JT_ASSERT(!jt_slice_eq(f->items[i].name, f->items[k].name));
        }
    }
}

static void check_equal(const struct jt_form *a, const struct jt_form *b)
{
    JT_ASSERT(a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        JT_ASSERT(jt_slice_eq(a->items[i].name, b->items[i].name));
        JT_ASSERT(jt_slice_eq(a->items[i].value, b->items[i].value));
    }
}

/* The same parameters as JSON. The depth and the number of members are the reader's own limits. */
static void as_json(const struct jt_form *f, struct jt_arena *a)
{
    static struct jt_form again;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    for (size_t i = 0; i < f->n; i++) {
        jt_jw_key_slice(&w, f->items[i].name);
        jt_jw_str(&w, f->items[i].value);
    }
    jt_jw_end_obj(&w);
    JT_ASSERT(jt_buf_ok(&b));
    if (b.n <= JT_HTTP_BODY_MAX) {
        JT_ASSERT(jt_form_read_json(jt_buf_slice(&b), a, NULL, &again) == JT_FORM_OK);
        check_equal(f, &again);
    }
}

/* What was read, written again, reads the same. */
static void round_trip(const struct jt_form *f, struct jt_arena *a)
{
    static struct jt_form again;
    struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < f->n; i++) {
        jt_percent_encode(f->items[i].name, &b);
        jt_buf_putc(&b, '=');
        jt_percent_encode(f->items[i].value, &b);
        jt_buf_putc(&b, '&');
    }
    JT_ASSERT(jt_buf_ok(&b));
    JT_ASSERT(jt_form_read(jt_buf_slice(&b), a, &again) == JT_FORM_OK);
    check_equal(f, &again);
    jt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_form f;
    struct jt_arena a;
    struct jt_slice in = jt_slice(data, size);
    jt_arena_init(&a, 4u << 20);
    if (jt_form_read(in, &a, &f) == JT_FORM_OK) {
        check_form(&f);
        round_trip(&f, &a);
        as_json(&f, &a);
    }
    if (jt_form_read_json(in, &a, NULL, &f) == JT_FORM_OK) {
        check_form(&f);
        round_trip(&f, &a);
        as_json(&f, &a);
    }
    (void)jt_content_type(in);
    jt_arena_free(&a);
    return 0;
}
