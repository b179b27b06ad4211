/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.c - who may have what: /admin/v1/grants, and /admin/v1/clients/{id}/grants.
 */
#include "admin.h"

#define SCAN_MAX 10000u /* clients that one request looks at before it answers with a cursor */

static void write_grants(struct jt_jw *w, const struct jt_client *c, struct jt_slice resource,
                         size_t *n)
{
    for (size_t i = 0; i < c->ngrants; i++) {
        if (resource.n == 0 || jt_slice_eq(c->grants[i].audience, resource)) {
            jt_view_grant(w, c, &c->grants[i]);
            ++*n;
        }
    }
}

/* A page ends behind a client, so that its grants stay together. */
static enum jt_next list(struct jt_flow *f)
{
    struct jt_slice resource = jt_form_get(&jt_admin_of(f)->query, "resource");
    const struct jt_object *o = NULL;
    size_t limit = 0;
    size_t n = 0;
    uint64_t cursor = 0;
    bool more = true;
    if (!jt_admin_page(f, JT_LIST_GRANTS, &limit, &cursor)) {
        return JT_DONE;
    }
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_key(&w, "items");
    jt_jw_arr(&w);
    for (size_t seen = 0; n < limit && seen < SCAN_MAX && b.n < JT_PAGE_FULL && more; seen++) {
        more = jt_directory_page(f->app->directory, JT_OBJ_CLIENT, &cursor, &o, 1) == 1;
        if (more) {
            write_grants(&w, (const struct jt_client *)o, resource, &n);
        }
    }
    jt_jw_end_arr(&w);
    if (more) {
        jt_admin_next(&w, f, f->local->crypt, JT_LIST_GRANTS, cursor);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

static enum jt_next list_one(struct jt_flow *f)
{
    const struct jt_client *c = jt_client_of(f);
    struct jt_buf b;
    size_t n = 0;
    if (c == NULL) {
        return JT_DONE;
    }
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_key(&w, "items");
    jt_jw_arr(&w);
    write_grants(&w, c, jt_slice(NULL, 0), &n);
    jt_jw_end_arr(&w);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

/* Room for the changed client's grants, and for the scopes of the one that changes. */
static bool make_room(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->grants = jt_arena_array(&f->x->arena, JT_GRANTS_MAX, sizeof *a->grants);
    a->scopes = jt_arena_array(&f->x->arena, JT_SCOPES_MAX, sizeof *a->scopes);
    return a->grants != NULL && a->scopes != NULL;
}

static bool has(const struct jt_slice *v, size_t n, struct jt_slice scope)
{
    for (size_t i = 0; i < n; i++) {
        if (jt_slice_eq(v[i], scope)) {
            return true;
        }
    }
    return false;
}

static enum jt_err find_client(struct jt_change *chg, const struct jt_flow *f,
                               const struct jt_client **out)
{
    JT_TRY(jt_change_client(chg, f, out));
    return (*out)->ngrants > JT_GRANTS_MAX ? JT_E_LIMIT : JT_OK; /* more than there is room for */
}

/* All grants of the client into a->grants; the place of the one for a->grant's resource, or n. */
static size_t copy_grants(struct jt_admin *a, const struct jt_client *c)
{
    size_t at = c->ngrants;
    for (size_t i = 0; i < c->ngrants; i++) {
        a->grants[i] = c->grants[i];
        at = jt_slice_eq(c->grants[i].audience, a->grant.audience) ? i : at;
    }
    return at;
}

static enum jt_err full(struct jt_admin *a)
{
    return jt_admin_refuse(a, 409, "full",
                           "a client has at most %d grants, each of at most %d scopes",
                           JT_GRANTS_MAX, JT_SCOPES_MAX);
}

/* The scopes it has and those it is given, into a->scopes. */
static enum jt_err join_scopes(struct jt_admin *a, struct jt_client_grant *g)
{
    size_t n = g->nscopes;
    for (size_t i = 0; i < n; i++) {
        a->scopes[i] = g->scopes[i];
    }
    for (size_t i = 0; i < a->grant.nscopes; i++) {
        if (has(a->scopes, n, a->grant.scopes[i])) {
            continue;
        }
        if (n == JT_SCOPES_MAX) {
            return full(a);
        }
        a->scopes[n++] = a->grant.scopes[i];
    }
    g->scopes = a->scopes;
    g->nscopes = n;
    return JT_OK;
}

static enum jt_err change_add(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    JT_TRY(find_client(chg, f, &old));
    JT_TRY(jt_change_check_grants(chg, a, &a->grant, 1));
    size_t at = copy_grants(a, old);
    if (at == JT_GRANTS_MAX) {
        return full(a);
    }
    struct jt_client c = *old;
    c.grants = a->grants;
    if (at == old->ngrants) {
        a->grants[at] = a->grant;
        c.ngrants++;
        return jt_change_put_client(chg, &c);
    }
    size_t before = a->grants[at].nscopes;
    JT_TRY(join_scopes(a, &a->grants[at]));
    return a->grants[at].nscopes == before ? jt_change_nothing(f) : jt_change_put_client(chg, &c);
}

static enum jt_next add_parse(struct jt_flow *f)
{
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    bool ok = jt_client_read_grant(f, jt_json_root(doc), "", &jt_admin_of(f)->grant);
    jt_json_free(&doc);
    if (!ok) {
        return jt_admin_invalid(f, "grant_invalid");
    }
    return make_room(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next submit(struct jt_flow *f, enum jt_event_type type, jt_change_fn fn)
{
    const struct jt_client_grant *g = &jt_admin_of(f)->grant;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, JT_EVENT_SCOPE_MAX + JT_SCOPES_MAX * 2);
    for (size_t i = 0; i < g->nscopes && b.n < JT_EVENT_SCOPE_MAX; i++) {
        jt_buf_puts(&b, i == 0 ? "" : " ");
        jt_buf_put(&b, g->scopes[i]);
    }
    struct jt_event e = jt_flow_event(f, type);
    e.client_id = f->segments[0];
    e.resource = g->audience;
    if (!jt_arena_copy(&f->x->arena, jt_buf_slice(&b), &e.scope)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    return jt_admin_change(f, fn, &e);
}

static enum jt_next add_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_GRANT_ADDED, change_add);
}

static enum jt_next respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_E_NOTFOUND, 404, "not_found", "client"},
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? jt_client_answer(f, 200, f->segments[0])
                                  : jt_admin_refused(f, refusals);
}

/* ?scope=a%20b into a->grant; without it, all. An empty one is a mistake, not all. */
static bool read_scope(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_slice rest = jt_form_get(&a->query, "scope");
    struct jt_slice word = {0};
    bool given = false;
    for (size_t i = 0; i < a->query.n; i++) {
        given = given || jt_slice_eq(a->query.items[i].name, JT_LIT("scope"));
    }
    struct jt_slice *v = jt_arena_array(&f->x->arena, JT_SCOPES_MAX, sizeof *v);
    while (v != NULL && a->grant.nscopes < JT_SCOPES_MAX && jt_slice_next_word(&rest, &word)) {
        v[a->grant.nscopes++] = word;
    }
    a->grant.scopes = v;
    return v != NULL && rest.n == 0 && given == (a->grant.nscopes > 0);
}

static enum jt_next remove_parse(struct jt_flow *f)
{
    jt_admin_of(f)->grant.audience = f->segments[1];
    if (!read_scope(f)) {
        return jt_problem(f, 400, "query",
                          "scope is a list of scopes with blanks between; leave it out to remove "
                          "all of the resource");
    }
    return make_room(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

/* What is left of a grant, in a->scopes. */
static void take_scopes(struct jt_admin *a, struct jt_client_grant *g)
{
    size_t n = 0;
    for (size_t i = 0; a->grant.nscopes > 0 && i < g->nscopes; i++) {
        if (!has(a->grant.scopes, a->grant.nscopes, g->scopes[i])) {
            a->scopes[n++] = g->scopes[i];
        }
    }
    g->scopes = a->scopes;
    g->nscopes = n;
}

static enum jt_err change_remove(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    JT_TRY(find_client(chg, f, &old));
    size_t at = copy_grants(a, old);
    size_t before = at == old->ngrants ? 0 : old->grants[at].nscopes;
    if (before > 0) {
        take_scopes(a, &a->grants[at]);
    }
    if (before == 0 || a->grants[at].nscopes == before) {
        return jt_admin_refuse(a, 404, "no_grant", "the client has no such grant");
    }
    struct jt_client c = *old;
    c.grants = a->grants;
    if (a->grants[at].nscopes == 0) {
        c.ngrants--;
        memmove(&a->grants[at], &a->grants[at + 1], (c.ngrants - at) * sizeof *a->grants);
    }
    return jt_change_put_client(chg, &c);
}

static enum jt_next remove_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_GRANT_REMOVED, change_remove);
}

const struct jt_step jt_grant_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_client_grants_steps[] = {{"allow", jt_admin_allow}, {"respond", list_one}};
const struct jt_step jt_grant_add_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", add_parse},
    {"change", add_submit},
    {"respond", respond},
};
const struct jt_step jt_grant_remove_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", remove_parse},
    {"change", remove_submit},
    {"respond", respond},
};
