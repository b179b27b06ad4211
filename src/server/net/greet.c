/* SPDX-License-Identifier: Apache-2.0 */
/*
 * greet.c - TLS handshakes wait for their turn.
 *
 * One handshake costs as much as twenty requests, and strangers may ask for any number of them. So
 * they stand in a line of their own, of which each round of the loop serves a slice of time; what
 * has shaken hands already is served in between. Handshakes that were begun go first: their second
 * half is cheap. When the line is long the worker rests between slices: a thread that always runs
 * is one that the system lets wait, and with it everybody else's requests.
 */
#include "conn.h"

#define SLICE_US 1000
#define LONG_LINE 64u

void jt_greet_queue(struct jt_conn *c)
{
    struct jt_worker *w = c->worker;
    if (c->greeting) {
        return;
    }
    c->greeting = true;
    w->ngreet++;
    c->greet_prev = c->greet_next = NULL;
    if (w->greet_head == NULL) {
        w->greet_head = w->greet_tail = c;
    } else if (c->tls != NULL) {
        c->greet_next = w->greet_head;
        w->greet_head->greet_prev = c;
        w->greet_head = c;
    } else {
        c->greet_prev = w->greet_tail;
        w->greet_tail->greet_next = c;
        w->greet_tail = c;
    }
}

void jt_greet_forget(struct jt_conn *c)
{
    struct jt_worker *w = c->worker;
    if (!c->greeting) {
        return;
    }
    c->greeting = false;
    w->ngreet--;
    if (c->greet_prev == NULL) {
        w->greet_head = c->greet_next;
    } else {
        c->greet_prev->greet_next = c->greet_next;
    }
    if (c->greet_next == NULL) {
        w->greet_tail = c->greet_prev;
    } else {
        c->greet_next->greet_prev = c->greet_prev;
    }
    c->greet_prev = c->greet_next = NULL;
}

void jt_greet_some(struct jt_worker *w)
{
    int64_t end_us = jt_mono_us(w->o.clock) + SLICE_US;
    do {
        struct jt_conn *c = w->greet_head;
        jt_greet_forget(c);
        jt_conn_drive(c);
    } while (w->greet_head != NULL && jt_mono_us(w->o.clock) < end_us);
    w->greet_again_us = w->ngreet > LONG_LINE ? jt_mono_us(w->o.clock) + SLICE_US : 0;
}
