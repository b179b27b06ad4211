/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define EVENTS 256
#define ACCEPTS 16         /* connections taken in one round */
#define PIPELINE_TURNS 64u /* requests of one connection in a round, if it is alone */
#define FDS_KEPT 24        /* descriptors for the store, backups and the operator */
#define TICK_US 1000000
#define PAUSE_US 100000 /* without accepting, when descriptors have run out */

const struct jt_net_times jt_net_times_default = {
    .handshake = 10000000,
    .head = 10000000,
    .body = 10000000,
    .parked = 5000000,
    .write = 30000000,
    .idle = 60000000,
    .linger = 2000000,
    .drain = 10000000,
};

/* While draining, a kept-alive connection may send this long; its answer says Connection: close. */
#define DRAIN_IDLE_US 1000000

static bool watch_listener(struct jt_worker *w, struct jt_listener *l)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.ptr = l}};
    return epoll_ctl(w->epfd, EPOLL_CTL_ADD, l->fd, &ev) == 0 || errno == EEXIST;
}

static bool watch_fd(struct jt_worker *w, int *fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = fd}};
    return *fd < 0 || epoll_ctl(w->epfd, EPOLL_CTL_ADD, *fd, &ev) == 0;
}

static bool watch_all(struct jt_worker *w)
{
    for (size_t i = 0; i < w->o.nlisteners; i++) {
        if (!watch_listener(w, &w->o.listeners[i])) {
            return false;
        }
    }
    return true;
}

/* Connections alone may not use up the descriptors: a quarter, or FDS_KEPT, is for all else. */
static int fd_ceiling(void)
{
    struct rlimit r = {0};
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur > INT_MAX) {
        return INT_MAX;
    }
    int n = (int)r.rlim_cur;
    return n - (n / 4 < FDS_KEPT ? n / 4 : FDS_KEPT);
}

enum jt_err jt_worker_new(const struct jt_net_opts *o, size_t index, int wake_fd, void *local,
                          struct jt_worker **out)
{
    struct jt_worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return JT_E_NOMEM;
    }
    w->o = *o;
    w->index = index;
    w->wake_fd = wake_fd;
    w->local = local;
    w->turns = PIPELINE_TURNS;
    w->fd_ceiling = fd_ceiling();
    w->epfd = epoll_create1(EPOLL_CLOEXEC);
    w->drain_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->epfd < 0 || w->drain_fd < 0 || !watch_fd(w, &w->wake_fd) || !watch_fd(w, &w->drain_fd) ||
        !watch_all(w)) {
        jt_worker_free(&w);
        return JT_E_IO;
    }
    *out = w;
    return JT_OK;
}

void jt_worker_shed(struct jt_worker *w)
{
    while (w->spare != NULL) {
        struct jt_exchange *x = w->spare;
        w->spare = x->next;
        jt_arena_free(&x->arena);
        jt_buf_free(&x->in);
        jt_buf_free(&x->out);
        free(x);
    }
    w->nspare = 0;
}

void jt_worker_free(struct jt_worker **w)
{
    if (*w == NULL) {
        return;
    }
    jt_worker_shed(*w);
    if ((*w)->epfd >= 0) {
        (void)close((*w)->epfd);
    }
    if ((*w)->drain_fd >= 0) {
        (void)close((*w)->drain_fd);
    }
    free(*w);
    *w = NULL;
}

void jt_worker_drain(struct jt_worker *w)
{
    uint64_t one = 1;
    atomic_store(&w->drain, true);
    (void)!write(w->drain_fd, &one, sizeof one);
}

size_t jt_worker_index(const struct jt_worker *w)
{
    return w->index;
}

void *jt_worker_local(const struct jt_worker *w)
{
    return w->local;
}

void *jt_worker_app(const struct jt_worker *w)
{
    return w->o.app;
}

bool jt_worker_draining(const struct jt_worker *w)
{
    return w->draining;
}

const struct jt_exchange *jt_worker_oldest(const struct jt_worker *w)
{
    return w->run_head;
}

size_t jt_worker_running(const struct jt_worker *w)
{
    return w->nrunning;
}

static void epoll_conn(struct jt_conn *c, int op)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                             .data = {.ptr = c}};
    if (epoll_ctl(c->worker->epfd, op, c->fd, &ev) != 0) {
        jt_conn_kill(c);
    }
}

void jt_worker_again(struct jt_conn *c)
{
    epoll_conn(c, EPOLL_CTL_MOD); /* the socket can be written, so this makes a new edge */
}

static struct jt_addr addr_of(const struct sockaddr_storage *ss)
{
    struct jt_addr a = {{0}};
    if (ss->ss_family == AF_INET) {
        a.b[10] = a.b[11] = 0xff;
        memcpy(a.b + 12, &((const struct sockaddr_in *)ss)->sin_addr, 4);
    } else if (ss->ss_family == AF_INET6) {
        memcpy(a.b, &((const struct sockaddr_in6 *)ss)->sin6_addr, 16);
    }
    return a;
}

