/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.c - the threads that serve requests: started, drained, freed.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

static size_t worker_count(const struct jt_config *c)
{
    cpu_set_t set;
    if (c->workers > 0) {
        return c->workers < JT_WORKERS_MAX ? (size_t)c->workers : JT_WORKERS_MAX;
    }
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > JT_WORKERS_MAX ? JT_WORKERS_MAX : (size_t)n;
}

static void *worker_main(void *arg)
{
    jt_worker_run(arg);
    return NULL;
}

/* All of them are made before one runs: metrics walk over all. */
static enum jt_err make(struct jt_server *v, size_t i, const struct jt_net_opts *o)
{
    struct jt_worker_thread *t = &v->threads[i];
    v->nthreads = i + 1;
    JT_TRY(jt_local_init(&t->local, &v->app, i));
    v->locals[i] = &t->local;
    return jt_worker_new(o, i, t->local.mailbox.fd, &t->local, &t->worker);
}

static enum jt_err run(struct jt_worker_thread *t)
{
    if (pthread_create(&t->id, NULL, worker_main, t->worker) != 0) {
        return JT_E_IO;
    }
    t->started = true;
    return JT_OK;
}

enum jt_err jt_server_start_workers(struct jt_server *v)
{
    const struct jt_net_opts o = {
        .ops = &jt_flow_net_ops,
        .app = &v->app,
        .clock = &jt_clock_system,
        .times = &jt_net_times_default,
        .listeners = v->listeners,
        .nlisteners = v->nlisteners,
        .limits = v->limits,
    };
    size_t n = worker_count(v->config);
    v->threads = calloc(n, sizeof *v->threads);
    enum jt_err e = v->threads == NULL ? JT_E_NOMEM : JT_OK;
    for (size_t i = 0; i < n && e == JT_OK; i++) {
        e = make(v, i, &o);
    }
    v->app.locals = v->locals;
    v->app.nlocals = v->nthreads;
    for (size_t i = 0; i < n && e == JT_OK; i++) {
        e = run(&v->threads[i]);
    }
    if (e != JT_OK) {
        (void)snprintf(v->why, sizeof v->why, "cannot start the workers: %s", jt_err_text(e));
    }
    return e;
}

void jt_server_stop_workers(struct jt_server *v)
{
    jt_saver_cancel(v->state.saver); /* a worker waits for its parked requests */
    jt_pool_cancel(v->pool);
    if (v->app.issuers != NULL) {
        jt_issuers_stop(v->app.issuers);
    }
    for (size_t i = 0; i < v->nthreads; i++) {
        if (v->threads[i].started) {
            jt_worker_drain(v->threads[i].worker);
        }
    }
    for (size_t i = 0; i < v->nthreads; i++) {
        struct jt_worker_thread *t = &v->threads[i];
        if (t->started) {
            (void)pthread_join(t->id, NULL);
            jt_counts_flush(&t->local.counts, v->app.writer, jt_wall_us(&jt_clock_system));
            jt_usage_merge(&t->local.used, v->app.usage);
        }
        jt_epoch_announce(&v->state.epochs, i, JT_EPOCH_OFFLINE);
    }
}

void jt_server_free_workers(struct jt_server *v)
{
    for (size_t i = 0; i < v->nthreads; i++) {
        jt_worker_free(&v->threads[i].worker);
        jt_local_free(&v->threads[i].local);
    }
    free(v->threads);
    v->threads = NULL;
    v->nthreads = 0;
}
