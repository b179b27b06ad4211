/* SPDX-License-Identifier: Apache-2.0 */
#include "cidr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "../base/num.h"

bool jt_addr_is_v4(const struct jt_addr *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(a->b, mapped, sizeof mapped) == 0;
}

void jt_addr_text(const struct jt_addr *a, char out[static JT_ADDR_TEXT])
{
    static const struct jt_addr none = {{0}};
    if (memcmp(a->b, none.b, sizeof none.b) == 0) {
        (void)snprintf(out, JT_ADDR_TEXT, "unix");
    } else if (jt_addr_is_v4(a)) {
        (void)snprintf(out, JT_ADDR_TEXT, "%u.%u.%u.%u", a->b[12], a->b[13], a->b[14], a->b[15]);
    } else if (inet_ntop(AF_INET6, a->b, out, JT_ADDR_TEXT) == NULL) {
        out[0] = '\0';
    }
}

enum jt_err jt_addr_read(struct jt_slice s, struct jt_addr *out)
{
    char z[JT_ADDR_TEXT];
    struct jt_addr a = {{0}};
    if (s.n == 0 || s.n >= sizeof z) {
        return JT_E_SYNTAX;
    }
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    if (strlen(z) != s.n) {
        return JT_E_SYNTAX;
    }
    /* glibc's inet_pton refuses octal, short and zoned forms */
    if (jt_slice_find(s, ':') == s.n) {
        a.b[10] = a.b[11] = 0xff;
        if (inet_pton(AF_INET, z, a.b + 12) != 1) {
            return JT_E_SYNTAX;
        }
    } else if (inet_pton(AF_INET6, z, a.b) != 1) {
        return JT_E_SYNTAX;
    }
    *out = a;
    return JT_OK;
}

static bool bit(const struct jt_addr *a, unsigned i)
{
    return (a->b[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool host_is_zero(const struct jt_net *n)
{
    for (unsigned i = n->bits; i < 128; i++) {
        if (bit(&n->a, i)) {
            return false;
        }
    }
    return true;
}

enum jt_err jt_net_read(struct jt_slice s, struct jt_net *out, const char **why)
{
    struct jt_net n = {.bits = 128};
    size_t k = jt_slice_find(s, '/');
    uint64_t bits = 0;
    *why = "is not an address, or an address with /LENGTH";
    if (jt_addr_read(jt_slice(s.p, k), &n.a) != JT_OK) {
        return JT_E_SYNTAX;
    }
    bool v4 = jt_addr_is_v4(&n.a);
    if (v4 && jt_slice_find(s, ':') < s.n) { /* is a length behind it one of 32 or of 128? */
        *why = "is an IPv4 address in the form of IPv6: write it as in 10.0.0.0/8";
        return JT_E_SYNTAX;
    }
    if (k < s.n) {
        if (jt_parse_u64(jt_slice_from(s, k + 1), v4 ? 32 : 128, &bits) != JT_OK) {
            *why = v4 ? "has a length that is not 0 to 32" : "has a length that is not 0 to 128";
            return JT_E_SYNTAX;
        }
        n.bits = (uint8_t)(v4 ? 96 + bits : bits);
    }
    if (!host_is_zero(&n)) {
        *why = "has bits set behind its length: write the first address of the network";
        return JT_E_RANGE;
    }
    *out = n;
    return JT_OK;
}

bool jt_net_has(const struct jt_net *n, const struct jt_addr *a)
{
    if (n->bits < 96 && jt_addr_is_v4(a)) {
        return false; /* ::/0 is all of IPv6: how we write IPv4 inside must not show */
    }
    size_t whole = n->bits / 8u;
    unsigned rest = n->bits % 8u;
    return memcmp(n->a.b, a->b, whole) == 0 &&
           (rest == 0 || (n->a.b[whole] ^ a->b[whole]) >> (8 - rest) == 0);
}

bool jt_nets_have(const struct jt_net *nets, size_t n, const struct jt_addr *a)
{
    for (size_t i = 0; i < n; i++) {
        if (jt_net_has(&nets[i], a)) {
            return true;
        }
    }
    return false;
}

void jt_net_text(const struct jt_net *n, char out[static JT_NET_TEXT])
{
    static const struct jt_addr none = {{0}};
    char addr[JT_ADDR_TEXT] = "::";
    bool v4 = jt_addr_is_v4(&n->a) && n->bits >= 96;
    if (memcmp(n->a.b, none.b, sizeof none.b) != 0) {
        jt_addr_text(&n->a, addr);
    }
    if (n->bits == 128) {
        (void)snprintf(out, JT_NET_TEXT, "%s", addr);
    } else {
        (void)snprintf(out, JT_NET_TEXT, "%s/%u", addr, n->bits - (v4 ? 96u : 0u));
    }
}

struct jt_addr jt_addr_prefix(const struct jt_addr *a)
{
    struct jt_addr p = *a;
    if (jt_addr_is_v4(a)) {
        p.b[15] = 0;
    } else {
        memset(p.b + 8, 0, 8);
    }
    return p;
}
