/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdicts.h - tokens whose signature was found valid, so that it is verified once.
 *
 * Found by SHA-256 of the whole token, never by a part of it: only the very same bytes are the same
 * token. What is kept is what cannot change: which key signed it, and what it says. Whether that
 * key is still published, the token in time, and its client, grant and resource as they were, is
 * asked anew each time. A token that is not valid is never kept, and an empty place is no verdict.
 *
 * Bounded: 32 Ki tokens in 16 MiB, the one used longest ago in its set making room; a token with
 *          more than JT_VERDICT_TEXT bytes of names is verified each time.
 * Owns:    copies.
 * Threads: any; a lock for each stripe of sets.
 */
#ifndef JT_FLOW_VERDICTS_H
#define JT_FLOW_VERDICTS_H

#include "../../core/token/at.h"
#include "../../core/token/ref.h"

#define JT_VERDICT_TEXT 432 /* bytes of kid, client_id, aud, scope, jti and cnf together */

struct jt_verdict {
    struct jt_slice kid, client_id, aud, scope, jti, cnf;
    int64_t iat, exp;
    struct jt_jti id;
};

struct jt_verdicts;

/* The memory is touched as it is used. */
JT_MUST enum jt_err jt_verdicts_new(struct jt_verdicts **out);
void jt_verdicts_free(struct jt_verdicts **v);
/* False: not known (or no memory to copy it). The text of *out lives in the arena. */
JT_MUST bool jt_verdicts_find(struct jt_verdicts *v, const uint8_t hash[static JT_SHA256_SIZE],
                              struct jt_arena *a, struct jt_verdict *out);
/* Only after the signature of the token with this hash was verified. */
void jt_verdicts_keep(struct jt_verdicts *v, const uint8_t hash[static JT_SHA256_SIZE],
                      const struct jt_verdict *in);

#endif
