/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h - connections in, requests out: what the flow sees of the network.
 *
 * A worker is one thread with its own epoll loop. Its connections turn bytes into exchanges; an
 * exchange is one request and its answer. The application gets each exchange once (begin), writes
 * the whole answer into `out`, and says jt_exchange_done, at once or later.
 * Owns:    the exchange owns the request's bytes, so that a parked request outlives its connection.
 * Threads: everything of a worker happens on its thread.
 */
#ifndef JT_NET_NET_H
#define JT_NET_NET_H

#include <stdatomic.h>
#include <sys/types.h>

#include "../../core/base/arena.h"
#include "../../core/base/buf.h"
#include "../../core/base/clock.h"
#include "../../core/http/chunked.h"
#include "../../core/http/cidr.h"
#include "../../core/http/head.h"
#include "limits.h"
#include "listener.h"

struct jt_worker;
struct jt_conn;

struct jt_exchange {
    struct jt_exchange *prev, *next; /* the worker's running ones, oldest first */
    struct jt_worker *worker;
    struct jt_conn *conn; /* NULL once the connection is gone */
    enum jt_listener_kind from;
    struct jt_addr peer;
    uid_t peer_uid;                  /* of a Unix socket's peer */
    const struct jt_peer_cert *cert; /* the caller's, a reference of its own; NULL: none */
    uint64_t epoch;                  /* the application's mark */
    enum jt_http_fault fault;        /* not OK: the request could not be read; head may be empty */
    struct jt_http_head head;
    struct jt_slice body;
    struct jt_arena arena; /* for the application; wiped at the end */
    struct jt_buf in, out;
    size_t in_used;         /* bytes of `in` that this request took */
    const uint8_t *head_in; /* where `in` was when head was read */
    struct jt_chunked chunks;
    bool running; /* begun, not done */
    bool patient; /* never answered late: it takes as long as it takes */
    bool close;   /* the connection ends after this answer; read before answering */
    void *flow;   /* the application's */
};

/* Greatest size of an answer: the JWKS and pages of the admin API. */
#define JT_ANSWER_MAX (4u << 20)

/* Whether a connection may come in; uncounted: the limit for one address does not hold for it. */
enum jt_admit { JT_LET_OUT = 0, JT_LET_IN, JT_LET_IN_UNCOUNTED };

struct jt_net_ops {
    enum jt_admit (*admit)(void *app, const struct jt_listener *l, const struct jt_addr *peer);
    void (*begin)(struct jt_exchange *x); /* ends with jt_exchange_done, now or later */
    void (*late)(struct jt_exchange *x);  /* answer in place of a request that took too long */
    void (*wake)(struct jt_worker *w);    /* its mailbox has something */
    void (*tick)(struct jt_worker *w);    /* about once a second */
    void (*online)(struct jt_worker *w);  /* after sleeping */
    void (*offline)(struct jt_worker *w); /* before sleeping */
    /* After the events of a turn; true: see first whether there are more before sleeping. */
    bool (*settle)(struct jt_worker *w);
    void (*log)(void *app, int level, const char *message); /* any thread */
};

/* Deadlines, in microseconds of the monotonic clock. */
struct jt_net_times {
    int64_t handshake, head, body, parked, write, idle, linger, drain;
};
extern const struct jt_net_times jt_net_times_default;

struct jt_net_opts {
    const struct jt_net_ops *ops;
    void *app;
    const struct jt_clock *clock;
    const struct jt_net_times *times;
    struct jt_listener *listeners; /* shared by all workers */
    size_t nlisteners;
    struct jt_limits *limits; /* shared by all workers */
};

/* index: from 0. wake_fd: an eventfd of the application, or -1. local: the application's. */
JT_MUST enum jt_err jt_worker_new(const struct jt_net_opts *o, size_t index, int wake_fd,
                                  void *local, struct jt_worker **out);
/* The loop; returns after jt_worker_drain when the last connection has gone. */
void jt_worker_run(struct jt_worker *w);
/* Any thread: take what is queued, answer what has begun, then end. */
void jt_worker_drain(struct jt_worker *w);
void jt_worker_free(struct jt_worker **w);
/* Memory is short: what finished exchanges keep for the next ones is given back. */
void jt_worker_shed(struct jt_worker *w);

size_t jt_worker_index(const struct jt_worker *w);
void *jt_worker_local(const struct jt_worker *w);
void *jt_worker_app(const struct jt_worker *w);
bool jt_worker_draining(const struct jt_worker *w);
/* The running exchange that began first, or NULL. */
const struct jt_exchange *jt_worker_oldest(const struct jt_worker *w);
size_t jt_worker_running(const struct jt_worker *w);

/* The answer in x->out is complete. x must not be used afterwards. */
void jt_exchange_done(struct jt_exchange *x);

#endif