static bool enter(struct jt_worker *w, enum jt_admit let, const struct jt_addr *peer)
{
    return let == JT_LET_IN             ? jt_limits_enter(w->o.limits, peer) == JT_ADMIT_YES
           : let == JT_LET_IN_UNCOUNTED ? jt_limits_enter_any(w->o.limits) == JT_ADMIT_YES
                                        : false;
}

static void leave(struct jt_worker *w, enum jt_admit let, const struct jt_addr *peer)
{
    if (let == JT_LET_IN) {
        jt_limits_leave(w->o.limits, peer);
    } else {
        jt_limits_leave_any(w->o.limits);
    }
}

static void add_conn(struct jt_worker *w, int fd, const struct jt_listener *l,
                     const struct jt_addr *peer)
{
    bool tcp = l->kind != JT_LISTEN_ADMIN;
    enum jt_admit let = tcp ? w->o.ops->admit(w->o.app, l, peer) : JT_LET_IN;
    struct ucred cred = {.uid = (uid_t)-1};
    socklen_t n = sizeof cred;
    if (tcp && !enter(w, let, peer)) {
        (void)close(fd);
        return;
    }
    struct jt_conn *c = jt_conn_new(w, fd, l, peer);
    if (c == NULL) {
        if (tcp) {
            leave(w, let, peer);
        }
        (void)close(fd);
        return;
    }
    c->limited = tcp;
    c->by_address = let == JT_LET_IN;
    if (!tcp && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0) {
        cred.uid = (uid_t)-1;
    }
    c->peer_uid = cred.uid;
    epoll_conn(c, EPOLL_CTL_ADD);
    if (c->state == JT_CONN_HEAD) {
        jt_conn_drive(c);
    }
}

/*
 * Descriptors or memory run out: a level-triggered listener would spin, so look away for a while.
 * scarce: some are left, which the operator may still have.
 */
static void pause_accept(struct jt_worker *w, bool scarce)
{
    if (w->accept_again_us != 0) {
        return;
    }
    w->accept_again_us = w->now_us + PAUSE_US;
    w->accept_below = scarce ? jt_limits_count(w->o.limits) : 0;
    for (size_t i = 0; i < w->o.nlisteners; i++) {
        if (!scarce || w->o.listeners[i].kind != JT_LISTEN_ADMIN) {
            (void)epoll_ctl(w->epfd, EPOLL_CTL_DEL, w->o.listeners[i].fd, NULL);
        }
    }
    jt_limits_count_pause(w->o.limits);
    if (jt_limits_may_log(w->o.limits, w->now_us)) {
        w->o.ops->log(w->o.app, 4,
                      "no descriptor or memory for a new connection: accepting pauses until some "
                      "end (raise LimitNOFILE, or lower server.max_connections)");
    }
}

/* Returns how many came. */
static unsigned accept_some(struct jt_worker *w, struct jt_listener *l)
{
    for (unsigned i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage ss = {0};
        socklen_t n = sizeof ss;
        int fd = accept4(l->fd, (struct sockaddr *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            if (errno != EAGAIN) {
                pause_accept(w, false);
            }
            return i;
        }
        struct jt_addr peer = addr_of(&ss);
        add_conn(w, fd, l, &peer);
        if (fd >= w->fd_ceiling && l->kind != JT_LISTEN_ADMIN) {
            pause_accept(w, true);
            return i + 1;
        }
    }
    return ACCEPTS;
}

static bool is_listener(const struct jt_worker *w, const void *p)
{
    const char *q = p;
    const char *first = (const char *)w->o.listeners;
    return q >= first && q < (const char *)(w->o.listeners + w->o.nlisteners);
}

/* Who has left is not greeted: after a reset, or if nothing more than a first message can come. */
static void on_handshake(struct jt_conn *c, uint32_t events)
{
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 || (c->peer_closed && c->tls == NULL)) {
        jt_conn_kill(c);
    } else if (c->tls != NULL || (events & EPOLLIN) != 0) {
        jt_greet_queue(c);
    }
}

