/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alg.h - the signature algorithms, one table. Names are compared exactly (RFC 7515 section 4.1.1).
 */
#ifndef JT_JOSE_ALG_H
#define JT_JOSE_ALG_H

#include "../crypt/pkey.h"

/* JT_ALG_NONE for any name that is not in the table, "none" among them. */
enum jt_alg jt_alg_from_name(struct jt_slice name);
/* The same for what others write in headers and keys: Ed25519 is EdDSA too (RFC 9864 section 2.2).
 */
enum jt_alg jt_alg_from_jose(struct jt_slice name);
/* "RS256"; "" for JT_ALG_NONE. */
const char *jt_alg_name(enum jt_alg alg);
/* The algorithms in turn, from 0; JT_ALG_NONE after the last. */
enum jt_alg jt_alg_nth(size_t i);
enum jt_key_kind jt_alg_kind(enum jt_alg alg);

#endif
