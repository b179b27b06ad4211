/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weak.h - may this secret, which somebody brings along, be a client's?
 *
 * A guess at what guessing costs: 24 characters, or about 80 bits by the kinds of characters. What
 * repeats, what runs (abc, 321), the client's own id and name, and words that everybody tries count
 * for nothing. A secret that passes can still be weak; one that is refused is.
 * Threads: any. Wipes what it copies.
 */
#ifndef JT_POLICY_WEAK_H
#define JT_POLICY_WEAK_H

#include "../../core/base/slice.h"

struct jt_weak_about {
    struct jt_slice secret, client_id, name;
};

/* NULL: it may. Else why not, as a sentence with what to do; it tells nothing of the secret. */
const char *jt_secret_weak(const struct jt_weak_about *w);

#endif
