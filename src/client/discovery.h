/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.h - an issuer's metadata document, found from its URL and checked.
 *
 * Asked for at /.well-known/oauth-authorization-server, then at /.well-known/openid-configuration
 * when there is no document at the first. The issuer in the document must be the one asked, byte
 * for byte: otherwise one issuer could send clients of another to itself. Endpoints are https, or
 * http on loopback when the issuer is on loopback too.
 * Owns:    a document owns the slices in it; free it.
 * Threads: one owner.
 * RFC:     8414; OpenID Connect Discovery 1.0 section 4
 */
#ifndef JT_CLIENT_DISCOVERY_H
#define JT_CLIENT_DISCOVERY_H

#include "../core/json/json.h"
#include "http.h"

enum jt_endpoint {
    JT_ENDPOINT_TOKEN = 0,
    JT_ENDPOINT_INTROSPECTION,
    JT_ENDPOINT_REVOCATION,
    JT_ENDPOINT_JWKS,
    JT_ENDPOINT_N,
};

/* Ways a client may authenticate; a set. */
#define JT_METHOD_BASIC 1u
#define JT_METHOD_POST 2u

struct jt_issuer {
    struct jt_slice name;
    struct jt_slice url[JT_ENDPOINT_N]; /* empty: not offered */
    unsigned methods[JT_ENDPOINT_N];    /* of JT_METHOD_… */
    struct jt_json *doc;
};

/* An issuer is a URL that may be asked, without query. False: *why is a sentence part. */
bool jt_issuer_ok(struct jt_slice issuer, const char **why);

/* Where the document may be, in the order to try. */
enum jt_well_known { JT_WELL_KNOWN_OAUTH = 0, JT_WELL_KNOWN_OPENID, JT_WELL_KNOWN_N };
void jt_well_known_url(struct jt_slice issuer, enum jt_well_known which, struct jt_buf *out);

/* Reads a document that came for this issuer. Free *out in any case. */
JT_MUST enum jt_oauth_end jt_issuer_read(struct jt_slice issuer, struct jt_slice body,
                                         struct jt_issuer *out, struct jt_oauth_error *err);
JT_MUST enum jt_oauth_end jt_issuer_discover(struct jt_outbound *o, struct jt_slice issuer,
                                             struct jt_issuer *out, struct jt_oauth_error *err);
void jt_issuer_free(struct jt_issuer *i);

/* OK when the endpoint is offered. */
JT_MUST enum jt_oauth_end jt_issuer_offers(const struct jt_issuer *i, enum jt_endpoint which,
                                           struct jt_oauth_error *err);

#endif
