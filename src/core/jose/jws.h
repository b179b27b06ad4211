/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - JWS compact serialisation (RFC 7515), written and read.
 */
#ifndef JT_JOSE_JWS_H
#define JT_JOSE_JWS_H

#include "../base/arena.h"
#include "../json/json.h"
#include "alg.h"

#define JT_JWS_MAX 16384 /* characters of a whole token */

/* The three parts of a token, still encoded, inside the caller's text. */
struct jt_jws_parts {
    struct jt_slice header, payload, signature;
    struct jt_slice signing_input; /* header "." payload */
};

/*
 * What the protected header says. Text from the header lives in the arena.
 */
struct jt_jws_header {
    enum jt_alg alg;     /* never JT_ALG_NONE */
    struct jt_slice kid; /* empty when absent */
    struct jt_slice typ; /* empty when absent */
    struct jt_slice cty;
};

/*
 * Splits and reads the header. Everything about form is decided here, before any cryptography.
 * JT_E_LIMIT: over JT_JWS_MAX. JT_E_SYNTAX: not exactly three non-empty canonical base64url parts;
 * header not a JSON object (8 KiB, depth 4, 32 members); crit, b64, zip, enc or JSON serialisation.
 * JT_E_UNSUPPORTED: alg not in the table, in another case, or not a string.
 * Embedded keys (jwk, jku, x5u, x5c) are refused with JT_E_SYNTAX.
 */
JT_MUST enum jt_err jt_jws_read(struct jt_slice token, struct jt_arena *a,
                                struct jt_jws_parts *parts, struct jt_jws_header *header);
/* The payload's bytes, decoded into the arena. */
JT_MUST enum jt_err jt_jws_payload(const struct jt_jws_parts *parts, struct jt_arena *a,
                                   struct jt_slice *out);
/* Checks the signature with a check of the header's algorithm. */
JT_MUST enum jt_sig_verdict jt_jws_verify(const struct jt_jws_parts *parts,
                                          struct jt_sigcheck *check);
/*
 * Appends header_b64 "." b64(payload) "." b64(signature). header_b64 is the encoded header,
 * made once per key. Nothing is appended on failure.
 */
JT_MUST enum jt_err jt_jws_write(struct jt_signer *s, struct jt_slice header_b64,
                                 struct jt_slice payload, struct jt_buf *out);

#endif
