/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - a server in one process for targets: memory store, one worker driven by hand over a
 * socket pair, and a clock that moves only when it is told to.
 *
 * What stands in it: resources https://api.one (api:read api:write, ES256), https://api.rs
 * (rs:read, RS256), https://api.opaque (op:read op:write, opaque tokens) and the built-in one;
 * clients "alice" (api.one: both scopes), "bob" (api.one: api:read, api.rs: rs:read), "carol"
 * (api.opaque: both), "root" (jeton:introspect), "rs" (may introspect tokens of api.one and
 * api.opaque), "lax" (the same, with one matching list enough), "off" (disabled).
 *
 * Keys and secrets are made anew in each process: no input can contain one by chance, so that
 * whoever is let in was named by a place of dialog.h.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "server/flow/app.h"

#define WORLD_ISSUER "https://auth.example.com"
#define WORLD_CLIENTS 7

struct world_client {
    const char *id;
    char secret[128], credential[16];
};

struct world {
    struct jt_store *store;
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
    struct jt_app app;
    struct jt_local local;
    struct jt_local *locals[1];
    struct jt_limits *limits;
    struct jt_worker *worker;
    struct world_client clients[WORLD_CLIENTS];
    size_t nclients;
    char jwt[2048], opaque[64], root[2048]; /* tokens of alice, carol and root */
    char jti[64], ref[32];                  /* of the first; of a refusal */
    char kid[64];                           /* of the ES256 key */
    uint64_t made;                          /* what world_changed compares with */
    unsigned inputs;                        /* since it was opened */
};

/* Asserts on failure. */
void world_open(struct world *v);
void world_close(struct world *v);
/* Opened anew when an input changed something, and now and then; a little later otherwise. */
void world_next(struct world *v);
/* Sends bytes over one connection, step at a time, half closes, and gathers all that comes back.
 * The connection has ended and no request is under way when it returns. */
void world_send(struct world *v, enum jt_listener_kind to, struct jt_slice bytes, size_t step,
                struct jt_buf *answers);
/* A request of its own, from another address: the answer's status, and its body in *body. */
unsigned world_ask(struct world *v, const char *request, struct jt_buf *answer,
                   struct jt_slice *body);
/* A token by client credentials must still be had. */
void world_must_work(struct world *v);
/* Did an input change something since the world was opened? */
bool world_changed(const struct world *v);
/* What introspection tells "rs" about a token. */
bool world_is_active(struct world *v, const char *token);
const struct world_client *world_client(const struct world *v, struct jt_slice id);
/* All that is in the directory is within what the administration allows, and in the store too. */
void world_must_be_sound(struct world *v);

#endif
