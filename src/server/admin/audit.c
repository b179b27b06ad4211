/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - /admin/v1/audit and /admin/v1/explain: the log, read on the reading thread in short
 * pages.
 */
#include <stdio.h>

#include "../../core/base/num.h"
#include "../../core/token/ref.h"
#include "admin.h"

#define SCAN_PAGE 1000u
#define SCAN_MAX 1000000u /* rows that one request may look at before it answers with a cursor */

/* Writes events into a->out while they match and there is room. */
struct page {
    struct jt_flow *f;
    struct jt_admin *a;
    struct jt_crypt *crypt;
    struct jt_jw w;
    size_t n;
    uint64_t last;
};

static enum jt_err write_event(struct page *p, const struct jt_event *e)
{
    char text[JT_REF_LEN];
    const struct jt_ref ref = {JT_REF_EVENT, e->seq, 0};
    JT_TRY(jt_ref_write(p->crypt, p->f->app->reference_key, &ref, text));
    jt_event_json(&p->w, e, jt_slice(text, sizeof text));
    return JT_OK;
}

static enum jt_err on_event(void *ctx, const struct jt_event *e)
{
    struct page *p = ctx;
    if (p->n == p->a->limit || p->a->out.n > JT_ANSWER_MAX - (64u << 10)) {
        return JT_E_LIMIT; /* the page is full: this event begins the next one */
    }
    JT_TRY(write_event(p, e));
    p->n++;
    p->last = e->seq;
    return JT_OK;
}

/* Where a full page goes on: behind its last event. */
static uint64_t after_last(const struct page *p)
{
    return p->a->audit.newest_first ? p->last - 1 : p->last + 1;
}

static enum jt_err read_pages(struct page *p, struct jt_store *audit)
{
    struct jt_audit_query q = p->a->audit;
    uint64_t next = 0;
    p->a->next = 0;
    for (size_t seen = 0; seen < SCAN_MAX; seen += SCAN_PAGE) {
        q.scan = SCAN_PAGE;
        enum jt_err e = audit->ops->audit_read(audit, &q, on_event, p, &next);
        if (e == JT_E_LIMIT) {
            p->a->next = after_last(p);
            return JT_OK;
        }
        JT_TRY(e);
        p->a->next = next;
        if (next == 0) {
            return JT_OK;
        }
        *(q.newest_first ? &q.to_seq : &q.from_seq) = next;
    }
    return JT_OK;
}

/*
 * The end of the log is asked for first and no later event is in the page, so that a reader who has
 * all pages goes on after last_seq and misses nothing.
 */
static enum jt_err read_bounded(struct page *p, struct jt_store *audit, uint64_t *last_seq)
{
    struct jt_audit_query *q = &p->a->audit;
    struct jt_audit_info info = {0};
    JT_TRY(audit->ops->audit_info(audit, &info));
    *last_seq = info.last_seq;
    if (q->to_seq == 0 || q->to_seq > info.last_seq) {
        q->to_seq = info.last_seq;
    }
    return q->to_seq == 0 || q->from_seq > q->to_seq ? JT_OK : read_pages(p, audit);
}

static void run_list(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    struct jt_flow *f = r->job.ctx;
    struct jt_admin *a = jt_admin_of(f);
    struct page p = {.f = f, .a = a, .crypt = crypt, .w = jt_jw(&a->out)};
    uint64_t last_seq = 0;
    jt_jw_obj(&p.w);
    jt_jw_key(&p.w, "items");
    jt_jw_arr(&p.w);
    a->result = read_bounded(&p, audit, &last_seq);
    jt_jw_end_arr(&p.w);
    if (a->next > 0) {
        jt_admin_next(&p.w, f, crypt, a->audit.newest_first ? JT_LIST_AUDIT : JT_LIST_AUDIT_OLDEST,
                      a->next);
    }
    jt_jw_kint(&p.w, "last_seq", (int64_t)last_seq);
    jt_jw_end_obj(&p.w);
}

