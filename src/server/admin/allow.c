/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allow.c - the first step of each route: who asks and may they (who.c), does the URL say what the
 * route takes, and, from elsewhere, a record of what is read. A change has its own event; a reading
 * is recorded once a minute for each caller and path.
 */
#include <stdio.h>

#include "admin.h"

/* A name that is not known here, such as that of a filter mistyped, would silently widen what is
 * shown or removed. */
static bool query_known(const struct jt_flow *f, struct jt_slice *unknown)
{
    const struct jt_form *q = &jt_admin_of(f)->query;
    for (size_t i = 0; i < q->n; i++) {
        struct jt_slice rest = jt_str(f->endpoint->query == NULL ? "" : f->endpoint->query);
        struct jt_slice word = {0};
        *unknown = q->items[i].name;
        while (jt_slice_next_word(&rest, &word) && !jt_slice_eq(word, *unknown)) {
            word = (struct jt_slice){0};
        }
        if (word.n == 0) {
            return false;
        }
    }
    return true;
}

static enum jt_next unknown_query(struct jt_flow *f, struct jt_slice name)
{
    char *text = jt_arena_alloc(&f->x->arena, 256);
    const char *there = f->endpoint->query;
    if (text == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    (void)snprintf(
        text, 256, "there is no parameter \"%.*s\" here; %s%s", (int)(name.n < 64 ? name.n : 64),
        (const char *)name.p,
        there == NULL ? "this takes none" : "there may be: ", there == NULL ? "" : there);
    return jt_problem(f, 400, "query", text);
}

/* From now on it need not be recorded again for a while. */
static void recorded(struct jt_job *job)
{
    struct jt_flow *f = job->ctx;
    const struct jt_admin *a = jt_admin_of(f);
    if (job->result == JT_OK) {
        jt_reads_note(&f->local->reads, a->reading, f->begun_us / 1000000);
    }
    a->recorded(job);
}

static bool hash_reading(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_http_head *h = &f->x->head;
    size_t n = a->actor.n + 1 + h->path.n;
    uint8_t *p = jt_arena_alloc(&f->x->arena, n);
    if (p == NULL) {
        return false;
    }
    memcpy(p, a->actor.p, a->actor.n);
    p[a->actor.n] = '\0';
    memcpy(p + a->actor.n + 1, h->path.p, h->path.n);
    return jt_sha256(f->local->crypt, jt_slice(p, n), a->reading) == JT_OK;
}

/* A change has its own event. */
static enum jt_next record_reading(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (f->x->from == JT_LISTEN_ADMIN || f->endpoint->needs == JT_NEEDS_ADMIN) {
        return JT_NEXT;
    }
    if (!hash_reading(f)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (jt_reads_known(&f->local->reads, a->reading, f->begun_us / 1000000)) {
        return JT_NEXT;
    }
    jt_admin_say_where(f);
    f->job.event = jt_flow_event(f, JT_EV_ADMIN_READ);
    f->detail = a->actor;
    jt_event_clip(&f->job.event);
    enum jt_next n = jt_flow_submit(f);
    if (n == JT_PARK) { /* it is handed over at the end of this batch */
        a->recorded = f->job.done;
        f->job.done = recorded;
    }
    return n;
}

enum jt_next jt_admin_allow(struct jt_flow *f)
{
    enum jt_next n = jt_admin_enter(f);
    if (n != JT_NEXT) {
        return n;
    }
    struct jt_admin *a = jt_admin_of(f);
    if (f->x->head.has_query &&
        jt_form_read(f->x->head.query, &f->x->arena, &a->query) != JT_FORM_OK) {
        return jt_problem(f, 400, "query", "the query part of the URL is malformed");
    }
    struct jt_slice unknown = {0};
    if (!query_known(f, &unknown)) {
        return unknown_query(f, unknown);
    }
    if (!jt_route_segments(f)) {
        return jt_problem(f, 400, "path", "the path has a broken %XX");
    }
    return record_reading(f);
}

const struct jt_step jt_admin_metrics_steps[] = {{"allow", jt_admin_enter},
                                                 {"respond", jt_metrics_respond}};
