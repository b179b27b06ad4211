/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.c - which URLs may be asked at all, and which are of this machine.
 */
#include <stdio.h>

#include "../core/http/uri.h"
#include "http.h"

bool jt_outbound_url_ok(struct jt_slice url, bool allow_http, const char **why)
{
    struct jt_uri u;
    if (url.n > JT_OUTBOUND_URL_MAX || jt_uri_read(url, &u) != JT_OK) {
        *why = "is not a URL such as https://auth.example.com";
        return false;
    }
    bool is_https = jt_slice_eq_nocase(u.scheme, JT_LIT("https"));
    bool is_http = jt_slice_eq_nocase(u.scheme, JT_LIT("http"));
    if (!is_https && !(is_http && allow_http && jt_host_is_loopback(u.host))) {
        *why = "does not begin with https:// (http:// is for loopback only)";
        return false;
    }
    if (u.has_userinfo || u.has_fragment) {
        *why = "has a user or a fragment";
        return false;
    }
    return true;
}

bool jt_outbound_is_loopback(struct jt_slice url)
{
    struct jt_uri u;
    return jt_uri_read(url, &u) == JT_OK && jt_host_is_loopback(u.host);
}

void jt_outbound_place(struct jt_slice url, char out[static JT_OUTBOUND_PLACE])
{
    struct jt_uri u;
    char port[8] = "";
    if (jt_uri_read(url, &u) != JT_OK) {
        (void)snprintf(out, JT_OUTBOUND_PLACE, "the issuer");
        return;
    }
    if (u.port != 0) {
        (void)snprintf(port, sizeof port, ":%u", (unsigned)u.port);
    }
    (void)snprintf(out, JT_OUTBOUND_PLACE, u.is_ipv6 ? "[%.*s]%s" : "%.*s%s",
                   (int)(u.host.n < 255 ? u.host.n : 255), (const char *)u.host.p, port);
}
