/* SPDX-License-Identifier: Apache-2.0 */
#include "uri.h"

#include "../base/buf.h"
#include "../base/num.h"
#include "cidr.h"

static bool alpha(uint8_t c)
{
    return jt_ascii_lower(c) >= 'a' && jt_ascii_lower(c) <= 'z';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool scheme_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!alpha(c) && (i == 0 || (!digit(c) && c != '+' && c != '-' && c != '.'))) {
            return false;
        }
    }
    return s.n > 0;
}

int jt_percent_octet(struct jt_slice s, size_t i)
{
    int hi = i + 2 < s.n ? jt_hex_value(s.p[i + 1]) : -1;
    int lo = i + 2 < s.n ? jt_hex_value(s.p[i + 2]) : -1;
    return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

/* Characters of RFC 3986, with whole %XX. */
static bool chars_ok(struct jt_slice s)
{
    static const uint8_t allowed[] = "-._~:/?#[]@!$&'()*+,;=";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '%') {
            if (jt_percent_octet(s, i) < 0) {
                return false;
            }
            i += 2;
        } else if (!alpha(c) && !digit(c) &&
                   (c == 0 || memchr(allowed, c, sizeof allowed - 1) == NULL)) {
            return false;
        }
    }
    return true;
}

static enum jt_err read_port(struct jt_slice s, uint16_t *out)
{
    uint64_t v = 0;
    if (jt_parse_u64(s, UINT16_MAX, &v) != JT_OK) {
        return JT_E_SYNTAX;
    }
    *out = (uint16_t)v;
    return JT_OK;
}

/* A registered name or IPv4 address; what has another meaning in an authority is not part of it. */
static bool host_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!alpha(c) && !digit(c) && c != '-' && c != '.' && c != '_' && c != '~') {
            return false;
        }
    }
    return s.n > 0;
}

/* host, host:port, [v6], [v6]:port */
static enum jt_err read_authority(struct jt_slice s, struct jt_uri *u)
{
    struct jt_slice port = {0};
    bool has_port = false;
    if (s.n > 0 && s.p[0] == '[') {
        size_t end = jt_slice_find(s, ']');
        struct jt_addr a;
        if (end == s.n) {
            return JT_E_SYNTAX;
        }
        u->host = jt_slice(s.p + 1, end - 1);
        u->is_ipv6 = true;
        if (jt_slice_find(u->host, ':') == u->host.n || jt_addr_read(u->host, &a) != JT_OK) {
            return JT_E_SYNTAX;
        }
        struct jt_slice rest = jt_slice_from(s, end + 1);
        if (rest.n > 0 && rest.p[0] != ':') {
            return JT_E_SYNTAX;
        }
        has_port = rest.n > 0;
        port = jt_slice_from(rest, 1);
    } else {
        size_t colon = jt_slice_find(s, ':');
        u->host = jt_slice(s.p, colon);
        has_port = colon < s.n;
        port = jt_slice_from(s, colon + 1);
        if (!host_ok(u->host)) {
            return JT_E_SYNTAX;
        }
    }
    return has_port ? read_port(port, &u->port) : JT_OK;
}

enum jt_err jt_uri_read(struct jt_slice s, struct jt_uri *out)
{
    struct jt_uri u = {0};
    size_t colon = jt_slice_find(s, ':');
    u.scheme = jt_slice(s.p, colon);
    struct jt_slice rest = jt_slice_from(s, colon + 1);
    if (!chars_ok(s) || !scheme_ok(u.scheme) || !jt_slice_starts(rest, JT_LIT("//"))) {
        return JT_E_SYNTAX;
    }
    rest = jt_slice_from(rest, 2);
    size_t hash = jt_slice_find(rest, '#');
    u.has_fragment = hash < rest.n;
    rest.n = hash;
    size_t q = jt_slice_find(rest, '?');
    u.has_query = q < rest.n;
    u.query = jt_slice_from(rest, q + 1);
    rest.n = q;
    size_t slash = jt_slice_find(rest, '/');
    struct jt_slice authority = jt_slice(rest.p, slash);
    u.path = jt_slice_from(rest, slash);
    size_t at = jt_slice_find(authority, '@');
    u.has_userinfo = at < authority.n;
    JT_TRY(read_authority(u.has_userinfo ? jt_slice_from(authority, at + 1) : authority, &u));
    *out = u;
    return JT_OK;
}

