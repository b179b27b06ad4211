/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include "../json/json.h"
#include "name.h"
#include "uri.h"

#define ROOM_FIRST 8

static bool is_literal(struct jt_slice text)
{
    return jt_slice_find(text, '%') == text.n && jt_slice_find(text, '+') == text.n;
}

enum jt_form_fault jt_form_decode(struct jt_slice text, struct jt_arena *a, struct jt_slice *out)
{
    if (is_literal(text)) {
        *out = text;
        return jt_utf8_ok(text) ? JT_FORM_OK : JT_FORM_ENCODING;
    }
    uint8_t *p = jt_arena_alloc(a, text.n);
    size_t n = 0;
    if (p == NULL) {
        return JT_FORM_NOMEM;
    }
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int octet = jt_percent_octet(text, i);
            if (octet < 0) {
                return JT_FORM_ENCODING;
            }
            c = (uint8_t)octet;
            i += 2;
        }
        p[n++] = c;
    }
    if (!jt_utf8_ok(jt_slice(p, n))) {
        return JT_FORM_ENCODING;
    }
    *out = jt_slice(p, n);
    return JT_FORM_OK;
}

/* Few at first, then as many as there may be: a request has four. */
static bool widen(struct jt_form *f, struct jt_arena *a)
{
    size_t room = f->room == 0 ? ROOM_FIRST : JT_FORM_MAX;
    struct jt_param *items = jt_arena_array(a, room, sizeof *items);
    if (items == NULL) {
        return false;
    }
    if (f->n > 0) {
        memcpy(items, f->items, f->n * sizeof *items);
    }
    f->items = items;
    f->room = room;
    return true;
}

static enum jt_form_fault add(struct jt_form *f, struct jt_arena *a, struct jt_slice name,
                              struct jt_slice value)
{
    if (f->n == JT_FORM_MAX) {
        return JT_FORM_TOO_MANY;
    }
    if (f->n == f->room && !widen(f, a)) {
        return JT_FORM_NOMEM;
    }
    f->items[f->n] = (struct jt_param){name, value};
    for (size_t i = 0; i < f->n; i++) {
        if (jt_slice_eq(f->items[i].name, name)) {
            f->repeated = name;
            return JT_FORM_REPEATED;
        }
    }
    f->n++;
    return JT_FORM_OK;
}

enum jt_form_fault jt_form_read(struct jt_slice body, struct jt_arena *a, struct jt_form *out)
{
    *out = (struct jt_form){0};
    while (body.n > 0) {
        size_t k = jt_slice_find(body, '&');
        struct jt_slice piece = jt_slice(body.p, k);
        body = jt_slice_from(body, k + 1);
        if (piece.n == 0) {
            continue;
        }
        size_t eq = jt_slice_find(piece, '=');
        struct jt_slice name = {0};
        struct jt_slice value = {0};
        enum jt_form_fault f = jt_form_decode(jt_slice(piece.p, eq), a, &name);
        if (f == JT_FORM_OK) {
            f = jt_form_decode(jt_slice_from(piece, eq + 1), a, &value);
        }
        if (f == JT_FORM_OK) {
            f = add(out, a, name, value);
        }
        if (f != JT_FORM_OK) {
            return f;
        }
    }
    return JT_FORM_OK;
}

struct json_walk {
    struct jt_arena *arena;
    struct jt_form *form;
    enum jt_form_fault fault;
    const struct jt_form_more *more;
};

static bool on_member(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    struct json_walk *w = ctx;
    struct jt_slice n = {0};
    struct jt_slice v = {0};
    if (!jt_jval_str(value, &v)) {
        w->fault = w->more != NULL && w->more->take(w->more->ctx, name, value) ? JT_FORM_OK
                                                                               : JT_FORM_SYNTAX;
        return w->fault == JT_FORM_OK;
    }
    /* the document is freed before the form is used */
    w->fault = jt_arena_copy(w->arena, name, &n) && jt_arena_copy(w->arena, v, &v)
                   ? add(w->form, w->arena, n, v)
                   : JT_FORM_NOMEM;
    return w->fault == JT_FORM_OK;
}

enum jt_form_fault jt_form_read_json(struct jt_slice body, struct jt_arena *a,
                                     const struct jt_form_more *more, struct jt_form *out)
{
    static const struct jt_json_limits flat = {16384, 1, JT_FORM_MAX};
    static const struct jt_json_limits deep = {16384, 4, 1024};
    struct jt_json *doc = NULL;
    struct json_walk w = {a, out, JT_FORM_OK, more};
    *out = (struct jt_form){0};
    enum jt_err e = jt_json_parse(body, more == NULL ? &flat : &deep, &doc);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? JT_FORM_NOMEM : JT_FORM_SYNTAX;
    }
    if (jt_jval_type(jt_json_root(doc)) != JT_JOBJECT) {
        w.fault = JT_FORM_SYNTAX;
    } else {
        (void)jt_jobj_each(jt_json_root(doc), on_member, &w);
    }
    jt_json_free(&doc);
    return w.fault;
}

struct jt_slice jt_form_value(const struct jt_form *f, struct jt_slice name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (jt_slice_eq(f->items[i].name, name)) {
            return f->items[i].value;
        }
    }
    return jt_slice(NULL, 0);
}

/* Nothing, or one parameter charset=utf-8, quoted or not, in any case. */
static bool utf8_only(struct jt_slice params)
{
    params = jt_slice_trim(params);
    return params.n == 0 || jt_slice_eq_nocase(params, JT_LIT("charset=utf-8")) ||
           jt_slice_eq_nocase(params, JT_LIT("charset=\"utf-8\""));
}

enum jt_content_type jt_content_type(struct jt_slice value)
{
    static const struct {
        struct jt_slice name;
        enum jt_content_type type;
    } all[] = {
        {JT_LIT_INIT("application/x-www-form-urlencoded"), JT_CONTENT_FORM},
        {JT_LIT_INIT("application/json"), JT_CONTENT_JSON},
        {JT_LIT_INIT("application/merge-patch+json"), JT_CONTENT_MERGE},
    };
    if (value.n == 0) {
        return JT_CONTENT_NONE;
    }
    size_t semi = jt_slice_find(value, ';');
    struct jt_slice type = jt_slice_trim(jt_slice(value.p, semi));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (jt_slice_eq_nocase(type, all[i].name)) {
            return utf8_only(jt_slice_from(value, semi + 1)) ? all[i].type : JT_CONTENT_OTHER;
        }
    }
    return JT_CONTENT_OTHER;
}
