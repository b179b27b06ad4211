/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c - JSON, and the claims of a token. What was read, written again, reads the same; and
 * what is read at all is JSON to a second reader, which knows the grammar of RFC 8259 and nothing
 * else.
 */
#include <ctype.h>

#include "core/base/buf.h"
#include "core/http/name.h"
#include "core/json/json.h"
#include "core/json/jw.h"
#include "core/token/at.h"
#include "fuzz.h"

static void write_value(struct jt_jw *w, const struct jt_jval *v);

static bool write_member(struct jt_slice name, const struct jt_jval *v, void *ctx)
{
    jt_jw_key_slice(ctx, name);
    write_value(ctx, v);
    return true;
}

/* Depth is bounded by the limits of the parse. */
static void write_value(struct jt_jw *w, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    int64_t i = 0;
    bool b = false;
    if (jt_jval_type(v) == JT_JOBJECT) {
        jt_jw_obj(w);
        (void)jt_jobj_each(v, write_member, w);
        jt_jw_end_obj(w);
    } else if (jt_jval_type(v) == JT_JARRAY) {
        jt_jw_arr(w);
        for (size_t k = 0; k < jt_jval_count(v); k++) {
            write_value(w, jt_jarr_at(v, k));
        }
        jt_jw_end_arr(w);
    } else if (jt_jval_str(v, &s)) {
        jt_jw_str(w, s);
    } else if (jt_jval_int(v, &i)) {
        jt_jw_int(w, i);
    } else if (jt_jval_bool(v, &b)) {
        jt_jw_bool(w, b);
    } else {
        jt_jw_null(w);
    }
}

static const struct jt_json_limits limits = {65536, 8, 256};

static bool same(const struct jt_jval *a, const struct jt_jval *b);

struct comparison {
    const struct jt_jval *other;
};

static bool same_member(struct jt_slice name, const struct jt_jval *v, void *ctx)
{
    const struct comparison *c = ctx;
    char text[4096];
    if (name.n >= sizeof text) {
        return true; /* jt_jobj_get wants a NUL behind it */
    }
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return same(v, jt_jobj_get(c->other, text));
}

/* Numbers that are no integers are read and used nowhere: they were written as null. */
static bool same(const struct jt_jval *a, const struct jt_jval *b)
{
    struct jt_slice s[2] = {{0}};
    int64_t i[2] = {0};
    bool t[2] = {false};
    struct comparison c = {b};
    enum jt_jtype type = jt_jval_type(a) == JT_JREAL ? JT_JNULL : jt_jval_type(a);
    if (b == NULL || type != jt_jval_type(b) || jt_jval_count(a) != jt_jval_count(b)) {
        return false;
    }
    for (size_t k = 0; type == JT_JARRAY && k < jt_jval_count(a); k++) {
        if (!same(jt_jarr_at(a, k), jt_jarr_at(b, k))) {
            return false;
        }
    }
    return (type != JT_JOBJECT || jt_jobj_each(a, same_member, &c)) &&
           jt_jval_str(a, &s[0]) == jt_jval_str(b, &s[1]) && jt_slice_eq(s[0], s[1]) &&
           jt_jval_int(a, &i[0]) == jt_jval_int(b, &i[1]) && i[0] == i[1] &&
           jt_jval_bool(a, &t[0]) == jt_jval_bool(b, &t[1]) && t[0] == t[1];
}

static uint8_t first(const struct jt_slice *s)
{
    return s->n == 0 ? 0 : s->p[0];
}

static void skip(struct jt_slice *s, const char *set)
{
    while (s->n > 0 && s->p[0] != 0 && strchr(set, s->p[0]) != NULL) {
        *s = jt_slice_from(*s, 1);
    }
}

static bool take(struct jt_slice *s, const char *word)
{
    bool is = jt_slice_starts(*s, jt_str(word));
    *s = jt_slice_from(*s, is ? strlen(word) : 0);
    return is;
}

static bool second_string(struct jt_slice *s)
{
    if (!take(s, "\"")) {
        return false;
    }
    while (s->n > 0 && s->p[0] != '"') {
        if (s->p[0] < 0x20) {
            return false;
        }
        if (take(s, "\\u")) {
            for (int i = 0; i < 4; i++) {
                if (isxdigit(first(s)) == 0) {
                    return false;
                }
                *s = jt_slice_from(*s, 1);
            }
        } else if (take(s, "\\")) {
            if (first(s) == 0 || strchr("\"\\/bfnrt", first(s)) == NULL) {
                return false;
            }
            *s = jt_slice_from(*s, 1);
        } else {
            *s = jt_slice_from(*s, 1);
        }
    }
    return take(s, "\"");
}

