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
#include "../../core/base/slice.h"

enum jt_errand_kind {
    JT_ERRAND_NONE = 0,
    JT_ERRAND_HASH, /* compare a secret with foreign hashes */
    JT_ERRAND_KEYS, /* fetch the keys of an issuer */
};

struct jt_errand {
    enum jt_errand_kind kind;
    bool failed; /* it could not be done: too many wait, or no memory */
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
