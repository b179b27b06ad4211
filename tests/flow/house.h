/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house.h - the whole server in one process for tests: memory store, one worker, loopback sockets.
 *
 * What stands in it: resources https://api.one (api:read api:write), https://api.two (two:read
 * api:read), https://api.es (es:read, ES256) and https://api.opaque (op:read op:write, opaque
 * tokens); clients "alice" (api.one: both scopes), "bob" (api.one: api:read and api.two: two:read),
 * "nobody" (no grant), "rs" and "lax" (may introspect tokens of api.one and api.opaque; lax has
 * JT_COMPAT_CIDAAS_OR), "off" (disabled), "carol" (api.opaque: both scopes). Clients with the grant
 * of alice and a credential that may not be used: "expired", "early", "revoked", "elsewhere" (the
 * client from 192.0.2.0/24 alone), "bound" (its credential from there alone).
 * Proxies in 127.255.0.0/16 are trusted. Tokens below issue sequence 1 << 40 ended with a restore.
 */
#ifndef TESTS_FLOW_HOUSE_H
#define TESTS_FLOW_HOUSE_H

#include <pthread.h>

#include "server/flow/app.h"

#define HOUSE_ISSUER "https://auth.example.com"

struct house_client {
    const char *id;
    char secret[128];
};

struct house {
    struct jt_store *store; /* the one the writer writes to */
    struct jt_store_faults faults;
    struct jt_epochs epochs;
    struct jt_directory *directory;
    struct jt_keyring keyring;
    struct jt_crypt *crypt;
    struct jt_profiles *profiles;
    struct jt_usage *usage;
    struct jt_replays *replays;
    struct jt_issuers *issuers;
    struct jt_throttle *throttle;
    struct jt_verdicts *verdicts;
    struct jt_settings settings;
    _Atomic uint64_t issue_sequence;
    struct jt_writer *writer;
    struct jt_reader *reader;
    struct jt_app app;
    struct jt_local local;
    struct jt_limits *limits;
    struct jt_listener listeners[1];
    struct jt_net_times times;
    struct jt_worker *worker;
    pthread_t thread;
    struct house_client clients[12];
    size_t nclients;
    struct jt_mailbox mailbox; /* of house_change */
    bool one_address;      /* all connections from 127.0.0.1; else each from a network of its own */
    uint32_t from;         /* or from this address, in the order of the host; 0: as above */
    struct jt_clock clock; /* the requests' */
    _Atomic int64_t stands_us; /* their wall clock stands there; 0: it goes */
    unsigned connections;
};

/* Asserts on failure. parked_us: how long a request may wait for the disk; 0: the usual time. */
void house_open(struct house *h, enum jt_audit_failure on_failure, int64_t parked_us);
void house_close(struct house *h);
const char *house_secret(const struct house *h, const char *client);
/*
 * Sends bytes to a new connection and reads until the server closes or `answers` whole answers are
 * there; half closes after sending. NUL-terminated text in out; returns its length.
 */
size_t house_exchange(struct house *h, struct jt_slice request, char *out, size_t cap);
/* POST of a form. auth may be NULL ("Basic …" or "Bearer …"). */
size_t house_post(struct house *h, const char *path, const char *auth, const char *body, char *out,
                  size_t cap);
/* "Basic " and base64 of id:secret, into out. */
void house_basic(const char *id, const char *secret, char *out, size_t cap);
/* The newest event, its texts in static memory. */
const struct jt_event *house_last_event(struct house *h);
uint64_t house_last_seq(struct house *h);
/* Runs a change on the store thread and waits for it; an event goes with it. */
enum jt_err house_change(struct house *h, jt_change_fn fn, void *ctx);

#endif
