/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_cert.h - a client's certificate as a proxy passes it on in a header.
 *
 * Whether the proxy may be believed is the caller's question: nothing here looks at addresses.
 * RFC:     9440 (Client-Cert, Client-Cert-Chain), 9651 (structured fields)
 */
#ifndef JT_HTTP_CLIENT_CERT_H
#define JT_HTTP_CLIENT_CERT_H

#include "../base/arena.h"
#include "../crypt/peer.h"
#include "head.h"

enum jt_cert_header {
    JT_CERT_HEADER_NONE = 0,
    JT_CERT_HEADER_RFC9440, /* Client-Cert: :base64 of DER:, and Client-Cert-Chain, a list of them
                             */
    JT_CERT_HEADER_NGINX,   /* X-SSL-Client-Cert: PEM with %XX, nginx's $ssl_client_escaped_cert */
};

/*
 * *out: what the headers of this form carry, a reference of the caller's; NULL when they are absent
 * or empty. JT_E_SYNTAX: repeated, malformed, or a chain without its certificate. JT_E_LIMIT: over
 * the limits of peer.h.
 */
JT_MUST enum jt_err jt_client_cert_read(const struct jt_http_head *h, enum jt_cert_header form,
                                        struct jt_arena *a, const struct jt_peer_cert **out);

#endif
