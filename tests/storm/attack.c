/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 512
#define SECOND 1000000
#define SWEEP_US 50000
#define OPENS_A_TURN 64u

uint64_t attack_random(struct attack *a)
{
    a->seed ^= a->seed << 13;
    a->seed ^= a->seed >> 7;
    a->seed ^= a->seed << 17;
    return a->seed >> 16;
}

static void end(struct attack *a, struct peer *p, bool reset)
{
    link_close(&p->l, reset);
    p->next_free = a->free;
    a->free = p;
    a->open--;
}

/* The server ended it. */
static void ended(struct attack *a, struct peer *p)
{
    int64_t lived = a->now_us - p->opened_us;
    if (!p->l.connected) {
        a->failed++;
    } else {
        a->closed++;
        a->longest_us = lived > a->longest_us ? lived : a->longest_us;
        a->shortest_us = lived < a->shortest_us ? lived : a->shortest_us;
    }
    end(a, p, true);
}

bool attack_drain(struct attack *a, struct peer *p)
{
    char bytes[8192];
    for (;;) {
        size_t n = 0;
        switch (link_read(&p->l, bytes, sizeof bytes, &n)) {
        case LINK_OK:
            if (n >= 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0 && bytes[9] > '0' && bytes[9] < '6') {
                a->answers[bytes[9] - '0']++;
                a->refused_429 += memcmp(bytes + 9, "429", 3) == 0;
            }
            break;
        case LINK_WAIT:
            return true;
        case LINK_END:
        case LINK_FAIL:
            return false;
        }
    }
}

static void obey(struct attack *a, struct peer *p, enum verdict v)
{
    if (v == ENDED) {
        ended(a, p);
    } else if (v != STAY) {
        end(a, p, v == RESET);
    }
}

static void become_ready(struct attack *a, struct peer *p)
{
    enum link_io io = link_step(&p->l);
    if (io == LINK_WAIT) {
        if (p->cut && p->l.connected) {
            end(a, p, true);
        }
        return;
    }
    if (io != LINK_OK) {
        ended(a, p);
        return;
    }
    p->due_us = a->now_us + SECOND;
    if (a->kind->ready != NULL) {
        obey(a, p, a->kind->ready(a, p));
    }
}

static void on_event(struct attack *a, struct peer *p, uint32_t events)
{
    if (p->l.fd < 0) {
        return; /* it ended earlier in this batch */
    }
    if (!p->l.ready) {
        become_ready(a, p);
        return;
    }
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        ended(a, p);
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP)) == 0) {
        return;
    }
    if (a->kind->told != NULL) {
        obey(a, p, a->kind->told(a, p));
    } else if (!attack_drain(a, p)) {
        ended(a, p);
    }
}

static void open_one(struct attack *a)
{
    struct peer *p = a->free;
    uint32_t source = a->o->from + a->turn++ % a->o->addresses;
    SSL_CTX *ctx = a->o->tls && !a->kind->bare ? a->ctx : NULL;
    p->opened_us = a->now_us;
    p->cut = a->kind->early && attack_random(a) % 4 == 0;
    if (!link_open(&p->l, a->epfd, a->o, source, ctx, p)) {
        a->failed++;
        return;
    }
    a->free = p->next_free;
    a->opened++;
    a->open++;
    a->most = a->open > a->most ? a->open : a->most;
}

/* Whether more may be opened at once, as far as the rate goes. */
static bool open_some(struct attack *a, int64_t begun_us)
{
    double due = a->o->rate > 0 ? a->o->rate * (double)(a->now_us - begun_us) / SECOND : 1e18;
    for (unsigned i = 0; i < OPENS_A_TURN; i++) {
        if (a->free == NULL || (double)(a->opened + a->failed) >= due) {
            return false;
        }
        open_one(a);
    }
    return true;
}

