/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.c - between the network's events and the flows: one flow per exchange, jobs back from the
 * disk, and the worker's epoch.
 */
#include "app.h"

#include "../../core/base/rand.h"
#include "flow.h"

#define HANDOVER_FULL 64  /* so many requests go to the disk together, and no longer */
#define HANDOVER_US 10000 /* than this does one of them wait for others to be read */
#define TEXT_MAX (JT_JWS_MAX + JT_JWS_MAX) /* a token, and its scope once more */

enum jt_err jt_local_init(struct jt_local *l, struct jt_app *app, size_t index)
{
    *l = (struct jt_local){.app = app, .index = index, .date_s = -1, .mailbox = {.fd = -1}};
    jt_buf_init(&l->text, TEXT_MAX);
    jt_buf_init(&l->jws, JT_JWS_MAX);
    /* not from 0: request ids shall differ from those of the run before */
    JT_TRY(jt_random(&l->requests, 5));
    JT_TRY(jt_crypt_new(&l->crypt));
    JT_TRY(jt_checks_new(&l->checks));
    JT_TRY(jt_counts_init(&l->counts));
    return jt_mailbox_init(&l->mailbox);
}

void jt_local_free(struct jt_local *l)
{
    jt_keys_free(&l->keys);
    jt_counts_free(&l->counts);
    jt_mailbox_close(&l->mailbox);
    jt_checks_free(&l->checks);
    jt_crypt_free(&l->crypt);
    jt_buf_free(&l->text);
    jt_buf_free(&l->jws);
}

static void begin(struct jt_exchange *x)
{
    struct jt_local *l = jt_worker_local(x->worker);
    struct jt_flow *f = jt_arena_alloc(&x->arena, sizeof *f);
    if (f == NULL) {
        jt_arena_reset(&x->arena);
        jt_worker_shed(x->worker);
        f = jt_arena_alloc(&x->arena, sizeof *f);
    }
    if (f == NULL) {
        jt_answer_late(x);
        x->close = true;
        jt_exchange_done(x);
        return;
    }
    x->epoch = jt_epoch_enter(l->app->epochs, l->index);
    x->flow = f;
    f->x = x;
    f->local = l;
    f->app = l->app;
    f->now_us = jt_wall_us(l->app->clock);
    f->begun_us = jt_mono_us(l->app->clock);
    f->settings = jt_settings_of(l->app);
    jt_flow_start(f);
}

static void wake(struct jt_worker *w)
{
    struct jt_local *l = jt_worker_local(w);
    struct jt_job *job = jt_mailbox_take(&l->mailbox);
    while (job != NULL) {
        struct jt_job *next = job->next; /* done may free the job with its request */
        job->done(job);
        job = next;
    }
}

static void tick(struct jt_worker *w)
{
    struct jt_local *l = jt_worker_local(w);
    jt_counts_flush(&l->counts, l->app->writer, jt_wall_us(l->app->clock));
    jt_usage_merge(&l->used, l->app->usage);
}

static void online(struct jt_worker *w)
{
    struct jt_local *l = jt_worker_local(w);
    (void)jt_epoch_enter(l->app->epochs, l->index);
}

/* A commit costs about as much as four tokens, whatever it holds: as long as there is more to read
 * at once, it waits. */
static bool settle(struct jt_worker *w)
{
    struct jt_local *l = jt_worker_local(w);
    jt_flow_batch(l);
    return l->handover.n > 0 && l->handover.n < HANDOVER_FULL &&
           jt_mono_us(l->app->clock) - l->handover.since_us < HANDOVER_US;
}

static void offline(struct jt_worker *w)
{
    struct jt_local *l = jt_worker_local(w);
    jt_flow_batch(l);
    const struct jt_exchange *x = jt_worker_oldest(w);
    atomic_store_explicit(&l->metrics.running, jt_worker_running(w), memory_order_relaxed);
    while (x != NULL && x->epoch == JT_EPOCH_OFFLINE) { /* it looks at nothing any more */
        x = x->next;
    }
    jt_writer_submit_all(l->app->writer, &l->handover);
    jt_epoch_announce(l->app->epochs, l->index, x == NULL ? JT_EPOCH_OFFLINE : x->epoch);
}

static void net_log(void *app, int level, const char *message)
{
    struct jt_app *a = app;
    a->log(a->log_ctx, level, message);
}

/* A trusted proxy stands for many callers, so the limit for one address is not for it. Plain HTTP
 * in the open is for trusted proxies only. */
static enum jt_admit admit(void *app, const struct jt_listener *l, const struct jt_addr *peer)
{
    const struct jt_app *a = app;
    const struct jt_settings *s = jt_settings_of(a);
    if (l->kind == JT_LISTEN_ADMIN_TLS) { /* nobody stands for others there */
        return JT_LET_IN;
    }
    if (jt_nets_have(s->trusted, s->ntrusted, peer)) {
        return JT_LET_IN_UNCOUNTED;
    }
    return l->proxies_only ? JT_LET_OUT : JT_LET_IN;
}

const struct jt_net_ops jt_flow_net_ops = {
    .admit = admit,
    .begin = begin,
    .late = jt_answer_late,
    .wake = wake,
    .tick = tick,
    .online = online,
    .offline = offline,
    .settle = settle,
    .log = net_log,
};
