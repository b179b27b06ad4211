/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk.h - keys as JSON (RFC 7517, 7518 section 6), public members only.
 */
#ifndef JT_JOSE_JWK_H
#define JT_JOSE_JWK_H

#include "../crypt/crypt.h"
#include "../json/json.h"
#include "../json/jw.h"
#include "alg.h"

#define JT_KID_MAX 128

/* {"kty":…,"kid":…,"use":"sig","alg":…, public numbers}, without alg for JT_ALG_NONE. No private
 * member can be written. */
JT_MUST enum jt_err jt_jwk_write(struct jt_jw *w, const struct jt_pkey *k, enum jt_alg alg,
                                 struct jt_slice kid);
/* base64url SHA-256 thumbprint (RFC 7638), 43 characters. */
#define JT_THUMBPRINT_LEN 43
JT_MUST enum jt_err jt_jwk_thumbprint(struct jt_crypt *c, const struct jt_pkey *k,
                                      char out[static JT_THUMBPRINT_LEN]);

struct jt_jwk {
    struct jt_pkey *key;
    enum jt_alg alg;     /* from "alg"; JT_ALG_NONE when absent */
    struct jt_slice kid; /* inside the JSON document; empty when absent */
};
/*
 * Reads one public key. Refused: kty, crv, alg, use, key_ops that disagree or do not verify
 * signatures, an unknown alg, private members, numbers jt_pkey_from_params refuses, base64url
 * that is not canonical, kid over JT_KID_MAX.
 */
JT_MUST enum jt_err jt_jwk_read(const struct jt_jval *v, struct jt_jwk *out);
/* The same, and "use" may be other_use as well: SPIFFE writes "jwt-svid" for "sig". */
JT_MUST enum jt_err jt_jwk_read_use(const struct jt_jval *v, struct jt_slice other_use,
                                    struct jt_jwk *out);

/* Is there a member that belongs to a private or secret key? */
bool jt_jwk_has_private(const struct jt_jval *v);

#endif
