/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.h - an issuer's public keys, fetched: from a URL that is known, or from the one that its
 * metadata names.
 *
 * Metadata is looked for behind the issuer's URL (OpenID Connect Discovery 1.0 section 4) and must
 * say the very same issuer. At most two requests, within the one deadline of the handle.
 * Threads: one owner.
 */
#ifndef JT_CLIENT_JWKS_H
#define JT_CLIENT_JWKS_H

#include "../core/jose/keyset.h"
#include "http.h"

#define JT_JWKS_TIMEOUT_S 4 /* less than a request waits, so that it is told why */

struct jt_jwks_source {
    struct jt_slice issuer;
    struct jt_slice uri; /* empty: the metadata says */
};

/* OK: *out has at least one key that can be used; release it. */
JT_MUST enum jt_oauth_end jt_jwks_fetch(struct jt_outbound *o, const struct jt_jwks_source *from,
                                        struct jt_keyset **out, struct jt_oauth_error *err);

#endif