bool jt_host_is_loopback(struct jt_slice host)
{
    struct jt_addr a;
    static const struct jt_addr v6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    if (jt_slice_eq_nocase(host, JT_LIT("localhost"))) {
        return true;
    }
    if (jt_addr_read(host, &a) != JT_OK) {
        return false;
    }
    return jt_addr_is_v4(&a) ? a.b[12] == 127 : memcmp(a.b, v6.b, sizeof v6.b) == 0;
}

enum jt_err jt_issuer_check(struct jt_slice s, const char **why)
{
    struct jt_uri u;
    if (s.n > 512 || jt_uri_read(s, &u) != JT_OK) {
        *why = "an issuer is a URL such as https://auth.example.com";
        return JT_E_SYNTAX;
    }
    bool https = jt_slice_eq(u.scheme, JT_LIT("https"));
    if (!https && !(jt_slice_eq(u.scheme, JT_LIT("http")) && jt_host_is_loopback(u.host))) {
        *why = "an issuer begins with https:// (http:// only for a loopback host)";
        return JT_E_RANGE;
    }
    if (u.path.n > 0 || u.has_query || u.has_fragment || u.has_userinfo) {
        *why = "an issuer has no path, query, fragment, user or trailing slash";
        return JT_E_RANGE;
    }
    for (size_t i = 0; i < u.host.n; i++) {
        if (jt_ascii_lower(u.host.p[i]) != u.host.p[i]) {
            *why = "the host of an issuer is written in lower case";
            return JT_E_RANGE;
        }
    }
    return JT_OK;
}

enum jt_err jt_audience_check(struct jt_slice s, const char **why)
{
    struct jt_uri u;
    size_t colon = jt_slice_find(s, ':');
    struct jt_slice scheme = jt_slice(s.p, colon);
    bool web =
        jt_slice_eq_nocase(scheme, JT_LIT("https")) || jt_slice_eq_nocase(scheme, JT_LIT("http"));
    if (s.n == 0 || s.n > 512 || !chars_ok(s) || colon + 1 >= s.n || !scheme_ok(scheme) ||
        (web && jt_uri_read(s, &u) != JT_OK)) {
        *why = "a resource identifier is an absolute URI of at most 512 bytes, such as "
               "https://api.example.com or urn:example:orders";
        return JT_E_SYNTAX;
    }
    if (jt_slice_find(s, '#') < s.n) {
        *why = "a resource identifier has no fragment (RFC 8707 section 2)";
        return JT_E_RANGE;
    }
    return JT_OK;
}

enum jt_err jt_percent_decode(struct jt_slice s, struct jt_arena *a, struct jt_slice *out)
{
    uint8_t *p = jt_arena_alloc(a, s.n == 0 ? 1 : s.n);
    size_t n = 0;
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '%') {
            int octet = jt_percent_octet(s, i);
            if (octet < 0) {
                return JT_E_SYNTAX;
            }
            c = (uint8_t)octet;
            i += 2;
        }
        if (c == 0) {
            return JT_E_SYNTAX;
        }
        p[n++] = c;
    }
    *out = jt_slice(p, n);
    return JT_OK;
}

void jt_percent_encode(struct jt_slice s, struct jt_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (alpha(c) || digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            jt_buf_putc(out, c);
        } else {
            jt_buf_putc(out, '%');
            jt_buf_putc(out, (uint8_t)digits[c >> 4]);
            jt_buf_putc(out, (uint8_t)digits[c & 15]);
        }
    }
}

enum jt_err jt_hostport_read(struct jt_slice s, struct jt_slice *host, uint16_t *port)
{
    struct jt_uri u = {0};
    JT_TRY(read_authority(s, &u));
    bool no_port = u.is_ipv6 ? s.p[s.n - 1] == ']' : jt_slice_find(s, ':') == s.n;
    if (no_port) {
        return JT_E_SYNTAX;
    }
    *host = u.host;
    *port = u.port;
    return JT_OK;
}
