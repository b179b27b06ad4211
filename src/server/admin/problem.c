/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "../../core/base/num.h"
#include "../../core/http/response.h"
#include "admin.h"

#define BODY_MAX 16384u

static void write_errors(struct jt_jw *w, const struct jt_complaints *errors)
{
    jt_jw_key(w, "errors");
    jt_jw_arr(w);
    for (size_t i = 0; i < errors->n; i++) {
        jt_jw_obj(w);
        jt_jw_kstr(w, "pointer", jt_str(errors->v[i].pointer));
        jt_jw_kstr(w, "detail", jt_str(errors->v[i].detail));
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
}

/* What looks wrong with a request may be what there was no memory for. */
static bool doubtful(const struct jt_flow *f, unsigned status)
{
    return f->x->arena.starved && status >= 400 && status < 500;
}

enum jt_next jt_problem_write(struct jt_flow *f, const struct jt_problem *p)
{
    if (doubtful(f, p->status)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, BODY_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "type", JT_LIT("about:blank"));
    jt_jw_kstr(&w, "title", jt_str(jt_http_status_text(p->status)));
    jt_jw_kint(&w, "status", (int64_t)p->status);
    jt_jw_kstr(&w, "code", jt_str(p->code));
    jt_jw_kstr(&w, "detail", jt_str(p->detail));
    if (p->ref.n > 0) {
        jt_jw_kstr(&w, "error_ref", p->ref);
    }
    if (p->errors != NULL) {
        write_errors(&w, p->errors);
    }
    jt_jw_end_obj(&w);
    const struct jt_answer a = {.status = p->status,
                                .content_type = "application/problem+json",
                                .body = jt_buf_slice(&b),
                                .cache = "no-store",
                                .authenticate = p->authenticate,
                                .retry_after = p->status == 503 ? "5" : p->retry_after,
                                .ref = p->ref};
    return jt_answer(f, &a);
}

enum jt_next jt_problem_with(struct jt_flow *f, unsigned status, const char *code,
                             const char *detail, const struct jt_complaints *errors)
{
    const struct jt_problem p = {
        .status = status, .code = code, .detail = detail, .errors = errors};
    return jt_problem_write(f, &p);
}

enum jt_next jt_problem(struct jt_flow *f, unsigned status, const char *code, const char *detail)
{
    return jt_problem_with(f, status, code, detail, NULL);
}

enum jt_next jt_problem_unknown(struct jt_flow *f, const char *kind, struct jt_slice name)
{
    char detail[192];
    int shown = (int)(name.n < 100 ? name.n : 100);
    (void)snprintf(detail, sizeof detail, "there is no %s %.*s%s", kind, shown,
                   (const char *)name.p, name.n > 100 ? "..." : "");
    return jt_problem(f, 404, "not_found", detail);
}

enum jt_next jt_problem_denial(struct jt_flow *f)
{
    const struct jt_reason_row *row = jt_reason_row(f->reason);
    if (f->x->from == JT_LISTEN_ADMIN_TLS && f->endpoint->denied == JT_EV_ADMIN_DENIED &&
        row->status < 500) {
        return jt_admin_challenge(f);
    }
    unsigned status =
        f->reason == JT_R_UNREADABLE ? jt_http_fault_status(f->x->fault) : row->status;
    const struct jt_admin *a = jt_admin_of(f);
    bool stranger = f->x->from == JT_LISTEN_ADMIN_TLS && (a == NULL || a->actor.n == 0);
    return jt_problem(f, status, row->name, stranger ? row->wire : row->meaning);
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

enum jt_next jt_admin_done(struct jt_flow *f)
{
    const struct jt_answer a = {.status = 204, .cache = "no-store"};
    return jt_answer(f, &a);
}

bool jt_admin_version(struct jt_flow *f, bool needed)
{
    const struct jt_http_field *h = jt_http_field(&f->x->head, JT_LIT("if-match"));
    uint64_t *version = &jt_admin_of(f)->version;
    if (h == NULL) {
        if (needed) {
            (void)jt_problem(f, 428, "if_match", "send If-Match with the ETag that reading gave");
        }
        return !needed;
    }
    struct jt_slice v = h->value;
    if (jt_slice_eq(v, JT_LIT("*"))) { /* RFC 9110 section 13.1.1: whatever there is */
        return true;
    }
    if (v.n < 4 || v.p[0] != '"' || v.p[1] != 'v' || v.p[v.n - 1] != '"' ||
        jt_parse_u64(jt_slice(v.p + 2, v.n - 3), UINT64_MAX, version) != JT_OK || *version == 0) {
        (void)jt_problem(f, 412, "changed", "If-Match is not an ETag that this server gave");
        return false;
    }
    return true;
}

enum jt_err jt_admin_refuse(struct jt_admin *a, unsigned status, const char *code,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->refused_detail, sizeof a->refused_detail, format, args);
    va_end(args);
    a->refused_status = status;
    a->refused_code = code;
    return JT_E_CONFLICT;
}

enum jt_err jt_admin_exists(struct jt_admin *a, const char *kind, struct jt_slice name)
{
    return jt_admin_refuse(a, 409, "exists", "%s %.*s%s exists already", kind,
                           (int)(name.n < 100 ? name.n : 100), (const char *)name.p,
                           name.n > 100 ? "..." : "");
}

enum jt_next jt_admin_refused(struct jt_flow *f, const struct jt_outcome *rows)
{
    const struct jt_admin *a = jt_admin_of(f);
    if (a->refused_code != NULL) {
        return jt_problem(f, a->refused_status, a->refused_code, a->refused_detail);
    }
    for (; rows->err != JT_OK; rows++) {
        if (rows->err == JT_E_NOTFOUND && f->job.result == JT_E_NOTFOUND) {
            return jt_problem_unknown(f, rows->detail, f->segments[0]);
        }
        if (rows->err == f->job.result) {
            return jt_problem(f, rows->status, rows->code,
                              rows->detail != NULL ? rows->detail : jt_err_text(rows->err));
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

void jt_admin_say(struct jt_flow *f, const char *format, ...)
{
    struct jt_admin *a = jt_admin_of(f);
    int n = snprintf(a->words, sizeof a->words, "%.*s: ", JT_FMT(a->actor));
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->words + n, sizeof a->words - (size_t)n, format, args);
    va_end(args);
    f->detail = f->job.event.detail = jt_str(a->words);
    jt_event_clip(&f->job.event);
}

void jt_admin_say_given(struct jt_flow *f)
{
    /* in the order of enum jt_given */
    static const char *const names[] = {"name",    "owner",    "enabled",       "networks",
                                        "compat",  "grants",   "scopes",        "alg",
                                        "format",  "lifetime", "introspect_by", "label",
                                        "expires", "bind",     "rotation",      "rotate_every"};
    char said[256] = "";
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((jt_admin_of(f)->given >> i & 1u) != 0) {
            n += (size_t)snprintf(said + n, sizeof said - n, "%s%s", n == 0 ? "" : ", ", names[i]);
        }
    }
    if (n > 0) {
        jt_admin_say(f, "%s", said);
    }
}
