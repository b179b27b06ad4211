/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scopes_gone.c - a resource loses scopes: so do the clients that had them. Kept, they would be
 * granted again, unasked, when a scope of the same name comes one day and means something else.
 */
#include <stdio.h>

#include "admin.h"

#define LOSERS_MAX 1000u /* clients that one change takes something from */

struct losers {
    const struct jt_resource *resource;
    size_t n;
    const struct jt_client *v[LOSERS_MAX];
};

static const struct jt_client_grant *grant_on(const struct jt_client *c, struct jt_slice audience)
{
    for (size_t i = 0; i < c->ngrants; i++) {
        if (jt_slice_eq(c->grants[i].audience, audience)) {
            return &c->grants[i];
        }
    }
    return NULL;
}

static size_t still_defined(const struct jt_resource *r, const struct jt_client_grant *g,
                            struct jt_slice *out)
{
    size_t n = 0;
    for (size_t i = 0; i < g->nscopes; i++) {
        if (jt_resource_defines(r, g->scopes[i])) {
            out[n++] = g->scopes[i];
        }
    }
    return n;
}

static bool find_loser(void *ctx, const struct jt_object *o)
{
    struct losers *l = ctx;
    const struct jt_client *c = (const struct jt_client *)o;
    const struct jt_client_grant *g = grant_on(c, l->resource->o.name);
    for (size_t i = 0; g != NULL && i < g->nscopes; i++) {
        if (!jt_resource_defines(l->resource, g->scopes[i])) {
            if (l->n < LOSERS_MAX) {
                l->v[l->n] = c;
            }
            l->n++;
            break;
        }
    }
    return l->n <= LOSERS_MAX;
}

/* The grant keeps what is left of it, and goes when nothing is. */
static enum jt_err take(struct jt_change *chg, const struct jt_resource *r,
                        const struct jt_client *old)
{
    static struct jt_client_grant grants[JT_GRANTS_MAX]; /* the store thread is the only one */
    static struct jt_slice scopes[JT_SCOPES_MAX];
    struct jt_client c = *old;
    c.ngrants = 0;
    c.grants = grants;
    for (size_t i = 0; i < old->ngrants; i++) {
        struct jt_client_grant g = old->grants[i];
        if (c.ngrants == JT_GRANTS_MAX || g.nscopes > JT_SCOPES_MAX) {
            return JT_E_LIMIT;
        }
        if (jt_slice_eq(g.audience, r->o.name)) {
            g.nscopes = still_defined(r, &g, scopes);
            g.scopes = scopes;
        }
        if (g.nscopes > 0) {
            grants[c.ngrants++] = g;
        }
    }
    return jt_change_put_client(chg, &c);
}

static void tell(struct jt_flow *f, size_t n)
{
    const struct jt_admin *a = jt_admin_of(f);
    char given[256];
    (void)snprintf(given, sizeof given, "%s", a->words + a->actor.n + 2); /* behind "uid 0: " */
    jt_admin_say(f, "%s; %zu client%s lost scopes that are gone", given, n, n == 1 ? "" : "s");
}

enum jt_err jt_change_take_scopes(struct jt_change *chg, struct jt_flow *f,
                                  const struct jt_resource *r)
{
    static struct losers l; /* found first: a walk must not meet what it puts */
    l.resource = r;
    l.n = 0;
    jt_change_each(chg, JT_OBJ_CLIENT, find_loser, &l);
    if (l.n > LOSERS_MAX) {
        return jt_admin_refuse(jt_admin_of(f), 409, "in_use",
                               "over %u clients have grants with scopes that would be gone; "
                               "remove some of these first",
                               LOSERS_MAX);
    }
    for (size_t i = 0; i < l.n; i++) {
        JT_TRY(take(chg, r, l.v[i]));
    }
    if (l.n > 0) {
        tell(f, l.n);
    }
    return JT_OK;
}
