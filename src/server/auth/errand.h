/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand.h - what a method needs done off the event loop before it can decide.
 *
 * Owns:    lives in the request's arena; the request waits while it is under way.
 * Threads: whoever runs it has it alone until it comes back.
 */
#ifndef JT_AUTH_ERRAND_H
#define JT_AUTH_ERRAND_H

#include "../../client/jwks.h"
#include "../../core/base/secret.h"
#include "../../core/base/slice.h"
#include "../../core/crypt/password.h"

enum jt_errand_kind {
    JT_ERRAND_NONE = 0,
    JT_ERRAND_HASH, /* compare a secret with foreign hashes */
    JT_ERRAND_KEYS, /* fetch the keys of an issuer */
};

struct jt_errand {
    enum jt_errand_kind kind;
    bool failed; /* it could not be done: too many wait, or no memory */
};

#define JT_HASHES_MAX 4   /* foreign hashes of one client */
#define JT_SECRETS_SAID 2 /* a secret in Basic can be read in two ways */

/* JT_ERRAND_HASH: which of these secrets fits which of these hashes? All of it is copied here. */
struct jt_hash_errand {
    struct jt_errand errand;
    struct jt_slice client_id;
    size_t nsecrets, nhashes;
    struct jt_secret secrets[JT_SECRETS_SAID];
    struct {
        uint32_t number; /* of the credential */
        struct jt_slice text;
    } hashes[JT_HASHES_MAX];
    /* when it has come back: */
    unsigned compared;
    uint32_t fits;  /* number of the credential; 0: none */
    size_t secret;  /* which one fits */
    bool undecided; /* none fits, but one could not be compared */
};

#define JT_KEYS_ASKED 8 /* issuers for one request */

/* JT_ERRAND_KEYS */
struct jt_keys_errand {
    struct jt_errand errand; /* first */
    struct jt_jwks_source from;
    size_t nasked;
    uint32_t asked[JT_KEYS_ASKED]; /* numbers of the credentials whose keys were asked for */
};

static inline struct jt_keys_errand *jt_keys_errand_of(struct jt_errand *e)
{
    return (struct jt_keys_errand *)(void *)e;
}

#endif
