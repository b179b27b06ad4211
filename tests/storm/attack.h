/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack.h - the connections of an attack, and what one kind of attack does with them.
 */
#ifndef STORM_ATTACK_H
#define STORM_ATTACK_H

#include "link.h"

enum verdict { STAY, CLOSE, RESET, ENDED }; /* ENDED: by the server */

struct peer {
    struct link l;
    struct peer *next_free;
    int64_t opened_us;
    int64_t due_us; /* of the next slow byte */
    bool cut;       /* to be left in the middle of its handshake */
};

struct attack {
    const struct storm_options *o;
    const struct kind *kind;
    SSL_CTX *ctx;
    int epfd;
    int64_t now_us, end_us;
    uint64_t seed;
    uint32_t turn; /* of the source addresses */
    struct peer *peers, *free;
    size_t open, most; /* most at one time */
    uint64_t opened, failed, closed, sent;
    uint64_t answers[6]; /* by the first digit of their status */
    uint64_t refused_429;
    int64_t shortest_us, longest_us; /* lives that the server ended */
    char request[STORM_REQUEST_MAX];
    size_t request_n;
    unsigned char hello[1024]; /* a ClientHello: replayed, it costs us nothing */
    size_t hello_n;
};

/* Each may be NULL. ready: bytes can be sent. due: a second later, and each second. told: bytes can
 * be read. */
struct kind {
    const char *name;
    bool bare;  /* TLS, if any, is made of bytes here */
    bool early; /* some are cut within the handshake */
    enum verdict (*ready)(struct attack *a, struct peer *p);
    enum verdict (*due)(struct attack *a, struct peer *p);
    enum verdict (*told)(struct attack *a, struct peer *p);
};

/* NULL: there is no such kind. */
const struct kind *attack_kind(const char *name);
uint64_t attack_random(struct attack *a);
/* Reads what is there, and counts the statuses of answers. False: the server has ended it. */
bool attack_drain(struct attack *a, struct peer *p);

#endif
