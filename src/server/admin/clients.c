/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clients.c - /admin/v1/clients
 */
#include "../../core/base/rand.h"
#include "../../core/base/secret.h"
#include "../../core/http/name.h"
#include "../../core/token/client_secret.h"
#include "admin.h"

#define LIST_MAX (4u << 20)
#define NAME_MAX_BYTES 200
#define GRANTS_MAX 256

static enum jt_next bad(struct jt_flow *f, const char *why)
{
    return jt_problem(f, 422, "client_invalid", why);
}

static const char *read_scopes(struct jt_flow *f, const struct jt_jval *list,
                               struct jt_client_grant *g)
{
    size_t n = jt_jval_count(list);
    if (jt_jval_type(list) != JT_JARRAY || n == 0 || n > JT_SCOPES_MAX) {
        return "a grant has 1 to 128 scopes";
    }
    struct jt_slice *v = jt_arena_array(&f->x->arena, n, sizeof *v);
    for (size_t i = 0; v != NULL && i < n; i++) {
        struct jt_slice s = {0};
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || !jt_scope_name_ok(s) ||
            !jt_arena_copy(&f->x->arena, s, &v[i])) {
            return "a grant's scopes are scope names";
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(v[k], v[i])) {
                return "a scope stands twice in a grant";
            }
        }
    }
    g->scopes = v;
    g->nscopes = n;
    return v == NULL ? "too large" : NULL;
}

static const char *read_grants(struct jt_flow *f, const struct jt_jval *list)
{
    struct jt_admin *a = jt_admin_of(f);
    size_t n = jt_jval_count(list);
    if (list == NULL) {
        return NULL;
    }
    if (jt_jval_type(list) != JT_JARRAY || n > GRANTS_MAX) {
        return "grants is a list of at most 256 grants";
    }
    a->grants = jt_arena_array(&f->x->arena, n + 1, sizeof *a->grants);
    for (size_t i = 0; a->grants != NULL && i < n; i++) {
        const struct jt_jval *v = jt_jarr_at(list, i);
        struct jt_client_grant *g = &a->grants[i];
        if (!jt_admin_text(f, v, "resource", &g->audience) || g->audience.n == 0) {
            return "a grant is an object with resource and scopes";
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(a->grants[k].audience, g->audience)) {
                return "a resource stands twice in grants: put all its scopes into one";
            }
        }
        const char *why = read_scopes(f, jt_jobj_get(v, "scopes"), g);
        if (why != NULL) {
            return why;
        }
    }
    a->client.grants = a->grants;
    a->client.ngrants = n;
    return a->grants == NULL ? "too large" : NULL;
}

/* A client_id: the one asked for, else the name when it can be one, else a random one. */
static const char *choose_id(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_client *c = &jt_admin_of(f)->client;
    if (!jt_admin_text(f, root, "client_id", &c->o.name)) {
        return "client_id is a string";
    }
    if (c->o.name.n > 0) {
        return jt_client_id_ok(c->o.name)
                   ? NULL
                   : "client_id has 1 to 64 of A-Z a-z 0-9 . _ ~ - and starts with a letter or "
                     "digit";
    }
    if (jt_client_id_ok(c->display)) {
        c->o.name = c->display;
        return NULL;
    }
    char id[JT_CREDENTIAL_ID_LEN + 1];
    return jt_credential_id_make(id) == JT_OK &&
                   jt_arena_copy(&f->x->arena, jt_slice(id, JT_CREDENTIAL_ID_LEN), &c->o.name)
               ? NULL
               : "no random bytes";
}

static const char *read_texts(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_client *c = &jt_admin_of(f)->client;
    if (!jt_admin_text(f, root, "name", &c->display) ||
        !jt_admin_text(f, root, "owner", &c->owner)) {
        return "name and owner are strings";
    }
    if (c->display.n == 0 || !jt_display_text_ok(c->display, NAME_MAX_BYTES)) {
        return "name is 1 to 200 bytes of plain text";
    }
    if (c->owner.n > 0 && !jt_display_text_ok(c->owner, NAME_MAX_BYTES)) {
        return "owner is at most 200 bytes of plain text";
    }
    return choose_id(f, root);
}

