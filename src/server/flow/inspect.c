/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "../../core/token/opaque.h"
#include "../policy/decide.h"

static enum jt_inspection verdict_of(enum jt_err e)
{
    return e == JT_E_NOMEM ? JT_INSPECT_UNDECIDED : JT_INSPECT_INACTIVE;
}

/* Form, key and signature of a JWT. */
static enum jt_inspection verify(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                 struct jt_inspected *out, struct jt_slice *kid)
{
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice payload = {0};
    enum jt_err e = jt_jws_read(token, a, &parts, &header);
    if (e != JT_OK) {
        return verdict_of(e);
    }
    const struct jt_key_view *key = jt_keys_by_kid(&l->keys, header.kid);
    if (key == NULL || key->alg != header.alg || !jt_at_typ_ok(header.typ)) {
        return JT_INSPECT_INACTIVE;
    }
    switch (jt_jws_verify(&parts, key->check)) {
    case JT_SIG_VALID:
        break;
    case JT_SIG_INVALID:
        return JT_INSPECT_INACTIVE;
    case JT_SIG_UNDECIDED:
        return JT_INSPECT_UNDECIDED;
    }
    e = jt_jws_payload(&parts, a, &payload);
    if (e == JT_OK) {
        e = jt_at_read(payload, a, &out->claims);
    }
    if (e == JT_OK) {
        e = jt_jti_read(l->crypt, l->app->reference_key, out->claims.jti, &out->id);
    }
    out->key_sequence = key->not_before_seq;
    *kid = header.kid;
    return e == JT_OK ? JT_INSPECT_ACTIVE : verdict_of(e);
}

/* Does it say what only we say? */
static bool is_ours(const struct jt_app *app, const struct jt_at_claims *c)
{
    return jt_slice_eq(c->iss, app->issuer) && jt_slice_eq(c->sub, c->client_id);
}

/* What was found out about this very token before. */
static bool recall(struct jt_local *l, const uint8_t hash[static JT_SHA256_SIZE],
                   struct jt_arena *a, struct jt_inspected *out)
{
    struct jt_verdict v;
    if (!jt_verdicts_find(l->app->verdicts, hash, a, &v)) {
        return false;
    }
    const struct jt_key_view *key = jt_keys_by_kid(&l->keys, v.kid);
    if (key == NULL) { /* no longer published */
        return false;
    }
    out->key_sequence = key->not_before_seq;
    out->id = v.id;
    out->claims = (struct jt_at_claims){
        .iss = l->app->issuer,
        .sub = v.client_id,
        .client_id = v.client_id,
        .aud = v.aud,
        .scope = v.scope,
        .jti = v.jti,
        .cnf = v.cnf,
        .iat = v.iat,
        .exp = v.exp,
    };
    return true;
}

/* A JWT: verified once, then known again by its hash. */
static enum jt_inspection verify_once(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                      struct jt_inspected *out)
{
    uint8_t hash[JT_SHA256_SIZE];
    if (token.n > JT_JWS_MAX) {
        return JT_INSPECT_INACTIVE;
    }
    if (jt_sha256(l->crypt, token, hash) != JT_OK) {
        return JT_INSPECT_UNDECIDED;
    }
    bool known = recall(l, hash, a, out);
    jt_count(&l->metrics.verdicts[known ? JT_VERDICT_KNOWN : JT_VERDICT_VERIFIED]);
    if (known) {
        return JT_INSPECT_ACTIVE;
    }
    struct jt_slice kid = {0};
    enum jt_inspection v = verify(l, token, a, out, &kid);
    const struct jt_at_claims *c = &out->claims;
    if (v == JT_INSPECT_ACTIVE && is_ours(l->app, c)) {
        const struct jt_verdict keep = {
            .kid = kid,
            .client_id = c->client_id,
            .aud = c->aud,
            .scope = c->scope,
            .jti = c->jti,
            .cnf = c->cnf,
            .iat = c->iat,
            .exp = c->exp,
            .id = out->id,
        };
        jt_verdicts_keep(l->app->verdicts, hash, &keep);
    }
    return v;
}

