/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.c - /admin/v1/resources
 */
#include "../../core/http/name.h"
#include "../../core/http/uri.h"
#include "../../core/jose/alg.h"
#include "admin.h"

#define LIST_MAX (4u << 20)
#define TEXT_MAX 200

static enum jt_next bad(struct jt_flow *f, const char *why)
{
    return jt_problem(f, 422, "resource_invalid", why);
}

/* NULL, or what is wrong. */
static const char *read_scope(struct jt_flow *f, const struct jt_jval *v, struct jt_scope *out)
{
    if (!jt_admin_text(f, v, "name", &out->name) || !jt_admin_text(f, v, "text", &out->text)) {
        return "a scope is an object with the strings name and text";
    }
    if (!jt_scope_name_ok(out->name)) {
        return "a scope name has 1 to 128 visible ASCII characters without quote and backslash";
    }
    if (out->text.n > 0 && !jt_display_text_ok(out->text, TEXT_MAX)) {
        return "the text of a scope is at most 200 bytes of plain text";
    }
    return NULL;
}

static const char *read_scopes(struct jt_flow *f, const struct jt_jval *list)
{
    struct jt_admin *a = jt_admin_of(f);
    size_t n = jt_jval_count(list);
    if (jt_jval_type(list) != JT_JARRAY || n == 0 || n > JT_SCOPES_MAX) {
        return "scopes is a list of 1 to 128 scopes";
    }
    struct jt_scope *v = jt_arena_array(&f->x->arena, n, sizeof *v);
    if (v == NULL) {
        return "too large";
    }
    for (size_t i = 0; i < n; i++) {
        const char *why = read_scope(f, jt_jarr_at(list, i), &v[i]);
        if (why != NULL) {
            return why;
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(v[k].name, v[i].name)) {
                return "a scope stands twice in scopes";
            }
        }
    }
    a->resource.scopes = v;
    a->resource.nscopes = n;
    a->has_scopes = true;
    return NULL;
}

static const char *read_introspectors(struct jt_flow *f, const struct jt_jval *list)
{
    struct jt_admin *a = jt_admin_of(f);
    size_t n = jt_jval_count(list);
    if (jt_jval_type(list) != JT_JARRAY || n > JT_SCOPES_MAX) {
        return "introspect_by is a list of at most 128 client ids";
    }
    struct jt_slice *v = jt_arena_array(&f->x->arena, n + 1, sizeof *v);
    for (size_t i = 0; v != NULL && i < n; i++) {
        struct jt_slice s = {0};
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || !jt_arena_copy(&f->x->arena, s, &v[i])) {
            return "introspect_by is a list of client ids";
        }
    }
    a->resource.introspectors = v;
    a->resource.nintrospectors = v == NULL ? 0 : n;
    a->has_introspectors = true;
    return v == NULL ? "too large" : NULL;
}

/* alg and lifetime, where given. */
static const char *read_numbers(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_resource *r = &jt_admin_of(f)->resource;
    const struct jt_jval *v = jt_jobj_get(root, "alg");
    struct jt_slice alg = {0};
    if (v != NULL) {
        r->alg = jt_jval_str(v, &alg) ? jt_alg_from_name(alg) : JT_ALG_NONE;
        if (r->alg == JT_ALG_NONE) {
            return "alg is RS256 or ES256";
        }
    }
    v = jt_jobj_get(root, "lifetime");
    if (v != NULL && (!jt_jval_int(v, &r->lifetime_s) || r->lifetime_s < 1 ||
                      r->lifetime_s > f->settings->token_max_lifetime_s)) {
        return "lifetime is a number of seconds from 1 to token.max_lifetime";
    }
    v = jt_jobj_get(root, "format");
    if (v != NULL && (!jt_jval_str(v, &alg) || !jt_slice_eq(alg, JT_LIT("jwt")))) {
        return "format is jwt";
    }
    return NULL;
}

static const char *read_members(struct jt_flow *f, const struct jt_jval *root)
{
    const struct jt_jval *v = jt_jobj_get(root, "scopes");
    const char *why = v == NULL ? NULL : read_scopes(f, v);
    v = jt_jobj_get(root, "introspect_by");
    if (why == NULL && v != NULL) {
        why = read_introspectors(f, v);
    }
    return why != NULL ? why : read_numbers(f, root);
}

static enum jt_next create_parse(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    a->resource.alg = f->settings->token_alg;
    a->resource.lifetime_s = f->settings->token_lifetime_s;
    const struct jt_jval *root = jt_json_root(doc);
    const char *why = "audience is the identifier of the API, such as https://api.example.com";
    if (jt_admin_text(f, root, "audience", &a->resource.o.name) &&
        jt_audience_check(a->resource.o.name, &why) == JT_OK) {
        why = read_members(f, root);
    }
    jt_json_free(&doc);
    if (why == NULL && !a->has_scopes) {
        why = "a resource needs at least one scope";
    }
    return why == NULL ? JT_NEXT : bad(f, why);
}

static void make_key(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    struct jt_flow *f = r->job.ctx;
    struct jt_admin *a = jt_admin_of(f);
    a->result = jt_signing_key_make(crypt, f->app->keyring, a->resource.alg,
                                    jt_wall_s(f->app->clock), &a->key);
}

