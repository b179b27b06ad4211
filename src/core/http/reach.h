/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h - is an address out in the Internet, or something that only we can reach?
 *
 * Who may make the server ask a URL must not thereby reach what stands behind our firewall: the
 * services of this machine, its network, the metadata service of a cloud. Everything is refused
 * that is not globally reachable by the registries of RFC 6890; of IPv6 only 2000::/3 is, and an
 * IPv4 address stays what it is however it is wrapped (mapped, NAT64).
 */
#ifndef JT_HTTP_REACH_H
#define JT_HTTP_REACH_H

#include "cidr.h"

bool jt_addr_is_public(const struct jt_addr *a);

#endif
