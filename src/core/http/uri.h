/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.h - the URIs that Jeton is given by operators and asked for by clients.
 */
#ifndef JT_HTTP_URI_H
#define JT_HTTP_URI_H

#include "../base/arena.h"
#include "../base/err.h"
#include "../base/slice.h"

struct jt_uri {
    struct jt_slice scheme, host, path, query; /* host without brackets */
    uint16_t port;                             /* 0: not given */
    bool has_query, has_fragment, has_userinfo, is_ipv6;
};

/*
 * An absolute URI with an authority (RFC 3986), ASCII only. The host is [A-Za-z0-9._~-] or an IPv6
 * address in brackets, nothing percent-encoded. JT_E_SYNTAX.
 */
JT_MUST enum jt_err jt_uri_read(struct jt_slice s, struct jt_uri *out);
/*
 * An issuer: https (http only for a loopback host), no path, query, fragment or trailing slash,
 * host in lower case. *why is a sentence on failure.
 */
JT_MUST enum jt_err jt_issuer_check(struct jt_slice s, const char **why);
/* A resource identifier (RFC 8707 section 2): an absolute URI without fragment, at most 512 bytes.
 * Any scheme, urn: too; http and https with a host. */
JT_MUST enum jt_err jt_audience_check(struct jt_slice s, const char **why);
/* The octet that %XX at s[i] stands for; -1: there is no whole %XX (RFC 3986 section 2.1). */
int jt_percent_octet(struct jt_slice s, size_t i);
/* %XX decoded into the arena; NUL and bad escapes refused. "+" stays "+". */
JT_MUST enum jt_err jt_percent_decode(struct jt_slice s, struct jt_arena *a, struct jt_slice *out);
/* Everything but unreserved characters as %XX, appended. */
struct jt_buf;
void jt_percent_encode(struct jt_slice s, struct jt_buf *out);
/* "127.0.0.1:8443", "[::1]:8443": host inside s. JT_E_SYNTAX. */
JT_MUST enum jt_err jt_hostport_read(struct jt_slice s, struct jt_slice *host, uint16_t *port);
/* localhost, 127.0.0.0/8, ::1 */
bool jt_host_is_loopback(struct jt_slice host);

#endif
