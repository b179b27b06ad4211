/* SPDX-License-Identifier: Apache-2.0 */
/*
 * good.c - valid traffic at a fixed rate, and how long its answers took.
 *
 * A request is due at a time that does not depend on earlier answers, and its latency counts from
 * then: a server that stalls is seen to stall. Tokens and introspections of the last token take
 * turns. Anything but the right answer is counted as unexpected, and said on standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "link.h"
#include "window.h"

#define EVENTS 64
#define SECOND 1000000
#define TIMEOUT_US (20 * SECOND)
#define STALL_US (SECOND / 4) /* a round takes a millisecond: this machine stood still */
#define TOKEN_MAX 4096u
#define BYTES_MAX 16384u

struct caller {
    struct link l;
    bool busy;
    bool introspects;
    int64_t due_us;
    size_t out_n, put, in_n;
    char out[BYTES_MAX], in[BYTES_MAX];
};

struct good {
    const struct storm_options *o;
    SSL_CTX *ctx;
    int epfd;
    int64_t now_us, begun_us;
    uint64_t asked, answered, unexpected, dropped;
    uint64_t late; /* were due while all connections were busy */
    uint64_t stalls;
    uint64_t turn;
    char token[TOKEN_MAX];
    struct caller *callers;
    struct window window;
};

static void unexpected(struct good *g, const struct caller *c, const char *what)
{
    if (g->unexpected++ < 5) {
        (void)fprintf(stderr, "storm: after %.3f s: %s: %.*s\n",
                      (double)(g->now_us - g->begun_us) / SECOND, what,
                      (int)(c->in_n < 600 ? c->in_n : 600), c->in);
    }
}

/* The connection is gone; the request on it, if any, was not answered. */
static void lose(struct good *g, struct caller *c, const char *what)
{
    g->dropped++;
    if (c->busy) {
        unexpected(g, c, what);
    }
    link_close(&c->l, true);
    c->busy = false;
}

static void keep_token(struct good *g, const char *body)
{
    static const char name[] = "\"access_token\":\"";
    const char *p = strstr(body, name);
    size_t n = p == NULL ? 0 : strcspn(p + sizeof name - 1, "\"");
    if (n > 0 && n < sizeof g->token) {
        memcpy(g->token, p + sizeof name - 1, n);
        g->token[n] = '\0';
    }
}

static void judge(struct good *g, struct caller *c, const char *body)
{
    bool right = memcmp(c->in, "HTTP/1.1 200 ", 13) == 0 &&
                 strstr(body, c->introspects ? "\"active\":true" : "\"access_token\":\"") != NULL;
    if (!right) {
        unexpected(g, c, c->introspects ? "introspection" : "token");
    } else if (!c->introspects) {
        keep_token(g, body);
    }
    g->answered++;
    window_add(&g->window, g->now_us - c->due_us);
    c->busy = false;
    if (g->o->fresh) {
        link_close(&c->l, false);
    }
}

/* Whether the answer is whole. */
static bool whole(struct caller *c, const char **body)
{
    static const char name[] = "content-length: ";
    c->in[c->in_n] = '\0';
    char *end = strstr(c->in, "\r\n\r\n");
    char *length = strcasestr(c->in, name);
    if (end == NULL || length == NULL || length > end) {
        return false;
    }
    *body = end + 4;
    return c->in_n >= (size_t)(end + 4 - c->in) + strtoul(length + sizeof name - 1, NULL, 10);
}

static void receive(struct good *g, struct caller *c)
{
    while (c->l.fd >= 0) {
        size_t n = 0;
        const char *body = NULL;
        enum link_io io = link_read(&c->l, c->in + c->in_n, sizeof c->in - 1 - c->in_n, &n);
        if (io == LINK_WAIT) {
            return;
        }
        c->in_n += n;
        if (io != LINK_OK || !c->busy) {
            lose(g, c, io == LINK_OK ? "an answer to nothing" : "the connection ended");
        } else if (whole(c, &body)) {
            judge(g, c, body);
        }
    }
}

static void go_on(struct good *g, struct caller *c)
{
    enum link_io io = c->l.ready ? LINK_OK : link_step(&c->l);
    while (io == LINK_OK && c->busy && c->put < c->out_n) {
        size_t k = 0;
        io = link_write(&c->l, c->out + c->put, c->out_n - c->put, &k);
        c->put += k;
    }
    if (io == LINK_END || io == LINK_FAIL) {
        lose(g, c, "the connection failed");
    } else if (c->l.ready) {
        receive(g, c);
    }
}

