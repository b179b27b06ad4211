/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

enum jt_oauth_end jt_network_fetch(void *ctx, const struct jt_jwks_source *from,
                                   const struct jt_network *network, const atomic_bool *stop,
                                   struct jt_keyset **out, struct jt_oauth_error *err)
{
    const struct jt_outbound_guard guard = {network->nets, network->nnets, stop};
    const struct jt_outbound_opts opts = {
        .ca_file = network->ca_file[0] != '\0' ? network->ca_file : NULL,
        .timeout_s = JT_JWKS_TIMEOUT_S,
        .body_max = JT_KEYSET_BYTES,
        .guard = &guard,
    };
    struct jt_outbound *o = NULL;
    (void)ctx;
    if (jt_outbound_open(&opts, &o, err) != JT_OAUTH_OK) {
        return err->end;
    }
    enum jt_oauth_end end = jt_jwks_fetch(o, from, out, err);
    jt_outbound_close(&o);
    return end;
}
