/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h - one connection: bytes to exchanges, answers to bytes. Private to net.
 *
 * States: HANDSHAKE → HEAD → BODY → RUN → WRITE → HEAD …, LINGER at the end. Each state has one
 * deadline, and each worker one list per state, in the order of their deadlines.
 * Owns:    its socket and TLS state; the exchange while it is not running.
 * Threads: its worker's only.
 */
#ifndef JT_NET_CONN_H
#define JT_NET_CONN_H

#include "net.h"

enum jt_conn_state {
    JT_CONN_HANDSHAKE,
    JT_CONN_IDLE, /* kept alive, nothing of a next request yet */
    JT_CONN_HEAD,
    JT_CONN_BODY,
    JT_CONN_RUN,
    JT_CONN_WRITE,
    JT_CONN_LINGER, /* answered and shut down; reads what still comes, so that no reset eats the
                       answer */
    JT_CONN_DEAD,
    JT_CONN_STATES,
};

struct jt_conn {
    struct jt_conn *prev, *next;             /* in the worker's list of its state */
    struct jt_conn *greet_prev, *greet_next; /* in the line of handshakes, while greeting */
    struct jt_worker *worker;
    struct jt_exchange *x; /* the request being read, run or answered; NULL while idle */
    const struct jt_listener *listener;
    struct jt_tls_conn
        *tls; /* made with the first byte of a handshake: until then it costs nothing */
    int fd;
    enum jt_conn_state state;
    int64_t deadline_us;
    struct jt_addr peer;
    uid_t peer_uid;
    enum jt_listener_kind kind;
    bool limited;     /* counted in limits */
    bool by_address;  /* and by its address */
    bool readable;    /* the kernel may have bytes: edge-triggered */
    bool peer_closed; /* it will send no more */
    bool driving;     /* jt_conn_drive is on the stack */
    bool greeting;    /* its handshake waits for its turn */
    unsigned turns;   /* requests begun since jt_conn_drive was entered */
    size_t put;       /* bytes of the answer already written */
};

struct jt_conn_list {
    struct jt_conn *head, *tail;
};

struct jt_worker {
    struct jt_net_opts o;
    size_t index;
    int epfd, wake_fd, drain_fd;
    void *local;
    struct jt_conn_list lists[JT_CONN_STATES];
    struct jt_conn *greet_head, *greet_tail;
    size_t ngreet;
    int64_t greet_again_us; /* not before */
    size_t nconns, nrunning;
    struct jt_exchange *run_head, *run_tail;
    struct jt_exchange *spare; /* finished exchanges, to be used again; by next */
    size_t nspare;
    int64_t now_us;          /* monotonic, read once per loop */
    int64_t tick_us;         /* when the next tick is due */
    int64_t accept_again_us; /* 0: accepting; else paused for want of descriptors */
    size_t accept_below;     /* and go on only with fewer connections than this; 0: try */
    int fd_ceiling;          /* descriptors from here on are not for connections */
    unsigned turns;          /* requests of one connection in this batch */
    _Atomic bool drain;
    bool draining; /* drain seen */
    int64_t drain_end_us, drain_idle_us;
};

/* A fresh connection on a non-blocking socket; NULL: out of memory (fd is the caller's then). */
struct jt_conn *jt_conn_new(struct jt_worker *w, int fd, const struct jt_listener *l,
                            const struct jt_addr *peer);
/* Something of its handshake has come: it is driven when its turn has come. */
void jt_greet_queue(struct jt_conn *c);
void jt_greet_forget(struct jt_conn *c);
/* Handshakes for about a millisecond; there must be one. */
void jt_greet_some(struct jt_worker *w);
/* Goes on until the socket has nothing more to give or take. */
void jt_conn_drive(struct jt_conn *c);
/* Its state's time is over. */
void jt_conn_expire(struct jt_conn *c);
/* Moves the connection to the list of the dead; it is freed at the end of the event batch. */
void jt_conn_kill(struct jt_conn *c);
void jt_conn_free(struct jt_conn *c);
/* Sets state and deadline. */
void jt_conn_enter(struct jt_conn *c, enum jt_conn_state s);

/* worker.c: an event for this connection in the next round, whatever its socket does. */
void jt_worker_again(struct jt_conn *c);

/* exchange.c */
struct jt_exchange *jt_exchange_take(struct jt_worker *w);
void jt_exchange_drop(struct jt_worker *w, struct jt_exchange *x);
void jt_exchange_begin(struct jt_exchange *x);

/* io of a connection, plain or TLS */
enum jt_io jt_conn_read(struct jt_conn *c, uint8_t *p, size_t n, size_t *got);
enum jt_io jt_conn_write(struct jt_conn *c, struct jt_slice s, size_t *put);

#endif
