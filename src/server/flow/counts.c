/* SPDX-License-Identifier: Apache-2.0 */
#include "counts.h"

#include <stdlib.h>

/* A row on its way to the disk; nobody waits for it. */
struct flight {
    struct jt_job job;
    struct jt_count_row row;
};

enum jt_err jt_counts_init(struct jt_counts *c)
{
    c->n = 0;
    c->rows = calloc(JT_COUNTS_MAX, sizeof *c->rows);
    return c->rows == NULL ? JT_E_NOMEM : JT_OK;
}

void jt_counts_free(struct jt_counts *c)
{
    free(c->rows);
    *c = (struct jt_counts){0};
}

static size_t cut(char *out, size_t max, struct jt_slice s)
{
    size_t n = s.n < max ? s.n : max;
    if (n > 0) {
        memcpy(out, s.p, n);
    }
    return n;
}

static bool same(const char *p, size_t n, size_t max, struct jt_slice s)
{
    return jt_slice_eq(jt_slice(p, n), jt_slice(s.p, s.n < max ? s.n : max));
}

static struct jt_count_row *find(struct jt_counts *c, const struct jt_count_key *k, int64_t minute)
{
    for (size_t i = 0; i < c->n; i++) {
        struct jt_count_row *r = &c->rows[i];
        if (r->minute == minute && r->active == k->active &&
            same(r->caller, r->caller_n, sizeof r->caller, k->caller) &&
            same(r->client, r->client_n, sizeof r->client, k->client) &&
            same(r->resource, r->resource_n, sizeof r->resource, k->resource)) {
            return r;
        }
    }
    return NULL;
}

void jt_counts_add(struct jt_counts *c, struct jt_writer *w, const struct jt_count_key *k,
                   int64_t now_us)
{
    int64_t minute = now_us / 60000000;
    struct jt_count_row *r = find(c, k, minute);
    if (r == NULL) {
        if (c->n == JT_COUNTS_MAX) {
            jt_counts_flush(c, w, now_us);
        }
        if (c->n == JT_COUNTS_MAX) {
            return;
        }
        r = &c->rows[c->n++];
        *r = (struct jt_count_row){.minute = minute, .active = k->active, .address = k->address};
        r->caller_n = cut(r->caller, sizeof r->caller, k->caller);
        r->client_n = cut(r->client, sizeof r->client, k->client);
        r->resource_n = cut(r->resource, sizeof r->resource, k->resource);
    }
    r->n++;
}

static void land(struct jt_job *job)
{
    free(job->ctx);
}

static void send_row(struct jt_writer *w, const struct jt_count_row *row, int64_t now_us)
{
    struct flight *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return; /* the row stays uncounted: the writer reports nothing it was not given */
    }
    f->row = *row;
    f->job.ctx = f;
    f->job.free_fn = land;
    f->job.event = (struct jt_event){
        .time_us = now_us,
        .type = JT_EV_INTROSPECTION_COUNTED,
        .count = row->n,
        .address = row->address,
        .client_id = jt_slice(f->row.caller, row->caller_n),
        .resource = jt_slice(f->row.resource, row->resource_n),
        .reason = row->active ? JT_LIT("active") : JT_LIT("inactive"),
        .detail = jt_slice(f->row.client, row->client_n), /* whose tokens they were */
    };
    jt_writer_submit(w, &f->job);
}

void jt_counts_flush(struct jt_counts *c, struct jt_writer *w, int64_t now_us)
{
    if (jt_writer_hangs(w)) {
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        send_row(w, &c->rows[i], now_us);
    }
    c->n = 0;
}
