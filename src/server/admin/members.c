/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.c - what a request body may hold: a member that is not known is refused by name, so that
 * a typing error never passes for "not given".
 */
#include "admin.h"

#define BODY_MAX 4096u
#define NAME_SHOWN 200u

struct names {
    const char *const *known;
    struct jt_slice stranger;
};

static bool is_known(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    struct names *n = ctx;
    (void)value;
    for (size_t i = 0; n->known[i] != NULL; i++) {
        if (jt_slice_eq(name, jt_str(n->known[i]))) {
            return true;
        }
    }
    n->stranger = jt_slice(name.p, name.n < NAME_SHOWN ? name.n : NAME_SHOWN);
    return false;
}

/* A JSON pointer to a member of the body itself (RFC 6901 section 3). */
static void put_pointer(struct jt_buf *b, struct jt_slice name)
{
    jt_buf_putc(b, '/');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '~' || name.p[i] == '/') {
            jt_buf_puts(b, name.p[i] == '~' ? "~0" : "~1");
        } else {
            jt_buf_putc(b, name.p[i]);
        }
    }
}

enum jt_next jt_problem_member(struct jt_flow *f, const char *code, const char *detail,
                               struct jt_slice name)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    JT_AUTO(jt_buf_free) struct jt_buf pointer;
    jt_buf_init(&b, BODY_MAX);
    jt_buf_init(&pointer, BODY_MAX);
    put_pointer(&pointer, name);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "type", JT_LIT("about:blank"));
    jt_jw_kstr(&w, "title", JT_LIT("Unprocessable Content"));
    jt_jw_kint(&w, "status", 422);
    jt_jw_kstr(&w, "code", jt_str(code));
    jt_jw_kstr(&w, "detail", jt_str(detail));
    jt_jw_key(&w, "errors");
    jt_jw_arr(&w);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "pointer", jt_buf_slice(&pointer));
    jt_jw_kstr(&w, "detail", jt_str(detail));
    jt_jw_end_obj(&w);
    jt_jw_end_arr(&w);
    jt_jw_end_obj(&w);
    const struct jt_answer a = {.status = 422,
                                .content_type = "application/problem+json",
                                .body = jt_buf_slice(&b),
                                .cache = "no-store"};
    return jt_answer(f, &a);
}

bool jt_admin_members(struct jt_flow *f, const struct jt_jval *root, const char *const *known)
{
    struct names n = {known, {NULL, 0}};
    if (jt_jobj_each(root, is_known, &n)) {
        return true;
    }
    (void)jt_problem_member(f, "member", "there is no such member here", n.stranger);
    return false;
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
    bool ok = jt_admin_members(f, jt_json_root(doc), none);
    jt_json_free(&doc);
    return ok;
}
