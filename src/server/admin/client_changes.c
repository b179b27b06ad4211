/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_changes.c - what administration does to clients as a whole. Each runs on the store thread,
 * inside a transaction, and sees what earlier changes of its batch did.
 */
#include "admin.h"

enum jt_err jt_change_check_grants(struct jt_change *chg, struct jt_admin *a,
                                   const struct jt_client_grant *grants, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct jt_client_grant *g = &grants[i];
        const struct jt_object *o = jt_change_find(chg, JT_OBJ_RESOURCE, g->audience);
        if (o == NULL) {
            return jt_admin_refuse(a, 422, "reference", "resource %.*s does not exist",
                                   (int)(g->audience.n < 200 ? g->audience.n : 200),
                                   (const char *)g->audience.p);
        }
        for (size_t k = 0; k < g->nscopes; k++) {
            if (!jt_resource_defines((const struct jt_resource *)o, g->scopes[k])) {
                return jt_admin_refuse(
                    a, 422, "reference", "scope %.*s does not exist in resource %.*s",
                    JT_FMT(g->scopes[k]), (int)(o->name.n < 200 ? o->name.n : 200),
                    (const char *)o->name.p);
            }
        }
    }
    return JT_OK;
}

enum jt_err jt_change_nothing(struct jt_flow *f)
{
    f->job.event.type = JT_EV_NONE;
    return JT_OK;
}

enum jt_err jt_change_client(struct jt_change *chg, const struct jt_flow *f,
                             const struct jt_client **out)
{
    *out = (const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, f->segments[0]);
    return *out == NULL ? JT_E_NOTFOUND : JT_OK;
}

enum jt_err jt_change_put_client(struct jt_change *chg, struct jt_client *c)
{
    c->version++;
    c->updated_s = jt_change_now_s(chg);
    return jt_change_put_copy(chg, &c->o);
}

enum jt_err jt_change_create_client(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    struct jt_client c = a->client;
    if (jt_change_find(chg, JT_OBJ_CLIENT, c.o.name) != NULL) {
        return jt_admin_exists(a, "client", c.o.name);
    }
    JT_TRY(jt_change_check_grants(chg, a, c.grants, c.ngrants));
    JT_TRY(jt_change_rotation(a, &c));
    c.created_s = jt_change_now_s(chg);
    if (a->credential.kind != JT_CRED_NONE) {
        JT_TRY(jt_credential_join(chg, flow, &c));
    }
    c.o.kind = JT_OBJ_CLIENT;
    return jt_change_put_client(chg, &c);
}

/* What the request gave, over what there is. */
static struct jt_client merged(const struct jt_client *old, const struct jt_admin *a)
{
    struct jt_client c = *old;
    c.display = (a->given & JT_GAVE_NAME) != 0 ? a->client.display : c.display;
    c.owner = (a->given & JT_GAVE_OWNER) != 0 ? a->client.owner : c.owner;
    c.enabled = (a->given & JT_GAVE_ENABLED) != 0 ? a->client.enabled : c.enabled;
    c.compat = (a->given & JT_GAVE_COMPAT) != 0 ? a->client.compat : c.compat;
    if ((a->given & JT_GAVE_NETWORKS) != 0) {
        c.nets = a->client.nets;
        c.nnets = a->client.nnets;
    }
    if ((a->given & JT_GAVE_GRANTS) != 0) {
        c.grants = a->client.grants;
        c.ngrants = a->client.ngrants;
    }
    return c;
}

/* JT_E_BUSY: somebody else was faster (412). */
enum jt_err jt_change_update_client(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    JT_TRY(jt_change_client(chg, f, &old));
    if (a->version != 0 && a->version != old->version) {
        return JT_E_BUSY;
    }
    struct jt_client c = merged(old, a);
    if ((a->given & ~(unsigned)JT_GAVE_ENABLED) == 0) {
        if (c.enabled == old->enabled) {
            return jt_change_nothing(f);
        }
        f->job.event.type = c.enabled ? JT_EV_CLIENT_ENABLED : JT_EV_CLIENT_DISABLED;
    }
    JT_TRY(jt_change_rotation(a, &c));
    JT_TRY(jt_change_check_grants(chg, a, a->client.grants, a->client.ngrants));
    return jt_change_put_client(chg, &c);
}

struct bound {
    struct jt_slice client_id, audience;
};

static bool find_bound(void *ctx, const struct jt_object *o)
{
    struct bound *b = ctx;
    const struct jt_resource *r = (const struct jt_resource *)o;
    for (size_t i = 0; i < r->nintrospectors; i++) {
        if (jt_slice_eq(r->introspectors[i], b->client_id)) {
            b->audience = o->name;
            return false;
        }
    }
    return true;
}

enum jt_err jt_change_delete_client(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *c = NULL;
    JT_TRY(jt_change_client(chg, f, &c));
    if (a->version != 0 && a->version != c->version) {
        return JT_E_BUSY;
    }
    struct bound b = {.client_id = c->o.name};
    jt_change_each(chg, JT_OBJ_RESOURCE, find_bound, &b);
    if (b.audience.n > 0) {
        return jt_admin_refuse(
            a, 409, "in_use", "resource %.*s names it in introspect_by; take it out there first",
            (int)(b.audience.n < 300 ? b.audience.n : 300), (const char *)b.audience.p);
    }
    return jt_change_drop(chg, JT_OBJ_CLIENT, c->o.name);
}
