/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - the administration's paths, one row for each method. "*" is one segment.
 */
#include "../../core/http/uri.h"
#include "admin.h"
#include "openapi.h"

#define ROW(p, m, s)                                                                               \
    {                                                                                              \
        .path = "/admin/v1" p, .methods = m, .denied = JT_EV_ADMIN_DENIED, .steps = s              \
    }
#define PAGES "limit cursor"
#define ROW_WITH(p, m, q, s)                                                                       \
    {                                                                                              \
        .path = "/admin/v1" p, .methods = m, .denied = JT_EV_ADMIN_DENIED, .steps = s, .query = q  \
    }
#define OPEN(p, s)                                                                                 \
    {                                                                                              \
        .path = p, .methods = JT_ALLOW_GET, .denied = JT_EV_REQUEST_REFUSED, .steps = s            \
    }

const struct jt_endpoint jt_admin_endpoints[] = {
    ROW_WITH("/resources", JT_ALLOW_GET, PAGES, jt_resource_list_steps),
    ROW("/resources", JT_ALLOW_POST, jt_resource_create_steps),
    ROW("/resources/*", JT_ALLOW_GET, jt_resource_show_steps),
    ROW("/resources/*", JT_ALLOW_PATCH, jt_resource_update_steps),
    ROW("/resources/*", JT_ALLOW_DELETE, jt_resource_delete_steps),
    ROW_WITH("/clients", JT_ALLOW_GET, PAGES, jt_client_list_steps),
    ROW("/clients", JT_ALLOW_POST, jt_client_create_steps),
    ROW("/clients/*", JT_ALLOW_GET, jt_client_show_steps),
    ROW("/clients/*", JT_ALLOW_PATCH, jt_client_update_steps),
    ROW("/clients/*", JT_ALLOW_DELETE, jt_client_delete_steps),
    ROW_WITH("/grants", JT_ALLOW_GET, "resource " PAGES, jt_grant_list_steps),
    ROW("/clients/*/grants", JT_ALLOW_GET, jt_client_grants_steps),
    ROW("/clients/*/grants", JT_ALLOW_POST, jt_grant_add_steps),
    ROW_WITH("/clients/*/grants/*", JT_ALLOW_DELETE, "scope", jt_grant_remove_steps),
    ROW("/clients/*/credentials", JT_ALLOW_GET, jt_credential_list_steps),
    ROW("/clients/*/credentials", JT_ALLOW_POST, jt_credential_add_steps),
    ROW("/clients/*/credentials/rotate", JT_ALLOW_POST, jt_credential_rotate_steps),
    ROW("/clients/*/credentials/*/revoke", JT_ALLOW_POST, jt_credential_revoke_steps),
    ROW_WITH("/audit", JT_ALLOW_GET, "since until client type order after " PAGES,
             jt_audit_list_steps),
    ROW("/audit/*", JT_ALLOW_GET, jt_audit_show_steps),
    ROW("/explain/*", JT_ALLOW_GET, jt_explain_steps),
    ROW_WITH("/keys", JT_ALLOW_GET, PAGES, jt_key_list_steps),
    ROW("/keys/rotate", JT_ALLOW_POST, jt_key_rotate_steps),
    ROW("/keys/*", JT_ALLOW_GET, jt_key_show_steps),
    ROW("/keys/*/retire", JT_ALLOW_POST, jt_key_retire_steps),
    ROW("/keys/*/revoke", JT_ALLOW_POST, jt_key_revoke_steps),
    ROW("/rekey", JT_ALLOW_POST, jt_rekey_steps),
    ROW("/revocations", JT_ALLOW_POST, jt_revocation_steps),
    ROW("/why", JT_ALLOW_POST, jt_why_steps),
    ROW("/openapi.json", JT_ALLOW_GET, jt_openapi_steps),
    ROW("/backup", JT_ALLOW_POST, jt_backup_steps),
    OPEN("/livez", jt_livez_steps),
    OPEN("/readyz", jt_readyz_steps),
    OPEN("/metrics", jt_metrics_steps),
};
const size_t jt_admin_endpoints_n = sizeof jt_admin_endpoints / sizeof jt_admin_endpoints[0];

/* One segment off the front of a path, behind its slash. */
static bool take_segment(struct jt_slice *path, struct jt_slice *out)
{
    if (path->n == 0 || path->p[0] != '/') {
        return false;
    }
    *path = jt_slice_from(*path, 1);
    size_t k = jt_slice_find(*path, '/');
    *out = jt_slice(path->p, k);
    *path = jt_slice_from(*path, k);
    return true;
}

static bool matches(const struct jt_endpoint *e, struct jt_slice path)
{
    struct jt_slice pattern = jt_str(e->path);
    struct jt_slice want = {0};
    struct jt_slice have = {0};
    while (take_segment(&pattern, &want)) {
        if (!take_segment(&path, &have)) {
            return false;
        }
        bool any = jt_slice_eq(want, JT_LIT("*")) && have.n > 0;
        if (!any && !jt_slice_eq(want, have)) {
            return false;
        }
    }
    return path.n == 0;
}

const struct jt_endpoint *jt_route_admin(struct jt_slice path, enum jt_http_method method)
{
    const struct jt_endpoint *other = NULL;
    for (size_t i = 0; i < jt_admin_endpoints_n; i++) {
        if (matches(&jt_admin_endpoints[i], path)) {
            if ((jt_admin_endpoints[i].methods >> method & 1u) != 0) {
                return &jt_admin_endpoints[i];
            }
            other = &jt_admin_endpoints[i];
        }
    }
    return other; /* the path is there, the method is not */
}

unsigned jt_route_admin_methods(struct jt_slice path)
{
    unsigned set = 0;
    for (size_t i = 0; i < jt_admin_endpoints_n; i++) {
        set |= matches(&jt_admin_endpoints[i], path) ? jt_admin_endpoints[i].methods : 0;
    }
    return set;
}

bool jt_route_segments(struct jt_flow *f)
{
    struct jt_slice pattern = jt_str(f->endpoint->path);
    struct jt_slice path = f->x->head.path;
    struct jt_slice want = {0};
    struct jt_slice have = {0};
    f->nsegments = 0;
    while (take_segment(&pattern, &want) && take_segment(&path, &have)) {
        if (!jt_slice_eq(want, JT_LIT("*"))) {
            continue;
        }
        JT_ASSERT(f->nsegments < sizeof f->segments / sizeof f->segments[0]);
        struct jt_slice *s = &f->segments[f->nsegments++];
        if (jt_percent_decode(have, &f->x->arena, s) != JT_OK || s->n == 0) {
            return false;
        }
    }
    return true;
}
