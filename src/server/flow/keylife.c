/* SPDX-License-Identifier: Apache-2.0 */
#include "keylife.h"

#include <stdio.h>

#define ALL_MAX 256u
#define SKEW_S 60 /* clocks of others */

struct all {
    size_t n;
    const struct jt_object *v[ALL_MAX];
};

static const struct jt_signing_key *at(const struct all *a, size_t i)
{
    return (const struct jt_signing_key *)a->v[i];
}

static void page(const struct jt_directory *d, struct all *out)
{
    uint64_t cursor = 0;
    out->n = jt_directory_page(d, JT_OBJ_SIGNING_KEY, &cursor, out->v, ALL_MAX);
}

static bool take(void *ctx, const struct jt_object *o)
{
    struct all *a = ctx;
    if (a->n < ALL_MAX) {
        a->v[a->n++] = o;
    }
    return a->n < ALL_MAX;
}

/* As they are after the earlier changes of this batch. */
static void gather(struct jt_change *chg, struct all *out)
{
    out->n = 0;
    jt_change_each(chg, JT_OBJ_SIGNING_KEY, take, out);
}

static const struct jt_signing_key *active_of(const struct all *a, enum jt_alg alg)
{
    for (size_t i = 0; i < a->n; i++) {
        if (at(a, i)->alg == alg && at(a, i)->state == JT_KEYSTATE_ACTIVE) {
            return at(a, i);
        }
    }
    return NULL;
}

/* The waiting key that signs first. */
static const struct jt_signing_key *next_of(const struct all *a, enum jt_alg alg)
{
    const struct jt_signing_key *best = NULL;
    for (size_t i = 0; i < a->n; i++) {
        const struct jt_signing_key *k = at(a, i);
        if (k->alg == alg && k->state == JT_KEYSTATE_PUBLISHED &&
            (best == NULL || k->signs_s < best->signs_s)) {
            best = k;
        }
    }
    return best;
}

const struct jt_signing_key *jt_keylife_next(const struct jt_directory *d, enum jt_alg alg)
{
    struct all a;
    page(d, &a);
    return next_of(&a, alg);
}

const struct jt_signing_key *jt_keylife_active(const struct jt_directory *d, enum jt_alg alg)
{
    struct all a;
    page(d, &a);
    return active_of(&a, alg);
}

/* A copy with its private key, changed by the caller. */
static enum jt_err put(struct jt_change *chg, const struct jt_signing_key *k)
{
    struct jt_signing_key *copy = jt_signing_key_dup(k);
    if (copy == NULL) {
        return JT_E_NOMEM;
    }
    copy->pkey = k->pkey == NULL ? NULL : jt_pkey_ref(k->pkey);
    enum jt_err e =
        k->pkey != NULL && copy->pkey == NULL ? JT_E_NOMEM : jt_change_put(chg, &copy->o);
    if (e != JT_OK) {
        jt_object_free(&copy->o);
    }
    return e;
}

static enum jt_err retire_active(struct jt_change *chg, const struct jt_signing_key *k,
                                 int64_t longest_s)
{
    struct jt_signing_key r = *k;
    int64_t life = k->longest_s > longest_s ? k->longest_s : longest_s;
    r.state = JT_KEYSTATE_RETIRING;
    r.until_s = jt_change_now_s(chg) + life + SKEW_S;
    return put(chg, &r);
}

static enum jt_err activate(struct jt_change *chg, const struct jt_signing_key *k,
                            int64_t longest_s)
{
    struct jt_signing_key r = *k;
    r.state = JT_KEYSTATE_ACTIVE;
    r.signs_s = jt_change_now_s(chg);
    r.longest_s = longest_s;
    return put(chg, &r);
}

/* fresh belongs to the change from now on. */
static enum jt_err put_fresh(struct jt_change *chg, struct jt_keyorder *o)
{
    JT_TRY(jt_change_put(chg, &o->fresh->o));
    o->fresh = NULL;
    return JT_OK;
}

