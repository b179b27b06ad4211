/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clients.c - /admin/v1/clients: made, shown, listed, deleted.
 */
#include "../../core/http/name.h"
#include "../../core/token/client_secret.h"
#include "admin.h"

/* A client_id: the one asked for, else the name when it can be one, else a random one. */
static bool choose_id(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_client *c = &jt_admin_of(f)->client;
    if (!jt_admin_text(f, root, "client_id", &c->o.name) ||
        (c->o.name.n > 0 && !jt_client_id_ok(c->o.name))) {
        return jt_admin_bad(f, "/client_id",
                            "client_id has 1 to 64 of A-Z a-z 0-9 . _ ~ - and starts with a "
                            "letter or digit");
    }
    if (c->o.name.n > 0) {
        return true;
    }
    if (jt_client_id_ok(c->display)) {
        c->o.name = c->display;
        return true;
    }
    char id[JT_CREDENTIAL_ID_LEN + 1];
    return (jt_credential_id_make(id) == JT_OK &&
            jt_arena_copy(&f->x->arena, jt_slice(id, JT_CREDENTIAL_ID_LEN), &c->o.name)) ||
           jt_admin_bad(f, "/client_id", "none could be made: name one");
}

/* "secret" false: there shall be none. True: one is made; a string: one is brought along. */
static bool read_secret(struct jt_flow *f, const struct jt_jval *root)
{
    const struct jt_jval *v = jt_jobj_get(root, "secret");
    struct jt_slice text = {0};
    bool wanted = true;
    if (v != NULL && !jt_jval_bool(v, &wanted) && !jt_jval_str(v, &text)) {
        return jt_admin_bad(f, "/secret", "secret is true, false, or the secret as a string");
    }
    if (wanted) {
        bool made = v != NULL && jt_jval_type(v) == JT_JBOOL;
        if (made && jt_jobj_get(root, "secret_hash") != NULL) {
            return jt_admin_bad(f, "/secret_hash", "secret and secret_hash exclude each other");
        }
        return jt_credential_begin(f) && jt_credential_read_ends(f, root) &&
               (made ? jt_credential_make(f) : jt_credential_read_secret(f, root));
    }
    return (jt_jobj_get(root, "label") == NULL && jt_jobj_get(root, "expires") == NULL &&
            jt_jobj_get(root, "secret_hash") == NULL) ||
           jt_admin_bad(f, "/secret",
                        "label, expires and secret_hash are for the secret, and none is made");
}

static bool read_new(struct jt_flow *f, const struct jt_jval *root)
{
    static const char *const names[] = {"name",     "client_id", "owner",        "grants",
                                        "networks", "secret",    "secret_hash",  "label",
                                        "expires",  "rotation",  "rotate_every", NULL};
    struct jt_admin *a = jt_admin_of(f);
    if (!jt_admin_known(f, root, "", names) || !jt_client_read_texts(f, root)) {
        return false;
    }
    if ((a->given & JT_GAVE_NAME) == 0) {
        return jt_admin_bad(f, "/name", "a client needs a name");
    }
    return choose_id(f, root) && jt_client_read_grants(f, root) && jt_client_read_nets(f, root) &&
           jt_client_read_rotation(f, root) && read_secret(f, root);
}

static enum jt_next create_parse(struct jt_flow *f)
{
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    struct jt_admin *a = jt_admin_of(f);
    if (doc == NULL) {
        return JT_DONE;
    }
    bool ok = read_new(f, jt_json_root(doc));
    jt_json_free(&doc);
    if (!ok) {
        return jt_admin_invalid(f, "client_invalid");
    }
    a->client.enabled = true;
    return a->credential.kind == JT_CRED_NONE || jt_credential_room(f) ? JT_NEXT
                                                                       : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next create_submit(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (*jt_credential_origin(f) != '\0') {
        jt_admin_say(f, "secret%s", jt_credential_origin(f));
    }
    struct jt_event e = jt_flow_event(f, JT_EV_CLIENT_CREATED);
    e.client_id = a->client.o.name;
    e.credential_id = a->credential.id;
    return jt_admin_change(f, jt_change_create_client, &e);
}

static enum jt_next unknown(struct jt_flow *f)
{
    return jt_problem_unknown(f, "client", f->segments[0]);
}

const struct jt_client *jt_client_of(struct jt_flow *f)
{
    const struct jt_client *c = jt_directory_client(f->app->directory, f->segments[0]);
    if (c == NULL) {
        (void)unknown(f);
    }
    return c;
}

enum jt_next jt_client_answer(struct jt_flow *f, unsigned status, struct jt_slice id)
{
    const struct jt_client *c = jt_directory_client(f->app->directory, id);
    if (c == NULL) {
        return unknown(f);
    }
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_view_client(&w, f, c, jt_admin_of(f)->secret);
    return jt_admin_answer(f, status, &b, c->version);
}

static enum jt_next create_respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? jt_client_answer(f, 201, jt_admin_of(f)->client.o.name)
                                  : jt_admin_refused(f, refusals);
}

static enum jt_next show(struct jt_flow *f)
{
    return jt_client_answer(f, 200, f->segments[0]);
}

static void view(struct jt_jw *w, struct jt_flow *f, const struct jt_object *o)
{
    jt_view_client(w, f, (const struct jt_client *)o, jt_slice(NULL, 0));
}

static enum jt_next list(struct jt_flow *f)
{
    return jt_admin_list(f, JT_LIST_CLIENTS, JT_OBJ_CLIENT, view);
}

static enum jt_next delete_submit(struct jt_flow *f)
{
    struct jt_event e = jt_flow_event(f, JT_EV_CLIENT_DELETED);
    e.client_id = f->segments[0];
    return jt_admin_version(f, false) ? jt_admin_change(f, jt_change_delete_client, &e) : JT_DONE;
}

static enum jt_next delete_respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_E_NOTFOUND, 404, "not_found", "client"},
        {JT_E_BUSY, 412, "changed", "the client was changed meanwhile: read it again"},
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? jt_admin_done(f) : jt_admin_refused(f, refusals);
}

const struct jt_step jt_client_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_client_show_steps[] = {{"allow", jt_admin_allow}, {"respond", show}};
const struct jt_step jt_client_create_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", create_parse},
    {"change", create_submit},
    {"respond", create_respond},
};
const struct jt_step jt_client_delete_steps[] = {
    {"allow", jt_admin_allow}, {"change", delete_submit}, {"respond", delete_respond}};
