/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basic.h - the Authorization header: HTTP Basic (RFC 7617) and Bearer (RFC 6750).
 */
#ifndef JT_HTTP_BASIC_H
#define JT_HTTP_BASIC_H

#include "../base/arena.h"
#include "../base/slice.h"

enum jt_authz_scheme {
    JT_AUTHZ_NONE = 0, /* no header, or an empty one */
    JT_AUTHZ_BASIC,
    JT_AUTHZ_BEARER,
    JT_AUTHZ_OTHER,     /* a scheme we do not speak */
    JT_AUTHZ_MALFORMED, /* Basic or Bearer, but not in their form */
};

struct jt_authz {
    enum jt_authz_scheme scheme;
    struct jt_slice user, password; /* Basic: raw, before form-decoding; in the arena */
    struct jt_slice token;          /* Bearer: token68, inside the header */
};

/*
 * The scheme is compared without case; exactly one space. Basic: strict base64, UTF-8 without NUL
 * or control character, first colon splits. Bearer: non-empty token68 (RFC 6750 section 2.1).
 */
void jt_authz_read(struct jt_slice header, struct jt_arena *a, struct jt_authz *out);

#endif
