/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include "../../core/http/uri.h"
#include "../admin/admin.h"

#define PARKED_MAX 8192u /* requests of one worker that wait for the disk */

/* The answer is written. */
static void end(struct jt_flow *f)
{
    if (f->release != NULL) {
        f->release(f);
    }
    jt_exchange_done(f->x);
}

static void run(struct jt_flow *f)
{
    for (;;) {
        switch (f->step->run(f)) {
        case JT_NEXT:
            f->step++;
            break;
        case JT_PARK:
            return;
        case JT_DONE:
            end(f);
            return;
        }
    }
}

void jt_flow_continue(struct jt_flow *f)
{
    f->step++;
    run(f);
}

void jt_flow_again(struct jt_flow *f)
{
    run(f);
}

static void finish(struct jt_flow *f, enum jt_next n)
{
    JT_ASSERT(n == JT_DONE);
    end(f);
}

/* A job came back from the disk. */
static void job_done(struct jt_job *job)
{
    struct jt_flow *f = job->ctx;
    f->job.replay = NULL; /* it is on disk, or the request fails */
    bool disk = job->result == JT_E_FULL || job->result == JT_E_IO;
    if (disk || (job->change == NULL && job->result != JT_OK)) {
        finish(f, jt_fail(f, JT_R_NO_DISK));
        return;
    }
    if (f->reason != JT_R_NONE) {
        finish(f, jt_listen_is_admin(f->x->from) ? jt_problem_denial(f) : jt_answer_denial(f));
        return;
    }
    jt_flow_continue(f);
}

enum jt_next jt_flow_submit(struct jt_flow *f)
{
    if (jt_worker_running(f->x->worker) > PARKED_MAX) {
        return jt_fail(f, JT_R_BUSY);
    }
    f->job.reply = &f->local->mailbox;
    f->job.done = job_done;
    f->job.ctx = f;
    if (f->local->handover.n == 0) {
        f->local->handover.since_us = jt_mono_us(f->app->clock);
    }
    jt_handover_add(&f->local->handover, &f->job); /* sent when the event batch ends */
    return JT_PARK;
}

enum jt_next jt_flow_later(struct jt_flow *f)
{
    struct jt_local *l = f->local;
    f->next = NULL;
    *(l->later == NULL ? &l->later : l->later_end) = f;
    l->later_end = &f->next;
    return JT_PARK;
}

void jt_flow_batch(struct jt_local *l)
{
    while (l->later != NULL) {
        struct jt_flow *f = l->later;
        l->later = f->next;
        jt_flow_continue(f);
    }
}

static void read_done(struct jt_job *job)
{
    jt_flow_continue(job->ctx);
}

enum jt_next jt_flow_read(struct jt_flow *f, struct jt_read *r)
{
    r->job = (struct jt_job){.reply = &f->local->mailbox, .done = read_done, .ctx = f};
    return jt_reader_submit(f->app->reader, r) ? JT_PARK : jt_fail(f, JT_R_BUSY);
}

struct jt_event jt_flow_event(const struct jt_flow *f, enum jt_event_type t)
{
    struct jt_event e = {
        .time_us = f->now_us,
        .type = t,
        .count = 1,
        .address = f->x->peer,
        .client_id = f->auth.claimed,
        .credential_id = f->auth.credential_id,
        .detail = f->detail,
    };
    return e;
}

enum jt_next jt_fail(struct jt_flow *f, enum jt_reason r)
{
    f->reason = r;
    f->job.receipt = (struct jt_receipt){0};
    return jt_listen_is_admin(f->x->from) ? jt_problem_denial(f) : jt_answer_denial(f);
}

static void count(struct jt_flow *f, enum jt_reason r)
{
    struct jt_metrics *m = &f->local->metrics;
    if (f->endpoint->denied == JT_EV_TOKEN_DENIED) {
        jt_count(&m->token[jt_metric_method(f->auth.method)][r]);
    } else if (f->endpoint->denied == JT_EV_INTROSPECTION_DENIED) {
        jt_count(&m->introspections_refused[r]);
    }
}

