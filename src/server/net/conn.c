/* SPDX-License-Identifier: Apache-2.0 */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MIN 2048u /* room offered to a read */
#define LINGER_READS 16u

/* What a turn of the loop tells: go on, or wait for the socket. */
enum turn { GO_ON, WAIT };

static void list_remove(struct jt_conn_list *l, struct jt_conn *c)
{
    if (c->prev == NULL) {
        l->head = c->next;
    } else {
        c->prev->next = c->next;
    }
    if (c->next == NULL) {
        l->tail = c->prev;
    } else {
        c->next->prev = c->prev;
    }
    c->prev = c->next = NULL;
}

static void list_append(struct jt_conn_list *l, struct jt_conn *c)
{
    c->prev = l->tail;
    c->next = NULL;
    if (l->tail == NULL) {
        l->head = c;
    } else {
        l->tail->next = c;
    }
    l->tail = c;
}

static int64_t time_for(const struct jt_net_times *t, enum jt_conn_state s)
{
    switch (s) {
    case JT_CONN_HANDSHAKE:
        return t->handshake;
    case JT_CONN_IDLE:
        return t->idle;
    case JT_CONN_HEAD:
        return t->head;
    case JT_CONN_BODY:
        return t->body;
    case JT_CONN_RUN:
        return t->parked;
    case JT_CONN_WRITE:
        return t->write;
    case JT_CONN_LINGER:
        return t->linger;
    case JT_CONN_DEAD:
    case JT_CONN_STATES:
        break;
    }
    return 0;
}

void jt_conn_enter(struct jt_conn *c, enum jt_conn_state s)
{
    struct jt_worker *w = c->worker;
    list_remove(&w->lists[c->state], c);
    c->state = s;
    c->deadline_us = w->now_us + time_for(w->o.times, s);
    list_append(&w->lists[s], c);
}

struct jt_conn *jt_conn_new(struct jt_worker *w, int fd, const struct jt_listener *l,
                            const struct jt_addr *peer)
{
    struct jt_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->worker = w;
    c->fd = fd;
    c->listener = l;
    c->kind = l->kind;
    c->peer = *peer;
    c->readable = true;
    c->state = atomic_load(&l->tls) != NULL ? JT_CONN_HANDSHAKE : JT_CONN_HEAD;
    c->deadline_us = w->now_us + time_for(w->o.times, c->state);
    list_append(&w->lists[c->state], c);
    w->nconns++;
    return c;
}

void jt_conn_kill(struct jt_conn *c)
{
    if (c->state == JT_CONN_DEAD) {
        return;
    }
    if (c->x != NULL) {
        if (c->x->running) {
            c->x->conn = NULL; /* it ends by itself when what it waits for has come */
        } else {
            jt_exchange_drop(c->worker, c->x);
        }
        c->x = NULL;
    }
    jt_greet_forget(c);
    jt_conn_enter(c, JT_CONN_DEAD);
}

void jt_conn_free(struct jt_conn *c)
{
    struct jt_worker *w = c->worker;
    list_remove(&w->lists[c->state], c);
    if (c->tls != NULL) {
        jt_tls_bye(c->tls);
        jt_tls_conn_free(&c->tls);
    }
    (void)close(c->fd);
    if (c->limited) {
        if (c->by_address) {
            jt_limits_leave(w->o.limits, &c->peer);
        } else {
            jt_limits_leave_any(w->o.limits);
        }
    }
    w->nconns--;
    free(c);
}

enum jt_io jt_conn_read(struct jt_conn *c, uint8_t *p, size_t n, size_t *got)
{
    if (c->tls != NULL) {
        return jt_tls_read(c->tls, p, n, got);
    }
    ssize_t k;
    do {
        k = recv(c->fd, p, n, 0);
    } while (k < 0 && errno == EINTR);
    if (k > 0) {
        *got = (size_t)k;
        return JT_IO_OK;
    }
    if (k == 0) {
        return JT_IO_EOF;
    }
    return errno == EAGAIN ? JT_IO_WANT_READ : JT_IO_ERROR;
}

enum jt_io jt_conn_write(struct jt_conn *c, struct jt_slice s, size_t *put)
{
    if (c->tls != NULL) {
        return jt_tls_write(c->tls, s, put);
    }
    ssize_t k;
    do {
        k = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
    } while (k < 0 && errno == EINTR);
    if (k >= 0) {
        *put = (size_t)k;
        return JT_IO_OK;
    }
    return errno == EAGAIN ? JT_IO_WANT_WRITE : JT_IO_ERROR;
}

static enum turn stop(struct jt_conn *c)
{
    jt_conn_kill(c);
    return WAIT;
}