static void on_event(struct jt_worker *w, const struct epoll_event *ev)
{
    void *p = ev->data.ptr;
    if (p == &w->wake_fd) {
        w->o.ops->wake(w);
        return;
    }
    if (p == &w->drain_fd) {
        uint64_t n;
        (void)!read(w->drain_fd, &n, sizeof n);
        return;
    }
    if (is_listener(w, p)) {
        (void)accept_some(w, p);
        return;
    }
    struct jt_conn *c = p;
    if ((ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        c->readable = true;
    }
    if ((ev->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        c->peer_closed = true;
    }
    if (c->state == JT_CONN_HANDSHAKE) {
        on_handshake(c, ev->events);
    } else if (c->state != JT_CONN_DEAD) {
        jt_conn_drive(c);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct jt_worker *w)
{
    int64_t next = w->greet_head != NULL ? w->greet_again_us : w->tick_us;
    for (int s = 0; s < JT_CONN_DEAD; s++) {
        if (w->lists[s].head != NULL) {
            next = sooner(next, w->lists[s].head->deadline_us);
        }
    }
    if (w->accept_again_us != 0) {
        next = sooner(next, w->accept_again_us);
    }
    if (w->draining) {
        next = sooner(next, w->now_us + 50000);
    }
    int64_t us = next - w->now_us;
    return us <= 0 ? 0 : (int)(us / 1000 + 1);
}

static void expire(struct jt_worker *w)
{
    for (int s = 0; s < JT_CONN_DEAD; s++) {
        while (w->lists[s].head != NULL && w->lists[s].head->deadline_us <= w->now_us) {
            jt_conn_expire(w->lists[s].head);
        }
    }
}

static void bury(struct jt_worker *w)
{
    while (w->lists[JT_CONN_DEAD].head != NULL) {
        jt_conn_free(w->lists[JT_CONN_DEAD].head);
    }
}

static void accept_again(struct jt_worker *w)
{
    if (w->accept_below > 0 && jt_limits_count(w->o.limits) >= w->accept_below) {
        w->accept_again_us = w->now_us + PAUSE_US;
        return;
    }
    w->accept_again_us = 0;
    if (!w->draining && !watch_all(w)) {
        pause_accept(w, false);
    }
}

/* What this round asked the disk for need not wait for strangers. */
static void greet(struct jt_worker *w)
{
    w->o.ops->offline(w);
    w->o.ops->online(w);
    jt_greet_some(w);
    bury(w);
}

static void on_time(struct jt_worker *w)
{
    expire(w);
    if (w->accept_again_us != 0 && w->accept_again_us <= w->now_us) {
        accept_again(w);
    }
    if (w->tick_us <= w->now_us) {
        w->tick_us = w->now_us + TICK_US;
        w->o.ops->tick(w);
    }
}

/* Takes what is queued; then the listeners are left to be closed by their owner. */
static void begin_drain(struct jt_worker *w)
{
    w->draining = true;
    w->drain_end_us = w->now_us + w->o.times->drain;
    w->drain_idle_us = w->now_us + DRAIN_IDLE_US;
    for (size_t i = 0; i < w->o.nlisteners; i++) {
        while (accept_some(w, &w->o.listeners[i]) == ACCEPTS) {
        }
        (void)epoll_ctl(w->epfd, EPOLL_CTL_DEL, w->o.listeners[i].fd, NULL);
    }
}

static void kill_list(struct jt_worker *w, enum jt_conn_state s, bool only_empty)
{
    struct jt_conn *next = NULL;
    for (struct jt_conn *c = w->lists[s].head; c != NULL; c = next) {
        next = c->next;
        if (!only_empty || c->x == NULL || c->x->in.n == 0) {
            jt_conn_kill(c);
        }
    }
}

static bool drained(struct jt_worker *w)
{
    bool over = w->now_us >= w->drain_end_us;
    if (w->now_us >= w->drain_idle_us) {
        kill_list(w, JT_CONN_HANDSHAKE, false);
        kill_list(w, JT_CONN_IDLE, false);
        kill_list(w, JT_CONN_HEAD, !over);
    }
    if (over) {
        kill_list(w, JT_CONN_BODY, false);
        kill_list(w, JT_CONN_RUN, false);
        kill_list(w, JT_CONN_WRITE, false);
        kill_list(w, JT_CONN_LINGER, false);
    }
    bury(w);
    return w->nconns == 0 && w->nrunning == 0;
}

void jt_worker_run(struct jt_worker *w)
{
    struct epoll_event events[EVENTS];
    w->now_us = jt_mono_us(w->o.clock);
    w->tick_us = w->now_us + TICK_US;
    for (;;) {
        int n = w->o.ops->settle(w) ? epoll_wait(w->epfd, events, EVENTS, 0) : 0;
        if (n <= 0) {
            w->o.ops->offline(w);
            n = epoll_wait(w->epfd, events, EVENTS, wait_ms(w));
            w->o.ops->online(w);
        }
        w->now_us = jt_mono_us(w->o.clock);
        w->turns = n > 1 ? 1 + PIPELINE_TURNS / (unsigned)n : PIPELINE_TURNS;
        for (int i = 0; i < n; i++) {
            on_event(w, &events[i]);
        }
        on_time(w);
        bury(w);
        if (w->greet_head != NULL && w->greet_again_us <= w->now_us) {
            greet(w);
        }
        if (atomic_load(&w->drain) && !w->draining) {
            begin_drain(w);
        }
        if (w->draining && drained(w)) {
            return;
        }
    }
}
