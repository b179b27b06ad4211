/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - pages of lists, and the cursors between them.
 */
#include "../../core/base/num.h"
#include "../../core/token/ref.h"
#include "admin.h"

static bool read_cursor(struct jt_flow *f, enum jt_admin_list list, struct jt_slice text,
                        uint64_t *cursor)
{
    struct jt_ref ref = {0};
    *cursor = 0;
    if (text.n == 0) {
        return true;
    }
    if (jt_ref_read(f->local->crypt, f->app->reference_key, text, &ref) != JT_OK ||
        ref.kind != JT_REF_CURSOR || ref.b != (uint16_t)list) {
        return false;
    }
    *cursor = ref.a;
    return true;
}

void jt_admin_next(struct jt_jw *w, struct jt_flow *f, struct jt_crypt *c, enum jt_admin_list list,
                   uint64_t cursor)
{
    const struct jt_ref ref = {JT_REF_CURSOR, cursor, (uint16_t)list};
    char text[JT_REF_LEN];
    if (jt_ref_write(c, f->app->reference_key, &ref, text) == JT_OK) {
        jt_jw_kstr(w, "next_cursor", jt_slice(text, sizeof text));
    }
}

bool jt_admin_page(struct jt_flow *f, enum jt_admin_list list, size_t *limit, uint64_t *cursor)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_slice l = jt_form_get(&a->query, "limit");
    struct jt_slice c = jt_form_get(&a->query, "cursor");
    uint64_t v = 100;
    if ((l.n > 0 && jt_parse_u64(l, JT_PAGE_MAX, &v) != JT_OK) || v == 0 ||
        !read_cursor(f, list, c, cursor)) {
        (void)jt_problem(f, 400, "page", "limit is 1 to 1000; cursor is what next_cursor said");
        return false;
    }
    *limit = (size_t)v;
    return true;
}

enum jt_next jt_admin_list(struct jt_flow *f, enum jt_admin_list list, enum jt_object_kind kind,
                           void (*view)(struct jt_jw *w, struct jt_flow *f,
                                        const struct jt_object *o))
{
    size_t limit = 0;
    uint64_t cursor = 0;
    if (!jt_admin_page(f, list, &limit, &cursor)) {
        return JT_DONE;
    }
    const struct jt_object *o = NULL;
    size_t n = 0;
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_key(&w, "items");
    jt_jw_arr(&w);
    while (n < limit && b.n < JT_PAGE_FULL &&
           jt_directory_page(f->app->directory, kind, &cursor, &o, 1) == 1) {
        view(&w, f, o);
        n++;
    }
    jt_jw_end_arr(&w);
    if (n == limit || b.n >= JT_PAGE_FULL) {
        jt_admin_next(&w, f, f->local->crypt, list, cursor);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}