/* ?since= or ?until=, in microseconds; 0: not given. */
static bool read_time(struct jt_flow *f, const char *name, const char *wrong, int64_t *out_us)
{
    struct jt_slice text = jt_form_get(&jt_admin_of(f)->query, name);
    uint64_t s = 0;
    if (text.n > 0 && jt_parse_u64(text, INT64_MAX / 1000000, &s) != JT_OK) {
        (void)jt_problem(f, 400, name, wrong);
        return false;
    }
    *out_us = (int64_t)s * 1000000;
    return true;
}

/* ?order= and ?after= */
static bool read_order(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_slice order = jt_form_get(&a->query, "order");
    struct jt_slice after = jt_form_get(&a->query, "after");
    uint64_t seq = 0;
    bool oldest = jt_slice_eq(order, JT_LIT("oldest"));
    if (order.n > 0 && !oldest && !jt_slice_eq(order, JT_LIT("newest"))) {
        (void)jt_problem(f, 400, "order", "order is newest or oldest");
        return false;
    }
    if (after.n > 0 && (!oldest || jt_parse_u64(after, INT64_MAX - 1, &seq) != JT_OK)) {
        (void)jt_problem(f, 400, "after",
                         "after is the seq of an event, and goes with order=oldest");
        return false;
    }
    a->audit.newest_first = !oldest;
    a->audit.from_seq = after.n > 0 ? seq + 1 : 0;
    return true;
}

static bool read_place(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    uint64_t place = 0;
    bool newest = a->audit.newest_first;
    if (!jt_admin_page(f, newest ? JT_LIST_AUDIT : JT_LIST_AUDIT_OLDEST, &a->limit, &place)) {
        return false;
    }
    if (newest) {
        a->audit.to_seq = place;
    } else if (place > a->audit.from_seq) {
        a->audit.from_seq = place;
    }
    return true;
}

static bool read_filters(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_slice type = jt_form_get(&a->query, "type");
    if (!read_time(f, "since", "since is a number of seconds since 1970", &a->audit.since_us) ||
        !read_time(f, "until", "until is a number of seconds since 1970", &a->audit.until_us) ||
        !read_order(f)) {
        return false;
    }
    a->audit.type = jt_event_type_from(type);
    if (type.n > 0 && a->audit.type == JT_EV_NONE) {
        (void)jt_problem(f, 422, "type", "there is no event type of this name");
        return false;
    }
    a->audit.client_id = jt_form_get(&a->query, "client");
    return read_place(f);
}

static enum jt_next list_read(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (!read_filters(f)) {
        return JT_DONE;
    }
    jt_buf_init(&a->out, JT_ANSWER_MAX);
    a->read.run = run_list;
    return jt_flow_read(f, &a->read);
}

static enum jt_next no_event(struct jt_flow *f)
{
    return jt_problem(f, 404, "not_found",
                      "there is no such event: it was never written, or audit.retain removed it");
}

/* The log could not be read, or has no such event. */
static enum jt_next nothing_read(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    jt_buf_free(&a->out);
    return a->result == JT_OK ? no_event(f) : jt_problem(f, 503, "audit", jt_err_text(a->result));
}

static enum jt_next list_respond(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    return a->result == JT_OK ? jt_admin_answer(f, 200, &a->out, 0) : nothing_read(f);
}

/* One event by its sequence, into a->out. */
static enum jt_err on_one(void *ctx, const struct jt_event *e)
{
    struct page *p = ctx;
    p->n++;
    p->a->found = true;
    p->f->reason = jt_reason_from_name(e->reason);
    return write_event(p, e);
}

static void run_one(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    struct jt_flow *f = r->job.ctx;
    struct jt_admin *a = jt_admin_of(f);
    struct page p = {.f = f, .a = a, .crypt = crypt, .w = jt_jw(&a->out)};
    uint64_t next = 0;
    a->result = audit->ops->audit_read(audit, &a->audit, on_one, &p, &next);
}

static enum jt_next read_one(struct jt_flow *f, uint64_t seq)
{
    struct jt_admin *a = jt_admin_of(f);
    a->audit = (struct jt_audit_query){.from_seq = seq, .to_seq = seq, .scan = 1};
    jt_buf_init(&a->out, 64u << 10);
    a->read.run = run_one;
    return jt_flow_read(f, &a->read);
}

