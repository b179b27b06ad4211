/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.c - /admin/v1/resources
 */
#include "../../core/http/uri.h"
#include "admin.h"

static enum jt_next create_parse(struct jt_flow *f)
{
    static const char *const names[] = {"audience", "scopes",        "alg",  "format",
                                        "lifetime", "introspect_by", "bind", NULL};
    struct jt_admin *a = jt_admin_of(f);
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    a->resource.alg = f->settings->token_alg;
    a->resource.lifetime_s = f->settings->token_lifetime_s;
    const struct jt_jval *root = jt_json_root(doc);
    const char *why = "it is the identifier of the API, such as https://api.example.com";
    bool ok = jt_admin_known(f, root, "", names);
    if (ok && (!jt_admin_text(f, root, "audience", &a->resource.o.name) ||
               jt_audience_check(a->resource.o.name, &why) != JT_OK)) {
        ok = jt_admin_bad(f, "/audience", "audience: %s", why);
    }
    ok = ok && jt_resource_read(f, root);
    if (ok && (a->given & JT_GAVE_SCOPES) == 0) {
        ok = jt_admin_bad(f, "/scopes", "a resource needs at least one scope");
    }
    jt_json_free(&doc);
    return ok ? JT_NEXT : jt_admin_invalid(f, "resource_invalid");
}

static enum jt_next update_parse(struct jt_flow *f)
{
    static const char *const names[] = {"scopes",        "alg",  "format", "lifetime",
                                        "introspect_by", "bind", NULL};
    struct jt_admin *a = jt_admin_of(f);
    a->resource.o.name = f->segments[0];
    if (!jt_admin_version(f, true)) {
        return JT_DONE;
    }
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_MERGE);
    if (doc == NULL) {
        return JT_DONE;
    }
    const struct jt_jval *root = jt_json_root(doc);
    bool ok = jt_admin_known(f, root, "", names) && jt_resource_read(f, root);
    jt_json_free(&doc);
    return ok ? JT_NEXT : jt_admin_invalid(f, "resource_invalid");
}

/* What its tokens will be signed with; JT_ALG_NONE when they are opaque. */
static enum jt_alg alg_needed(const struct jt_flow *f)
{
    const struct jt_admin *a = jt_admin_of(f);
    const struct jt_resource *now = jt_directory_resource(f->app->directory, a->resource.o.name);
    enum jt_alg alg = a->resource.alg;
    enum jt_token_format format = a->resource.format;
    if (now != NULL) {
        alg = (a->given & JT_GAVE_ALG) != 0 ? alg : now->alg;
        format = (a->given & JT_GAVE_FORMAT) != 0 ? format : now->format;
    }
    return format == JT_FORMAT_OPAQUE || (now != NULL && now->builtin) ? JT_ALG_NONE : alg;
}

/* The first resource of an algorithm brings its key; RSA takes too long for an event loop. */
static enum jt_next prepare_key(struct jt_flow *f)
{
    if (jt_flow_keys(f) != JT_OK) {
        return jt_problem(f, 503, "internal", "the signing keys cannot be read");
    }
    enum jt_alg alg = alg_needed(f);
    return alg == JT_ALG_NONE || jt_keys_active(&f->local->keys, alg) != NULL
               ? JT_NEXT
               : jt_admin_make_key(f, alg);
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
    jt_admin_say_given(f);
    return submit(f, JT_EV_RESOURCE_UPDATED, jt_change_update_resource);
}

static enum jt_next delete_submit(struct jt_flow *f)
{
    jt_admin_of(f)->resource.o.name = f->segments[0];
    return jt_admin_version(f, false) ? submit(f, JT_EV_RESOURCE_DELETED, jt_change_delete_resource)
                                      : JT_DONE;
}

static enum jt_next show_one(struct jt_flow *f, unsigned status, struct jt_slice name)
{
    const struct jt_resource *r = jt_directory_resource(f->app->directory, name);
    if (r == NULL) {
        return jt_problem_unknown(f, "resource", name);
    }
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_view_resource(&w, r);
    return jt_admin_answer(f, status, &b, r->version);
}

static enum jt_next refused(struct jt_flow *f)
{
    static const struct jt_outcome rows[] = {
        {JT_E_NOTFOUND, 404, "not_found", "resource"},
        {JT_E_BUSY, 412, "changed", "the resource was changed meanwhile: read it again"},
        {JT_E_PERM, 409, "builtin", "the built-in resource cannot be changed or deleted"},
        {JT_E_UNSUPPORTED, 503, "internal", "its signing key was revoked meanwhile: ask again"},
        {JT_OK, 0, NULL, NULL},
    };
    return jt_admin_refused(f, rows);
}

static enum jt_next respond(struct jt_flow *f, unsigned status)
{
    return f->job.result == JT_OK ? show_one(f, status, jt_admin_of(f)->resource.o.name)
                                  : refused(f);
}

static enum jt_next create_respond(struct jt_flow *f)
{
    return respond(f, 201);
}

static enum jt_next update_respond(struct jt_flow *f)
{
    return respond(f, 200);
}

static enum jt_next delete_respond(struct jt_flow *f)
{
    return f->job.result == JT_OK ? jt_admin_done(f) : refused(f);
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
const struct jt_step jt_resource_delete_steps[] = {
    {"allow", jt_admin_allow}, {"change", delete_submit}, {"respond", delete_respond}};
