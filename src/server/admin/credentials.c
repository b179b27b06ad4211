/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.c - /admin/v1/clients/{id}/credentials: listed, added, revoked.
 */
#include "admin.h"

/* Refusals that all changes of credentials share. */
static const struct jt_outcome refusals[] = {
    {JT_E_NOTFOUND, 404, "not_found", "client"},
    {JT_OK, 0, NULL, NULL},
};

static enum jt_next list(struct jt_flow *f)
{
    const struct jt_client *c = jt_client_of(f);
    struct jt_buf b;
    if (c == NULL) {
        return JT_DONE;
    }
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_view_credentials(&w, f, "items", c);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

static int clipped(struct jt_slice name)
{
    return (int)(name.n < 100 ? name.n : 100);
}

static enum jt_err no_credential(struct jt_flow *f, struct jt_slice id)
{
    return jt_admin_refuse(jt_admin_of(f), 404, "not_found", "client %.*s has no credential %.*s",
                           clipped(f->segments[0]), (const char *)f->segments[0].p, clipped(id),
                           (const char *)id.p);
}

/* What the client made by it, and still stands: whoever had it may have made that. */
static void write_made(struct jt_jw *w, struct jt_flow *f, const struct jt_client *c,
                       const struct jt_credential *k)
{
    int64_t now_s = jt_wall_s(f->app->clock);
    if (k->state != JT_CRED_REVOKED) {
        return;
    }
    jt_jw_key(w, "made");
    jt_jw_arr(w);
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *o = &c->credentials[i];
        if (o->parent == k->number && o->state != JT_CRED_REVOKED &&
            (o->expires_s == 0 || now_s < o->expires_s)) {
            jt_jw_str(w, o->id);
        }
    }
    jt_jw_end_arr(w);
}

/* made: with what belongs to one that is new. */
static enum jt_next answer(struct jt_flow *f, unsigned status, struct jt_slice id, bool made)
{
    const struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *c = jt_directory_client(f->app->directory, f->segments[0]);
    const struct jt_credential *k = jt_client_credential(c, id);
    struct jt_buf b;
    if (k == NULL) {
        (void)no_credential(f, id); /* gone since the change */
        return jt_admin_refused(f, refusals);
    }
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    if (made) {
        jt_jw_kstr(&w, "client_id", c->o.name);
    }
    if (a->secret.n > 0) {
        jt_jw_kstr(&w, "client_secret", a->secret);
    }
    jt_view_credential(&w, f, c, k);
    write_made(&w, f, c, k);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, status, &b, 0);
}

static enum jt_next add_parse(struct jt_flow *f)
{
    static const char *const names[] = {"kind", "label", "not_before", "expires", "networks", NULL};
    struct jt_credential *k = &jt_admin_of(f)->credential;
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    bool given = false;
    if (doc == NULL) {
        return JT_DONE;
    }
    const struct jt_jval *root = jt_json_root(doc);
    bool ok = jt_credential_known(f, root, names) && jt_credential_begin(f) &&
              jt_credential_read_kind(f, root, true) && jt_credential_read_ends(f, root) &&
              jt_admin_read_nets(f, root, &k->nnets, &k->nets, &given);
    jt_json_free(&doc);
    if (!ok) {
        return jt_admin_invalid(f, "credential_invalid");
    }
    return jt_credential_room(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_err change_add(struct jt_change *chg, void *flow)
{
    const struct jt_client *old = NULL;
    JT_TRY(jt_change_client(chg, flow, &old));
    struct jt_client c = *old;
    JT_TRY(jt_change_no_twin(old, jt_admin_of(flow)));
    JT_TRY(jt_credential_join(chg, flow, &c));
    return jt_change_put_client(chg, &c);
}

static enum jt_next submit(struct jt_flow *f, enum jt_event_type type, struct jt_slice id,
                           jt_change_fn fn)
{
    struct jt_event e = jt_flow_event(f, type);
    e.client_id = f->segments[0];
    e.credential_id = id;
    return jt_admin_change(f, fn, &e);
}

static enum jt_next add_submit(struct jt_flow *f)
{
    const struct jt_credential *k = &jt_admin_of(f)->credential;
    jt_admin_say(f, "kind %s%s%s%.*s", jt_credential_kind_word(k->kind), jt_credential_origin(f),
                 k->label.n > 0 ? ", label " : "", JT_FMT(k->label));
    return submit(f, JT_EV_CREDENTIAL_ADDED, k->id, change_add);
}

static enum jt_next add_respond(struct jt_flow *f)
{
    return f->job.result == JT_OK ? answer(f, 201, jt_admin_of(f)->credential.id, true)
                                  : jt_admin_refused(f, refusals);
}

static enum jt_err change_revoke(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    JT_TRY(jt_change_client(chg, f, &old));
    const struct jt_credential *k = jt_client_credential(old, f->segments[1]);
    if (k == NULL) {
        return no_credential(f, f->segments[1]);
    }
    if (k->state == JT_CRED_REVOKED) {
        return jt_change_nothing(f);
    }
    if (old->ncredentials > JT_CREDENTIALS_MAX) {
        return JT_E_LIMIT;
    }
    struct jt_client c = *old;
    memcpy(a->credentials, old->credentials, old->ncredentials * sizeof *old->credentials);
    jt_credential_end(&a->credentials[k - old->credentials], jt_change_now_s(chg));
    c.credentials = a->credentials;
    if (k->label.n > 0) {
        jt_admin_say(f, "label %.*s", JT_FMT(k->label));
    }
    return jt_change_put_client(chg, &c);
}

static enum jt_next revoke_submit(struct jt_flow *f)
{
    return jt_credential_room(f)
               ? submit(f, JT_EV_CREDENTIAL_REVOKED, f->segments[1], change_revoke)
               : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next revoke_respond(struct jt_flow *f)
{
    return f->job.result == JT_OK ? answer(f, 200, f->segments[1], false)
                                  : jt_admin_refused(f, refusals);
}

const struct jt_step jt_credential_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_credential_add_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", add_parse},
    {"change", add_submit},
    {"respond", add_respond},
};
const struct jt_step jt_credential_revoke_steps[] = {
    {"allow", jt_admin_allow}, {"change", revoke_submit}, {"respond", revoke_respond}};
