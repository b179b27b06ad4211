/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks.h - a worker's verifying contexts for the public keys of credentials.
 *
 * Reading a key costs as much as checking a signature, so the last ones used are kept ready. A
 * credential's number is never given out again and its key never changes, so an entry cannot go
 * stale; one that is not needed makes way.
 * Threads: one owner.
 */
#ifndef JT_AUTH_CHECKS_H
#define JT_AUTH_CHECKS_H

#include "../../core/jose/jwk.h"
#include "../store/object.h"

struct jt_checks;

struct jt_check {
    struct jt_sigcheck *check;
    struct jt_slice kid;
};

JT_MUST enum jt_err jt_checks_new(struct jt_checks **out);
void jt_checks_free(struct jt_checks **c);
/*
 * For a credential of kind JWK and this algorithm; valid until the next call. JT_E_UNSUPPORTED: the
 * key is not for the algorithm. JT_E_CORRUPT: what is stored is not a key.
 */
JT_MUST enum jt_err jt_checks_get(struct jt_checks *c, const struct jt_credential *k,
                                  enum jt_alg alg, struct jt_check *out);
/* Of a key that nobody has: where there is none to check with, the check takes its time all the
 * same. NULL: out of memory. */
struct jt_sigcheck *jt_checks_decoy(struct jt_checks *c, enum jt_alg alg);

#endif
