/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include "../../core/token/at.h"
#include "../../core/token/ref.h"

#define PAYLOAD_MAX 8192u

struct jt_token {
    struct jt_slice value, jti, scope;
    int64_t lifetime_s;
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

static enum jt_err sign(const struct jt_key_view *key, const struct jt_at_claims *claims,
                        struct jt_arena *a, struct jt_slice *out)
{
    JT_AUTO(jt_buf_free) struct jt_buf payload;
    JT_AUTO(jt_buf_free) struct jt_buf jws;
    jt_buf_init(&payload, PAYLOAD_MAX);
    jt_buf_init(&jws, JT_JWS_MAX);
    (void)jt_buf_reserve(&payload, 1024); /* at once rather than by doubling */
    jt_at_payload(claims, &payload);
    if (!jt_buf_ok(&payload)) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_jws_write(key->signer, jt_buf_slice(&key->header), jt_buf_slice(&payload), &jws));
    if (!jt_buf_ok(&jws)) {
        return JT_E_NOMEM;
    }
    return jt_arena_copy(a, jt_buf_slice(&jws), out) ? JT_OK : JT_E_NOMEM;
}

enum jt_err jt_mint(struct jt_local *l, const struct jt_grant *g, uint64_t sequence,
                    struct jt_arena *a, const struct jt_token **out)
{
    const struct jt_app *app = l->app;
    const struct jt_resource *r = jt_grant_resource(g);
    const struct jt_principal *who = jt_grant_principal(g);
    const struct jt_client *client = jt_principal_client(who);
    enum jt_alg alg = r->builtin ? jt_keys_builtin_alg(&l->keys, app->token_alg) : r->alg;
    const struct jt_key_view *key = jt_keys_active(&l->keys, alg);
    if (key == NULL) {
        return JT_E_NOTFOUND;
    }
    struct jt_token *t = jt_arena_alloc(a, sizeof *t);
    char *jti = jt_arena_alloc(a, JT_JTI_LEN);
    if (t == NULL || jti == NULL) {
        return JT_E_NOMEM;
    }
    const struct jt_jti id = {sequence, jt_principal_credential(who)->number};
    JT_TRY(jt_jti_write(l->crypt, app->reference_key, &id, jti));
    int64_t now = jt_wall_s(app->clock);
    t->lifetime_s =
        r->lifetime_s < app->token_max_lifetime_s ? r->lifetime_s : app->token_max_lifetime_s;
    t->jti = jt_slice(jti, JT_JTI_LEN);
    t->scope = jt_grant_scope(g);
    const struct jt_at_claims claims = {
        .iss = app->issuer,
        .sub = client->o.name,
        .client_id = client->o.name,
        .aud = r->o.name,
        .scope = t->scope,
        .jti = t->jti,
        .iat = now,
        .exp = now + t->lifetime_s,
    };
    JT_TRY(sign(key, &claims, a, &t->value));
    *out = t;
    return JT_OK;
}
