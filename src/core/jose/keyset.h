/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyset.h - somebody else's public keys (RFC 7517 section 5): read once, shared by threads.
 *
 * Keys that cannot be used here (unknown kind or algorithm, for encryption, too weak, malformed)
 * are left out, as RFC 7517 section 5 asks. A set without a usable key is refused: it takes the
 * place of none that has some.
 * Limits:  JT_KEYSET_BYTES, JT_KEYSET_KEYS.
 * Owns:    its keys and their names; counted references.
 * Threads: immutable; ref and release from any.
 */
#ifndef JT_JOSE_KEYSET_H
#define JT_JOSE_KEYSET_H

#include "jwk.h"
#include "jws.h"

#define JT_KEYSET_BYTES ((size_t)256 * 1024)
#define JT_KEYSET_KEYS 64u
#define JT_KEYSET_TRIES 4u /* keys tried for one token */

struct jt_keyset;

struct jt_keyset_key {
    struct jt_pkey *key;
    enum jt_alg alg; /* JT_ALG_NONE: any that fits */
    struct jt_slice kid;
};

/* *why is a sentence part on failure. JT_E_LIMIT, JT_E_SYNTAX, JT_E_NOTFOUND: no usable key;
 * JT_E_NOMEM. */
JT_MUST enum jt_err jt_keyset_read(struct jt_slice json, struct jt_keyset **out, const char **why);
/* Of {"keys":[…]} that is read already. */
JT_MUST enum jt_err jt_keyset_from(const struct jt_jval *v, struct jt_keyset **out,
                                   const char **why);
struct jt_keyset *jt_keyset_ref(struct jt_keyset *s);
/* NULL-safe; the last one frees it. */
void jt_keyset_release(struct jt_keyset **s);

size_t jt_keyset_count(const struct jt_keyset *s);
const struct jt_keyset_key *jt_keyset_at(const struct jt_keyset *s, size_t i);
/* Has a key of this name that this algorithm can use; kid empty: any name. */
bool jt_keyset_has(const struct jt_keyset *s, struct jt_slice kid, enum jt_alg alg);
/*
 * Checks the signature with the keys that have the header's kid, or with all when it has none, and
 * fit its alg: at most JT_KEYSET_TRIES of them. UNDECIDED only for a fault of the machine.
 */
JT_MUST enum jt_sig_verdict jt_keyset_verify(const struct jt_keyset *s,
                                             const struct jt_jws_parts *parts,
                                             const struct jt_jws_header *header);

#endif
