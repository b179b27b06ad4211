/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include "say.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct jt_slice skip(struct jt_slice s)
{
    while (s.n > 0 && (is_blank(s.p[0]) || s.p[0] == ',' || s.p[0] == ':')) {
        s = jt_slice_from(s, 1);
    }
    return s;
}

/* Length of the string at the start of s, quotes included. */
static size_t string_length(struct jt_slice s)
{
    size_t i = 1;
    while (i < s.n && s.p[i] != '"') {
        i += s.p[i] == '\\' ? 2 : 1;
    }
    return i < s.n ? i + 1 : s.n;
}

/* Length of the value at the start of s. */
static size_t value_length(struct jt_slice s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.n;) {
        uint8_t c = s.p[i];
        if (c == '"') {
            i += string_length(jt_slice_from(s, i));
            if (depth == 0) {
                return i;
            }
            continue;
        }
        bool closes = c == '}' || c == ']';
        if (depth == 0 && (closes || c == ',' || is_blank(c))) {
            return i;
        }
        depth += c == '{' || c == '[';
        depth -= closes;
        i++;
        if (closes && depth == 0) {
            return i;
        }
    }
    return s.n;
}

struct jt_raw_walk jt_raw_walk(struct jt_slice json)
{
    struct jt_slice s = skip(json);
    struct jt_raw_walk w = {jt_slice_from(s, 1), s.n > 0 && s.p[0] == '{'};
    if (s.n > 0 && !w.is_object && s.p[0] != '[') {
        w.rest.n = 0; /* a plain value has no parts */
    }
    return w;
}

bool jt_raw_next(struct jt_raw_walk *w, struct jt_raw_item *out)
{
    struct jt_slice s = skip(w->rest);
    if (s.n == 0 || s.p[0] == '}' || s.p[0] == ']') {
        return false;
    }
    *out = (struct jt_raw_item){0};
    if (w->is_object) {
        size_t k = string_length(s);
        out->name = jt_slice(s.p + 1, k < 2 ? 0 : k - 2);
        s = skip(jt_slice_from(s, k));
    }
    size_t k = value_length(s);
    out->value = jt_slice(s.p, k);
    w->rest = jt_slice_from(s, k);
    return true;
}

struct jt_slice jt_raw_member(struct jt_slice object, const char *name)
{
    struct jt_raw_walk w = jt_raw_walk(object);
    struct jt_raw_item item = {0};
    while (jt_raw_next(&w, &item)) {
        if (w.is_object && jt_slice_eq(item.name, jt_str(name))) {
            return item.value;
        }
    }
    return jt_slice(NULL, 0);
}

static void put_string(struct jt_buf *b, struct jt_slice s)
{
    while (s.n > 0) {
        struct jt_slice before = s;
        uint32_t r = 0;
        (void)jt_rune_next(&s, &r);
        if (!jt_rune_is_unsafe(r)) {
            jt_buf_put(b, jt_slice(before.p, before.n - s.n));
        } else if (r < 0x10000) {
            jt_buf_printf(b, "\\u%04x", (unsigned)r);
        } else {
            jt_buf_printf(b, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((r - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + ((r - 0x10000) & 0x3ff)));
        }
    }
}

static void new_line(struct jt_buf *b, size_t depth, bool is_indented)
{
    if (is_indented) {
        jt_buf_putc(b, '\n');
        for (size_t i = 0; i < depth; i++) {
            jt_buf_puts(b, "  ");
        }
    }
}

static bool closes_at_once(struct jt_slice s)
{
    s = skip(s);
    return s.n > 0 && (s.p[0] == '}' || s.p[0] == ']');
}

void jt_raw_put(struct jt_buf *b, struct jt_slice json, int level)
{
    bool is_indented = level != JT_RAW_ONE_LINE;
    size_t depth = is_indented ? (size_t)level : 0;
    for (size_t i = 0; i < json.n;) {
        uint8_t c = json.p[i];
        size_t k = c == '"' ? string_length(jt_slice_from(json, i)) : 1;
        bool closes = c == '}' || c == ']';
        if (c == '"') {
            put_string(b, jt_slice(json.p + i, k));
        } else if (closes) {
            depth -= depth > 0;
            /* "{}" and "[]" stay together */
            if (b->n > 0 && b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[') {
                new_line(b, depth, is_indented);
            }
            jt_buf_putc(b, c);
        } else if (!is_blank(c)) {
            jt_buf_putc(b, c);
        }
        i += k;
        if (c == ':' && is_indented) {
            jt_buf_putc(b, ' ');
        }
        bool opens = c == '{' || c == '[';
        depth += opens;
        if ((opens && !closes_at_once(jt_slice_from(json, i))) || c == ',') {
            new_line(b, depth, is_indented);
        }
    }
}
