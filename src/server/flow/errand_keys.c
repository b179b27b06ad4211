/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand_keys.c - a request waits for the keys of another issuer, and is then authenticated anew.
 */
#include "../auth/errand.h"
#include "flow.h"

#define PARKED_MAX 8192u

struct waiting {
    struct jt_keys_wait wait;
    struct jt_job job; /* its reply and done are used */
    struct jt_flow *flow;
    struct jt_errand *errand;
};

/* On the worker. */
static void come_back(struct jt_job *job)
{
    struct waiting *w = job->ctx;
    w->flow->proof.errand = w->errand;
    w->flow->now_us = jt_wall_us(w->flow->app->clock);
    jt_flow_again(w->flow);
}

/* On a thread of the issuers. */
static void fetched(struct jt_keys_wait *wait)
{
    struct waiting *w = wait->ctx;
    struct jt_mailbox *reply = w->job.reply;
    jt_mailbox_put(reply, &w->job); /* from here on the request may end */
    jt_mailbox_wake(reply);
}

enum jt_next jt_errand_keys(struct jt_flow *f, struct jt_errand *errand)
{
    struct waiting *w = jt_arena_alloc(&f->x->arena, sizeof *w);
    if (w == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (jt_worker_running(f->x->worker) > PARKED_MAX) {
        return jt_fail(f, JT_R_BUSY);
    }
    w->flow = f;
    w->errand = errand;
    w->job = (struct jt_job){.reply = &f->local->mailbox, .done = come_back, .ctx = w};
    w->wait = (struct jt_keys_wait){.done = fetched, .ctx = w};
    if (!jt_issuers_wait(f->app->issuers, &jt_keys_errand_of(errand)->from, &w->wait)) {
        errand->failed = true;
        fetched(&w->wait); /* nothing to wait for: on with what is known */
    }
    return JT_PARK;
}