static void sweep(struct attack *a)
{
    for (size_t i = 0; a->kind->due != NULL && i < a->o->connections; i++) {
        struct peer *p = &a->peers[i];
        if (p->l.fd >= 0 && p->l.ready && p->due_us <= a->now_us) {
            p->due_us += SECOND;
            obey(a, p, a->kind->due(a, p));
        }
    }
}

static void run(struct attack *a)
{
    struct epoll_event events[EVENTS];
    int64_t begun_us = storm_now_us();
    int64_t sweep_us = begun_us + SWEEP_US;
    a->end_us = begun_us + (int64_t)(a->o->seconds * SECOND);
    for (a->now_us = begun_us; a->now_us < a->end_us && !storm_stopped;
         a->now_us = storm_now_us()) {
        bool more = open_some(a, begun_us);
        int n = epoll_wait(a->epfd, events, EVENTS, more ? 0 : 2);
        a->now_us = storm_now_us();
        for (int i = 0; i < n; i++) {
            on_event(a, events[i].data.ptr, events[i].events);
        }
        if (sweep_us <= a->now_us) {
            sweep_us = a->now_us + SWEEP_US;
            sweep(a);
        }
    }
}

/* A ClientHello as OpenSSL writes it, for attackers who do no arithmetic of their own. */
static bool make_hello(struct attack *a)
{
    SSL *ssl = SSL_new(a->ctx);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    int n = -1;
    if (ssl != NULL && in != NULL && out != NULL) {
        SSL_set_bio(ssl, in, out); /* it owns them now */
        SSL_set_connect_state(ssl);
        (void)SSL_do_handshake(ssl);
        n = BIO_read(out, a->hello, (int)sizeof a->hello);
    }
    SSL_free(ssl);
    a->hello_n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool prepare(struct attack *a)
{
    a->kind = attack_kind(a->o->kind);
    a->ctx = link_context();
    a->epfd = epoll_create1(EPOLL_CLOEXEC);
    a->peers = calloc(a->o->connections, sizeof *a->peers);
    if (a->kind == NULL || a->ctx == NULL || a->epfd < 0 || a->peers == NULL || !make_hello(a)) {
        (void)fprintf(stderr, "storm: %s: %s\n", a->o->kind,
                      a->kind == NULL ? "no such kind" : "out of memory");
        return false;
    }
    for (size_t i = a->o->connections; i-- > 0;) {
        a->peers[i].l.fd = -1;
        a->peers[i].next_free = a->free;
        a->free = &a->peers[i];
    }
    a->request_n = storm_token_request(a->o, a->o->secret, false, a->request);
    return true;
}

static void print(const struct attack *a)
{
    (void)printf("{\"kind\":\"%s\",\"opened\":%lu,\"failed\":%lu,\"closed\":%lu,\"open\":%zu,"
                 "\"most\":%zu,\"sent\":%lu,\"shortest\":%.3f,\"longest\":%.3f,\"ok\":%lu,"
                 "\"denied\":%lu,\"limited\":%lu,\"errors\":%lu}\n",
                 a->kind->name, a->opened, a->failed, a->closed, a->open, a->most, a->sent,
                 a->closed > 0 ? (double)a->shortest_us / SECOND : 0.0,
                 (double)a->longest_us / SECOND, a->answers[2], a->answers[4] - a->refused_429,
                 a->refused_429, a->answers[5]);
}

int storm_attack(const struct storm_options *o)
{
    struct attack a = {.o = o, .seed = UINT64_C(0x9e3779b97f4a7c15), .shortest_us = INT64_MAX};
    bool ok = prepare(&a);
    if (ok) {
        run(&a);
        print(&a);
        for (size_t i = 0; i < o->connections; i++) {
            if (a.peers[i].l.fd >= 0) {
                link_close(&a.peers[i].l, true);
            }
        }
    }
    free(a.peers);
    SSL_CTX_free(a.ctx);
    if (a.epfd >= 0) {
        (void)close(a.epfd);
    }
    return ok ? 0 : 1;
}
