/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - what administration does to the state. Each runs on the store thread, inside a
 * transaction, and sees what earlier changes of its batch did.
 */
#include <stdio.h>

#include "admin.h"

/* The first key of an algorithm, made beforehand by the reading thread. */
static enum jt_err put_key(struct jt_change *chg, struct jt_admin *a)
{
    if (a->key == NULL) {
        return JT_OK;
    }
    JT_TRY(jt_change_put(chg, &a->key->o));
    a->key = NULL;
    return JT_OK;
}

static enum jt_err missing(struct jt_admin *a, const char *what, struct jt_slice name)
{
    (void)snprintf(a->missing, sizeof a->missing, "%s %.*s does not exist", what,
                   (int)(name.n < 200 ? name.n : 200), (const char *)name.p);
    return JT_E_NOTFOUND;
}

static enum jt_err check_introspectors(struct jt_change *chg, struct jt_admin *a,
                                       const struct jt_resource *r)
{
    for (size_t i = 0; i < r->nintrospectors; i++) {
        if (jt_change_find(chg, JT_OBJ_CLIENT, r->introspectors[i]) == NULL) {
            return missing(a, "client", r->introspectors[i]);
        }
    }
    return JT_OK;
}

enum jt_err jt_change_create_resource(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    struct jt_resource r = a->resource;
    if (jt_change_find(chg, JT_OBJ_RESOURCE, r.o.name) != NULL) {
        return JT_E_CONFLICT;
    }
    r.created_s = r.updated_s = jt_change_now_s(chg);
    r.version = 1;
    JT_TRY(put_key(chg, a));
    r.o.kind = JT_OBJ_RESOURCE;
    return jt_change_put_copy(chg, &r.o);
}

/* JT_E_BUSY: somebody else was faster (412). */
enum jt_err jt_change_update_resource(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    const struct jt_object *o = jt_change_find(chg, JT_OBJ_RESOURCE, a->resource.o.name);
    if (o == NULL) {
        return JT_E_NOTFOUND;
    }
    struct jt_resource r = *(const struct jt_resource *)o;
    if (r.builtin) {
        return JT_E_PERM;
    }
    if (r.version != a->version) {
        return JT_E_BUSY;
    }
    if (a->has_scopes) {
        r.scopes = a->resource.scopes;
        r.nscopes = a->resource.nscopes;
    }
    if (a->has_introspectors) {
        r.introspectors = a->resource.introspectors;
        r.nintrospectors = a->resource.nintrospectors;
    }
    r.alg = a->resource.alg != JT_ALG_NONE ? a->resource.alg : r.alg;
    r.lifetime_s = a->resource.lifetime_s != 0 ? a->resource.lifetime_s : r.lifetime_s;
    r.updated_s = jt_change_now_s(chg);
    r.version++;
    JT_TRY(check_introspectors(chg, a, &r));
    JT_TRY(put_key(chg, a));
    r.o.kind = JT_OBJ_RESOURCE;
    return jt_change_put_copy(chg, &r.o);
}

static enum jt_err check_grants(struct jt_change *chg, struct jt_admin *a)
{
    for (size_t i = 0; i < a->client.ngrants; i++) {
        const struct jt_client_grant *g = &a->client.grants[i];
        const struct jt_object *o = jt_change_find(chg, JT_OBJ_RESOURCE, g->audience);
        if (o == NULL) {
            return missing(a, "resource", g->audience);
        }
        for (size_t k = 0; k < g->nscopes; k++) {
            if (!jt_resource_defines((const struct jt_resource *)o, g->scopes[k])) {
                return missing(a, "scope", g->scopes[k]);
            }
        }
    }
    return JT_OK;
}

enum jt_err jt_change_create_client(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    struct jt_client c = a->client;
    if (jt_change_find(chg, JT_OBJ_CLIENT, c.o.name) != NULL) {
        return JT_E_CONFLICT;
    }
    JT_TRY(check_grants(chg, a));
    c.created_s = c.updated_s = jt_change_now_s(chg);
    c.version = 1;
    if (c.ncredentials == 1) {
        a->credential.number = jt_change_next_credential(chg);
        a->credential.created_s = c.created_s;
        c.credentials = &a->credential;
    }
    c.o.kind = JT_OBJ_CLIENT;
    return jt_change_put_copy(chg, &c.o);
}
