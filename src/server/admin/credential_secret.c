/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_secret.c - secrets: made here, or brought along as they are ("secret") or as the hash
 * that another server kept ("secret_hash"). Only a hash is stored, and what was brought along is in
 * no answer.
 */
#include "../../core/base/secret.h"
#include "../../core/crypt/password.h"
#include "../../core/token/client_secret.h"
#include "../auth/errand.h"
#include "../policy/weak.h"
#include "admin.h"

static bool put_hash(struct jt_flow *f, struct jt_slice secret)
{
    const struct jt_keyring_key *key = jt_keyring_newest(f->app->keyring, JT_DATA_KEY_SECRETS);
    struct jt_credential *k = &jt_admin_of(f)->credential;
    k->kind = JT_CRED_SECRET;
    if (key == NULL || jt_hmac_sha256(f->local->crypt, key->key, secret, k->hash) != JT_OK) {
        return false;
    }
    k->hash_key = key->id;
    return true;
}

bool jt_credential_make(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    JT_AUTO(jt_secret_wipe) struct jt_secret s = {0};
    return jt_client_secret_make(a->credential.id, &s) == JT_OK &&
           put_hash(f, jt_secret_slice(&s)) &&
           jt_arena_copy(&f->x->arena, jt_secret_slice(&s), &a->secret);
}

/* The client that it is for, which is being made or is there. */
static struct jt_weak_about about(struct jt_flow *f, struct jt_slice secret)
{
    const struct jt_client *made = &jt_admin_of(f)->client;
    const struct jt_client *c =
        f->nsegments > 0 ? jt_directory_client(f->app->directory, f->segments[0]) : made;
    c = c == NULL ? made : c;
    return (struct jt_weak_about){secret, c->o.name, c->display};
}

static bool take_plain(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_slice secret = {0};
    if (!jt_jval_str(v, &secret)) {
        return jt_admin_bad(f, "/secret", "secret is a string: the secret to be used");
    }
    const struct jt_weak_about w = about(f, secret);
    const char *why = jt_secret_weak(&w);
    return why == NULL ? put_hash(f, secret) : jt_admin_bad(f, "/secret", "%s", why);
}

static bool take_hash(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_credential *k = &jt_admin_of(f)->credential;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_slice text = {0};
    const char *why = NULL;
    jt_buf_init(&b, JT_PASSWORD_HASH_MAX);
    if (!jt_jval_str(v, &text)) {
        return jt_admin_bad(f, "/secret_hash", "secret_hash is a string: the hash of a secret");
    }
    enum jt_err e = jt_password_import(text, &b, &why);
    if (e == JT_E_SYNTAX || e == JT_E_RANGE) {
        return jt_admin_bad(f, "/secret_hash", "the hash is not taken: %s", why);
    }
    k->kind = JT_CRED_SECRET;
    k->hash_key = 0;
    return e == JT_OK && jt_arena_copy(&f->x->arena, jt_buf_slice(&b), &k->material);
}

bool jt_credential_read_secret(struct jt_flow *f, const struct jt_jval *root)
{
    const struct jt_jval *plain = jt_jobj_get(root, "secret");
    const struct jt_jval *hash = jt_jobj_get(root, "secret_hash");
    if (plain != NULL && hash != NULL) {
        return jt_admin_bad(f, "/secret_hash", "secret and secret_hash exclude each other");
    }
    if (hash != NULL) {
        return take_hash(f, hash);
    }
    return plain != NULL ? take_plain(f, plain) : jt_credential_make(f);
}

static bool in_use(const struct jt_credential *k, int64_t now_s)
{
    return k->kind == JT_CRED_SECRET && k->state != JT_CRED_REVOKED &&
           (k->expires_s == 0 || now_s < k->expires_s);
}

static bool same_secret(const struct jt_credential *a, const struct jt_credential *b)
{
    return a->hash_key == b->hash_key &&
           (a->hash_key == 0 ? jt_slice_eq(a->material, b->material)
                             : jt_equal_ct(a->hash, b->hash, sizeof a->hash));
}

enum jt_err jt_change_bound_secrets(const struct jt_client *c, struct jt_admin *a, int64_t now_s)
{
    const struct jt_credential *fresh = &a->credential;
    size_t foreign = 0;
    for (size_t i = 0; i < c->ncredentials && fresh->kind == JT_CRED_SECRET; i++) {
        const struct jt_credential *k = &c->credentials[i];
        if (!in_use(k, now_s)) {
            continue;
        }
        if (same_secret(k, fresh)) {
            return jt_admin_refuse(a, 409, "exists",
                                   "the client has this secret already, as credential %.*s",
                                   JT_FMT(k->id));
        }
        foreign += k->hash_key == 0 ? 1 : 0;
    }
    if (fresh->kind == JT_CRED_SECRET && fresh->hash_key == 0 && foreign >= JT_HASHES_MAX) {
        return jt_admin_refuse(a, 409, "full",
                               "a client has at most %d imported hashes that were not used yet: "
                               "revoke one (jeton credential list)",
                               JT_HASHES_MAX);
    }
    return JT_OK;
}

const char *jt_credential_hash_word(const struct jt_credential *k)
{
    const char *kind = k->hash_key == 0 ? jt_password_kind(k->material) : "hmac-sha-256";
    return kind == NULL ? "" : kind;
}

const char *jt_credential_origin(struct jt_flow *f)
{
    const struct jt_admin *a = jt_admin_of(f);
    if (a->credential.kind != JT_CRED_SECRET || a->secret.n > 0) {
        return "";
    }
    return a->credential.hash_key == 0 ? ", brought along as a hash" : ", brought along";
}