enum jt_err jt_keylife_add(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    size_t waiting = 0;
    gather(chg, &a);
    const struct jt_signing_key *now = active_of(&a, o->alg);
    for (size_t i = 0; i < a.n; i++) {
        waiting += at(&a, i)->alg == o->alg && at(&a, i)->state == JT_KEYSTATE_PUBLISHED ? 1 : 0;
    }
    if (waiting >= JT_KEYS_WAITING_MAX || a.n + 1 >= ALL_MAX) {
        return JT_E_LIMIT;
    }
    int64_t t = jt_change_now_s(chg);
    bool at_once = now == NULL || (waiting == 0 && o->publish_wait_s == 0);
    o->fresh->state = at_once ? JT_KEYSTATE_ACTIVE : JT_KEYSTATE_PUBLISHED;
    o->fresh->signs_s = at_once ? t : t + o->publish_wait_s;
    o->fresh->longest_s = o->longest_s;
    if (at_once && now != NULL) {
        JT_TRY(retire_active(chg, now, o->longest_s));
    }
    return put_fresh(chg, o);
}

enum jt_err jt_keylife_promote(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *next = next_of(&a, o->alg);
    const struct jt_signing_key *now = active_of(&a, o->alg);
    if (next == NULL || next->signs_s > jt_change_now_s(chg)) {
        return JT_E_NOTFOUND;
    }
    JT_TRY(activate(chg, next, o->longest_s));
    return now == NULL ? JT_OK : retire_active(chg, now, o->longest_s);
}

enum jt_err jt_keylife_retire(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *k =
        (const struct jt_signing_key *)jt_change_find(chg, JT_OBJ_SIGNING_KEY, o->kid);
    if (k == NULL) {
        return JT_E_NOTFOUND;
    }
    if (k->state == JT_KEYSTATE_PUBLISHED) {
        return jt_change_drop(chg, JT_OBJ_SIGNING_KEY, k->o.name); /* it never signed */
    }
    if (k->state != JT_KEYSTATE_ACTIVE) {
        o->refused = "it does not sign any more";
        return JT_E_CONFLICT;
    }
    const struct jt_signing_key *next = next_of(&a, k->alg);
    if (next == NULL) {
        o->refused =
            "it is the only key of its algorithm: make another one first (jeton key rotate)";
        return JT_E_CONFLICT;
    }
    if (next->signs_s > jt_change_now_s(chg)) {
        o->refused = "its successor has not been published long enough for everybody to know it "
                     "(jeton key list shows when it signs); if the key is compromised, revoke it";
        return JT_E_CONFLICT;
    }
    JT_TRY(activate(chg, next, o->longest_s));
    return retire_active(chg, k, o->longest_s);
}

/* Its private part is gone; the record stays for a while, so that people see what happened. */
static enum jt_err put_revoked(struct jt_change *chg, const struct jt_signing_key *k,
                               int64_t longest_s)
{
    struct jt_signing_key r = *k;
    int64_t life = k->longest_s > longest_s ? k->longest_s : longest_s;
    r.state = JT_KEYSTATE_REVOKED;
    r.sealed = jt_slice(NULL, 0);
    r.pkey = NULL;
    r.until_s = jt_change_now_s(chg) + life + SKEW_S;
    r.not_before_seq = jt_change_sequence(chg);
    return put(chg, &r);
}

enum jt_err jt_keylife_revoke(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *k =
        (const struct jt_signing_key *)jt_change_find(chg, JT_OBJ_SIGNING_KEY, o->kid);
    if (k == NULL) {
        return JT_E_NOTFOUND;
    }
    if (k->state == JT_KEYSTATE_REVOKED) {
        o->refused = "it is revoked already";
        return JT_E_CONFLICT;
    }
    const struct jt_signing_key *next = next_of(&a, k->alg);
    bool signs = k->state == JT_KEYSTATE_ACTIVE;
    if (signs && next == NULL && o->fresh == NULL) {
        return JT_E_BUSY; /* the waiting key left in between: ask again */
    }
    if (signs && next != NULL) {
        JT_TRY(activate(chg, next, o->longest_s));
    } else if (signs) {
        o->fresh->state = JT_KEYSTATE_ACTIVE;
        o->fresh->signs_s = jt_change_now_s(chg);
        o->fresh->longest_s = o->longest_s;
        JT_TRY(put_fresh(chg, o));
    }
    return put_revoked(chg, k, o->longest_s);
}

