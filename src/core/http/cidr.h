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
/* The first /24 of IPv4 or /64 of IPv6: the unit in which strangers are counted. */
struct jt_addr jt_addr_prefix(const struct jt_addr *a);

#endif
