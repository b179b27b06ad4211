/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation.c - POST /credentials/rotate: a client replaces its own credential.
 *
 * Whoever proves itself by a secret gets the next secret, or registers the public key that follows
 * it; by a key, registers the next key. The new one inherits label and networks; the one that asked
 * retires after the overlap, and cannot ask again: who finds an old secret gains nothing lasting.
 * The client's policy decides, at the moment of the change; change and event are on disk before
 * the answer.
 */
#include <stdio.h>

#include "../../core/base/num.h"
#include "../admin/admin.h"

#define OVERLAP_S INT64_C(86400)
#define OVERLAP_MIN_S INT64_C(3600)
#define OVERLAP_MAX_S (30 * INT64_C(86400))
#define HOUR_S INT64_C(3600)
#define ENDING_MAX 8u /* that retire, of one label: room is left for an administrator's */

static const struct jt_json_limits jwk_limits = {JT_HTTP_BODY_MAX, 3, 64};

static enum jt_next parse(struct jt_flow *f)
{
    enum jt_next n = jt_read_params(f);
    struct jt_admin *a = n == JT_NEXT ? jt_arena_alloc(&f->x->arena, sizeof *a) : NULL;
    f->rotating = true;
    f->admin = a;
    return n != JT_NEXT || a != NULL ? n : jt_fail(f, JT_R_INTERNAL);
}

static enum jt_next authenticate(struct jt_flow *f)
{
    return jt_client_authenticate(f);
}

static enum jt_next malformed(struct jt_flow *f, const char *detail)
{
    f->detail = jt_str(detail);
    return jt_deny(f, JT_R_ROTATION_REQUEST);
}

static bool read_overlap(const struct jt_flow *f, int64_t *out)
{
    struct jt_slice text = jt_form_get(&f->form, "overlap");
    uint64_t s = (uint64_t)OVERLAP_S;
    if (text.n > 0 &&
        (jt_parse_u64(text, (uint64_t)OVERLAP_MAX_S, &s) != JT_OK || s < (uint64_t)OVERLAP_MIN_S)) {
        return false;
    }
    *out = (int64_t)s;
    return true;
}

/* As an administrator would give it: {"jwk": …}. JT_E_SYNTAX: it is none, and why may be noted. */
static enum jt_err read_jwk(struct jt_flow *f, struct jt_slice text)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_json *doc = NULL;
    jt_buf_init(&b, JT_HTTP_BODY_MAX);
    jt_buf_puts(&b, "{\"jwk\":");
    jt_buf_put(&b, text);
    jt_buf_putc(&b, '}');
    if (!jt_buf_ok(&b)) {
        return text.n < JT_HTTP_BODY_MAX / 2 ? JT_E_NOMEM : JT_E_SYNTAX;
    }
    enum jt_err e = jt_json_parse(jt_buf_slice(&b), &jwk_limits, &doc);
    if (e != JT_OK) {
        return e == JT_E_NOMEM ? e : JT_E_SYNTAX;
    }
    jt_admin_of(f)->credential.kind = JT_CRED_JWK;
    bool ok = jt_jval_count(jt_json_root(doc)) == 1 && jt_credential_read_jwk(f, jt_json_root(doc));
    jt_json_free(&doc);
    return ok ? JT_OK : JT_E_SYNTAX;
}

