/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand.h - what a method needs done off the event loop before it can decide.
 *
 * Owns:    lives in the request's arena; the request waits while it is under way.
 * Threads: whoever runs it has it alone until it comes back.
 */
#ifndef JT_AUTH_ERRAND_H
#define JT_AUTH_ERRAND_H

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

#endif
