/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - /admin/v1/keys: what signs, what will, and how it ends (flow/keylife.h).
 *
 * A key is made by the reading thread before the change that puts it: RSA takes too long for an
 * event loop, and for the store thread too.
 */
#include <stdlib.h>

#include "../../core/jose/jwk.h"
#include "admin.h"

#define KEY_TEXT_MAX (16u << 10)
#define KEYS_MAX 256u /* as many as there can be: flow/keylife.c */
#define CHANGED "the keys were changed meanwhile: ask again"

static const char *state_name(enum jt_key_state s)
{
    switch (s) {
    case JT_KEYSTATE_PUBLISHED:
        return "published";
    case JT_KEYSTATE_ACTIVE:
        return "active";
    case JT_KEYSTATE_RETIRING:
        return "retiring";
    case JT_KEYSTATE_REVOKED:
        return "revoked";
    case JT_KEYSTATE_NONE:
    case JT_KEYSTATE_RETIRED:
        break;
    }
    return "removed";
}

/* Its members, without the end of the object. */
static void view_open(struct jt_jw *w, const struct jt_signing_key *k)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "kid", k->o.name);
    jt_jw_kstr(w, "alg", jt_str(jt_alg_name(k->alg)));
    jt_jw_kstr(w, "state", jt_str(state_name(k->state)));
    jt_view_time(w, "created", k->created_s);
    if (k->state == JT_KEYSTATE_PUBLISHED || k->state == JT_KEYSTATE_ACTIVE) {
        jt_view_time(w, "signs_from", k->signs_s);
    }
    if (k->until_s > 0 && k->state != JT_KEYSTATE_REVOKED) { /* that one left the set at once */
        jt_view_time(w, "published_until", k->until_s);
    }
}

static void view(struct jt_jw *w, const struct jt_signing_key *k)
{
    view_open(w, k);
    jt_jw_end_obj(w);
}

/* The oldest first; of the same second, by name. */
static int by_age(const void *a, const void *b)
{
    const struct jt_signing_key *x = *(const struct jt_signing_key *const *)a;
    const struct jt_signing_key *y = *(const struct jt_signing_key *const *)b;
    if (x->created_s != y->created_s) {
        return x->created_s < y->created_s ? -1 : 1;
    }
    return jt_slice_cmp(x->o.name, y->o.name);
}

