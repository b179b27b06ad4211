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

struct search {
    const struct jt_auth_context *ctx;
    const struct jt_client *client; /* NULL: unknown */
    const struct jt_credential *found, *named;
    bool failed;
};

/* Compares with all keyed hashes of this data key, or with nothing, as if there were one. */
static void compare(struct search *s, const struct jt_keyring_key *key, const uint8_t *hash)
{
    static const uint8_t nobody[JT_SHA256_SIZE] = {0};
    (void)jt_equal_ct(hash, nobody, JT_SHA256_SIZE);
    for (size_t i = 0; s->client != NULL && i < s->client->ncredentials; i++) {
        const struct jt_credential *k = &s->client->credentials[i];
        if (k->kind == JT_CRED_SECRET && k->hash_key == key->id &&
            jt_equal_ct(hash, k->hash, JT_SHA256_SIZE) &&
            (s->found == NULL || jt_auth_usable(s->client, k, s->ctx) == JT_R_NONE)) {
            s->found = k; /* of two with the same secret the one that may be used */
        }
    }
}

static void try_key(struct search *s, const struct jt_keyring_key *key, struct jt_slice secret)
{
    uint8_t hash[JT_SHA256_SIZE];
    if (key == NULL || jt_hmac_sha256(s->ctx->crypt, key->key, secret, hash) != JT_OK) {
        s->failed = true;
        return;
    }
    compare(s, key, hash);
    explicit_bzero(hash, sizeof hash);
}

/* One that names a credential of this client is compared under that one's key; any other under
 * each. */
static void try_secret(struct search *s, struct jt_slice secret)
{
    const struct jt_keyring *ring = s->ctx->keyring;
    const struct jt_credential *k = credential_by_id(s->client, jt_client_secret_id(secret));
    bool any = false;
    if (k != NULL && k->hash_key != 0) {
        s->named = k;
        try_key(s, jt_keyring_by_id(ring, k->hash_key), secret);
        return;
    }
    for (size_t i = 0; i < ring->n; i++) {
        if (ring->keys[i].use == JT_DATA_KEY_SECRETS) {
            try_key(s, &ring->keys[i], secret);
            any = true;
        }
    }
    s->failed |= !any;
}

static enum jt_auth_verdict decide(const struct search *s, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    out->credential_id = s->found->id;
    out->reason = jt_auth_usable(s->client, s->found, s->ctx);
    if (out->reason != JT_R_NONE) {
        return JT_AUTH_REFUSED;
    }
    *proof = (struct jt_auth_proof){s->client, s->found};
    return JT_AUTH_PROVEN;
}

/* Those that are not longer than any secret is. */
static struct jt_secret_said readable(const struct jt_secret_said *said)
{
    struct jt_secret_said r = {.client_id = said->client_id};
    for (size_t i = 0; i < said->n; i++) {
        if (said->secrets[i].n <= JT_SECRET_MAX) {
            r.secrets[r.n++] = said->secrets[i];
        }
    }
    return r;
}

enum jt_auth_verdict jt_auth_check_secret(const struct jt_auth_context *ctx,
                                          const struct jt_auth_input *in,
                                          const struct jt_secret_said *said,
                                          struct jt_auth_proof *proof, struct jt_auth_result *out)
{
    JT_ASSERT(ctx->peer != NULL);
    const struct jt_secret_said r = readable(said);
    struct search s = {ctx, jt_directory_client(ctx->directory, said->client_id), NULL, NULL,
                       false};
    if (r.n == 0) {
        return jt_auth_refuse(out, JT_R_SECRET_WRONG, NULL);
    }
    for (size_t i = 0; i < r.n; i++) {
        try_secret(&s, r.secrets[i]);
    }
    if (s.failed) {
        return jt_auth_refuse(out, JT_R_INTERNAL, NULL);
    }
    out->credential_id = s.named != NULL ? s.named->id : out->credential_id;
    if (s.found == NULL && s.client != NULL) {
        enum jt_auth_verdict v = jt_auth_check_foreign(ctx, in, &r, s.client, out, &s.found);
        if (v != JT_AUTH_UNDECIDED) {
            return v;
        }
    }
    if (s.found != NULL) {
        return decide(&s, proof, out);
    }
    out->reason = misfit(s.client, r.secrets[0]);
    out->tried = true;
    return JT_AUTH_REFUSED;
}
