/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.h - an issuer's keys over the network, within limits.
 *
 * HTTPS with verified certificates (plain HTTP to loopback only, where that is allowed), no
 * redirect, no proxy, 5 s, 256 KiB an answer; only public addresses and networks that the
 * configuration allows, looked at when the connection is made.
 * Threads: any.
 */
#ifndef JT_ISSUERS_NETWORK_H
#define JT_ISSUERS_NETWORK_H

#include <limits.h>

#include "../../client/jwks.h"

#define JT_NETWORK_NETS 32

struct jt_network {
    char ca_file[PATH_MAX]; /* CAs besides the system's; empty: none */
    size_t nnets;
    struct jt_net nets[JT_NETWORK_NETS]; /* that may be reached although they are not public */
};

enum jt_oauth_end jt_network_fetch(void *ctx, const struct jt_jwks_source *from,
                                   const struct jt_network *network, const atomic_bool *stop,
                                   struct jt_keyset **out, struct jt_oauth_error *err);

#endif
