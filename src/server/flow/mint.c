/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include "../../core/token/opaque.h"
#include "../../core/token/ref.h"

#define PAYLOAD_MAX 10752u /* with the longest header and signature, a token of JT_JWS_MAX */
#define SCOPE_MAX (PAYLOAD_MAX - 2048u) /* of a JWT; all else in it is shorter than that */

struct jt_token {
    struct jt_slice value, jti, scope;
    int64_t lifetime_s;
    const struct jt_opaque *opaque;
};

struct jt_slice jt_token_value(const struct jt_token *t)
{
    return t->value;
}

struct jt_slice jt_token_jti(const struct jt_token *t)
{
    return t->jti;
}

struct jt_slice jt_token_scope(const struct jt_token *t)
{
    return t->scope;
}

int64_t jt_token_lifetime_s(const struct jt_token *t)
{
    return t->lifetime_s;
}

const struct jt_opaque *jt_token_opaque(const struct jt_token *t)
{
    return t->opaque;
}

static enum jt_err sign(struct jt_local *l, const struct jt_key_view *key,
                        const struct jt_at_claims *claims, struct jt_arena *a, struct jt_slice *out)
{
    JT_ASSERT(claims->jti.n == JT_JTI_LEN);
    if (claims->scope.n > SCOPE_MAX) {
        return JT_E_LIMIT;
    }
    jt_buf_reset(&l->text);
    jt_buf_reset(&l->jws);
    jt_at_payload(claims, &l->text);
    if (!jt_buf_ok(&l->text)) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_jws_write(key->signer, jt_buf_slice(&key->header), jt_buf_slice(&l->text), &l->jws));
    if (!jt_buf_ok(&l->jws)) {
        return JT_E_NOMEM;
    }
    return jt_arena_copy(a, jt_buf_slice(&l->jws), out) ? JT_OK : JT_E_NOMEM;
}

enum jt_alg jt_mint_alg(const struct jt_local *l, const struct jt_settings *s,
                        const struct jt_resource *r)
{
    return r->builtin ? jt_keys_builtin_alg(&l->keys, s->token_alg) : r->alg;
}

/* key NULL: the algorithm has none that signs, JT_E_NOTFOUND. */
static enum jt_err mint_jwt(struct jt_local *l, const struct jt_key_view *key,
                            struct jt_at_claims *claims, const struct jt_jti *id,
                            struct jt_arena *a, struct jt_token *t)
{
    char *jti = jt_arena_alloc(a, JT_JTI_LEN);
    if (key == NULL || jti == NULL) {
        return key == NULL ? JT_E_NOTFOUND : JT_E_NOMEM;
    }
    JT_TRY(jt_jti_write(l->crypt, l->app->reference_key, id, jti));
    t->jti = claims->jti = jt_slice(jti, JT_JTI_LEN);
    return sign(l, key, claims, a, &t->value);
}

/* Random, and stored by its hash; its jti carries the first bytes of that. */
static enum jt_err mint_opaque(struct jt_local *l, const struct jt_at_claims *claims,
                               const struct jt_jti *id, struct jt_arena *a, struct jt_token *t)
{
    struct jt_opaque *o = jt_arena_alloc(a, sizeof *o);
    struct jt_profile *profile = jt_arena_alloc(a, sizeof *profile);
    uint8_t *hash = jt_arena_alloc(a, JT_SHA256_SIZE);
    char *text = jt_arena_alloc(a, JT_OPAQUE_LEN);
    char *jti = jt_arena_alloc(a, JT_JTI_LEN);
    if (o == NULL || profile == NULL || hash == NULL || text == NULL || jti == NULL) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_opaque_make(l->crypt, text));
    JT_TRY(jt_opaque_hash(l->crypt, jt_slice(text, JT_OPAQUE_LEN), hash));
    JT_TRY(jt_jti_write_with(l->crypt, l->app->reference_key, id, hash, jti));
    *profile = (struct jt_profile){.client_id = claims->client_id,
                                   .audience = claims->aud,
                                   .scope = claims->scope,
                                   .cnf = claims->cnf};
    *o = (struct jt_opaque){.o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(hash, JT_SHA256_SIZE)},
                            .sequence = id->sequence,
                            .issued_s = claims->iat,
                            .expires_s = claims->exp,
                            .profile = profile,
                            .credential = id->credential};
    t->value = jt_slice(text, JT_OPAQUE_LEN);
    t->jti = jt_slice(jti, JT_JTI_LEN);
    t->opaque = o;
    return JT_OK;
}

void jt_mint_claims(const struct jt_app *app, const struct jt_settings *s, const struct jt_grant *g,
                    struct jt_at_claims *out)
{
    const struct jt_resource *r = jt_grant_resource(g);
    const struct jt_client *client = jt_principal_client(jt_grant_principal(g));
    int64_t now = jt_wall_s(app->clock);
    int64_t asked = r->builtin ? s->token_lifetime_s : r->lifetime_s;
    int64_t life = asked < s->token_max_lifetime_s ? asked : s->token_max_lifetime_s;
    *out = (struct jt_at_claims){
        .iss = app->issuer,
        .sub = client->o.name,
        .client_id = client->o.name,
        .aud = r->o.name,
        .scope = jt_grant_scope(g),
        .iat = now,
        .exp = now + life,
        .cnf = r->bind == JT_BIND_CERTIFICATE ? jt_principal_certificate(jt_grant_principal(g))
                                              : jt_slice(NULL, 0),
    };
}

enum jt_err jt_mint(struct jt_local *l, const struct jt_settings *s, const struct jt_grant *g,
                    uint64_t sequence, struct jt_arena *a, const struct jt_token **out)
{
    const struct jt_resource *r = jt_grant_resource(g);
    const struct jt_principal *who = jt_grant_principal(g);
    JT_ASSERT(!jt_principal_is_hypothetical(who));
    struct jt_token *t = jt_arena_alloc(a, sizeof *t);
    if (t == NULL) {
        return JT_E_NOMEM;
    }
    const struct jt_jti id = {sequence, jt_principal_credential(who)->number};
    struct jt_at_claims claims;
    jt_mint_claims(l->app, s, g, &claims);
    *t = (struct jt_token){.scope = claims.scope, .lifetime_s = claims.exp - claims.iat};
    if (r->format == JT_FORMAT_OPAQUE) {
        JT_TRY(mint_opaque(l, &claims, &id, a, t));
    } else {
        const struct jt_key_view *key = jt_keys_active(&l->keys, jt_mint_alg(l, s, r));
        JT_TRY(mint_jwt(l, key, &claims, &id, a, t));
    }
    *out = t;
    return JT_OK;
}
