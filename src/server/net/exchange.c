/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "conn.h"

#define ARENA_MAX (256u << 10)
/* a head, the longest encoded body, and the room that a read is offered */
#define IN_MAX (JT_HTTP_HEAD_MAX + 2 * JT_HTTP_BODY_MAX + 8192 + 4096)
#define SPARE_MAX 64u
#define KEEP_MAX 16384u /* buffers that grew beyond this are not kept */

struct jt_exchange *jt_exchange_take(struct jt_worker *w)
{
    struct jt_exchange *x = w->spare;
    if (x != NULL) {
        w->spare = x->next;
        w->nspare--;
        x->next = NULL;
    } else {
        x = calloc(1, sizeof *x);
        if (x == NULL) {
            return NULL;
        }
        jt_arena_init(&x->arena, ARENA_MAX);
        jt_buf_init(&x->in, IN_MAX);
        jt_buf_init(&x->out, JT_ANSWER_MAX);
    }
    x->worker = w;
    return x;
}

static void keep_or_free(struct jt_buf *b)
{
    if (b->cap > KEEP_MAX) {
        jt_buf_free(b);
    } else {
        jt_buf_reset(b);
    }
}

/* Everything a request left behind is wiped, then the exchange waits to be used again. */
void jt_exchange_drop(struct jt_worker *w, struct jt_exchange *x)
{
    jt_peer_cert_release(&x->cert);
    jt_arena_reset(&x->arena);
    keep_or_free(&x->in);
    keep_or_free(&x->out);
    if (w->nspare >= SPARE_MAX) {
        jt_arena_free(&x->arena);
        jt_buf_free(&x->in);
        jt_buf_free(&x->out);
        free(x);
        return;
    }
    x->conn = NULL;
    x->epoch = 0;
    x->fault = JT_HTTP_OK;
    x->body = (struct jt_slice){0};
    x->in_used = 0;
    x->chunks = (struct jt_chunked){0};
    x->running = false;
    x->patient = false;
    x->close = false;
    x->flow = NULL;
    x->prev = NULL;
    x->next = w->spare;
    w->spare = x;
    w->nspare++;
}

static void append(struct jt_worker *w, struct jt_exchange *x)
{
    x->prev = w->run_tail;
    x->next = NULL;
    if (w->run_tail == NULL) {
        w->run_head = x;
    } else {
        w->run_tail->next = x;
    }
    w->run_tail = x;
    w->nrunning++;
}

static void unlink_running(struct jt_worker *w, struct jt_exchange *x)
{
    if (x->prev == NULL) {
        w->run_head = x->next;
    } else {
        x->prev->next = x->next;
    }
    if (x->next == NULL) {
        w->run_tail = x->prev;
    } else {
        x->next->prev = x->prev;
    }
    x->prev = x->next = NULL;
    w->nrunning--;
}

void jt_exchange_begin(struct jt_exchange *x)
{
    struct jt_worker *w = x->worker;
    append(w, x);
    x->running = true;
    w->o.ops->begin(x);
}

void jt_exchange_done(struct jt_exchange *x)
{
    struct jt_worker *w = x->worker;
    JT_ASSERT(x->running);
    unlink_running(w, x);
    x->running = false;
    struct jt_conn *c = x->conn;
    if (c == NULL) {
        jt_exchange_drop(w, x); /* nobody waits any more */
        return;
    }
    c->put = 0;
    jt_conn_enter(c, JT_CONN_WRITE);
    if (!c->driving) { /* it was parked; else the driving loop goes on by itself */
        jt_conn_drive(c);
    }
}
