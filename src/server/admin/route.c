/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - from a path to its row of route.def.
 */
#include "../../core/http/uri.h"
#include "admin.h"
#include "openapi.h"

#define PAGES "limit cursor"

/* Each row says what it needs. */
#define X(needed, method, path_, query_, steps_)                                                   \
    _Static_assert(JT_NEEDS_##needed != JT_NEEDS_UNSAID, path_ " says nothing of what it needs");
#include "route.def"
#undef X

const struct jt_endpoint jt_admin_endpoints[] = {
#define X(needed, method, path_, query_, steps_)                                                   \
    {.path = path_,                                                                                \
     .methods = JT_ALLOW_##method,                                                                 \
     .denied = JT_EV_ADMIN_DENIED,                                                                 \
     .steps = steps_,                                                                              \
     .query = query_,                                                                              \
     .needs = JT_NEEDS_##needed},
#include "route.def"
#undef X
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