/* An opaque token is what the directory knows about its hash. */
static enum jt_inspection look_up(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                  struct jt_inspected *out)
{
    uint8_t hash[JT_SHA256_SIZE];
    char *jti = jt_arena_alloc(a, JT_JTI_LEN);
    if (jti == NULL || jt_opaque_hash(l->crypt, token, hash) != JT_OK) {
        return JT_INSPECT_UNDECIDED;
    }
    const struct jt_opaque *t = jt_directory_token(l->app->directory, hash);
    if (t == NULL) {
        return JT_INSPECT_INACTIVE;
    }
    out->id = (struct jt_jti){t->sequence, t->credential};
    if (jt_jti_write_with(l->crypt, l->app->reference_key, &out->id, hash, jti) != JT_OK) {
        return JT_INSPECT_UNDECIDED;
    }
    out->claims = (struct jt_at_claims){
        .iss = l->app->issuer,
        .sub = t->profile->client_id,
        .client_id = t->profile->client_id,
        .aud = t->profile->audience,
        .scope = t->profile->scope,
        .jti = jt_slice(jti, JT_JTI_LEN),
        .cnf = t->profile->cnf,
        .iat = t->issued_s,
        .exp = t->expires_s,
    };
    return JT_INSPECT_ACTIVE;
}

enum jt_inspection jt_inspect_origin(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                     struct jt_inspected *out)
{
    *out = (struct jt_inspected){0};
    enum jt_inspection v =
        jt_opaque_form(token) ? look_up(l, token, a, out) : verify_once(l, token, a, out);
    if (v != JT_INSPECT_ACTIVE) {
        return a->starved ? JT_INSPECT_UNDECIDED : v;
    }
    return is_ours(l->app, &out->claims) && out->claims.exp > jt_wall_s(l->app->clock)
               ? JT_INSPECT_ACTIVE
               : JT_INSPECT_INACTIVE;
}

static bool credential_stands(const struct jt_client *c, const struct jt_jti *id)
{
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (c->credentials[i].number == id->credential) {
            return c->credentials[i].state != JT_CRED_REVOKED &&
                   id->sequence >= c->credentials[i].not_before_seq;
        }
    }
    return false;
}

/* Was it revoked: by itself, with its client, with its key, by a restore? Sequences, never iat. */
static bool revoked(const struct jt_app *app, const struct jt_inspected *t)
{
    uint64_t s = t->id.sequence;
    return s < app->sequence_floor || s < t->key_sequence || s < t->client->not_before_seq ||
           jt_directory_revoked(app->directory, s);
}

static bool grants_stand(const struct jt_client *c, const struct jt_resource *r,
                         struct jt_slice scope)
{
    struct jt_slice word = {0};
    while (jt_slice_next_word(&scope, &word)) {
        if (!jt_may(c, r, word)) {
            return false;
        }
    }
    return true;
}

/* A resource that binds its tokens takes none that is not bound: also one from before it did. */
static bool bound_as_asked(const struct jt_inspected *t)
{
    return t->resource->bind == JT_BIND_NONE || t->claims.cnf.n > 0;
}

/* What a signature cannot tell: whether the client may still have it. */
static bool stands(const struct jt_app *app, struct jt_inspected *t)
{
    t->client = jt_directory_client(app->directory, t->claims.client_id);
    t->resource = jt_directory_resource(app->directory, t->claims.aud);
    return t->client != NULL && t->resource != NULL && t->client->enabled && !revoked(app, t) &&
           credential_stands(t->client, &t->id) && bound_as_asked(t) &&
           grants_stand(t->client, t->resource, t->claims.scope);
}

bool jt_inspected_shown_by(const struct jt_inspected *t, const struct jt_peer_cert *cert)
{
    return t->claims.cnf.n == 0 ||
           (cert != NULL && jt_slice_eq(t->claims.cnf, jt_peer_cert_sha256(cert)));
}

enum jt_inspection jt_inspect(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                              struct jt_inspected *out)
{
    struct jt_inspected t;
    enum jt_inspection v = jt_inspect_origin(l, token, a, &t);
    if (v != JT_INSPECT_ACTIVE) {
        return v;
    }
    if (!stands(l->app, &t)) {
        return JT_INSPECT_INACTIVE;
    }
    *out = t;
    return JT_INSPECT_ACTIVE;
}
