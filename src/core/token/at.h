/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at.h - JWT access tokens (RFC 9068): claims to bytes and back.
 *
 * Writing is for the server; reading decides form and claims only: who the key belongs to and
 * whether the signature is right is the caller's step in between (jws.h).
 */
#ifndef JT_TOKEN_AT_H
#define JT_TOKEN_AT_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../jose/jws.h"
#include "../json/jw.h"

struct jt_at_claims {
    struct jt_slice iss, sub, client_id, aud, scope, jti;
    int64_t iat, exp; /* seconds since 1970 */
    /* SHA-256 of the certificate that it is bound to (RFC 8705 section 3.1), or empty */
    struct jt_slice cnf;
};

/* The header {"alg":…,"typ":"at+jwt","kid":…}, base64url, appended. alg comes first. */
void jt_at_header(enum jt_alg alg, struct jt_slice kid, struct jt_buf *out);
/* The member "cnf":{"x5t#S256":…} of an open object; nothing when cnf is empty. */
void jt_at_put_cnf(struct jt_jw *w, struct jt_slice cnf);
/* The payload as JSON, appended. aud is one string, no nbf; an empty scope is left out,
 * and so is the jti of claims that only show what a token would say. */
void jt_at_payload(const struct jt_at_claims *c, struct jt_buf *out);

/* typ is "at+jwt" or "application/at+jwt", without regard to case (RFC 9068 section 4, RFC
 * 7515 4.1.9). */
bool jt_at_typ_ok(struct jt_slice typ);
/*
 * Reads a payload of at most 16 KiB, depth 8, 256 members. iss, sub, client_id, aud, exp, iat, jti
 * must be there and of the right type; exp and iat are integers in 0 … 2^53; aud is a
 * string or an array of exactly one; cnf, if there, holds x5t#S256 and nothing else, so that a
 * token bound in a way that we do not know is not taken for one that is not bound; text goes to the
 * arena. JT_E_SYNTAX otherwise.
 */
JT_MUST enum jt_err jt_at_read(struct jt_slice payload, struct jt_arena *a,
                               struct jt_at_claims *out);

#endif
