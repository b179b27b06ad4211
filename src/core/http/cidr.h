/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cidr.h - addresses as 16 bytes, IPv4 mapped into IPv6, so that one comparison serves both.
 */
#ifndef JT_HTTP_CIDR_H
#define JT_HTTP_CIDR_H

#include "../base/err.h"
#include "../base/slice.h"

struct jt_addr {
    uint8_t b[16]; /* ::ffff:a.b.c.d for IPv4; all zero: none (a Unix socket) */
};

#define JT_ADDR_TEXT 46
/* "10.0.0.7" or "2001:db8::1" (RFC 5952), NUL-terminated; "unix" for none. */
void jt_addr_text(const struct jt_addr *a, char out[static JT_ADDR_TEXT]);
/* Strict: no zone, no leading zeros, no octal. */
JT_MUST enum jt_err jt_addr_read(struct jt_slice s, struct jt_addr *out);
bool jt_addr_is_v4(const struct jt_addr *a);
/* A network: the first `bits` of a, counted in 128 (IPv4 /24 is 120). */
struct jt_net {
    struct jt_addr a;
    uint8_t bits;
};

/* "10.1.0.0/16", "2001:db8::/32", or one address. Refused: bits of the host that are not zero, a
 * length with leading zeros, IPv4 written as IPv6. *why is static text on failure. */
JT_MUST enum jt_err jt_net_read(struct jt_slice s, struct jt_net *out, const char **why);
/* A network of one family has no address of the other: everywhere is 0.0.0.0/0 and ::/0. */
bool jt_net_has(const struct jt_net *n, const struct jt_addr *a);
/* In one of n networks? */
bool jt_nets_have(const struct jt_net *nets, size_t n, const struct jt_addr *a);
#define JT_NET_TEXT (JT_ADDR_TEXT + 4)
/* "10.1.0.0/16", NUL-terminated; one address is written without its length. */
void jt_net_text(const struct jt_net *n, char out[static JT_NET_TEXT]);
/* The first /24 of IPv4 or /64 of IPv6: the unit in which strangers are counted. */
struct jt_addr jt_addr_prefix(const struct jt_addr *a);

#endif