static enum jt_next make(struct jt_flow *f)
{
    struct jt_slice jwk = jt_form_get(&f->form, "jwk");
    if (!jt_credential_begin(f) || !jt_credential_room(f)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (jwk.n == 0) {
        return jt_credential_make(f) ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
    }
    enum jt_err e = read_jwk(f, jwk);
    if (e != JT_E_SYNTAX) {
        return e == JT_OK ? JT_NEXT : jt_fail(f, JT_R_INTERNAL);
    }
    const struct jt_complaints *wrong = jt_admin_of(f)->wrong;
    return malformed(f, wrong != NULL && wrong->n > 0 ? wrong->v[0].detail
                                                      : "jwk is a public key as JSON (RFC 7517)");
}

/* What can be seen before the change; it looks again at all that may have changed. */
static enum jt_next prepare(struct jt_flow *f)
{
    const struct jt_client *c = jt_principal_client(f->auth.principal);
    const struct jt_credential *k = jt_principal_credential(f->auth.principal);
    f->auth.credential_id = k->id;
    f->segments[0] = c->o.name;
    if (c->rotation == JT_ROTATION_OFF) {
        return jt_deny(f, JT_R_ROTATION_OFF);
    }
    if (k->kind != JT_CRED_SECRET && k->kind != JT_CRED_JWK) {
        return jt_deny(f, JT_R_ROTATION_KIND);
    }
    if (!read_overlap(f, &jt_admin_of(f)->overlap_s)) {
        return malformed(f, "overlap is a number of seconds, from an hour to 30 days");
    }
    if (k->kind == JT_CRED_JWK && jt_form_get(&f->form, "jwk").n == 0) {
        return malformed(f, "who proves itself by a key sends the next public key as jwk");
    }
    return make(f);
}

/* What stands in the way of one more credential, after one of this label was replaced. */
static const char *too_soon(const struct jt_flow *f, const struct jt_client *c,
                            const struct jt_credential *k, int64_t now_s)
{
    struct jt_use use;
    size_t ending = 0;
    bool waits = false;
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *o = &c->credentials[i];
        bool same = jt_slice_eq(o->label, k->label);
        ending += same && o->state == JT_CRED_RETIRING && now_s < o->expires_s ? 1 : 0;
        waits = waits ||
                (same && o != k && o->parent != 0 && o->state == JT_CRED_ACTIVE &&
                 now_s - o->created_s < HOUR_S && !jt_usage_get(f->app->usage, o->number, &use));
    }
    return ending >= ENDING_MAX ? "eight credentials of this label are ending already"
           : ending > 0 && waits
               ? "the one that the client made within the hour has not been used yet"
               : NULL;
}

static enum jt_err refuse(struct jt_flow *f, enum jt_reason why, const char *detail)
{
    f->refusal = why;
    f->detail = detail == NULL ? jt_slice(NULL, 0) : jt_str(detail);
    return JT_E_CONFLICT;
}

/* The one that asked ends after the overlap, and never later than it would have. */
static void retire(struct jt_admin *a, const struct jt_client *c, struct jt_slice id, int64_t now_s)
{
    for (size_t i = 0; i + 1 < c->ncredentials; i++) {
        struct jt_credential *k = &a->credentials[i];
        if (jt_slice_eq(k->id, id)) {
            int64_t ends_s = jt_credential_ends(c, k);
            int64_t last_s = now_s + a->overlap_s;
            k->state = JT_CRED_RETIRING;
            k->expires_s = ends_s != 0 && ends_s < last_s ? ends_s : last_s;
            a->ending.expires_s = k->expires_s;
        }
    }
}

static enum jt_err join(struct jt_change *chg, struct jt_flow *f, struct jt_client *c)
{
    struct jt_admin *a = jt_admin_of(f);
    bool again = false;
    if (a->credential.kind == JT_CRED_JWK) {
        JT_TRY(jt_change_has_key(c, a->credential.material, &again));
    }
    if (again) { /* under another kid too: nothing would be replaced, or a leaked one come back */
        return refuse(f, JT_R_ROTATION_REQUEST, "the client has this key already, or had it");
    }
    enum jt_err e = jt_credential_join(chg, f, c);
    return e == JT_E_CONFLICT ? refuse(f, JT_R_ROTATION_TOO_SOON,
                                       "the client has as many credentials as there may be")
                              : e;
}

