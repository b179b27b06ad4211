/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotate.c - POST /admin/v1/clients/{id}/credentials/rotate: a new credential, and an end for those
 * of the same kind and label that it replaces. They stay good for the overlap, or end at once with
 * their tokens; then those end too that the client itself made by one of them, whoever that was.
 */
#include <stdio.h>

#include "admin.h"

#define OVERLAP_S ((int64_t)86400)
#define OVERLAP_MAX_S ((int64_t)366 * 86400)

static bool read_overlap(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_jval *v = jt_jobj_get(root, "overlap");
    if (!jt_admin_read_bool(f, root, "now", &a->at_once)) {
        return false;
    }
    if (v != NULL && a->at_once) {
        return jt_admin_bad(f, "/overlap", "overlap and now exclude each other");
    }
    a->overlap_s = OVERLAP_S;
    return v == NULL ||
           (jt_jval_int(v, &a->overlap_s) && a->overlap_s >= 0 && a->overlap_s <= OVERLAP_MAX_S) ||
           jt_admin_bad(f, "/overlap", "overlap is a number of seconds from 0 to %lld",
                        (long long)OVERLAP_MAX_S);
}

static bool read_members(struct jt_flow *f, const struct jt_jval *root)
{
    static const char *const names[] = {"kind",    "label",    "overlap", "now",
                                        "expires", "networks", NULL};
    struct jt_admin *a = jt_admin_of(f);
    struct jt_credential *k = &a->credential;
    bool nets = false;
    if (!jt_credential_known(f, root, names) || !read_overlap(f, root) || !jt_credential_begin(f) ||
        !jt_credential_read_kind(f, root, false) || !jt_credential_read_ends(f, root) ||
        !jt_admin_read_nets(f, root, &k->nnets, &k->nets, &nets)) {
        return false;
    }
    a->given |= (nets ? (unsigned)JT_GAVE_NETWORKS : 0u) |
                (jt_jobj_get(root, "label") != NULL ? (unsigned)JT_GAVE_LABEL : 0u) |
                (jt_jobj_get(root, "expires") != NULL ? (unsigned)JT_GAVE_EXPIRES : 0u);
    return true;
}

/* Nothing has to be given, so there may be no body at all. */
static enum jt_next parse(struct jt_flow *f)
{
    struct jt_json *doc = NULL;
    if (f->x->body.n > 0 && (doc = jt_admin_body(f, JT_CONTENT_JSON)) == NULL) {
        return JT_DONE;
    }
    bool ok = read_members(f, doc == NULL ? NULL : jt_json_root(doc));
    jt_json_free(&doc);
    if (!ok) {
        return jt_admin_invalid(f, "credential_invalid");
    }
    return jt_credential_room(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
}

/* In use, and of the kind that is replaced: a secret never ends a key. */
static bool stands(const struct jt_admin *a, const struct jt_credential *k, int64_t now_s)
{
    return k->kind == a->credential.kind && jt_credential_stands(k, now_s);
}

/* What has been replaced and is still good, when that is to end as well. */
static bool lingers(const struct jt_admin *a, const struct jt_credential *k, int64_t now_s)
{
    return a->at_once && k->kind == a->credential.kind && k->state == JT_CRED_RETIRING &&
           (k->expires_s == 0 || now_s < k->expires_s);
}

static bool label_before(const struct jt_admin *a, const struct jt_client *c, size_t i,
                         int64_t now_s)
{
    for (size_t k = 0; k < i; k++) {
        const struct jt_credential *o = &c->credentials[k];
        if ((stands(a, o, now_s) || lingers(a, o, now_s)) &&
            jt_slice_eq(o->label, c->credentials[i].label)) {
            return true;
        }
    }
    return false;
}

/* None was named: the only one there is among those in use. */
static enum jt_err choose_label(struct jt_admin *a, const struct jt_client *c, int64_t now_s)
{
    JT_AUTO(jt_buf_free) struct jt_buf all;
    size_t n = 0;
    jt_buf_init(&all, 256);
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *o = &c->credentials[i];
        struct jt_slice label = o->label;
        if ((!stands(a, o, now_s) && !lingers(a, o, now_s)) || label_before(a, c, i, now_s)) {
            continue;
        }
        a->credential.label = label;
        jt_buf_puts(&all, n++ == 0 ? "" : ", ");
        jt_buf_put(&all, label.n > 0 ? label : JT_LIT("\"\" (none)"));
    }
    if (n == 1) {
        return JT_OK;
    }
    return n == 0 ? jt_admin_refuse(a, 409, "label",
                                    "no credential of kind %s of the client is in use: name a "
                                    "label, or add a credential",
                                    jt_credential_kind_word(a->credential.kind))
                  : jt_admin_refuse(a, 409, "label",
                                    "its credentials of kind %s have several labels, so name one: "
                                    "%.*s",
                                    jt_credential_kind_word(a->credential.kind), (int)all.n,
                                    (const char *)all.p);
}

