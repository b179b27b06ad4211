/* SPDX-License-Identifier: Apache-2.0 */
#include "keylife.h"

#include <stdio.h>

#include "keys.h"

#define ROOM 8u   /* of JT_KEYS_STORED_MAX, always free: a key may be revoked at any time */
#define SKEW_S 60 /* clocks of others */

struct all {
    size_t n;
    const struct jt_object *v[JT_KEYS_STORED_MAX];
};

static const struct jt_signing_key *at(const struct all *a, size_t i)
{
    return (const struct jt_signing_key *)a->v[i];
}

static void page(const struct jt_directory *d, struct all *out)
{
    uint64_t cursor = 0;
    out->n = jt_directory_page(d, JT_OBJ_SIGNING_KEY, &cursor, out->v, JT_KEYS_STORED_MAX);
}

static bool take(void *ctx, const struct jt_object *o)
{
    struct all *a = ctx;
    if (a->n < JT_KEYS_STORED_MAX) {
        a->v[a->n++] = o;
    }
    return a->n < JT_KEYS_STORED_MAX;
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

/* A fixed order, also among keys that were made in the same second. */
static bool sooner(const struct jt_signing_key *a, const struct jt_signing_key *b)
{
    return a->signs_s != b->signs_s ? a->signs_s < b->signs_s
                                    : jt_slice_cmp(a->o.name, b->o.name) < 0;
}

/* The waiting key that signs first. */
static const struct jt_signing_key *next_of(const struct all *a, enum jt_alg alg)
{
    const struct jt_signing_key *best = NULL;
    for (size_t i = 0; i < a->n; i++) {
        const struct jt_signing_key *k = at(a, i);
        if (k->alg == alg && k->state == JT_KEYSTATE_PUBLISHED &&
            (best == NULL || sooner(k, best))) {
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

/* Nothing that it signed can be good any more. */
static bool over(const struct jt_signing_key *k, int64_t now_s)
{
    return (k->state == JT_KEYSTATE_RETIRING || k->state == JT_KEYSTATE_REVOKED) &&
           k->until_s <= now_s;
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

struct lifetimes {
    enum jt_alg alg;
    const struct all *keys;
    int64_t longest_s;
};

/* Tokens of the built-in resource are signed with its algorithm, or else with any that there is. */
static bool longer(void *ctx, const struct jt_object *o)
{
    struct lifetimes *l = ctx;
    const struct jt_resource *r = (const struct jt_resource *)o;
    bool signs = r->alg == l->alg || (r->builtin && active_of(l->keys, r->alg) == NULL);
    if (signs && r->lifetime_s > l->longest_s) {
        l->longest_s = r->lifetime_s;
    }
    return true;
}

/* Asked here and not beforehand: a resource may have changed in between. */
static int64_t longest(struct jt_change *chg, enum jt_alg alg, const struct jt_keyorder *o)
{
    struct all a;
    struct lifetimes l = {alg, &a, o->longest_s};
    gather(chg, &a);
    jt_change_each(chg, JT_OBJ_RESOURCE, longer, &l);
    return l.longest_s;
}

/* The end of the last token that it signed. */
static int64_t last_token_s(struct jt_change *chg, const struct jt_signing_key *k,
                            const struct jt_keyorder *o)
{
    int64_t life = longest(chg, k->alg, o);
    return jt_change_now_s(chg) + (k->longest_s > life ? k->longest_s : life) + SKEW_S;
}

static void say(struct jt_keyorder *o, const struct jt_signing_key *k, const char *word,
                const struct jt_signing_key *other)
{
    if (other == NULL) {
        (void)snprintf(o->said, sizeof o->said, "%.*s%s", JT_FMT(k->o.name), word);
    } else {
        (void)snprintf(o->said, sizeof o->said, "%.*s, %s %.*s", JT_FMT(k->o.name), word,
                       JT_FMT(other->o.name));
    }
}

/* Always after its successor was put: workers must never see an algorithm without a signer. */
static enum jt_err retire_active(struct jt_change *chg, const struct jt_signing_key *k,
                                 const struct jt_keyorder *o)
{
    struct jt_signing_key r = *k;
    r.state = JT_KEYSTATE_RETIRING;
    r.until_s = last_token_s(chg, k, o);
    return put(chg, &r);
}

static enum jt_err activate(struct jt_change *chg, const struct jt_signing_key *k,
                            const struct jt_keyorder *o)
{
    struct jt_signing_key r = *k;
    r.state = JT_KEYSTATE_ACTIVE;
    r.signs_s = jt_change_now_s(chg);
    r.longest_s = longest(chg, k->alg, o);
    return put(chg, &r);
}

/* Records of revoked keys are only for people: the oldest makes room. */
static enum jt_err make_room(struct jt_change *chg)
{
    const struct jt_signing_key *oldest = NULL;
    struct all a;
    gather(chg, &a);
    if (a.n + ROOM <= JT_KEYS_STORED_MAX) {
        return JT_OK;
    }
    for (size_t i = 0; i < a.n; i++) {
        const struct jt_signing_key *k = at(&a, i);
        if (k->state == JT_KEYSTATE_REVOKED && (oldest == NULL || k->until_s < oldest->until_s)) {
            oldest = k;
        }
    }
    return oldest == NULL ? JT_E_LIMIT : jt_change_drop(chg, JT_OBJ_SIGNING_KEY, oldest->o.name);
}

/* fresh belongs to the change from now on. */
static enum jt_err put_fresh(struct jt_change *chg, struct jt_keyorder *o)
{
    o->fresh->longest_s = longest(chg, o->fresh->alg, o);
    JT_TRY(make_room(chg));
    JT_TRY(jt_change_put(chg, &o->fresh->o));
    o->fresh = NULL;
    return JT_OK;
}

/* Workers hold JT_KEYS_MAX keys; with more of them they could not answer at all. */
static enum jt_err check_room(const struct all *a, struct jt_keyorder *o, size_t *waiting)
{
    size_t shown = 0;
    *waiting = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct jt_signing_key *k = at(a, i);
        *waiting += k->alg == o->alg && k->state == JT_KEYSTATE_PUBLISHED ? 1 : 0;
        shown += k->state != JT_KEYSTATE_REVOKED ? 1 : 0;
    }
    if (*waiting >= JT_KEYS_WAITING_MAX) {
        o->refused = "8 keys of this algorithm wait already: they sign one after the other "
                     "(jeton key list), or leave with jeton key retire";
        return JT_E_LIMIT;
    }
    bool first = active_of(a, o->alg) == NULL;
    if (shown >= (first ? JT_KEYS_MAX : JT_KEYS_MAX - JT_KEYS_SPARE)) {
        o->refused = "too many keys are published: wait until the last tokens of the retiring ones "
                     "are over (jeton key list shows when)";
        return JT_E_LIMIT;
    }
    return JT_OK;
}

enum jt_err jt_keylife_add(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    size_t waiting = 0;
    gather(chg, &a);
    JT_TRY(check_room(&a, o, &waiting));
    const struct jt_signing_key *now = active_of(&a, o->alg);
    int64_t t = jt_change_now_s(chg);
    bool at_once = now == NULL || (waiting == 0 && o->publish_wait_s == 0);
    o->fresh->state = at_once ? JT_KEYSTATE_ACTIVE : JT_KEYSTATE_PUBLISHED;
    o->fresh->signs_s = at_once ? t : t + o->publish_wait_s;
    if (at_once && now != NULL) {
        say(o, o->fresh, "in place of", now);
    } else {
        say(o, o->fresh, "", NULL);
    }
    JT_TRY(put_fresh(chg, o));
    return at_once && now != NULL ? retire_active(chg, now, o) : JT_OK;
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
    say(o, next, now == NULL ? "" : "in place of", now);
    JT_TRY(activate(chg, next, o));
    return now == NULL ? JT_OK : retire_active(chg, now, o);
}

static enum jt_err conflict(struct jt_keyorder *o, const char *why)
{
    o->refused = why;
    return JT_E_CONFLICT;
}

static const struct jt_signing_key *find(struct jt_change *chg, struct jt_slice kid)
{
    return (const struct jt_signing_key *)jt_change_find(chg, JT_OBJ_SIGNING_KEY, kid);
}

enum jt_err jt_keylife_retire(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *k = find(chg, o->kid);
    if (k == NULL) {
        return JT_E_NOTFOUND;
    }
    o->alg = k->alg;
    if (k->state == JT_KEYSTATE_PUBLISHED) {
        say(o, k, ", which never signed", NULL);
        return jt_change_drop(chg, JT_OBJ_SIGNING_KEY, k->o.name);
    }
    if (k->state != JT_KEYSTATE_ACTIVE) {
        return conflict(o, "it does not sign any more");
    }
    const struct jt_signing_key *next = next_of(&a, k->alg);
    if (next == NULL) {
        return conflict(o, "it is the only key of its algorithm: make another one first "
                           "(jeton key rotate)");
    }
    if (next->signs_s > jt_change_now_s(chg)) {
        return conflict(o, "its successor has not been published long enough for everybody to know "
                           "it (jeton key list shows when it signs); if the key is compromised, "
                           "revoke it");
    }
    say(o, k, "followed by", next);
    JT_TRY(activate(chg, next, o));
    return retire_active(chg, k, o);
}

/* Its private part is gone; the record stays for a while, so that people see what happened. */
static enum jt_err put_revoked(struct jt_change *chg, const struct jt_signing_key *k,
                               const struct jt_keyorder *o)
{
    struct jt_signing_key r = *k;
    r.state = JT_KEYSTATE_REVOKED;
    r.sealed = jt_slice(NULL, 0);
    r.pkey = NULL;
    r.until_s = last_token_s(chg, k, o);
    r.not_before_seq = jt_change_sequence(chg);
    return put(chg, &r);
}

enum jt_err jt_keylife_revoke(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    struct all a;
    gather(chg, &a);
    const struct jt_signing_key *k = find(chg, o->kid);
    if (k == NULL) {
        return JT_E_NOTFOUND;
    }
    o->alg = k->alg;
    if (k->state == JT_KEYSTATE_REVOKED) {
        return conflict(o, "it is revoked already");
    }
    if (k->state != JT_KEYSTATE_ACTIVE) {
        say(o, k, "", NULL);
        return put_revoked(chg, k, o);
    }
    const struct jt_signing_key *next = next_of(&a, k->alg);
    if (next == NULL && (o->fresh == NULL || o->fresh->alg != k->alg)) {
        return JT_E_BUSY; /* the waiting key left in between: ask again */
    }
    say(o, k, "followed by", next != NULL ? next : o->fresh);
    if (next != NULL) {
        JT_TRY(activate(chg, next, o));
    } else {
        o->fresh->state = JT_KEYSTATE_ACTIVE;
        o->fresh->signs_s = jt_change_now_s(chg);
        JT_TRY(put_fresh(chg, o));
    }
    return put_revoked(chg, k, o);
}

enum jt_err jt_keylife_remove(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    const struct jt_signing_key *k = find(chg, o->kid);
    if (k == NULL || !over(k, jt_change_now_s(chg))) {
        return JT_E_NOTFOUND;
    }
    o->alg = k->alg;
    say(o, k, "", NULL);
    return jt_change_drop(chg, JT_OBJ_SIGNING_KEY, k->o.name);
}

enum jt_err jt_keylife_end_tokens(struct jt_change *chg, void *ctx)
{
    struct jt_keyorder *o = ctx;
    const struct jt_signing_key *k = find(chg, o->kid);
    if (k == NULL) {
        return JT_E_NOTFOUND;
    }
    struct jt_signing_key r = *k;
    o->alg = k->alg;
    say(o, k, "", NULL);
    r.not_before_seq = jt_change_sequence(chg);
    return put(chg, &r);
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

static enum jt_keydue due(enum jt_keydue what, const struct jt_signing_key *k,
                          struct jt_keyorder *out)
{
    size_t n = k->o.name.n < sizeof out->kid_text ? k->o.name.n : sizeof out->kid_text;
    memcpy(out->kid_text, k->o.name.p, n);
    out->kid = jt_slice(out->kid_text, n);
    out->alg = k->alg;
    return what;
}

enum jt_keydue jt_keylife_due(const struct jt_directory *d, int64_t now_s, int64_t publish_wait_s,
                              int64_t rotate_every_s, struct jt_keyorder *out)
{
    struct all a;
    page(d, &a);
    for (size_t i = 0; i < a.n; i++) {
        if (over(at(&a, i), now_s)) {
            return due(JT_KEYDUE_REMOVE, at(&a, i), out);
        }
    }
    for (size_t i = 0; i < a.n; i++) {
        if (at(&a, i)->state == JT_KEYSTATE_PUBLISHED && at(&a, i)->signs_s <= now_s) {
            return due(JT_KEYDUE_PROMOTE, next_of(&a, at(&a, i)->alg), out);
        }
    }
    for (size_t i = 0; i < a.n; i++) {
        if (due_to_rotate(&a, at(&a, i), now_s, publish_wait_s, rotate_every_s)) {
            return due(JT_KEYDUE_ROTATE, at(&a, i), out);
        }
    }
    return JT_KEYDUE_NOTHING;
}
