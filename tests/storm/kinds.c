/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.c - what each kind of attack does with a connection.
 */
#include <string.h>
#include <sys/socket.h>

#include "attack.h"

#define SLOW_BYTE "a"
#define PIPELINED 64u

static enum verdict put(struct attack *a, struct peer *p, const void *bytes, size_t n)
{
    size_t k = 0;
    enum link_io io = link_write(&p->l, bytes, n, &k);
    a->sent += k;
    return io == LINK_OK || io == LINK_WAIT ? STAY : RESET;
}

static enum verdict puts_(struct attack *a, struct peer *p, const char *text)
{
    return put(a, p, text, strlen(text));
}

static enum verdict leave(struct attack *a, struct peer *p)
{
    (void)p;
    return (attack_random(a) & 1) != 0 ? RESET : CLOSE;
}

/* A part of a valid request, of any length, and away. */
static enum verdict abort_ready(struct attack *a, struct peer *p)
{
    size_t n = attack_random(a) % (a->request_n + 1);
    return n > 0 && put(a, p, a->request, n) != STAY ? RESET : leave(a, p);
}

static enum verdict slow_head_ready(struct attack *a, struct peer *p)
{
    return puts_(a, p, "POST /token HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
}

static enum verdict slow_body_ready(struct attack *a, struct peer *p)
{
    return puts_(a, p,
                 "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                 "application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\ngrant_type=");
}

static enum verdict slow_byte(struct attack *a, struct peer *p)
{
    return puts_(a, p, SLOW_BYTE);
}

/* Asks for more than the socket's buffers take, and reads a byte a second of it. */
static enum verdict slow_read_ready(struct attack *a, struct peer *p)
{
    static const char get[] = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char many[PIPELINED * (sizeof get - 1)];
    size_t k = 0;
    int few = 4096; /* it is the server's memory that shall fill up */
    (void)setsockopt(p->l.fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
    for (size_t i = 0; i < PIPELINED; i++) {
        memcpy(many + i * (sizeof get - 1), get, sizeof get - 1);
    }
    while (link_write(&p->l, many, sizeof many, &k) == LINK_OK && k == sizeof many) {
        a->sent += k;
    }
    return STAY;
}

static enum verdict slow_read_due(struct attack *a, struct peer *p)
{
    char one = 0;
    size_t k = 0;
    enum link_io io = link_read(&p->l, &one, 1, &k);
    (void)a;
    return io == LINK_END || io == LINK_FAIL ? ENDED : STAY;
}

static enum verdict keep_unread(struct attack *a, struct peer *p)
{
    (void)a;
    (void)p;
    return STAY;
}

static enum verdict half_hello(struct attack *a, struct peer *p)
{
    return put(a, p, a->hello, a->hello_n / 2);
}

static enum verdict whole_hello(struct attack *a, struct peer *p)
{
    return put(a, p, a->hello, a->hello_n);
}

/* The server has made its keys and its signature; that is all that was wanted. */
static enum verdict leave_once_told(struct attack *a, struct peer *p)
{
    (void)a;
    (void)p;
    return RESET;
}

static enum verdict get_once(struct attack *a, struct peer *p)
{
    return puts_(a, p, "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

static enum verdict send_request(struct attack *a, struct peer *p)
{
    return put(a, p, a->request, a->request_n);
}

static enum verdict request_again(struct attack *a, struct peer *p)
{
    return attack_drain(a, p) ? send_request(a, p) : ENDED;
}

static const struct kind kinds[] = {
    {.name = "abort", .early = true, .ready = abort_ready},
    {.name = "accept", .bare = true, .ready = leave},
    {.name = "handshake", .ready = leave},
    {.name = "idle", .ready = get_once},
    {.name = "secrets", .ready = send_request, .told = request_again},
    {.name = "silent", .bare = true},
    {.name = "slow-body", .ready = slow_body_ready, .due = slow_byte},
    {.name = "slow-head", .ready = slow_head_ready, .due = slow_byte},
    {.name = "slow-read", .ready = slow_read_ready, .due = slow_read_due, .told = keep_unread},
    {.name = "tls-half", .bare = true, .ready = half_hello},
    {.name = "tls-hello", .bare = true, .ready = whole_hello, .told = leave_once_told},
    {.name = "tls-silent"},
    {.name = "tls-stall", .bare = true, .ready = whole_hello},
};

const struct kind *attack_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}
