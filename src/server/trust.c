/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.c - the keys of other issuers: opened at the start, told what the configuration allows.
 */
#include <stdio.h>

#include "server.h"

_Static_assert(JT_PROXIES_MAX <= JT_NETWORK_NETS, "room for all networks");

void jt_server_trust(struct jt_server *v, const struct jt_config *c)
{
    struct jt_network n = {.nnets = c->nallowed};
    memcpy(n.nets, c->allowed, c->nallowed * sizeof c->allowed[0]);
    (void)snprintf(n.ca_file, sizeof n.ca_file, "%.*s", JT_FMT(c->trust_ca_file));
    jt_issuers_configure(v->app.issuers, &n);
}

enum jt_err jt_server_open_issuers(struct jt_server *v)
{
    const struct jt_issuers_opts o = {
        .clock = &jt_clock_system, .log = jt_log_line, .log_ctx = &v->log};
    JT_TRY(jt_issuers_new(&o, &v->app.issuers));
    jt_server_trust(v, v->config);
    return JT_OK;
}