static bool is_family(const struct jt_admin *a, const struct jt_credential *k)
{
    return k->kind == a->credential.kind && jt_slice_eq(k->label, a->credential.label);
}

static bool made_by_one(const struct jt_admin *a, size_t n, uint32_t family, uint32_t parent)
{
    for (size_t i = 0; parent != 0 && i < n; i++) {
        if ((family >> i & 1u) != 0 && a->credentials[i].number == parent) {
            return true;
        }
    }
    return false;
}

/* Bits of those of this kind and label, over or not, and of all that was made by one of them: who
 * had one of them may have made any of these. */
static uint32_t family_of(const struct jt_admin *a, size_t n)
{
    uint32_t family = 0;
    for (size_t i = 0; i < n; i++) { /* who made it stands before what was made */
        const struct jt_credential *k = &a->credentials[i];
        bool in = is_family(a, k) || made_by_one(a, n, family, k->parent);
        family |= in ? 1u << i : 0u;
    }
    return family;
}

static void end_at_once(struct jt_admin *a, size_t n, int64_t now_s)
{
    uint32_t family = family_of(a, n);
    for (size_t i = 0; i < n; i++) {
        struct jt_credential *k = &a->credentials[i];
        if ((family >> i & 1u) != 0 && k->state != JT_CRED_REVOKED &&
            (k->expires_s == 0 || now_s < k->expires_s)) {
            a->replaced |= 1u << i;
            jt_credential_end(k, now_s);
        }
    }
}

/* One was named: it has to be known, over or not, because a typing error would end nothing. */
static enum jt_err check_label(struct jt_admin *a, const struct jt_client *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, 8192);
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *k = &c->credentials[i];
        if (k->kind != a->credential.kind) {
            continue;
        }
        if (jt_slice_eq(k->label, a->credential.label)) {
            return JT_OK;
        }
        jt_buf_puts(&all, all.n == 0 ? "" : ", ");
        jt_buf_put(&all, k->label.n > 0 ? k->label : JT_LIT("\"\" (none)"));
    }
    int n = all.n < 200 ? (int)all.n : 200;
    return jt_admin_refuse(a, 409, "label",
                           "the client has no credential of kind %s with this label, so nothing "
                           "would end; its labels are: %.*s. For a new label, add a credential",
                           jt_credential_kind_word(a->credential.kind), n > 0 ? n : 4,
                           n > 0 ? (const char *)all.p : "none");
}

/* Those that the new one replaces, as they will be. */
static void end_others(struct jt_admin *a, size_t n, int64_t now_s)
{
    int64_t last_s = now_s + a->overlap_s;
    if (a->at_once) {
        end_at_once(a, n, now_s);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct jt_credential *k = &a->credentials[i];
        if (stands(a, k, now_s) && is_family(a, k)) {
            a->replaced |= 1u << i;
            k->state = JT_CRED_RETIRING;
            k->expires_s = k->expires_s != 0 && k->expires_s < last_s ? k->expires_s : last_s;
        }
    }
}

