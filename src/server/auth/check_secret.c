/* SPDX-License-Identifier: Apache-2.0 */
#include "../../core/base/secret.h"
#include "../../core/token/client_secret.h"
#include "method.h"

static const struct jt_credential *credential_by_id(const struct jt_client *c, struct jt_slice id)
{
    for (size_t i = 0; c != NULL && i < c->ncredentials; i++) {
        if (c->credentials[i].kind == JT_CRED_SECRET && jt_slice_eq(c->credentials[i].id, id)) {
            return &c->credentials[i];
        }
    }
    return NULL;
}

static bool elsewhere(const struct jt_net *nets, size_t n, const struct jt_addr *peer)
{
    return n > 0 && peer != NULL && !jt_nets_have(nets, n, peer);
}

/* The same for a secret, whose reasons are older, and for every other kind. */
static enum jt_reason ended(const struct jt_credential *k, enum jt_reason secret,
                            enum jt_reason other)
{
    return k->kind == JT_CRED_SECRET ? secret : other;
}

enum jt_reason jt_auth_usable(const struct jt_client *c, const struct jt_credential *k,
                              const struct jt_auth_context *ctx)
{
    if (k->state != JT_CRED_ACTIVE && k->state != JT_CRED_RETIRING) {
        return ended(k, JT_R_SECRET_REVOKED, JT_R_CREDENTIAL_REVOKED);
    }
    if (ctx->now_s < k->not_before_s) {
        return ended(k, JT_R_SECRET_NOT_YET, JT_R_CREDENTIAL_NOT_YET);
    }
    if (k->expires_s != 0 && ctx->now_s >= k->expires_s) {
        return ended(k, JT_R_SECRET_EXPIRED, JT_R_CREDENTIAL_EXPIRED);
    }
    int64_t due_s = jt_credential_due(c, k);
    if (due_s != 0 && ctx->now_s >= due_s + (ctx->rotating ? JT_ROTATION_GRACE_S : 0)) {
        return JT_R_ROTATION_REQUIRED;
    }
    if (jt_credential_is_foreign(k, ctx->environment)) {
        return JT_R_CREDENTIAL_ENVIRONMENT;
    }
    if (!c->enabled) {
        return JT_R_CLIENT_DISABLED;
    }
    if (elsewhere(c->nets, c->nnets, ctx->peer)) {
        return JT_R_CLIENT_NETWORK;
    }
    return elsewhere(k->nets, k->nnets, ctx->peer) ? JT_R_CREDENTIAL_NETWORK : JT_R_NONE;
}

/* Has it any secret, whatever became of it? */
static bool has_secrets(const struct jt_client *c)
{
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (c->credentials[i].kind == JT_CRED_SECRET) {
            return true;
        }
    }
    return c->ncredentials == 0;
}

/* Why a secret does not fit: a paste error is told apart from a wrong one. */
static enum jt_reason misfit(const struct jt_client *c, struct jt_slice secret)
{
    struct jt_slice id = {0};
    enum jt_secret_form form = jt_client_secret_form(secret, &id);
    if (c == NULL) {
        return JT_R_CLIENT_UNKNOWN;
    }
    if (!has_secrets(c)) {
        return JT_R_CREDENTIAL_KIND;
    }
    return form == JT_SECRET_DAMAGED ? JT_R_SECRET_DAMAGED : JT_R_SECRET_WRONG;
}

enum jt_auth_verdict jt_auth_check_secret(const struct jt_auth_context *ctx,
                                          struct jt_slice client_id, struct jt_slice secret,
                                          struct jt_auth_proof *proof, struct jt_auth_result *out)
{
    static const uint8_t nobody[JT_SHA256_SIZE] = {0};
    JT_ASSERT(ctx->peer != NULL);
    uint8_t hash[JT_SHA256_SIZE];
    const struct jt_client *c = jt_directory_client(ctx->directory, client_id);
    const struct jt_credential *k = credential_by_id(c, jt_client_secret_id(secret));
    const struct jt_keyring_key *key = k != NULL
                                           ? jt_keyring_by_id(ctx->keyring, k->hash_key)
                                           : jt_keyring_newest(ctx->keyring, JT_DATA_KEY_SECRETS);
    out->reason = JT_R_INTERNAL;
    if (key == NULL || secret.n > JT_SECRET_MAX ||
        jt_hmac_sha256(ctx->crypt, key->key, secret, hash) != JT_OK) {
        out->reason = secret.n > JT_SECRET_MAX ? JT_R_SECRET_WRONG : JT_R_INTERNAL;
        return JT_AUTH_REFUSED;
    }
    bool same = jt_equal_ct(hash, k != NULL ? k->hash : nobody, sizeof hash) && k != NULL;
    explicit_bzero(hash, sizeof hash);
    if (k != NULL) {
        out->credential_id = k->id;
    }
    out->reason = same ? jt_auth_usable(c, k, ctx) : misfit(c, secret);
    out->tried = out->reason == JT_R_CLIENT_UNKNOWN || out->reason == JT_R_SECRET_WRONG ||
                 out->reason == JT_R_SECRET_DAMAGED || out->reason == JT_R_CREDENTIAL_KIND;
    if (out->reason != JT_R_NONE) {
        return JT_AUTH_REFUSED;
    }
    proof->client = c;
    proof->credential = k;
    return JT_AUTH_PROVEN;
}