/* A secret made here; only its keyed hash is stored. */
static bool make_secret(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    JT_AUTO(jt_secret_wipe) struct jt_secret s = {0};
    char id[JT_CREDENTIAL_ID_LEN + 1];
    const struct jt_keyring_key *key = jt_keyring_newest(f->app->keyring, JT_DATA_KEY_SECRETS);
    struct jt_credential *k = &a->credential;
    *k = (struct jt_credential){.kind = JT_CRED_SECRET, .state = JT_CRED_ACTIVE};
    if (key == NULL || jt_credential_id_make(id) != JT_OK ||
        !jt_arena_copy(&f->x->arena, jt_slice(id, JT_CREDENTIAL_ID_LEN), &k->id) ||
        jt_client_secret_make(k->id, &s) != JT_OK ||
        jt_hmac_sha256(f->local->crypt, key->key, jt_secret_slice(&s), k->hash) != JT_OK ||
        !jt_arena_copy(&f->x->arena, jt_secret_slice(&s), &a->secret)) {
        return false;
    }
    k->hash_key = key->id;
    a->client.ncredentials = 1;
    return true;
}

static enum jt_next create_parse(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    const struct jt_jval *root = jt_json_root(doc);
    bool secret = true;
    const char *why = read_texts(f, root);
    if (why == NULL) {
        why = read_grants(f, jt_jobj_get(root, "grants"));
    }
    if (why == NULL && jt_jobj_get(root, "secret") != NULL &&
        !jt_jval_bool(jt_jobj_get(root, "secret"), &secret)) {
        why = "secret is true or false: whether to make one";
    }
    jt_json_free(&doc);
    if (why != NULL) {
        return bad(f, why);
    }
    a->client.enabled = true;
    return !secret || make_secret(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next create_submit(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    struct jt_event e = jt_flow_event(f, JT_EV_CLIENT_CREATED);
    e.client_id = a->client.o.name;
    e.credential_id = a->credential.id;
    return jt_admin_change(f, jt_change_create_client, &e);
}

static enum jt_next show_one(struct jt_flow *f, unsigned status, struct jt_slice id,
                             struct jt_slice secret)
{
    const struct jt_client *c = jt_directory_client(f->app->directory, id);
    if (c == NULL) {
        return jt_problem(f, 404, "not_found", "there is no such client");
    }
    struct jt_buf b;
    jt_buf_init(&b, LIST_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_view_client(&w, c, secret);
    return jt_admin_answer(f, status, &b, c->version);
}

static enum jt_next create_respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_E_CONFLICT, 409, "exists", "a client with this client_id exists already"},
        {JT_E_NOTFOUND, 422, "reference", NULL},
        {JT_OK, 0, NULL, NULL},
    };
    struct jt_admin *a = jt_admin_of(f);
    return f->job.result == JT_OK ? show_one(f, 201, a->client.o.name, a->secret)
                                  : jt_admin_refused(f, refusals);
}

static enum jt_next show(struct jt_flow *f)
{
    return show_one(f, 200, f->segments[0], jt_slice(NULL, 0));
}

static void view(struct jt_jw *w, struct jt_flow *f, const struct jt_object *o)
{
    (void)f;
    jt_view_client(w, (const struct jt_client *)o, jt_slice(NULL, 0));
}

static enum jt_next list(struct jt_flow *f)
{
    return jt_admin_list(f, JT_LIST_CLIENTS, JT_OBJ_CLIENT, view);
}

const struct jt_step jt_client_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_client_show_steps[] = {{"allow", jt_admin_allow}, {"respond", show}};
const struct jt_step jt_client_create_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", create_parse},
    {"change", create_submit},
    {"respond", create_respond},
};
