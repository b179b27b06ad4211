/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - bytes of answers. A denial shows its OAuth error (RFC 6749 section 5.2) and the
 * reference of its event; everything else about it stays in the audit log.
 */
#include <stdio.h>

#include "../../core/http/response.h"
#include "../../core/json/jw.h"
#include "../../core/token/ref.h"
#include "flow.h"

#define ERROR_MAX 2048u

static const char *date_of(struct jt_local *l, int64_t now_s)
{
    if (l->date_s != now_s) {
        jt_fmt_http_date(now_s, l->date);
        l->date_s = now_s;
    }
    return l->date;
}

static struct jt_ref ref_of(struct jt_local *l, const struct jt_receipt *r, enum jt_reason reason)
{
    struct jt_ref ref = {JT_REF_REQUEST, (uint64_t)l->index << 48 | ++l->requests, 0};
    if (r->seq != 0) {
        ref = (struct jt_ref){JT_REF_EVENT, r->seq, 0};
    } else if (r->counted) {
        /* Never the same twice: two equal references would tell strangers of equal reasons. */
        uint64_t one = (uint64_t)l->index << 24 | (l->requests & 0xffffff);
        ref = (struct jt_ref){JT_REF_COUNTED, one << 32 | (uint32_t)r->minute, (uint16_t)reason};
    }
    return ref;
}

struct jt_slice jt_flow_ref(struct jt_flow *f)
{
    struct jt_ref ref = ref_of(f->local, &f->job.receipt, f->reason);
    char *p = jt_arena_alloc(&f->x->arena, JT_REF_LEN);
    if (p == NULL || jt_ref_write(f->local->crypt, f->app->reference_key, &ref, p) != JT_OK) {
        return JT_LIT("none");
    }
    return jt_slice(p, JT_REF_LEN);
}

static void header(struct jt_buf *b, const char *name, const char *value)
{
    if (value != NULL) {
        jt_response_header(b, name, jt_str(value));
    }
}

static enum jt_next write_answer(struct jt_flow *f, const struct jt_answer *a, struct jt_slice ref)
{
    struct jt_buf *b = &f->x->out;
    jt_buf_reset(b);
    (void)jt_buf_reserve(b, a->body.n + 512);
    jt_response_begin(b, a->status, date_of(f->local, jt_wall_s(f->app->clock)), ref, f->x->close);
    header(b, "Cache-Control", a->cache);
    header(b, "Pragma", a->pragma);
    header(b, "Allow", a->allow);
    header(b, "WWW-Authenticate", a->authenticate);
    header(b, "Retry-After", a->retry_after);
    if (a->etag.n > 0) {
        jt_response_header(b, "ETag", a->etag);
    }
    if (a->location.n > 0) {
        jt_response_header(b, "Location", a->location);
    }
    if (a->content_type == NULL && a->status != 204 && a->status != 304) {
        jt_response_header(b, "Content-Length", JT_LIT("0")); /* RFC 9110 section 8.6 */
    }
    jt_response_body(b, a->content_type, a->body, f->x->head.method == JT_HEAD);
    return JT_DONE;
}

enum jt_next jt_answer(struct jt_flow *f, const struct jt_answer *a)
{
    return write_answer(f, a, a->ref.n > 0 ? a->ref : jt_flow_ref(f));
}

static void error_body(struct jt_buf *b, const struct jt_reason_row *row, struct jt_slice ref)
{
    struct jt_jw w = jt_jw(b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "error", jt_str(row->error));
    jt_jw_kstr(&w, "error_description", jt_str(row->wire));
    jt_jw_kstr(&w, "error_ref", ref);
    jt_jw_end_obj(&w);
}

static unsigned status_of(const struct jt_flow *f, const struct jt_reason_row *row)
{
    return f->reason == JT_R_UNREADABLE ? jt_http_fault_status(f->x->fault) : row->status;
}

enum jt_next jt_answer_json(struct jt_flow *f, const struct jt_buf *body)
{
    const struct jt_answer a = {.status = 200,
                                .content_type = "application/json",
                                .body = jt_buf_slice(body),
                                .cache = "no-store",
                                .pragma = "no-cache"}; /* RFC 6749 section 5.1 wants both */
    return jt_buf_ok(body) ? jt_answer(f, &a) : jt_fail(f, JT_R_INTERNAL);
}

enum jt_next jt_answer_denial(struct jt_flow *f)
{
    const struct jt_reason_row *row = jt_reason_row(f->reason);
    struct jt_slice ref = jt_flow_ref(f);
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&body, ERROR_MAX);
    error_body(&body, row, ref);
    struct jt_answer a = {.status = status_of(f, row),
                          .content_type = "application/json",
                          .body = jt_buf_slice(&body),
                          .cache = "no-store"};
    if (a.status == 401) {
        a.authenticate = strcmp(row->error, "invalid_token") == 0
                             ? "Bearer realm=\"jeton\", error=\"invalid_token\", "
                               "error_description=\"The access token is not valid.\""
                             : "Basic realm=\"jeton\", charset=\"UTF-8\"";
    }
    char wait[32];
    (void)snprintf(wait, sizeof wait, "%lld", (long long)f->wait_s);
    a.retry_after = a.status == 503 ? "5" : a.status == 429 ? wait : NULL;
    return write_answer(f, &a, ref);
}

/* RFC 9457, as all problems of the administration. */
static void problem_body(struct jt_buf *b, const struct jt_reason_row *row)
{
    struct jt_jw w = jt_jw(b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "type", JT_LIT("about:blank"));
    jt_jw_kstr(&w, "title", jt_str(jt_http_status_text(503)));
    jt_jw_kint(&w, "status", 503);
    jt_jw_kstr(&w, "code", jt_str(row->name));
    jt_jw_kstr(&w, "detail", jt_str(row->meaning));
    jt_jw_end_obj(&w);
}

void jt_answer_late(struct jt_exchange *x)
{
    struct jt_local *l = jt_worker_local(x->worker);
    char ref[JT_REF_LEN];
    const struct jt_receipt none = {0};
    struct jt_ref r = ref_of(l, &none, JT_R_BUSY);
    if (jt_ref_write(l->crypt, l->app->reference_key, &r, ref) != JT_OK) {
        memset(ref, 'a', sizeof ref);
    }
    struct jt_slice id = jt_slice(ref, sizeof ref);
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&body, ERROR_MAX);
    bool admin = jt_listen_is_admin(x->from);
    if (admin) {
        problem_body(&body, jt_reason_row(JT_R_BUSY));
    } else {
        error_body(&body, jt_reason_row(JT_R_BUSY), id);
    }
    jt_response_begin(&x->out, 503, date_of(l, jt_wall_s(l->app->clock)), id, true);
    jt_response_header(&x->out, "Cache-Control", JT_LIT("no-store"));
    jt_response_header(&x->out, "Retry-After", JT_LIT("5"));
    jt_response_body(&x->out, admin ? "application/problem+json" : "application/json",
                     jt_buf_slice(&body), false);
}
