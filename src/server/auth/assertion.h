/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion.h - a client_assertion (RFC 7523 section 2.2), read once for every method that takes
 * one: form, header and the registered claims. Nothing in it is believed before its signature is
 * checked.
 *
 * Owns:    all text is in the request's arena.
 * RFC:     7515, 7519, 7521, 7523; draft-ietf-oauth-rfc7523bis (audience, typ)
 */
#ifndef JT_AUTH_ASSERTION_H
#define JT_AUTH_ASSERTION_H

#include "../../core/http/form.h"
#include "../../core/jose/jws.h"
#include "../reason.h"

#define JT_ASSERTION_SKEW_S 10 /* clocks may differ by so much */
#define JT_ASSERTION_JTI_MAX 256

struct jt_assertion {
    enum jt_reason why; /* not JT_R_NONE: it could not be read */
    const char *detail; /* and what is wrong with it, for the operator */
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice payload;       /* JSON, for claims that only some methods know */
    struct jt_slice iss, sub, jti; /* empty: absent */
    struct jt_slice aud;           /* the string, or the one member of an array of one */
    bool aud_is_array;
    bool has_iat, has_nbf;
    int64_t iat, nbf, exp; /* seconds since 1970 */
};

/* NULL: the form has none, neither assertion nor type. Also NULL when memory ran out: the arena is
 * starved then. */
const struct jt_assertion *jt_assertion_read(const struct jt_form *f, struct jt_arena *a);

/* Is it another issuer's token? Its iss is a URL then, or there is none and its sub is one of
 * SPIFFE; a client_id is neither. */
bool jt_assertion_is_foreign(const struct jt_assertion *s);

/* exp, nbf and iat against now, and the life that is left of it against the longest allowed.
 * JT_R_NONE: in time. */
struct jt_assertion_moment {
    struct jt_arena *arena; /* of the words */
    int64_t now_s, longest_s;
};
enum jt_reason jt_assertion_in_time(const struct jt_assertion *s,
                                    const struct jt_assertion_moment *at, const char **detail);
/* There is a jti, and it is not too long. */
enum jt_reason jt_assertion_has_jti(const struct jt_assertion *s, const char **detail);

#endif
