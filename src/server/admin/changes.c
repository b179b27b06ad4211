/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - what administration does to resources. Each runs on the store thread, inside a
 * transaction, and sees what earlier changes of its batch did.
 */
#include "../flow/keylife.h"
#include "admin.h"

static enum jt_err check_introspectors(struct jt_change *chg, struct jt_admin *a,
                                       const struct jt_resource *r)
{
    for (size_t i = 0; i < r->nintrospectors; i++) {
        if (jt_change_find(chg, JT_OBJ_CLIENT, r->introspectors[i]) == NULL) {
            return jt_admin_refuse(a, 422, "reference", "client %.*s does not exist",
                                   JT_FMT(r->introspectors[i]));
        }
    }
    return JT_OK;
}

/* JT_ALG_NONE: its tokens are opaque, or signed with what the others use. */
static enum jt_alg signs_with(const struct jt_resource *r)
{
    return r->builtin || r->format == JT_FORMAT_OPAQUE ? JT_ALG_NONE : r->alg;
}

struct users {
    enum jt_alg alg;
    bool any;
};

static bool find_user(void *ctx, const struct jt_object *o)
{
    struct users *u = ctx;
    u->any = signs_with((const struct jt_resource *)o) == u->alg;
    return !u->any;
}

/* A resource no longer has its tokens signed with alg; perhaps none has. */
static enum jt_err leave_alg(struct jt_change *chg, enum jt_alg alg, int64_t lifetime_s)
{
    const struct jt_keyorder order = {.alg = alg, .longest_s = lifetime_s};
    struct users u = {.alg = alg};
    if (alg == JT_ALG_NONE) {
        return JT_OK;
    }
    jt_change_each(chg, JT_OBJ_RESOURCE, find_user, &u);
    return u.any ? JT_OK : jt_keylife_leave(chg, &order);
}

/* The first key of an algorithm was made beforehand by the reading thread. */
static enum jt_err use_alg(struct jt_change *chg, struct jt_admin *a, const struct jt_resource *r)
{
    struct jt_signing_key **made = &a->order.fresh;
    bool fits = *made != NULL && (*made)->alg == signs_with(r);
    struct jt_keyorder order = {
        .alg = signs_with(r), .longest_s = r->lifetime_s, .fresh = fits ? *made : NULL};
    if (order.alg == JT_ALG_NONE) {
        return JT_OK;
    }
    enum jt_err e = jt_keylife_use(chg, &order);
    *made = fits ? order.fresh : *made;
    return e;
}

enum jt_err jt_change_create_resource(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    struct jt_resource r = a->resource;
    if (jt_change_find(chg, JT_OBJ_RESOURCE, r.o.name) != NULL) {
        return jt_admin_exists(a, "resource", r.o.name);
    }
    r.created_s = r.updated_s = jt_change_now_s(chg);
    r.version = 1;
    r.o.kind = JT_OBJ_RESOURCE;
    JT_TRY(check_introspectors(chg, a, &r));
    JT_TRY(jt_change_put_copy(chg, &r.o));
    return use_alg(chg, a, &r);
}

/* The resource that shall change. JT_E_BUSY: somebody else was faster (412). */
static enum jt_err find_current(struct jt_change *chg, const struct jt_admin *a,
                                const struct jt_resource **out)
{
    const struct jt_resource *r =
        (const struct jt_resource *)jt_change_find(chg, JT_OBJ_RESOURCE, a->resource.o.name);
    if (r == NULL) {
        return JT_E_NOTFOUND;
    }
    if (r->builtin) {
        return JT_E_PERM;
    }
    *out = r;
    return a->version == 0 || a->version == r->version ? JT_OK : JT_E_BUSY;
}

/* What the request gave, over what there is. */
static struct jt_resource merged(const struct jt_resource *old, const struct jt_admin *a)
{
    struct jt_resource r = *old;
    if ((a->given & JT_GAVE_SCOPES) != 0) {
        r.scopes = a->resource.scopes;
        r.nscopes = a->resource.nscopes;
    }
    if ((a->given & JT_GAVE_INTROSPECTORS) != 0) {
        r.introspectors = a->resource.introspectors;
        r.nintrospectors = a->resource.nintrospectors;
    }
    r.alg = (a->given & JT_GAVE_ALG) != 0 ? a->resource.alg : r.alg;
    r.format = (a->given & JT_GAVE_FORMAT) != 0 ? a->resource.format : r.format;
    r.lifetime_s = (a->given & JT_GAVE_LIFETIME) != 0 ? a->resource.lifetime_s : r.lifetime_s;
    r.bind = (a->given & JT_GAVE_BIND) != 0 ? a->resource.bind : r.bind;
    r.version++;
    return r;
}

enum jt_err jt_change_update_resource(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    const struct jt_resource *old = NULL;
    JT_TRY(find_current(chg, a, &old));
    if (a->given == 0) {
        return jt_change_nothing(flow);
    }
    struct jt_resource r = merged(old, a);
    enum jt_alg before = signs_with(old);
    r.updated_s = jt_change_now_s(chg);
    if ((a->given & JT_GAVE_INTROSPECTORS) != 0) {
        JT_TRY(check_introspectors(chg, a, &r));
    }
    if ((a->given & JT_GAVE_SCOPES) != 0) {
        JT_TRY(jt_change_take_scopes(chg, flow, &r));
    }
    JT_TRY(jt_change_put_copy(chg, &r.o));
    JT_TRY(use_alg(chg, a, &r));
    return signs_with(&r) == before ? JT_OK : leave_alg(chg, before, old->lifetime_s);
}

#define NAMED 5u

struct holders {
    struct jt_slice audience;
    size_t n;
    struct jt_slice names[NAMED];
};

static bool find_holder(void *ctx, const struct jt_object *o)
{
    struct holders *h = ctx;
    const struct jt_client *c = (const struct jt_client *)o;
    for (size_t i = 0; i < c->ngrants; i++) {
        if (jt_slice_eq(c->grants[i].audience, h->audience)) {
            if (h->n < NAMED) {
                h->names[h->n] = o->name;
            }
            h->n++;
            break;
        }
    }
    return true;
}

static enum jt_err refuse_in_use(struct jt_admin *a, const struct holders *h)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 512);
    for (size_t i = 0; i < h->n && i < NAMED; i++) {
        jt_buf_puts(&b, i == 0 ? "" : ", ");
        jt_buf_put(&b, h->names[i]);
    }
    if (h->n > NAMED) {
        jt_buf_puts(&b, ", ...");
    }
    return jt_admin_refuse(a, 409, "in_use", "%zu client%s grants on it: %.*s; remove these first",
                           h->n, h->n == 1 ? " has" : "s have", (int)b.n, (const char *)b.p);
}

enum jt_err jt_change_delete_resource(struct jt_change *chg, void *flow)
{
    struct jt_admin *a = jt_admin_of(flow);
    const struct jt_resource *r = NULL;
    JT_TRY(find_current(chg, a, &r));
    struct holders h = {.audience = r->o.name};
    jt_change_each(chg, JT_OBJ_CLIENT, find_holder, &h);
    if (h.n > 0) {
        return refuse_in_use(a, &h);
    }
    JT_TRY(jt_change_drop(chg, JT_OBJ_RESOURCE, r->o.name));
    return leave_alg(chg, signs_with(r), r->lifetime_s);
}