/* There are few keys, so they can be sorted; the cursor counts those before. */
static enum jt_next list(struct jt_flow *f)
{
    const struct jt_object **all = jt_arena_array(&f->x->arena, KEYS_MAX, sizeof *all);
    uint64_t place = 0;
    size_t limit = 0;
    uint64_t from = 0;
    if (all == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (!jt_admin_page(f, JT_LIST_KEYS, &limit, &from)) {
        return JT_DONE;
    }
    size_t n = jt_directory_page(f->app->directory, JT_OBJ_SIGNING_KEY, &place, all, KEYS_MAX);
    qsort(all, n, sizeof *all, by_age);
    struct jt_buf b;
    jt_buf_init(&b, JT_ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_key(&w, "items");
    jt_jw_arr(&w);
    size_t end = from + limit < n ? from + limit : n;
    for (size_t i = from; i < end; i++) {
        view(&w, (const struct jt_signing_key *)all[i]);
    }
    jt_jw_end_arr(&w);
    if (end < n) {
        jt_admin_next(&w, f, f->local->crypt, JT_LIST_KEYS, end);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

/* The public key, in both forms. */
static enum jt_err view_public(struct jt_jw *w, const struct jt_signing_key *k)
{
    JT_AUTO(jt_buf_free) struct jt_buf pem;
    jt_buf_init(&pem, KEY_TEXT_MAX);
    JT_TRY(jt_pkey_public_pem(k->pkey, &pem));
    jt_jw_key(w, "jwk");
    JT_TRY(jt_jwk_write(w, k->pkey, k->alg, k->o.name));
    jt_jw_kstr(w, "pem", jt_buf_slice(&pem));
    return jt_buf_ok(&pem) ? JT_OK : JT_E_NOMEM;
}

static enum jt_next no_key(struct jt_flow *f)
{
    return jt_problem_unknown(f, "signing key", f->segments[0]);
}

static enum jt_next show(struct jt_flow *f)
{
    const struct jt_signing_key *k = jt_directory_key(f->app->directory, f->segments[0]);
    if (k == NULL) {
        return no_key(f);
    }
    struct jt_buf b;
    jt_buf_init(&b, KEY_TEXT_MAX);
    struct jt_jw w = jt_jw(&b);
    view_open(&w, k);
    if (k->pkey != NULL && view_public(&w, k) != JT_OK) { /* a revoked one has none */
        jt_buf_free(&b);
        return jt_fail(f, JT_R_INTERNAL);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

static void release(struct jt_flow *f)
{
    struct jt_keyorder *o = &jt_admin_of(f)->order;
    if (o->fresh != NULL) {
        jt_object_free(&o->fresh->o);
        o->fresh = NULL;
    }
}

static void make_key(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    struct jt_flow *f = r->job.ctx;
    struct jt_admin *a = jt_admin_of(f);
    a->result = jt_signing_key_make(crypt, f->app->keyring, a->order.alg, jt_wall_s(f->app->clock),
                                    &a->order.fresh);
}

enum jt_next jt_admin_make_key(struct jt_flow *f, enum jt_alg alg)
{
    struct jt_admin *a = jt_admin_of(f);
    a->order.alg = alg;
    a->read.run = make_key;
    f->release = release;
    return jt_flow_read(f, &a->read);
}

static enum jt_next rotate_parse(struct jt_flow *f)
{
    static const char *const known[] = {"alg", NULL};
    struct jt_slice name = {0};
    enum jt_alg alg = JT_ALG_NONE;
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    const struct jt_jval *root = jt_json_root(doc);
    bool ok = jt_admin_known(f, root, "", known);
    if (jt_jval_str(jt_jobj_get(root, "alg"), &name)) {
        alg = jt_alg_from_name(name);
    }
    jt_json_free(&doc);
    if (ok && alg == JT_ALG_NONE) {
        ok = jt_admin_bad(f, "/alg", "alg is RS256, PS256, ES256 or EdDSA");
    }
    if (!ok) {
        return jt_admin_invalid(f, "alg");
    }
    return jt_admin_make_key(f, alg);
}

/* The event is written after the change, so it can tell which keys it was about. */
static void tell(struct jt_flow *f)
{
    jt_admin_say(f, "%s", jt_admin_of(f)->order.said);
}

static enum jt_err rotate_change(struct jt_change *chg, void *flow)
{
    JT_TRY(jt_keylife_add(chg, &jt_admin_of(flow)->order));
    tell(flow);
    return JT_OK;
}

static enum jt_err retire_change(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_keyorder *o = &jt_admin_of(f)->order;
    const struct jt_object *k = jt_change_find(chg, JT_OBJ_SIGNING_KEY, o->kid);
    if (k != NULL && ((const struct jt_signing_key *)k)->state == JT_KEYSTATE_PUBLISHED) {
        f->job.event.type = JT_EV_KEY_RETIRED; /* it leaves at once */
    }
    JT_TRY(jt_keylife_retire(chg, o));
    tell(f);
    return JT_OK;
}

static enum jt_err revoke_change(struct jt_change *chg, void *flow)
{
    JT_TRY(jt_keylife_revoke(chg, &jt_admin_of(flow)->order));
    tell(flow);
    return JT_OK;
}

static enum jt_next submit(struct jt_flow *f, enum jt_event_type type, jt_change_fn fn)
{
    const struct jt_event e = jt_flow_event(f, type);
    if (jt_admin_of(f)->result != JT_OK) {
        return jt_problem(f, 503, "internal", "a signing key could not be made");
    }
    return jt_admin_change(f, fn, &e);
}

static enum jt_next rotate_submit(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->order.publish_wait_s = f->settings->publish_wait_s;
    if (a->order.fresh != NULL &&
        !jt_arena_copy(&f->x->arena, a->order.fresh->o.name, &a->order.kid)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    return submit(f, JT_EV_KEY_CREATED, rotate_change);
}

static enum jt_next rotate_respond(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_outcome refusals[] = {
        {JT_E_LIMIT, 409, "waiting", a->order.refused},
        {JT_OK, 0, NULL, NULL},
    };
    const struct jt_signing_key *k = jt_directory_key(f->app->directory, a->order.kid);
    if (f->job.result != JT_OK) {
        return jt_admin_refused(f, refusals);
    }
    if (k == NULL) { /* revoked or retired, and gone, before this answer */
        return jt_problem(f, 409, "changed", CHANGED);
    }
    struct jt_buf b;
    jt_buf_init(&b, KEY_TEXT_MAX);
    struct jt_jw w = jt_jw(&b);
    view(&w, k);
    return jt_admin_answer(f, 201, &b, 0);
}

static enum jt_next named_parse(struct jt_flow *f)
{
    if (!jt_admin_no_body(f)) {
        return JT_DONE;
    }
    jt_admin_of(f)->order.kid = f->segments[0];
    return JT_NEXT;
}

static enum jt_next retire_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_KEY_RETIRING, retire_change);
}

/* The key that signs needs another one in its place. */
static enum jt_next revoke_prepare(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_signing_key *k = jt_directory_key(f->app->directory, a->order.kid);
    if (k == NULL || k->state != JT_KEYSTATE_ACTIVE ||
        jt_keylife_next(f->app->directory, k->alg) != NULL) {
        return JT_NEXT;
    }
    return jt_admin_make_key(f, k->alg);
}

static enum jt_next revoke_submit(struct jt_flow *f)
{
    return submit(f, JT_EV_KEY_REVOKED, revoke_change);
}

/* What became of the key, and which one signs now. */
static enum jt_next named_answer(struct jt_flow *f)
{
    const struct jt_keyorder *o = &jt_admin_of(f)->order;
    const struct jt_signing_key *k = jt_directory_key(f->app->directory, o->kid);
    const struct jt_signing_key *next = jt_keylife_active(f->app->directory, o->alg);
    struct jt_buf b;
    jt_buf_init(&b, KEY_TEXT_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "kid", o->kid);
    jt_jw_kstr(&w, "state", jt_str(state_name(k == NULL ? JT_KEYSTATE_NONE : k->state)));
    if (next != NULL) {
        jt_jw_kstr(&w, "next", next->o.name);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

static enum jt_next retire_respond(struct jt_flow *f)
{
    const struct jt_outcome refusals[] = {
        {JT_E_CONFLICT, 409, "key_needed", jt_admin_of(f)->order.refused},
        {JT_E_NOTFOUND, 404, "not_found", "signing key"},
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? named_answer(f) : jt_admin_refused(f, refusals);
}

static enum jt_next revoke_respond(struct jt_flow *f)
{
    const struct jt_outcome refusals[] = {
        {JT_E_CONFLICT, 409, "revoked", jt_admin_of(f)->order.refused},
        {JT_E_NOTFOUND, 404, "not_found", "signing key"},
        {JT_E_BUSY, 503, "busy", CHANGED},
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? named_answer(f) : jt_admin_refused(f, refusals);
}

const struct jt_step jt_key_list_steps[] = {{"allow", jt_admin_allow}, {"respond", list}};
const struct jt_step jt_key_show_steps[] = {{"allow", jt_admin_allow}, {"respond", show}};
const struct jt_step jt_key_rotate_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", rotate_parse}, /* parks while the key is made */
    {"change", rotate_submit},
    {"respond", rotate_respond},
};
const struct jt_step jt_key_retire_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", named_parse},
    {"change", retire_submit},
    {"respond", retire_respond},
};
const struct jt_step jt_key_revoke_steps[] = {
    {"allow", jt_admin_allow}, {"parse", named_parse},      {"key", revoke_prepare},
    {"change", revoke_submit}, {"respond", revoke_respond},
};