static bool second_digits(struct jt_slice *s)
{
    bool any = isdigit(first(s)) != 0;
    skip(s, "0123456789");
    return any;
}

static bool second_number(struct jt_slice *s)
{
    (void)take(s, "-");
    if (!take(s, "0") && !second_digits(s)) {
        return false;
    }
    if (take(s, ".") && !second_digits(s)) {
        return false;
    }
    if (take(s, "e") || take(s, "E")) {
        (void)(take(s, "+") || take(s, "-"));
        return second_digits(s);
    }
    return true;
}

static bool second_value(struct jt_slice *s, unsigned depth);

static bool second_list(struct jt_slice *s, unsigned depth, bool is_object)
{
    const char *end = is_object ? "}" : "]";
    skip(s, " \t\r\n");
    if (take(s, end)) {
        return true;
    }
    do {
        skip(s, " \t\r\n");
        if (is_object) {
            if (!second_string(s)) {
                return false;
            }
            skip(s, " \t\r\n");
            if (!take(s, ":")) {
                return false;
            }
        }
        if (!second_value(s, depth + 1)) {
            return false;
        }
    } while (take(s, ","));
    return take(s, end);
}

/* One value with the blanks around it. */
static bool second_value(struct jt_slice *s, unsigned depth)
{
    bool ok;
    skip(s, " \t\r\n");
    if (first(s) == '{' || first(s) == '[') {
        bool is_object = first(s) == '{';
        *s = jt_slice_from(*s, 1);
        ok = depth < 8 && second_list(s, depth, is_object);
    } else if (first(s) == '"') {
        ok = second_string(s);
    } else {
        ok = take(s, "null") || take(s, "true") || take(s, "false") || second_number(s);
    }
    skip(s, " \t\r\n");
    return ok;
}

/* What was read, written again, is one line of JSON that reads. */
static void round_trip(const struct jt_json *doc)
{
    struct jt_buf b;
    struct jt_json *again = NULL;
    jt_buf_init(&b, 1u << 20);
    struct jt_jw w = jt_jw(&b);
    write_value(&w, jt_json_root(doc));
    JT_ASSERT(jt_buf_ok(&b) && jt_slice_find(jt_buf_slice(&b), '\n') == b.n);
    const struct jt_json_limits wide = {1u << 20, 8, 256};
    JT_ASSERT(jt_json_parse(jt_buf_slice(&b), &wide, &again) == JT_OK);
    JT_ASSERT(same(jt_json_root(doc), jt_json_root(again)));
    jt_json_free(&again);
    jt_buf_free(&b);
}

/* Claims that were read, written as we write them, are the same claims. */
static void check_claims(const struct jt_at_claims *c, struct jt_arena *a)
{
    struct jt_at_claims again;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    JT_ASSERT(c->exp >= 0 && c->iat >= 0 && c->aud.n > 0);
    jt_at_payload(c, &b);
    JT_ASSERT(jt_buf_ok(&b));
    if (b.n > 16384 || c->jti.n == 0) {
        return; /* escapes made it too long to be read, or there was nothing to write */
    }
    JT_ASSERT(jt_at_read(jt_buf_slice(&b), a, &again) == JT_OK);
    JT_ASSERT(jt_slice_eq(c->iss, again.iss) && jt_slice_eq(c->sub, again.sub));
    JT_ASSERT(jt_slice_eq(c->client_id, again.client_id) && jt_slice_eq(c->aud, again.aud));
    JT_ASSERT(jt_slice_eq(c->scope, again.scope) && jt_slice_eq(c->jti, again.jti));
    JT_ASSERT(c->iat == again.iat && c->exp == again.exp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_json *doc = NULL;
    struct jt_arena a;
    struct jt_at_claims c;
    struct jt_slice in = jt_slice(data, size);
    if (jt_json_parse(in, &limits, &doc) == JT_OK) {
        struct jt_slice rest = in;
        JT_ASSERT(second_value(&rest, 0) && rest.n == 0 && jt_utf8_ok(in));
        round_trip(doc);
        jt_json_free(&doc);
    }
    jt_arena_init(&a, 1u << 20);
    if (jt_at_read(in, &a, &c) == JT_OK) {
        check_claims(&c, &a);
    }
    jt_arena_free(&a);
    return 0;
}
