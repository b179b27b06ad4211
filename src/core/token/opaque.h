/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opaque.h - the form of opaque access tokens: jat_ and 43 base64url characters of 256 random bits.
 *
 * A store keeps only the SHA-256 of the whole text, so that its copy is no set of tokens.
 * Threads: any; a jt_crypt belongs to its caller.
 */
#ifndef JT_TOKEN_OPAQUE_H
#define JT_TOKEN_OPAQUE_H

#include "../crypt/crypt.h"

#define JT_OPAQUE_LEN 47

/* A fresh token, without NUL. */
JT_MUST enum jt_err jt_opaque_make(struct jt_crypt *c, char out[static JT_OPAQUE_LEN]);
/* Has it the form? One text for each value: what is not canonical is none. */
bool jt_opaque_form(struct jt_slice token);
/* What it is known by. */
JT_MUST enum jt_err jt_opaque_hash(struct jt_crypt *c, struct jt_slice token,
                                   uint8_t hash[static JT_SHA256_SIZE]);

#endif
