/* SPDX-License-Identifier: Apache-2.0 */
#include "object.h"

#include <stdalign.h>
#include <stdlib.h>

#include "profile.h"

/*
 * One block: measured first, then filled. The same walk does both, so that the
 * sizes cannot disagree: with base NULL it only counts.
 */
struct block {
    uint8_t *base;
    size_t n;
};

static void *take(struct block *b, size_t n, size_t align)
{
    b->n = (b->n + align - 1) / align * align;
    void *p = b->base == NULL ? NULL : b->base + b->n;
    b->n += n;
    return p;
}

static void copy_text(struct block *b, struct jt_slice from, struct jt_slice *to)
{
    uint8_t *p = take(b, from.n, 1);
    if (p != NULL && from.n > 0) {
        memcpy(p, from.p, from.n);
    }
    if (b->base != NULL) {
        *to = jt_slice(p, from.n);
    }
}

static struct jt_slice *copy_texts(struct block *b, const struct jt_slice *from, size_t n)
{
    struct jt_slice *to = take(b, n * sizeof *to, alignof(struct jt_slice));
    for (size_t i = 0; i < n; i++) {
        copy_text(b, from[i], to == NULL ? NULL : &to[i]);
    }
    return to;
}

static void walk_resource(struct block *b, const void *from)
{
    const struct jt_resource *f = from;
    struct jt_resource *t = take(b, sizeof *t, alignof(struct jt_resource));
    struct jt_scope *scopes = take(b, f->nscopes * sizeof *scopes, alignof(struct jt_scope));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_RESOURCE;
        t->scopes = scopes;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
    for (size_t i = 0; i < f->nscopes; i++) {
        copy_text(b, f->scopes[i].name, scopes == NULL ? NULL : &scopes[i].name);
        copy_text(b, f->scopes[i].text, scopes == NULL ? NULL : &scopes[i].text);
    }
    struct jt_slice *ids = copy_texts(b, f->introspectors, f->nintrospectors);
    if (t != NULL) {
        t->introspectors = ids;
    }
}

static void copy_nets(struct block *b, const struct jt_net *from, size_t n,
                      const struct jt_net **to)
{
    struct jt_net *nets = take(b, n * sizeof *nets, alignof(struct jt_net));
    if (nets != NULL) {
        if (n > 0) {
            memcpy(nets, from, n * sizeof *nets);
        }
        *to = nets;
    }
}

static void walk_client(struct block *b, const void *from)
{
    const struct jt_client *f = from;
    struct jt_client *t = take(b, sizeof *t, alignof(struct jt_client));
    struct jt_credential *k = take(b, f->ncredentials * sizeof *k, alignof(struct jt_credential));
    struct jt_client_grant *g = take(b, f->ngrants * sizeof *g, alignof(struct jt_client_grant));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_CLIENT;
        t->credentials = k;
        t->grants = g;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
    copy_text(b, f->display, t == NULL ? NULL : &t->display);
    copy_text(b, f->owner, t == NULL ? NULL : &t->owner);
    for (size_t i = 0; i < f->ncredentials; i++) {
        if (k != NULL) {
            k[i] = f->credentials[i];
        }
        copy_text(b, f->credentials[i].id, k == NULL ? NULL : &k[i].id);
        copy_text(b, f->credentials[i].label, k == NULL ? NULL : &k[i].label);
        copy_text(b, f->credentials[i].material, k == NULL ? NULL : &k[i].material);
        copy_text(b, f->credentials[i].ca, k == NULL ? NULL : &k[i].ca);
        copy_nets(b, f->credentials[i].nets, f->credentials[i].nnets,
                  k == NULL ? NULL : &k[i].nets);
    }
    copy_nets(b, f->nets, f->nnets, t == NULL ? NULL : &t->nets);
    for (size_t i = 0; i < f->ngrants; i++) {
        copy_text(b, f->grants[i].audience, g == NULL ? NULL : &g[i].audience);
        struct jt_slice *scopes = copy_texts(b, f->grants[i].scopes, f->grants[i].nscopes);
        if (g != NULL) {
            g[i].scopes = scopes;
            g[i].nscopes = f->grants[i].nscopes;
        }
    }
}

static void walk_signing_key(struct block *b, const void *from)
{
    const struct jt_signing_key *f = from;
    struct jt_signing_key *t = take(b, sizeof *t, alignof(struct jt_signing_key));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_SIGNING_KEY;
        t->pkey = NULL;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
    copy_text(b, f->sealed, t == NULL ? NULL : &t->sealed);
}

static void walk_data_key(struct block *b, const void *from)
{
    const struct jt_data_key *f = from;
    struct jt_data_key *t = take(b, sizeof *t, alignof(struct jt_data_key));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_DATA_KEY;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
    copy_text(b, f->wrapped, t == NULL ? NULL : &t->wrapped);
}

static void walk_setting(struct block *b, const void *from)
{
    const struct jt_setting *f = from;
    struct jt_setting *t = take(b, sizeof *t, alignof(struct jt_setting));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_SETTING;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
    copy_text(b, f->value, t == NULL ? NULL : &t->value);
}

static void walk_revocation(struct block *b, const void *from)
{
    const struct jt_revocation *f = from;
    struct jt_revocation *t = take(b, sizeof *t, alignof(struct jt_revocation));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_REVOCATION;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
}