static enum turn handshake(struct jt_conn *c)
{
    if (c->tls == NULL) {
        c->tls = jt_tls_conn_new(atomic_load(&c->listener->tls), c->fd);
        if (c->tls == NULL) {
            return stop(c);
        }
    }
    switch (jt_tls_handshake(c->tls)) {
    case JT_IO_OK:
        jt_conn_enter(c, JT_CONN_HEAD);
        return GO_ON;
    case JT_IO_WANT_READ:
    case JT_IO_WANT_WRITE:
        return WAIT;
    case JT_IO_EOF:
    case JT_IO_ERROR:
        break;
    }
    return stop(c);
}

/* One read into the exchange. WAIT when there is nothing now, or the connection has ended. */
static enum turn fill(struct jt_conn *c)
{
    struct jt_exchange *x = c->x;
    size_t got = 0;
    if (!c->readable) {
        return WAIT;
    }
    if (!jt_buf_reserve(&x->in, READ_MIN)) {
        return stop(c);
    }
    size_t room = x->in.cap - x->in.n;
    switch (jt_conn_read(c, x->in.p + x->in.n, room, &got)) {
    case JT_IO_OK:
        x->in.n += got;
        /* A short read means drained: the next byte makes a new edge. */
        c->readable = (c->tls != NULL ? jt_tls_more(c->tls) : got == room) || c->peer_closed;
        return GO_ON;
    case JT_IO_WANT_READ:
    case JT_IO_WANT_WRITE:
        c->readable = false;
        return WAIT;
    case JT_IO_EOF:
    case JT_IO_ERROR:
        break;
    }
    return stop(c);
}

static enum turn start_request(struct jt_conn *c)
{
    struct jt_exchange *x = c->x;
    x->from = c->kind;
    x->peer = c->peer;
    x->peer_uid = c->peer_uid;
    x->cert = jt_peer_cert_ref(c->tls == NULL ? NULL : jt_tls_conn_peer(c->tls));
    x->patient = false;
    x->close = x->fault != JT_HTTP_OK || !x->head.keep_alive || c->worker->draining;
    jt_conn_enter(c, JT_CONN_RUN);
    c->turns++;
    jt_exchange_begin(x);
    return GO_ON;
}

static enum turn refuse(struct jt_conn *c, enum jt_http_fault f)
{
    c->x->fault = f;
    c->x->in_used = c->x->in.n; /* where the next request would begin is unknown */
    return start_request(c);
}

/* RFC 9110 section 10.1.1: asked before the body is sent, answered before it is read. */
static bool send_continue(struct jt_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t put = 0;
    return jt_conn_write(c, jt_slice(text, sizeof text - 1), &put) == JT_IO_OK &&
           put == sizeof text - 1;
}

/* The head's slices point into the buffer, which moves when it grows: then the head is read again.
 */
static bool settle_head(struct jt_exchange *x)
{
    size_t n = 0;
    if (x->in.p == x->head_in) {
        return true;
    }
    x->head_in = x->in.p;
    return jt_http_head_read(jt_slice(x->in.p, x->in_used), &x->head, &n) == JT_HTTP_OK;
}

static enum turn read_body(struct jt_conn *c)
{
    struct jt_exchange *x = c->x;
    for (;;) {
        if (!settle_head(x)) {
            return stop(c);
        }
        size_t have = x->in.n - x->in_used;
        if (x->head.chunked) {
            enum jt_http_fault f = jt_chunked_read(&x->chunks, x->in.p + x->in_used, have);
            if (f == JT_HTTP_OK) {
                x->body = jt_slice(x->in.p + x->in_used, x->chunks.written);
                x->in_used += x->chunks.read;
                return start_request(c);
            }
            if (f != JT_HTTP_MORE) {
                return refuse(c, f);
            }
        } else if (have >= x->head.length) {
            x->body = jt_slice(x->in.p + x->in_used, (size_t)x->head.length);
            x->in_used += (size_t)x->head.length;
            return start_request(c);
        }
        if (fill(c) == WAIT) {
            return WAIT;
        }
    }
}

static enum turn read_head(struct jt_conn *c)
{
    if (c->x == NULL) {
        c->x = jt_exchange_take(c->worker);
        if (c->x == NULL) {
            return stop(c);
        }
        c->x->conn = c;
    }
    struct jt_exchange *x = c->x;
    for (;;) {
        size_t n = 0;
        enum jt_http_fault f = JT_HTTP_MORE;
        if (x->in.n > 0) {
            if (c->state == JT_CONN_IDLE) {
                jt_conn_enter(c, JT_CONN_HEAD);
            }
            f = jt_http_head_read(jt_buf_slice(&x->in), &x->head, &n);
        }
        if (f == JT_HTTP_OK) {
            x->in_used = n;
            x->head_in = x->in.p;
            jt_conn_enter(c, JT_CONN_BODY);
            bool more = x->head.chunked || x->in.n - n < x->head.length;
            if (x->head.expect_continue && x->in.n == n && more && !send_continue(c)) {
                return stop(c);
            }
            return GO_ON;
        }
        if (f != JT_HTTP_MORE) {
            return refuse(c, f);
        }
        if (fill(c) == WAIT) {
            if (c->state == JT_CONN_IDLE && x->in.n == 0) {
                jt_exchange_drop(c->worker, x); /* idle connections hold no buffers */
                c->x = NULL;
            }
            return WAIT;
        }
    }
}

