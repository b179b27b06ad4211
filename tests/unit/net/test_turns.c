/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_turns.c - a connection that always has another request lets the others in between, whether
 * its requests come together or one by one (decision 16).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/net/conn.h"

#define TURNS 10u

static const char request[] = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
static unsigned begun, again;

/* The linker puts this before the real one (see meson.build). */
void __wrap_jt_worker_again(struct jt_conn *c);

void __wrap_jt_worker_again(struct jt_conn *c)
{
    (void)c;
    again++;
}

static int64_t at(void *ctx)
{
    (void)ctx;
    return 1000000;
}

static void begin(struct jt_exchange *x)
{
    begun++;
    jt_buf_put(&x->out, JT_LIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    jt_exchange_done(x);
}

static const struct jt_clock test_clock = {at, at, NULL};
static const struct jt_net_ops ops = {.begin = begin};

/* A connection on which n messages of so many requests have come; a read takes one message. */
static struct jt_conn *open_conn(struct jt_worker *w, int *peer, unsigned n, unsigned requests)
{
    static struct jt_listener listener;
    char text[16 * sizeof request] = "";
    struct jt_addr nobody = {{0}};
    int fds[2];
    *w = (struct jt_worker){
        .o = {.ops = &ops, .clock = &test_clock, .times = &jt_net_times_default}, .turns = TURNS};
    begun = again = 0;
    for (unsigned i = 0; i < requests; i++) {
        memcpy(text + i * (sizeof request - 1), request, sizeof request);
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    for (unsigned i = 0; i < n; i++) {
        assert_true(send(fds[1], text, strlen(text), 0) > 0);
    }
    *peer = fds[1];
    struct jt_conn *c = jt_conn_new(w, fds[0], &listener, &nobody);
    assert_non_null(c);
    c->peer_closed = true; /* so that a short read is not taken for the last one */
    return c;
}

static void close_conn(struct jt_worker *w, struct jt_conn *c, int peer)
{
    jt_conn_kill(c);
    jt_conn_free(c);
    (void)close(peer);
    jt_worker_shed(w);
}

static void pieces(unsigned n, unsigned requests)
{
    struct jt_worker w;
    int peer = -1;
    struct jt_conn *c = open_conn(&w, &peer, n, requests);
    for (unsigned turn = 1; turn <= n * requests / TURNS; turn++) {
        jt_conn_drive(c);
        assert_int_equal(begun, turn * TURNS);
        assert_int_equal(again, turn);
    }
    jt_conn_drive(c);
    assert_int_equal(begun, n * requests);
    assert_int_equal(again, n * requests / TURNS); /* nothing is left */
    close_conn(&w, c, peer);
}

static void test_one_by_one(void **state)
{
    (void)state;
    pieces(50, 1);
}

static void test_together(void **state)
{
    (void)state;
    pieces(5, 10);
}

static void test_some_together(void **state)
{
    (void)state;
    pieces(12, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_some_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