static void walk_replay(struct block *b, const void *from)
{
    const struct jt_replay *f = from;
    struct jt_replay *t = take(b, sizeof *t, alignof(struct jt_replay));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_REPLAY;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
}

static void walk_use(struct block *b, const void *from)
{
    const struct jt_use *f = from;
    struct jt_use *t = take(b, sizeof *t, alignof(struct jt_use));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_USE;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
}

static void walk_reminder(struct block *b, const void *from)
{
    const struct jt_reminder *f = from;
    struct jt_reminder *t = take(b, sizeof *t, alignof(struct jt_reminder));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_REMINDER;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
}

/* The profile is not copied: whoever makes a token that lives takes it from a jt_profiles. */
static void walk_opaque(struct block *b, const void *from)
{
    const struct jt_opaque *f = from;
    struct jt_opaque *t = take(b, sizeof *t, alignof(struct jt_opaque));
    if (t != NULL) {
        *t = *f;
        t->o.kind = JT_OBJ_TOKEN;
    }
    copy_text(b, f->o.name, t == NULL ? NULL : &t->o.name);
}

static void *dup_with(void (*walk)(struct block *b, const void *from), const void *from)
{
    struct block b = {NULL, 0};
    walk(&b, from);
    b.base = calloc(1, b.n);
    b.n = 0;
    if (b.base != NULL) {
        walk(&b, from);
    }
    return b.base;
}

struct jt_resource *jt_resource_dup(const struct jt_resource *r)
{
    return dup_with(walk_resource, r);
}

const struct jt_credential *jt_client_credential(const struct jt_client *c, struct jt_slice id)
{
    for (size_t i = 0; c != NULL && i < c->ncredentials; i++) {
        if (jt_slice_eq(c->credentials[i].id, id)) {
            return &c->credentials[i];
        }
    }
    return NULL;
}

struct jt_client *jt_client_dup(const struct jt_client *c)
{
    return dup_with(walk_client, c);
}

struct jt_signing_key *jt_signing_key_dup(const struct jt_signing_key *k)
{
    return dup_with(walk_signing_key, k);
}

struct jt_data_key *jt_data_key_dup(const struct jt_data_key *k)
{
    return dup_with(walk_data_key, k);
}

struct jt_setting *jt_setting_dup(const struct jt_setting *s)
{
    return dup_with(walk_setting, s);
}

struct jt_use *jt_use_dup(const struct jt_use *u)
{
    return dup_with(walk_use, u);
}

struct jt_reminder *jt_reminder_dup(const struct jt_reminder *r)
{
    return dup_with(walk_reminder, r);
}

struct jt_revocation *jt_revocation_dup(const struct jt_revocation *r)
{
    return dup_with(walk_revocation, r);
}

struct jt_replay *jt_replay_dup(const struct jt_replay *r)
{
    return dup_with(walk_replay, r);
}

struct jt_opaque *jt_opaque_dup(const struct jt_opaque *t, struct jt_profiles *home)
{
    struct jt_opaque *made = dup_with(walk_opaque, t);
    if (made != NULL && home != NULL) {
        made->profile = jt_profile_take(home, t->profile);
        if (made->profile == NULL) {
            free(made);
            return NULL;
        }
    }
    return made;
}

struct jt_object *jt_object_dup(const struct jt_object *o)
{
    switch (o->kind) {
    case JT_OBJ_RESOURCE:
        return dup_with(walk_resource, o);
    case JT_OBJ_CLIENT:
        return dup_with(walk_client, o);
    case JT_OBJ_SIGNING_KEY:
        return dup_with(walk_signing_key, o);
    case JT_OBJ_DATA_KEY:
        return dup_with(walk_data_key, o);
    case JT_OBJ_SETTING:
        return dup_with(walk_setting, o);
    case JT_OBJ_REVOCATION:
        return dup_with(walk_revocation, o);
    case JT_OBJ_USE:
        return dup_with(walk_use, o);
    case JT_OBJ_REMINDER:
        return dup_with(walk_reminder, o);
    case JT_OBJ_REPLAY:
        return dup_with(walk_replay, o);
    case JT_OBJ_TOKEN: /* jt_opaque_dup: it needs a profile */
    case JT_OBJ_NONE:
        break;
    }
    return NULL;
}

void jt_object_free(struct jt_object *o)
{
    if (o != NULL && o->kind == JT_OBJ_SIGNING_KEY) {
        jt_pkey_free(&((struct jt_signing_key *)o)->pkey);
    }
    if (o != NULL && o->kind == JT_OBJ_TOKEN) {
        jt_profile_give(((struct jt_opaque *)o)->profile);
    }
    free(o);
}

bool jt_credential_is_foreign(const struct jt_credential *k, struct jt_slice environment)
{
    return environment.n > 0 && k->label.n > 0 && !jt_slice_eq(k->label, environment);
}

int64_t jt_credential_due(const struct jt_client *c, const struct jt_credential *k)
{
    bool rotates = k->kind == JT_CRED_SECRET || k->kind == JT_CRED_JWK;
    return c->rotation == JT_ROTATION_REQUIRED && rotates ? k->created_s + c->rotate_every_s : 0;
}

int64_t jt_credential_ends(const struct jt_client *c, const struct jt_credential *k)
{
    int64_t due_s = jt_credential_due(c, k);
    return due_s == 0 || (k->expires_s != 0 && k->expires_s < due_s) ? k->expires_s : due_s;
}
