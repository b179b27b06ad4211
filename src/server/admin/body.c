/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - reading request bodies: an object whose members are known, each of its type.
 */
#include <stdarg.h>
#include <stdio.h>

#include "../../core/base/num.h"
#include "../../core/http/name.h"
#include "admin.h"

static const struct jt_json_limits body_limits = {JT_HTTP_BODY_MAX, 6, 2048};

struct jt_json *jt_admin_body(struct jt_flow *f, enum jt_content_type wanted)
{
    struct jt_json *doc = NULL;
    enum jt_content_type t = jt_content_type(f->x->head.content_type);
    if (t != wanted && !(wanted == JT_CONTENT_MERGE && t == JT_CONTENT_JSON)) {
        (void)jt_problem(f, 415, "content_type", "the body must be application/json");
        return NULL;
    }
    enum jt_err e = jt_json_parse(f->x->body, &body_limits, &doc);
    if (e == JT_E_NOMEM) {
        (void)jt_fail(f, JT_R_INTERNAL);
        return NULL;
    }
    if (e != JT_OK) {
        (void)jt_problem(f, 400, "body", "the body is not JSON, or repeats a member");
        return NULL;
    }
    if (jt_jval_type(jt_json_root(doc)) != JT_JOBJECT) {
        (void)jt_problem(f, 400, "body", "the body must be a JSON object");
        jt_json_free(&doc);
    }
    return doc;
}

bool jt_admin_text(struct jt_flow *f, const struct jt_jval *v, const char *name,
                   struct jt_slice *out)
{
    const struct jt_jval *m = jt_jobj_get(v, name);
    struct jt_slice s = {0};
    if (m == NULL) {
        return true;
    }
    return jt_jval_str(m, &s) && jt_arena_copy(&f->x->arena, s, out);
}

/* Room for one more complaint, or NULL: there are enough. */
static struct jt_complaint *complaint(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (a->wrong == NULL) {
        a->wrong = jt_arena_alloc(&f->x->arena, sizeof *a->wrong);
    }
    return a->wrong == NULL || a->wrong->n == JT_COMPLAINTS_MAX ? NULL
                                                                : &a->wrong->v[a->wrong->n++];
}

bool jt_admin_bad(struct jt_flow *f, const char *pointer, const char *format, ...)
{
    struct jt_complaint *c = complaint(f);
    if (c != NULL) {
        va_list args;
        va_start(args, format);
        (void)snprintf(c->pointer, sizeof c->pointer, "%s", pointer);
        (void)vsnprintf(c->detail, sizeof c->detail, format, args);
        va_end(args);
    }
    return false;
}

enum jt_next jt_admin_invalid(struct jt_flow *f, const char *code)
{
    const struct jt_complaints *w = jt_admin_of(f)->wrong;
    if (w == NULL) {
        return jt_fail(f, JT_R_INTERNAL); /* no memory to say it */
    }
    return jt_problem_with(f, 422, w->code != NULL ? w->code : code, w->v[0].detail, w);
}

/* A member's name behind the pointer of its object, escaped as RFC 6901 section 3 says. */
static void point(char *out, size_t size, const char *object, struct jt_slice name)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4 * size);
    jt_buf_puts(&b, object);
    jt_buf_putc(&b, '/');
    for (size_t i = 0; i < name.n && i < size; i++) {
        if (name.p[i] == '~' || name.p[i] == '/') {
            jt_buf_puts(&b, name.p[i] == '~' ? "~0" : "~1");
        } else {
            jt_buf_putc(&b, name.p[i]);
        }
    }
    (void)snprintf(out, size, "%.*s", (int)b.n, b.n == 0 ? "" : (const char *)b.p);
}

struct known {
    struct jt_flow *f;
    const char *pointer;
    const char *const *names;
    bool ok;
};

static bool look_at(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    struct known *k = ctx;
    (void)value;
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, 1024);
    for (size_t i = 0; k->names[i] != NULL; i++) {
        if (jt_slice_eq(name, jt_str(k->names[i]))) {
            return true;
        }
        jt_buf_puts(&all, i == 0 ? "" : ", ");
        jt_buf_puts(&all, k->names[i]);
    }
    if (k->names[0] == NULL) {
        jt_buf_puts(&all, "none");
    }
    char pointer[sizeof((struct jt_complaint *)0)->pointer];
    point(pointer, sizeof pointer, k->pointer, name);
    k->ok = jt_admin_bad(k->f, pointer, "there is no member \"%.*s\" here; there are %.*s",
                         (int)(name.n < 60 ? name.n : 60), (const char *)name.p, (int)all.n,
                         (const char *)all.p);
    if (jt_admin_of(k->f)->wrong != NULL) {
        jt_admin_of(k->f)->wrong->code = "member";
    }
    return true;
}

