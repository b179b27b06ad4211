/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks.h - --cidr: from where a client or a credential may be used.
 */
#ifndef JT_CLI_NETWORKS_H
#define JT_CLI_NETWORKS_H

#include "../core/http/cidr.h"
#include "../core/json/jw.h"
#include "args.h"

/* The network as the server writes it; false, with an error said, when it is none. */
bool jt_network_text(const char *flag, const char *value, char out[static JT_NET_TEXT]);
/* "networks":[…] when --cidr is given; false with an error said. */
bool jt_networks_write(const struct jt_args *args, struct jt_jw *w);

#endif
