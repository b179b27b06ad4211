/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include "method.h"

struct jt_principal {
    const struct jt_client *client;
    const struct jt_credential *credential;
};

static const struct jt_auth_ops *const methods[] = {
    &jt_auth_client_secret_basic,
    &jt_auth_client_secret_post,
    NULL,
};

const struct jt_client *jt_principal_client(const struct jt_principal *p)
{
    return p->client;
}

const struct jt_credential *jt_principal_credential(const struct jt_principal *p)
{
    return p->credential;
}

/* Signs of methods that are not offered here: they must not pass for "no credentials". */
static bool foreign_method(const struct jt_auth_input *in)
{
    return in->authz->scheme == JT_AUTHZ_OTHER || in->authz->scheme == JT_AUTHZ_BEARER ||
           jt_form_get(in->form, "client_assertion").n > 0 ||
           jt_form_get(in->form, "client_assertion_type").n > 0;
}

static const struct jt_auth_ops *choose(const struct jt_auth_input *in, enum jt_reason *why)
{
    const struct jt_auth_ops *found = NULL;
    bool foreign = foreign_method(in);
    for (size_t i = 0; methods[i] != NULL; i++) {
        if (!methods[i]->detect(in)) {
            continue;
        }
        if (found != NULL || foreign) {
            *why = JT_R_AUTH_TWO_METHODS;
            return NULL;
        }
        found = methods[i];
    }
    if (found == NULL) {
        *why = foreign ? JT_R_AUTH_METHOD : JT_R_AUTH_MISSING;
    }
    return found;
}

struct jt_slice jt_auth_claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    for (size_t i = 0; methods[i] != NULL; i++) {
        if (methods[i]->detect(in)) {
            return methods[i]->claimed(ctx, in);
        }
    }
    return jt_slice(NULL, 0);
}

void jt_authenticate(const struct jt_auth_context *ctx, const struct jt_auth_input *in,
                     struct jt_auth_result *out)
{
    *out = (struct jt_auth_result){.verdict = JT_AUTH_REFUSED};
    out->claimed = jt_form_get(in->form, "client_id");
    const struct jt_auth_ops *m = choose(in, &out->reason);
    if (m == NULL) {
        return;
    }
    out->method = m->name;
    struct jt_auth_proof proof = {0};
    if (m->verify(ctx, in, &proof, out) != JT_AUTH_PROVEN) {
        return;
    }
    struct jt_principal *p = jt_arena_alloc(ctx->arena, sizeof *p);
    if (p == NULL) {
        out->reason = JT_R_INTERNAL;
        return;
    }
    p->client = proof.client;
    p->credential = proof.credential;
    out->principal = p;
    out->verdict = JT_AUTH_PROVEN;
}
