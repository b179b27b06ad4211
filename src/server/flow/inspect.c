/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "../../core/token/ref.h"
#include "../policy/decide.h"

static enum jt_inspection verdict_of(enum jt_err e)
{
    return e == JT_E_NOMEM ? JT_INSPECT_UNDECIDED : JT_INSPECT_INACTIVE;
}

/* Form, key and signature. */
static enum jt_inspection verify(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                 struct jt_at_claims *out)
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
        e = jt_at_read(payload, a, out);
    }
    return e == JT_OK ? JT_INSPECT_ACTIVE : verdict_of(e);
}

static bool credential_stands(const struct jt_client *c, uint32_t number)
{
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (c->credentials[i].number == number) {
            return c->credentials[i].state != JT_CRED_REVOKED;
        }
    }
    return false;
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

/* What a signature cannot tell: whether the client may still have it. */
static bool stands(struct jt_local *l, struct jt_inspected *t)
{
    const struct jt_app *app = l->app;
    const struct jt_at_claims *c = &t->claims;
    struct jt_jti id = {0};
    if (!jt_slice_eq(c->iss, app->issuer) || !jt_slice_eq(c->sub, c->client_id) ||
        c->exp <= jt_wall_s(app->clock) ||
        jt_jti_read(l->crypt, app->reference_key, c->jti, &id) != JT_OK) {
        return false;
    }
    t->client = jt_directory_client(app->directory, c->client_id);
    t->resource = jt_directory_resource(app->directory, c->aud);
    return t->client != NULL && t->resource != NULL && t->client->enabled &&
           credential_stands(t->client, id.credential) &&
           grants_stand(t->client, t->resource, c->scope);
}

enum jt_inspection jt_inspect(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                              struct jt_inspected *out)
{
    struct jt_inspected t = {0};
    enum jt_inspection v = verify(l, token, a, &t.claims);
    if (v != JT_INSPECT_ACTIVE) {
        return v;
    }
    if (!stands(l, &t)) {
        return JT_INSPECT_INACTIVE;
    }
    *out = t;
    return JT_INSPECT_ACTIVE;
}