/* The answer is out. What came after the request stays for the next one. */
static enum turn next_request(struct jt_conn *c)
{
    struct jt_exchange *x = c->x;
    if (x->close) {
        jt_exchange_drop(c->worker, x);
        c->x = NULL;
        jt_conn_enter(c, JT_CONN_LINGER);
        if (c->tls != NULL) {
            jt_tls_bye(c->tls);
        }
        (void)shutdown(c->fd, SHUT_WR);
        return GO_ON;
    }
    struct jt_exchange *y = NULL;
    if (x->in.n > x->in_used) {
        y = jt_exchange_take(c->worker);
        if (y == NULL) {
            return stop(c);
        }
        y->conn = c;
        jt_buf_put(&y->in, jt_slice_from(jt_buf_slice(&x->in), x->in_used));
        if (!jt_buf_ok(&y->in)) {
            jt_exchange_drop(c->worker, y);
            return stop(c);
        }
    }
    jt_exchange_drop(c->worker, x);
    c->x = y;
    jt_conn_enter(c, y != NULL ? JT_CONN_HEAD : JT_CONN_IDLE);
    return GO_ON;
}

static enum turn write_answer(struct jt_conn *c)
{
    struct jt_exchange *x = c->x;
    if (!jt_buf_ok(&x->out)) {
        return stop(c);
    }
    while (c->put < x->out.n) {
        size_t put = 0;
        switch (jt_conn_write(c, jt_slice_from(jt_buf_slice(&x->out), c->put), &put)) {
        case JT_IO_OK:
            c->put += put;
            break;
        case JT_IO_WANT_READ:
        case JT_IO_WANT_WRITE:
            return WAIT;
        case JT_IO_EOF:
        case JT_IO_ERROR:
            return stop(c);
        }
    }
    return next_request(c);
}

static enum turn linger(struct jt_conn *c)
{
    uint8_t waste[2048];
    for (unsigned i = 0; i < LINGER_READS; i++) {
        ssize_t k = recv(c->fd, waste, sizeof waste, 0);
        if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR)) {
            return stop(c);
        }
        if (k < 0 && errno == EAGAIN) {
            return WAIT;
        }
    }
    return stop(c); /* somebody who does not stop sending */
}

static enum turn one_turn(struct jt_conn *c)
{
    switch (c->state) {
    case JT_CONN_HANDSHAKE:
        return handshake(c);
    case JT_CONN_IDLE:
    case JT_CONN_HEAD:
        return read_head(c);
    case JT_CONN_BODY:
        return read_body(c);
    case JT_CONN_WRITE:
        return write_answer(c);
    case JT_CONN_LINGER:
        return linger(c);
    case JT_CONN_RUN: /* waits for jt_exchange_done */
    case JT_CONN_DEAD:
    case JT_CONN_STATES:
        break;
    }
    return WAIT;
}

void jt_conn_drive(struct jt_conn *c)
{
    c->driving = true;
    c->turns = 0;
    while (one_turn(c) == GO_ON) {
        bool more = c->state == JT_CONN_HEAD || (c->state == JT_CONN_IDLE && c->readable);
        if (more && c->turns >= c->worker->turns) {
            jt_worker_again(c); /* the others first */
            break;
        }
    }
    c->driving = false;
}

void jt_conn_expire(struct jt_conn *c)
{
    struct jt_worker *w = c->worker;
    if (c->state != JT_CONN_RUN) {
        jt_conn_kill(c);
        return;
    }
    if (c->x->patient) {
        jt_conn_enter(c, JT_CONN_RUN); /* another round */
        return;
    }
    /* The request goes on alone; its connection gets another answer and ends. */
    struct jt_exchange *late = jt_exchange_take(w);
    c->x->conn = NULL;
    c->x = late;
    if (late == NULL) {
        jt_conn_kill(c);
        return;
    }
    late->conn = c;
    late->from = c->kind;
    late->close = true;
    w->o.ops->late(late);
    c->put = 0;
    jt_conn_enter(c, JT_CONN_WRITE);
    jt_conn_drive(c);
}