static enum jt_next show_read(struct jt_flow *f)
{
    uint64_t seq = 0;
    struct jt_ref ref = {0};
    if (jt_parse_u64(f->segments[0], INT64_MAX, &seq) == JT_OK && seq > 0) {
        return read_one(f, seq);
    }
    if (jt_ref_read(f->local->crypt, f->app->reference_key, f->segments[0], &ref) != JT_OK) {
        return jt_problem(f, 404, "reference",
                          "this is neither a sequence number nor a reference made by this server");
    }
    return ref.kind == JT_REF_EVENT ? read_one(f, ref.a) : no_event(f);
}

static enum jt_next show_respond(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    f->reason = JT_R_NONE;
    return a->result == JT_OK && a->found ? jt_admin_answer(f, 200, &a->out, 0) : nothing_read(f);
}

static void explanation(struct jt_jw *w, struct jt_slice ref, const char *reason, const char *says,
                        const char *advice)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "ref", ref);
    jt_jw_kstr(w, "reason", jt_str(reason));
    jt_jw_kstr(w, "explanation", jt_str(says));
    jt_jw_kstr(w, "advice", jt_str(advice));
}

static enum jt_next explain_counted(struct jt_flow *f, const struct jt_ref *ref)
{
    const struct jt_reason_row *row =
        jt_reason_row(ref->b < JT_REASONS ? (enum jt_reason)ref->b : JT_R_NONE);
    char minute[JT_RFC3339_SIZE];
    char says[512];
    jt_fmt_rfc3339((int64_t)(uint32_t)ref->a * 60, minute);
    (void)snprintf(
        says, sizeof says,
        "%s. This refusal was one of many from its network in the minute from %s, and was "
        "counted with them: see the denials.counted event of that minute",
        row->meaning, minute);
    struct jt_buf b;
    jt_buf_init(&b, 8192);
    struct jt_jw w = jt_jw(&b);
    explanation(&w, f->segments[0], row->name, says, row->advice);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

static enum jt_next explain_read(struct jt_flow *f)
{
    struct jt_ref ref = {0};
    enum jt_err e = jt_ref_read(f->local->crypt, f->app->reference_key, f->segments[0], &ref);
    if (e != JT_OK) {
        return jt_problem(f, 404, "reference",
                          e == JT_E_SYNTAX ? "a reference has 26 characters of a-z and 2-7: copy "
                                             "error_ref or X-Request-Id whole"
                                           : "this reference was not made by this server");
    }
    switch (ref.kind) {
    case JT_REF_EVENT:
        return read_one(f, ref.a);
    case JT_REF_COUNTED:
        return explain_counted(f, &ref);
    case JT_REF_REQUEST:
    case JT_REF_CURSOR:
    case JT_REF_NONE:
        break;
    }
    return jt_problem(f, 404, "no_event",
                      "this answer has no event of its own: it was not a refusal, or the server "
                      "could not write it (503)");
}

static enum jt_next explain_respond(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_reason_row *row = jt_reason_row(f->reason);
    f->reason = JT_R_NONE;
    if (a->result != JT_OK || !a->found) {
        return nothing_read(f);
    }
    struct jt_buf b;
    jt_buf_init(&b, 128u << 10);
    struct jt_jw w = jt_jw(&b);
    bool refused = row->name[0] != '\0';
    explanation(&w, f->segments[0], row->name, refused ? row->meaning : "this was not a refusal",
                row->advice);
    jt_jw_key(&w, "event");
    jt_jw_raw(&w, jt_buf_slice(&a->out));
    jt_jw_end_obj(&w);
    jt_buf_free(&a->out);
    return jt_admin_answer(f, 200, &b, 0);
}

const struct jt_step jt_audit_list_steps[] = {
    {"allow", jt_admin_allow}, {"read", list_read}, {"respond", list_respond}};
const struct jt_step jt_audit_show_steps[] = {
    {"allow", jt_admin_allow}, {"read", show_read}, {"respond", show_respond}};
const struct jt_step jt_explain_steps[] = {
    {"allow", jt_admin_allow}, {"read", explain_read}, {"respond", explain_respond}};