static enum jt_err change(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_client *old = NULL;
    int64_t now_s = jt_change_now_s(chg);
    JT_TRY(jt_change_client(chg, f, &old));
    const struct jt_credential *k = jt_client_credential(old, f->auth.credential_id);
    if (old->rotation == JT_ROTATION_OFF) {
        return refuse(f, JT_R_ROTATION_OFF, NULL);
    }
    if (k == NULL || k->state != JT_CRED_ACTIVE) {
        return refuse(f, JT_R_ROTATION_SUPERSEDED, NULL);
    }
    const char *why = too_soon(f, old, k, now_s);
    if (why != NULL) {
        return refuse(f, JT_R_ROTATION_TOO_SOON, why);
    }
    a->credential.parent = k->number;
    a->credential.label = k->label;
    a->credential.nets = k->nets;
    a->credential.nnets = k->nnets;
    a->credential.expires_s = k->expires_s != 0 ? now_s + (k->expires_s - k->created_s) : 0;
    struct jt_client c = *old;
    JT_TRY(join(chg, f, &c));
    retire(a, &c, f->auth.credential_id, now_s);
    return jt_change_put_client(chg, &c);
}

static enum jt_next submit(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_credential *k = jt_principal_credential(f->auth.principal);
    (void)snprintf(a->words, sizeof a->words,
                   "by the client itself; label \"%.*s\"; ends after %lld s: %.*s",
                   JT_FMT(k->label), (long long)a->overlap_s, JT_FMT(k->id));
    f->job.event = jt_flow_event(f, JT_EV_CREDENTIAL_ROTATED);
    f->job.event.client_id = f->segments[0];
    f->job.event.credential_id = a->credential.id;
    f->job.event.detail = jt_str(a->words);
    f->job.change = change;
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}

static enum jt_next refused(struct jt_flow *f)
{
    if (f->job.result != JT_E_CONFLICT) { /* the client is gone, or there was no memory */
        return jt_fail(f, f->job.result == JT_E_NOTFOUND ? JT_R_BUSY : JT_R_INTERNAL);
    }
    f->wait_s = HOUR_S;
    return jt_deny(f, f->refusal);
}

static void write_ends(struct jt_jw *w, const char *name, const char *in, int64_t ends_s,
                       int64_t now_s)
{
    if (ends_s != 0) {
        jt_view_time(w, name, ends_s);
        jt_jw_kint(w, in, ends_s > now_s ? ends_s - now_s : 0);
    }
}

static enum jt_next respond(struct jt_flow *f)
{
    const struct jt_admin *a = jt_admin_of(f);
    struct jt_buf *body = &f->local->text;
    if (f->job.result != JT_OK) {
        return refused(f);
    }
    int64_t now_s = f->now_us / 1000000;
    const struct jt_credential k = a->credential;
    int64_t ends_s = jt_credential_ends(jt_principal_client(f->auth.principal), &k);
    jt_buf_reset(body);
    struct jt_jw w = jt_jw(body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "client_id", f->segments[0]);
    jt_jw_kstr(&w, "credential_id", k.id);
    jt_jw_kstr(&w, "kind", jt_str(jt_credential_kind_word(k.kind)));
    if (a->secret.n > 0) {
        jt_jw_kstr(&w, "client_secret", a->secret);
    }
    if (k.label.n > 0) {
        jt_jw_kstr(&w, "label", k.label);
    }
    write_ends(&w, "expires", "credential_expires_in", ends_s, now_s);
    jt_jw_kstr(&w, "previous_credential_id", f->auth.credential_id);
    write_ends(&w, "previous_expires_at", "previous_expires_in", a->ending.expires_s, now_s);
    jt_jw_end_obj(&w);
    const struct jt_answer answer = {.status = 201,
                                     .content_type = "application/json",
                                     .body = jt_buf_slice(body),
                                     .cache = "no-store",
                                     .pragma = "no-cache"};
    enum jt_next n = jt_buf_ok(body) ? jt_answer(f, &answer) : jt_fail(f, JT_R_INTERNAL);
    explicit_bzero(body->p, body->n);
    return n;
}

const struct jt_step jt_rotation_steps[] = {
    {"parse", parse},     {"authenticate", authenticate},
    {"prepare", prepare}, {"keep", jt_client_keep},
    {"change", submit}, /* parks until it is on disk */
    {"respond", respond},
};