/* The first resource of an algorithm brings its key; RSA takes too long for an event loop. */
static enum jt_next prepare_key(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (jt_flow_keys(f) != JT_OK) {
        return jt_problem(f, 503, "internal", "the signing keys cannot be read");
    }
    if (a->resource.alg == JT_ALG_NONE ||
        jt_keys_active(&f->local->keys, a->resource.alg) != NULL) {
        return JT_NEXT;
    }
    a->read.run = make_key;
    return jt_flow_read(f, &a->read);
}

static enum jt_next submit(struct jt_flow *f, enum jt_event_type type, jt_change_fn fn)
{
    struct jt_admin *a = jt_admin_of(f);
    if (a->result != JT_OK) {
        return jt_problem(f, 503, "internal", "a signing key could not be made");
    }
    struct jt_event e = jt_flow_event(f, type);
    e.resource = a->resource.o.name;
    return jt_admin_change(f, fn, &e);
}

static enum jt_next create_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_RESOURCE_CREATED, jt_change_create_resource);
}

static enum jt_next update_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_RESOURCE_UPDATED, jt_change_update_resource);
}

static enum jt_next show_one(struct jt_flow *f, unsigned status, struct jt_slice name)
{
    const struct jt_resource *r = jt_directory_resource(f->app->directory, name);
    if (r == NULL) {
        return jt_problem(f, 404, "not_found", "there is no such resource");
    }
    struct jt_buf b;
    jt_buf_init(&b, LIST_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_view_resource(&w, r);
    return jt_admin_answer(f, status, &b, r->version);
}

static enum jt_next outcome(struct jt_flow *f, unsigned status)
{
    static const struct jt_outcome dangling[] = {{JT_E_NOTFOUND, 422, "reference", NULL},
                                                 {JT_OK, 0, NULL, NULL}};
    static const struct jt_outcome refusals[] = {
        {JT_E_CONFLICT, 409, "exists", "a resource with this audience exists already"},
        {JT_E_NOTFOUND, 404, "not_found", "there is no such resource"},
        {JT_E_BUSY, 412, "changed", "the resource was changed meanwhile: read it again"},
        {JT_E_PERM, 409, "builtin", "the built-in resource cannot be changed"},
        {JT_OK, 0, NULL, NULL},
    };
    struct jt_admin *a = jt_admin_of(f);
    if (a->key != NULL) {
        jt_object_free(&a->key->o);
        a->key = NULL;
    }
    if (f->job.result == JT_OK) {
        return show_one(f, status, a->resource.o.name);
    }
    return jt_admin_refused(f, a->missing[0] != '\0' ? dangling : refusals);
}

static enum jt_next create_respond(struct jt_flow *f)
{
    return outcome(f, 201);
}

static enum jt_next update_respond(struct jt_flow *f)
{
    return outcome(f, 200);
}

/* If-Match: "v3" */
static bool read_version(struct jt_flow *f)
{
    const struct jt_http_field *h = jt_http_field(&f->x->head, JT_LIT("if-match"));
    if (h == NULL) {
        (void)jt_problem(f, 428, "if_match", "send If-Match with the ETag that reading gave");
        return false;
    }
    struct jt_slice v = h->value;
    if (v.n < 4 || v.p[0] != '"' || v.p[1] != 'v' || v.p[v.n - 1] != '"' ||
        jt_parse_u64(jt_slice(v.p + 2, v.n - 3), UINT64_MAX, &jt_admin_of(f)->version) != JT_OK) {
        (void)jt_problem(f, 412, "changed", "If-Match is not an ETag of this resource");
        return false;
    }
    return true;
}

static enum jt_next update_parse(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->resource.o.name = f->segments[0];
    if (!read_version(f)) {
        return JT_DONE;
    }
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_MERGE);
    if (doc == NULL) {
        return JT_DONE;
    }
    const char *why = read_members(f, jt_json_root(doc));
    jt_json_free(&doc);
    return why == NULL ? JT_NEXT : bad(f, why);
}

static enum jt_next show(struct jt_flow *f)
{
    return show_one(f, 200, f->segments[0]);
}

static void view(struct jt_jw *w, struct jt_flow *f, const struct jt_object *o)
{
    (void)f;
    jt_view_resource(w, (const struct jt_resource *)o);
}

static enum jt_next list(struct jt_flow *f)
{
    return jt_admin_list(f, JT_LIST_RESOURCES, JT_OBJ_RESOURCE, view);
}

const struct jt_step jt_resource_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_resource_show_steps[] = {{"allow", jt_admin_allow}, {"respond", show}};
const struct jt_step jt_resource_create_steps[] = {
    {"allow", jt_admin_allow}, {"parse", create_parse},     {"key", prepare_key},
    {"change", create_submit}, {"respond", create_respond},
};
const struct jt_step jt_resource_update_steps[] = {
    {"allow", jt_admin_allow}, {"parse", update_parse},     {"key", prepare_key},
    {"change", update_submit}, {"respond", update_respond},
};