enum jt_err jt_keylife_remove(struct jt_change *chg, void *ctx)
{
    const struct jt_keyorder *o = ctx;
    return jt_change_drop(chg, JT_OBJ_SIGNING_KEY, o->kid);
}

enum jt_err jt_keylife_stretch(struct jt_change *chg, void *ctx)
{
    const struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    for (size_t i = 0; i < a.n; i++) {
        struct jt_signing_key k = *at(&a, i);
        if (k.state == JT_KEYSTATE_ACTIVE && k.longest_s < o->longest_s) {
            k.longest_s = o->longest_s;
            JT_TRY(put(chg, &k));
        }
    }
    return JT_OK;
}

enum jt_err jt_keylife_use(struct jt_change *chg, struct jt_keyorder *o)
{
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *now = active_of(&a, o->alg);
    if (now == NULL && o->fresh == NULL) {
        return JT_E_UNSUPPORTED;
    }
    if (now == NULL) {
        o->fresh->state = JT_KEYSTATE_ACTIVE;
        o->fresh->signs_s = jt_change_now_s(chg);
        o->fresh->longest_s = o->longest_s;
        return put_fresh(chg, o);
    }
    if (now->until_s == 0 && now->longest_s >= o->longest_s) {
        return JT_OK;
    }
    struct jt_signing_key k = *now;
    k.until_s = 0;
    k.longest_s = k.longest_s > o->longest_s ? k.longest_s : o->longest_s;
    return put(chg, &k);
}

enum jt_err jt_keylife_leave(struct jt_change *chg, const struct jt_keyorder *o)
{
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *now = active_of(&a, o->alg);
    if (now == NULL) {
        return JT_OK;
    }
    struct jt_signing_key k = *now;
    k.longest_s = k.longest_s > o->longest_s ? k.longest_s : o->longest_s;
    k.until_s = jt_change_now_s(chg) + k.longest_s + SKEW_S;
    return put(chg, &k);
}

static bool due_to_rotate(const struct all *a, const struct jt_signing_key *k, int64_t now_s,
                          int64_t publish_wait_s, int64_t rotate_every_s)
{
    return rotate_every_s > 0 && k->state == JT_KEYSTATE_ACTIVE && next_of(a, k->alg) == NULL &&
           now_s >= k->signs_s + rotate_every_s - publish_wait_s;
}

enum jt_keydue jt_keylife_due(const struct jt_directory *d, int64_t now_s, int64_t publish_wait_s,
                              int64_t rotate_every_s, struct jt_keyorder *out)
{
    struct all a;
    page(d, &a);
    for (size_t i = 0; i < a.n; i++) {
        const struct jt_signing_key *k = at(&a, i);
        out->alg = k->alg;
        out->kid = k->o.name;
        if (k->state == JT_KEYSTATE_PUBLISHED && k->signs_s <= now_s) {
            out->kid = next_of(&a, k->alg)->o.name;
            return JT_KEYDUE_PROMOTE;
        }
        if ((k->state == JT_KEYSTATE_RETIRING || k->state == JT_KEYSTATE_REVOKED) &&
            k->until_s <= now_s) {
            return JT_KEYDUE_REMOVE;
        }
        if (due_to_rotate(&a, k, now_s, publish_wait_s, rotate_every_s)) {
            return JT_KEYDUE_ROTATE;
        }
    }
    return JT_KEYDUE_NOTHING;
}
