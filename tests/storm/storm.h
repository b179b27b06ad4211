/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm.h - a load driver for the tests: one kind of attack, or measured valid traffic.
 *
 * One thread, one epoll loop; ends by itself after a given time, and speaks to loopback addresses
 * only. Attacks come from many source addresses, as the server limits each. What happened is one
 * line of JSON on standard output; a good client prints one for each window before.
 */
#ifndef STORM_STORM_H
#define STORM_STORM_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORM_REQUEST_MAX 2048

struct storm_options {
    const char *kind;
    struct sockaddr_in to;
    uint32_t from;      /* first source address, host order */
    unsigned addresses; /* how many of them, one after another */
    unsigned connections;
    double rate;    /* new connections a second, of a good client requests; 0: as fast as it can */
    double seconds; /* until the end */
    double window;  /* of a good client: seconds that one line sums up */
    bool tls, fresh;
    const char *id, *secret, *resource; /* a client and a resource that it may use */
    const char *rs_id, *rs_secret;      /* who introspects; NULL: tokens are only fetched */
};

/* False: said on standard error what is wrong. */
bool storm_options_read(int argc, char **argv, struct storm_options *out);

/* The longest time that a connection may be open, and how many, are bounded by the options. */
int storm_attack(const struct storm_options *o);
int storm_good(const struct storm_options *o);

/* A valid request for a token with this secret; returns its length. */
size_t storm_token_request(const struct storm_options *o, const char *secret, bool close,
                           char out[static STORM_REQUEST_MAX]);
size_t storm_introspection(const struct storm_options *o, const char *token, bool close, char *out,
                           size_t room);

int64_t storm_now_us(void);

/* SIGTERM has come: the end is now, and what happened is told. */
extern volatile sig_atomic_t storm_stopped;

#endif
