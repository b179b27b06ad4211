/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "../../core/base/num.h"
#include "../../core/http/response.h"
#include "../../core/token/ref.h"
#include "admin.h"

#define BODY_MAX 4096u

static const struct jt_json_limits body_limits = {JT_HTTP_BODY_MAX, 6, 2048};

enum jt_next jt_problem(struct jt_flow *f, unsigned status, const char *code, const char *detail)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, BODY_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "type", JT_LIT("about:blank"));
    jt_jw_kstr(&w, "title", jt_str(jt_http_status_text(status)));
    jt_jw_kint(&w, "status", (int64_t)status);
    jt_jw_kstr(&w, "code", jt_str(code));
    jt_jw_kstr(&w, "detail", jt_str(detail));
    jt_jw_end_obj(&w);
    const struct jt_answer a = {.status = status,
                                .content_type = "application/problem+json",
                                .body = jt_buf_slice(&b),
                                .cache = "no-store",
                                .retry_after = status == 503 ? "5" : NULL};
    return jt_answer(f, &a);
}

enum jt_next jt_problem_denial(struct jt_flow *f)
{
    const struct jt_reason_row *row = jt_reason_row(f->reason);
    unsigned status =
        f->reason == JT_R_UNREADABLE ? jt_http_fault_status(f->x->fault) : row->status;
    return jt_problem(f, status, row->name, row->meaning);
}

enum jt_next jt_admin_allow(struct jt_flow *f)
{
    struct jt_admin *a = jt_arena_alloc(&f->x->arena, sizeof *a);
    char *actor = jt_arena_alloc(&f->x->arena, 32);
    if (a == NULL || actor == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    int n = snprintf(actor, 32, "uid %u", (unsigned)f->x->peer_uid);
    a->actor = jt_slice(actor, (size_t)n);
    f->admin = a;
    f->detail = a->actor;
    if (f->x->peer_uid != 0 && f->x->peer_uid != f->app->uid) {
        return jt_deny(f, JT_R_ADMIN_NOT_ALLOWED);
    }
    if (f->x->head.has_query &&
        jt_form_read(f->x->head.query, &f->x->arena, &a->query) != JT_FORM_OK) {
        return jt_problem(f, 400, "query", "the query part of the URL is malformed");
    }
    if (!jt_route_segments(f)) {
        return jt_problem(f, 400, "path", "the path has a broken %XX");
    }
    return JT_NEXT;
}

enum jt_next jt_admin_answer(struct jt_flow *f, unsigned status, struct jt_buf *b,
                             uint64_t etag_version)
{
    char etag[32] = "";
    if (etag_version > 0) {
        (void)snprintf(etag, sizeof etag, "\"v%llu\"", (unsigned long long)etag_version);
    }
    const struct jt_answer a = {.status = status,
                                .content_type = "application/json",
                                .body = jt_buf_slice(b),
                                .cache = "no-store",
                                .etag = jt_str(etag)};
    enum jt_next n = jt_buf_ok(b) ? jt_answer(f, &a)
                                  : jt_problem(f, 500, "page",
                                               "the page is too large: ask with a smaller limit");
    jt_buf_free(b);
    return n;
}

struct jt_json *jt_admin_body(struct jt_flow *f, enum jt_content_type wanted)
{
    struct jt_json *doc = NULL;
    enum jt_content_type t = jt_content_type(f->x->head.content_type);
    if (t != wanted && !(wanted == JT_CONTENT_MERGE && t == JT_CONTENT_JSON)) {
        (void)jt_problem(f, 415, "content_type", "the body must be application/json");
        return NULL;
    }
    if (jt_json_parse(f->x->body, &body_limits, &doc) != JT_OK) {
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
    const struct jt_object **page = jt_arena_array(&f->x->arena, limit, sizeof *page);
    if (page == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    size_t n = jt_directory_page(f->app->directory, kind, &cursor, page, limit);
    jt_jw_obj(&w);
    jt_jw_key(&w, "items");
    jt_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        view(&w, f, page[i]);
    }
    jt_jw_end_arr(&w);
    if (n == limit) {
        jt_admin_next(&w, f, f->local->crypt, list, cursor);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

enum jt_next jt_admin_refused(struct jt_flow *f, const struct jt_outcome *rows)
{
    for (; rows->err != JT_OK; rows++) {
        if (rows->err == f->job.result) {
            return jt_problem(f, rows->status, rows->code,
                              rows->detail != NULL ? rows->detail : jt_admin_of(f)->missing);
        }
    }
    return jt_problem(f, 503, "internal", jt_err_text(f->job.result));
}

enum jt_next jt_admin_change(struct jt_flow *f, jt_change_fn fn, const struct jt_event *e)
{
    f->job.event = *e;
    f->job.change = fn;
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}