static void ask(struct good *g, struct caller *c, int64_t due_us)
{
    c->introspects = g->o->rs_id != NULL && g->token[0] != '\0' && g->turn % 2 == 1;
    c->out_n = c->introspects
                   ? storm_introspection(g->o, g->token, g->o->fresh, c->out, sizeof c->out)
                   : storm_token_request(g->o, g->o->secret, g->o->fresh, c->out);
    c->busy = true;
    c->due_us = due_us;
    c->put = c->in_n = 0;
    g->turn++;
    g->asked++;
    if (c->l.fd < 0 && !link_open(&c->l, g->epfd, g->o, g->o->from, g->ctx, c)) {
        c->busy = false;
        unexpected(g, c, "cannot connect");
        return;
    }
    go_on(g, c);
}

/* The next in turn that is free, so that none idles long. */
static struct caller *free_caller(struct good *g)
{
    for (size_t i = 0; i < g->o->connections; i++) {
        struct caller *c = &g->callers[(g->turn + i) % g->o->connections];
        if (!c->busy) {
            return c;
        }
    }
    return NULL;
}

static void ask_what_is_due(struct good *g)
{
    for (;;) {
        int64_t due = g->begun_us + (int64_t)((double)g->asked * SECOND / g->o->rate);
        struct caller *c = due <= g->now_us ? free_caller(g) : NULL;
        if (c == NULL) {
            g->late += due <= g->now_us;
            return;
        }
        ask(g, c, due);
    }
}

/*
 * When this process itself got no time, what waited meanwhile says nothing about the server: the
 * time is taken out of all that is measured.
 */
static void take_out_stall(struct good *g, int64_t gap_us)
{
    if (gap_us < STALL_US) {
        return;
    }
    g->stalls++;
    g->begun_us += gap_us;
    for (size_t i = 0; i < g->o->connections; i++) {
        g->callers[i].due_us += gap_us;
    }
}

static void give_up_old(struct good *g)
{
    for (size_t i = 0; i < g->o->connections; i++) {
        struct caller *c = &g->callers[i];
        if (c->busy && c->due_us + TIMEOUT_US < g->now_us) {
            lose(g, c, "no answer in time");
        }
    }
}

static size_t busy(const struct good *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->o->connections; i++) {
        n += g->callers[i].busy;
    }
    return n;
}

static int64_t since(const struct good *g)
{
    return g->now_us - g->begun_us;
}

static void run(struct good *g)
{
    struct epoll_event events[EVENTS];
    g->begun_us = g->now_us = storm_now_us();
    int64_t end = (int64_t)(g->o->seconds * SECOND);
    int64_t window = (int64_t)(g->o->window * SECOND);
    int64_t next = window;
    while (since(g) < end || (busy(g) > 0 && since(g) < end + 2 * TIMEOUT_US)) {
        end = storm_stopped ? 0 : end;
        if (since(g) < end) {
            ask_what_is_due(g);
        }
        int n = epoll_wait(g->epfd, events, EVENTS, 1);
        int64_t before = g->now_us;
        g->now_us = storm_now_us();
        take_out_stall(g, g->now_us - before);
        for (int i = 0; i < n; i++) {
            struct caller *c = events[i].data.ptr;
            if (c->l.fd >= 0) {
                go_on(g, c);
            }
        }
        give_up_old(g);
        if (next <= since(g)) {
            window_print(&g->window, (double)next / SECOND);
            next += window;
        }
    }
    window_print(&g->window, g->o->seconds);
}

int storm_good(const struct storm_options *o)
{
    struct good g = {.o = o, .epfd = epoll_create1(EPOLL_CLOEXEC)};
    g.callers = calloc(o->connections, sizeof *g.callers);
    g.ctx = o->tls ? link_context() : NULL;
    bool ok = g.epfd >= 0 && g.callers != NULL && o->rate > 0 && o->window > 0 &&
              (g.ctx != NULL || !o->tls) && window_init(&g.window) == 0;
    for (size_t i = 0; ok && i < o->connections; i++) {
        g.callers[i].l.fd = -1;
    }
    if (ok) {
        run(&g);
        (void)printf("{\"asked\":%lu,\"answered\":%lu,\"unexpected\":%lu,\"dropped\":%lu,"
                     "\"late\":%lu,\"stalls\":%lu}\n",
                     g.asked, g.answered, g.unexpected, g.dropped, g.late, g.stalls);
        for (size_t i = 0; i < o->connections; i++) {
            if (g.callers[i].l.fd >= 0) {
                link_close(&g.callers[i].l, false);
            }
        }
    }
    window_free(&g.window);
    free(g.callers);
    SSL_CTX_free(g.ctx);
    if (g.epfd >= 0) {
        (void)close(g.epfd);
    }
    return ok ? 0 : 1;
}
