/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - the public paths, one row each. Paths are compared exactly, as sent: no decoding,
 * no trailing slash, no case.
 */
#include "flow.h"

#define TOKEN JT_ALLOW_POST, .denied = JT_EV_TOKEN_DENIED, .steps = jt_token_steps
#define INTROSPECT JT_ALLOW_POST, .denied = JT_EV_INTROSPECTION_DENIED, .steps = jt_introspect_steps
#define REVOKE JT_ALLOW_POST, .denied = JT_EV_REVOCATION_DENIED, .steps = jt_revoke_steps
#define ROTATION JT_ALLOW_POST, .denied = JT_EV_ROTATION_DENIED, .steps = jt_rotation_steps
#define DOCUMENT JT_ALLOW_GET, .denied = JT_EV_REQUEST_REFUSED

const struct jt_endpoint jt_public_endpoints[] = {
    {.path = "/token", .methods = TOKEN},
    {.path = "/oauth2/token", .methods = TOKEN},
    {.path = "/oauth/token", .methods = TOKEN},
    {.path = "/token-srv/token", .json = true, .methods = TOKEN},
    {.path = "/introspect", .methods = INTROSPECT},
    {.path = "/token-srv/introspect", .json = true, .lists = true, .methods = INTROSPECT},
    {.path = "/revoke", .methods = REVOKE},
    {.path = "/token-srv/revoke", .json = true, .methods = REVOKE},
    {.path = "/credentials/rotate", .methods = ROTATION},
    {.path = "/livez", .methods = DOCUMENT, .steps = jt_livez_steps},
    {.path = "/readyz", .methods = DOCUMENT, .steps = jt_readyz_steps},
    {.path = "/.well-known/jwks.json", .methods = DOCUMENT, .steps = jt_jwks_steps},
    {.path = "/.well-known/oauth-authorization-server",
     .methods = DOCUMENT,
     .steps = jt_metadata_steps},
    {.path = "/.well-known/openid-configuration", .methods = DOCUMENT, .steps = jt_metadata_steps},
    {.path = "/authorize",
     .methods = JT_ALLOW_GET | JT_ALLOW_POST,
     .denied = JT_EV_REQUEST_REFUSED,
     .steps = jt_authorize_steps},
};
const size_t jt_public_endpoints_n = sizeof jt_public_endpoints / sizeof jt_public_endpoints[0];

const struct jt_endpoint jt_metrics_endpoints[] = {
    {.path = "/metrics", .methods = DOCUMENT, .steps = jt_metrics_steps},
    {.path = "/livez", .methods = DOCUMENT, .steps = jt_livez_steps},
    {.path = "/readyz", .methods = DOCUMENT, .steps = jt_readyz_steps},
};
const size_t jt_metrics_endpoints_n = sizeof jt_metrics_endpoints / sizeof jt_metrics_endpoints[0];

const struct jt_endpoint *jt_route_metrics(struct jt_slice path)
{
    for (size_t i = 0; i < jt_metrics_endpoints_n; i++) {
        if (jt_slice_eq(path, jt_str(jt_metrics_endpoints[i].path))) {
            return &jt_metrics_endpoints[i];
        }
    }
    return NULL;
}

const struct jt_endpoint *jt_route_public(struct jt_slice path)
{
    for (size_t i = 0; i < jt_public_endpoints_n; i++) {
        if (jt_slice_eq(path, jt_str(jt_public_endpoints[i].path))) {
            return &jt_public_endpoints[i];
        }
    }
    return NULL;
}
