/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include "../../core/http/name.h"

struct jt_grant {
    const struct jt_principal *principal;
    const struct jt_resource *resource;
    struct jt_slice scope;
};

/* The request's scopes, each once. */
struct names {
    size_t n;
    struct jt_slice v[JT_SCOPES_MAX];
};

const struct jt_principal *jt_grant_principal(const struct jt_grant *g)
{
    return g->principal;
}

const struct jt_resource *jt_grant_resource(const struct jt_grant *g)
{
    return g->resource;
}

struct jt_slice jt_grant_scope(const struct jt_grant *g)
{
    return g->scope;
}

bool jt_resource_defines(const struct jt_resource *r, struct jt_slice scope)
{
    for (size_t i = 0; i < r->nscopes; i++) {
        if (jt_slice_eq(r->scopes[i].name, scope)) {
            return true;
        }
    }
    return false;
}

static const struct jt_client_grant *grant_of(const struct jt_client *c, struct jt_slice audience)
{
    for (size_t i = 0; i < c->ngrants; i++) {
        if (jt_slice_eq(c->grants[i].audience, audience)) {
            return &c->grants[i];
        }
    }
    return NULL;
}

bool jt_may(const struct jt_client *c, const struct jt_resource *r, struct jt_slice scope)
{
    const struct jt_client_grant *g = grant_of(c, r->o.name);
    for (size_t i = 0; g != NULL && i < g->nscopes; i++) {
        if (jt_slice_eq(g->scopes[i], scope)) {
            return jt_resource_defines(r, scope);
        }
    }
    return false;
}

static bool names_has(const struct names *s, struct jt_slice name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (jt_slice_eq(s->v[i], name)) {
            return true;
        }
    }
    return false;
}

static bool read_names(struct jt_slice scope, struct names *out)
{
    struct jt_slice word = {0};
    while (jt_slice_next_word(&scope, &word)) {
        if (!jt_scope_name_ok(word)) {
            return false;
        }
        if (names_has(out, word)) {
            continue;
        }
        if (out->n == JT_SCOPES_MAX) {
            return false;
        }
        out->v[out->n++] = word;
    }
    return true;
}

static bool defines_all(const struct jt_resource *r, const struct names *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!jt_resource_defines(r, s->v[i])) {
            return false;
        }
    }
    return s->n > 0;
}

/* No resource was named. */
static const struct jt_resource *only_one(const struct jt_directory *d, const struct jt_client *c,
                                          const struct names *s, enum jt_reason *why)
{
    const struct jt_resource *last = NULL;
    const struct jt_resource *fits = NULL;
    size_t nall = 0;
    size_t nfits = 0;
    for (size_t i = 0; i < c->ngrants; i++) {
        const struct jt_resource *r = jt_directory_resource(d, c->grants[i].audience);
        if (r == NULL || r->builtin || c->grants[i].nscopes == 0) {
            continue;
        }
        nall++;
        last = r;
        if (defines_all(r, s)) {
            nfits++;
            fits = r;
        }
    }
    if (nall == 1) {
        return last;
    }
    if (nfits == 1) {
        return fits;
    }
    *why = nall == 0 ? JT_R_RESOURCE_NONE : JT_R_RESOURCE_AMBIGUOUS;
    return NULL;
}

static const struct jt_resource *choose(const struct jt_directory *d, const struct jt_client *c,
                                        const struct jt_want *want, const struct names *s,
                                        enum jt_reason *why)
{
    if (want->resource.n == 0) {
        return only_one(d, c, s, why);
    }
    const struct jt_resource *r = jt_directory_resource(d, want->resource);
    if (r == NULL) {
        *why = JT_R_RESOURCE_UNKNOWN;
        return NULL;
    }
    const struct jt_client_grant *g = grant_of(c, want->resource);
    if (g == NULL || g->nscopes == 0) {
        *why = JT_R_RESOURCE_NOT_GRANTED;
        return NULL;
    }
    return r;
}

/* Scope omitted: everything granted that the resource still defines. */
static bool everything(const struct jt_client *c, const struct jt_resource *r, struct names *s)
{
    const struct jt_client_grant *g = grant_of(c, r->o.name);
    for (size_t i = 0; g != NULL && i < g->nscopes; i++) {
        if (jt_resource_defines(r, g->scopes[i])) {
            if (s->n == JT_SCOPES_MAX) {
                return false;
            }
            s->v[s->n++] = g->scopes[i];
        }
    }
    return s->n > 0;
}

static enum jt_reason allowed(const struct jt_client *c, const struct jt_resource *r,
                              const struct names *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!jt_resource_defines(r, s->v[i])) {
            return JT_R_SCOPE_UNKNOWN;
        }
        if (!jt_may(c, r, s->v[i])) {
            return JT_R_SCOPE_NOT_GRANTED;
        }
    }
    return JT_R_NONE;
}

static bool join(const struct names *s, struct jt_arena *a, struct jt_slice *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        n += s->v[i].n + 1;
    }
    uint8_t *p = jt_arena_alloc(a, n);
    if (p == NULL) {
        return false;
    }
    size_t o = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (i > 0) {
            p[o++] = ' ';
        }
        memcpy(p + o, s->v[i].p, s->v[i].n);
        o += s->v[i].n;
    }
    *out = jt_slice(p, o);
    return true;
}

static enum jt_decision refuse(enum jt_reason r, enum jt_reason *why)
{
    *why = r;
    return JT_DECISION_REFUSED;
}

enum jt_decision jt_decide(const struct jt_directory *d, const struct jt_principal *who,
                           const struct jt_want *want, struct jt_arena *a,
                           const struct jt_grant **out, enum jt_reason *why)
{
    const struct jt_client *c = jt_principal_client(who);
    struct names s;
    s.n = 0;
    if (!read_names(want->scope, &s)) {
        return refuse(JT_R_SCOPE_SYNTAX, why);
    }
    const struct jt_resource *r = choose(d, c, want, &s, why);
    if (r == NULL) {
        return JT_DECISION_REFUSED;
    }
    if (s.n == 0 && !everything(c, r, &s)) {
        return refuse(JT_R_RESOURCE_NOT_GRANTED, why);
    }
    enum jt_reason no = allowed(c, r, &s);
    if (no == JT_R_NONE && r->bind == JT_BIND_CERTIFICATE && !jt_principal_is_hypothetical(who) &&
        jt_principal_certificate(who).n == 0) {
        no = JT_R_CERT_NEEDED;
    }
    if (no != JT_R_NONE) {
        return refuse(no, why);
    }
    struct jt_grant *g = jt_arena_alloc(a, sizeof *g);
    if (g == NULL || !join(&s, a, &g->scope)) {
        return refuse(JT_R_INTERNAL, why);
    }
    g->principal = who;
    g->resource = r;
    *out = g;
    return JT_DECISION_GRANTED;
}