/* May be used from where the newest of those that it replaces may, and as long as that one. */
static void inherit(struct jt_admin *a, const struct jt_client *c, int64_t now_s)
{
    for (size_t i = c->ncredentials; i > 0; i--) {
        const struct jt_credential *k = &c->credentials[i - 1];
        if ((stands(a, k, now_s) || lingers(a, k, now_s)) && is_family(a, k)) {
            if ((a->given & JT_GAVE_NETWORKS) == 0) {
                a->credential.nnets = k->nnets;
                a->credential.nets = k->nets;
            }
            if ((a->given & JT_GAVE_EXPIRES) == 0 && k->expires_s != 0) {
                a->credential.expires_s = now_s + (k->expires_s - k->created_s);
            }
            return;
        }
    }
}

static void tell(struct jt_flow *f, size_t n)
{
    struct jt_admin *a = jt_admin_of(f);
    JT_AUTO(jt_buf_free) struct jt_buf ids;
    jt_buf_init(&ids, 512);
    for (size_t i = 0; i < n; i++) {
        if ((a->replaced >> i & 1u) != 0) {
            jt_buf_puts(&ids, ids.n == 0 ? "" : " ");
            jt_buf_put(&ids, a->credentials[i].id);
        }
    }
    char how[64] = "at once";
    if (!a->at_once) {
        (void)snprintf(how, sizeof how, "after %lld s", (long long)a->overlap_s);
    }
    jt_admin_say(f, "kind %s, label \"%.*s\"; ends %s: %.*s",
                 jt_credential_kind_word(a->credential.kind), JT_FMT(a->credential.label), how,
                 ids.n > 0 ? (int)ids.n : 4, ids.n > 0 ? (const char *)ids.p : "none");
}

static enum jt_err change(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    int64_t now_s = jt_change_now_s(chg);
    JT_TRY(jt_change_client(chg, f, &old));
    JT_TRY((a->given & JT_GAVE_LABEL) == 0 ? choose_label(a, old, now_s) : check_label(a, old));
    inherit(a, old, now_s);
    JT_TRY(jt_change_no_twin(old, a));
    struct jt_client c = *old;
    JT_TRY(jt_credential_join(chg, f, &c));
    end_others(a, c.ncredentials - 1, now_s);
    tell(f, c.ncredentials - 1);
    return jt_change_put_client(chg, &c);
}

static enum jt_next submit(struct jt_flow *f)
{
    struct jt_event e = jt_flow_event(f, JT_EV_CREDENTIAL_ROTATED);
    e.client_id = f->segments[0];
    e.credential_id = jt_admin_of(f)->credential.id;
    return jt_admin_change(f, change, &e);
}

static void write_replaced(struct jt_jw *w, struct jt_flow *f)
{
    const struct jt_admin *a = jt_admin_of(f);
    jt_jw_key(w, "replaced");
    jt_jw_arr(w);
    for (size_t i = 0; i < JT_CREDENTIALS_MAX; i++) {
        const struct jt_credential *k = &a->credentials[i];
        if ((a->replaced >> i & 1u) == 0) {
            continue;
        }
        jt_jw_obj(w);
        jt_jw_kstr(w, "credential_id", k->id);
        jt_jw_kstr(w, "state", jt_str(jt_credential_state(k, jt_wall_s(f->app->clock))));
        jt_view_time(w, "expires", k->expires_s);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
}

static enum jt_next respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_E_NOTFOUND, 404, "not_found", "client"},
        {JT_OK, 0, NULL, NULL},
    };
    const struct jt_admin *a = jt_admin_of(f);
    if (f->job.result != JT_OK) {
        return jt_admin_refused(f, refusals);
    }
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "client_id", f->segments[0]);
    jt_jw_kstr(&w, "credential_id", a->credential.id);
    jt_jw_kstr(&w, "kind", jt_str(jt_credential_kind_word(a->credential.kind)));
    if (a->secret.n > 0) {
        jt_jw_kstr(&w, "client_secret", a->secret);
    }
    jt_jw_kstr(&w, "label", a->credential.label);
    if (jt_credential_is_foreign(&a->credential, f->app->environment)) {
        jt_jw_kstr(&w, "refused_in", f->app->environment);
    }
    write_replaced(&w, f);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 201, &b, 0);
}

const struct jt_step jt_credential_rotate_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", parse},
    {"change", submit},
    {"respond", respond},
};
