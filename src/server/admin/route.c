/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - the administration's paths, one row for each method.
 */
#include "admin.h"

#define ROW(p, m, s)                                                                               \
    {                                                                                              \
        .path = p, .methods = m, .denied = JT_EV_ADMIN_DENIED, .steps = s                          \
    }
#define ROW_ONE(p, m, s)                                                                           \
    {                                                                                              \
        .path = p, .prefix = true, .methods = m, .denied = JT_EV_ADMIN_DENIED, .steps = s          \
    }

static const struct jt_endpoint endpoints[] = {
    ROW("/admin/v1/resources", JT_ALLOW_GET, jt_resource_list_steps),
    ROW("/admin/v1/resources", JT_ALLOW_POST, jt_resource_create_steps),
    ROW_ONE("/admin/v1/resources/", JT_ALLOW_GET, jt_resource_show_steps),
    ROW_ONE("/admin/v1/resources/", JT_ALLOW_PATCH, jt_resource_update_steps),
    ROW("/admin/v1/clients", JT_ALLOW_GET, jt_client_list_steps),
    ROW("/admin/v1/clients", JT_ALLOW_POST, jt_client_create_steps),
    ROW_ONE("/admin/v1/clients/", JT_ALLOW_GET, jt_client_show_steps),
    ROW("/admin/v1/audit", JT_ALLOW_GET, jt_audit_list_steps),
    ROW_ONE("/admin/v1/audit/", JT_ALLOW_GET, jt_audit_show_steps),
    ROW_ONE("/admin/v1/explain/", JT_ALLOW_GET, jt_explain_steps),
};

static bool matches(const struct jt_endpoint *e, struct jt_slice path)
{
    struct jt_slice p = jt_str(e->path);
    if (!e->prefix) {
        return jt_slice_eq(path, p);
    }
    struct jt_slice rest = jt_slice_from(path, p.n);
    return jt_slice_starts(path, p) && rest.n > 0 && jt_slice_find(rest, '/') == rest.n;
}

const struct jt_endpoint *jt_route_admin(struct jt_slice path, enum jt_http_method method)
{
    const struct jt_endpoint *other = NULL;
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        if (matches(&endpoints[i], path)) {
            if ((endpoints[i].methods >> method & 1u) != 0) {
                return &endpoints[i];
            }
            other = &endpoints[i];
        }
    }
    return other; /* the path is there, the method is not */
}