bool jt_admin_known(struct jt_flow *f, const struct jt_jval *v, const char *pointer,
                    const char *const *names)
{
    struct known k = {f, pointer, names, true};
    (void)jt_jobj_each(v, look_at, &k);
    return k.ok;
}

bool jt_admin_no_body(struct jt_flow *f)
{
    static const char *const none[] = {NULL};
    if (f->x->body.n == 0) {
        return true;
    }
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return false;
    }
    bool ok = jt_admin_known(f, jt_json_root(doc), "", none);
    jt_json_free(&doc);
    if (!ok) {
        (void)jt_admin_invalid(f, "member");
    }
    return ok;
}

bool jt_admin_read_text(struct jt_flow *f, const struct jt_jval *root, const char *name,
                        struct jt_slice *out)
{
    char pointer[64];
    (void)snprintf(pointer, sizeof pointer, "/%s", name);
    if (!jt_admin_text(f, root, name, out)) {
        return jt_admin_bad(f, pointer, "%s is a string", name);
    }
    return out->n == 0 || jt_display_text_ok(*out, JT_NAME_BYTES) ||
           jt_admin_bad(f, pointer, "%s is at most %d bytes of plain text", name, JT_NAME_BYTES);
}

bool jt_admin_read_bool(struct jt_flow *f, const struct jt_jval *root, const char *name, bool *out)
{
    char pointer[64];
    const struct jt_jval *v = jt_jobj_get(root, name);
    (void)snprintf(pointer, sizeof pointer, "/%s", name);
    return v == NULL || jt_jval_bool(v, out) ||
           jt_admin_bad(f, pointer, "%s is true or false", name);
}

bool jt_admin_read_time(struct jt_flow *f, const struct jt_jval *root, const char *name,
                        int64_t *out)
{
    char pointer[64];
    const struct jt_jval *v = jt_jobj_get(root, name);
    struct jt_slice text = {0};
    (void)snprintf(pointer, sizeof pointer, "/%s", name);
    if (v == NULL || jt_jval_type(v) == JT_JNULL) {
        return true;
    }
    return (jt_jval_str(v, &text) && jt_parse_rfc3339(text, out) == JT_OK) ||
           jt_admin_bad(f, pointer, "%s is a time such as 2026-11-25T10:00:00Z", name);
}

static bool read_net(struct jt_flow *f, const struct jt_jval *v, size_t i, struct jt_net *out)
{
    char pointer[64];
    struct jt_slice text = {0};
    const char *why = "a network is a string such as 10.1.0.0/16";
    (void)snprintf(pointer, sizeof pointer, "/networks/%zu", i);
    if (!jt_jval_str(v, &text)) {
        return jt_admin_bad(f, pointer, "%s", why);
    }
    return jt_net_read(text, out, &why) == JT_OK ||
           jt_admin_bad(f, pointer, "\"%.*s\": %s", (int)(text.n < 80 ? text.n : 80),
                        (const char *)text.p, why);
}

bool jt_admin_read_nets(struct jt_flow *f, const struct jt_jval *root, size_t *n,
                        const struct jt_net **out, bool *given)
{
    const struct jt_jval *list = jt_jobj_get(root, "networks");
    size_t count = jt_jval_count(list);
    *given = list != NULL;
    *n = 0;
    *out = NULL;
    if (list == NULL || jt_jval_type(list) == JT_JNULL) {
        return true;
    }
    if (jt_jval_type(list) != JT_JARRAY || count > JT_NETS_MAX) {
        return jt_admin_bad(f, "/networks", "networks is a list of at most %d networks",
                            JT_NETS_MAX);
    }
    struct jt_net *v = jt_arena_array(&f->x->arena, count + 1, sizeof *v);
    if (v == NULL) {
        return jt_admin_bad(f, "/networks", "this is too large");
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_net(f, jt_jarr_at(list, i), i, &v[i])) {
            return false;
        }
    }
    *n = count;
    *out = v;
    return true;
}