enum jt_next jt_deny(struct jt_flow *f, enum jt_reason r)
{
    JT_ASSERT(f->reason == JT_R_NONE && r != JT_R_NONE);
    if (f->x->arena.starved) { /* what looks wrong may be what there was no memory for */
        return jt_fail(f, JT_R_INTERNAL);
    }
    const struct jt_reason_row *row = jt_reason_row(r);
    f->reason = r;
    count(f, r);
    f->job.event = jt_flow_event(f, f->endpoint->denied);
    f->job.event.reason = jt_str(row->name);
    if (f->request != NULL) {
        f->job.event.scope = jt_token_req_scope(f->request);
        f->job.event.resource = jt_token_req_resource(f->request);
    }
    jt_event_clip(&f->job.event);
    f->job.stranger = row->stranger;
    f->job.reason_code = (uint16_t)r;
    f->job.change = NULL;
    return jt_flow_submit(f);
}

static const struct jt_endpoint unreadable = {
    .path = "", .denied = JT_EV_REQUEST_REFUSED, .steps = NULL};

static enum jt_next not_found(struct jt_flow *f)
{
    if (jt_listen_is_admin(f->x->from)) {
        return jt_problem(f, 404, "no_path", "there is nothing at this path");
    }
    static const char body[] =
        "{\"error\":\"not_found\",\"error_description\":\"There is nothing at this path.\"}";
    const struct jt_answer a = {.status = 404,
                                .content_type = "application/json",
                                .body = jt_slice(body, sizeof body - 1),
                                .cache = "no-store"};
    return jt_answer(f, &a);
}

/* The methods of this path, for Allow (RFC 9110 section 10.2.1). */
static const char *allowed(struct jt_flow *f)
{
    static const struct {
        enum jt_http_method method;
        const char *name;
    } all[] = {
        {JT_GET, "GET, HEAD"}, {JT_POST, "POST"}, {JT_PATCH, "PATCH"}, {JT_DELETE, "DELETE"}};
    unsigned set = jt_listen_is_admin(f->x->from) ? jt_route_admin_methods(f->x->head.path)
                                                  : f->endpoint->methods;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 128);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if ((set >> all[i].method & 1u) != 0) {
            jt_buf_puts(&b, b.n == 0 ? "" : ", ");
            jt_buf_puts(&b, all[i].name);
        }
    }
    const char *text = jt_buf_ok(&b) ? jt_arena_strz(&f->x->arena, jt_buf_slice(&b)) : NULL;
    return text == NULL ? "" : text;
}

static enum jt_next not_allowed(struct jt_flow *f)
{
    static const char body[] = "{\"error\":\"method_not_allowed\",\"error_description\":"
                               "\"This path does not take this method.\"}";
    static const char problem[] = "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\","
                                  "\"status\":405,\"code\":\"method\","
                                  "\"detail\":\"this path does not take this method\"}";
    bool admin = jt_listen_is_admin(f->x->from);
    const struct jt_answer a = {
        .status = 405,
        .content_type = admin ? "application/problem+json" : "application/json",
        .body = admin ? jt_slice(problem, sizeof problem - 1) : jt_slice(body, sizeof body - 1),
        .cache = "no-store",
        .allow = allowed(f)};
    return jt_answer(f, &a);
}

static void settle(struct jt_flow *f, enum jt_next n)
{
    if (n == JT_DONE) {
        jt_exchange_done(f->x);
    }
}

static const struct jt_endpoint *route(enum jt_listener_kind from, const struct jt_http_head *h)
{
    switch (from) {
    case JT_LISTEN_ADMIN:
    case JT_LISTEN_ADMIN_TLS:
        return jt_route_admin(h->path, h->method);
    case JT_LISTEN_METRICS:
        return jt_route_metrics(h->path);
    case JT_LISTEN_PUBLIC:
        break;
    }
    return jt_route_public(h->path);
}

void jt_flow_start(struct jt_flow *f)
{
    const struct jt_http_head *h = &f->x->head;
    f->endpoint = &unreadable;
    if (f->x->fault != JT_HTTP_OK) {
        f->detail = jt_str(jt_http_fault_text(f->x->fault));
        settle(f, jt_deny(f, JT_R_UNREADABLE));
        return;
    }
    const struct jt_endpoint *e = route(f->x->from, h);
    if (e == NULL) {
        settle(f, not_found(f));
        return;
    }
    f->endpoint = e;
    if (!jt_caller_cert_settle(f) || !jt_address_settle(f)) {
        return;
    }
    if ((e->methods >> h->method & 1u) == 0 || h->method == JT_METHOD_OTHER) {
        settle(f, not_allowed(f));
        return;
    }
    f->step = e->steps;
    run(f);
}
