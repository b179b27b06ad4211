/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include "certificate.h"
#include "method.h"

struct jt_principal {
    const struct jt_client *client;
    const struct jt_credential *credential;
    struct jt_slice certificate;
    bool hypothetical;
};

static const struct jt_auth_ops *const methods[] = {
    &jt_auth_client_secret_basic,
    &jt_auth_client_secret_post,
    &jt_auth_private_key_jwt,
    &jt_auth_certificate,
    &jt_auth_trust,
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

struct jt_slice jt_principal_certificate(const struct jt_principal *p)
{
    return p->certificate;
}

bool jt_principal_is_hypothetical(const struct jt_principal *p)
{
    return p->hypothetical;
}

/* Signs of methods that are not offered here: they must not pass for "no credentials". */
static bool foreign_method(const struct jt_auth_input *in)
{
    return in->authz->scheme == JT_AUTHZ_OTHER || in->authz->scheme == JT_AUTHZ_BEARER;
}

bool jt_auth_input_read(struct jt_arena *a, const struct jt_authz *authz,
                        const struct jt_form *form, const struct jt_peer_cert *cert,
                        struct jt_auth_input *out)
{
    *out = (struct jt_auth_input){.authz = authz, .form = form, .cert = cert};
    out->assertion = jt_assertion_read(form, a);
    return !a->starved;
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

static void prove(const struct jt_auth_context *ctx, const struct jt_auth_proof *proof,
                  const struct jt_auth_input *in, struct jt_auth_result *out)
{
    struct jt_principal *p = jt_arena_alloc(ctx->arena, sizeof *p);
    if (p == NULL) {
        out->reason = JT_R_INTERNAL;
        return;
    }
    *p = (struct jt_principal){
        .client = proof->client,
        .credential = proof->credential,
        .certificate =
            in != NULL && in->cert != NULL ? jt_peer_cert_sha256(in->cert) : jt_slice(NULL, 0),
        .hypothetical = in == NULL,
    };
    out->principal = p;
    out->verdict = JT_AUTH_PROVEN;
}

/* Asked only once another proof was right, so that nobody else learns what a client may use. */
static bool proves_twice(const struct jt_auth_context *ctx, const struct jt_auth_ops *m,
                         const struct jt_auth_proof *proof, const struct jt_auth_input *in,
                         struct jt_auth_result *out)
{
    if (in->cert == NULL || m == &jt_auth_certificate) {
        return false;
    }
    enum jt_reason why = jt_auth_certificate_proves(ctx, proof->client, in->cert);
    if (why != JT_R_NONE && why != JT_R_INTERNAL) {
        return false;
    }
    out->reason = why == JT_R_NONE ? JT_R_AUTH_TWO_METHODS : JT_R_INTERNAL;
    out->detail = "the certificate of the connection is a credential of the client too";
    return true;
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
    switch (m->verify(ctx, in, &proof, out)) {
    case JT_AUTH_PROVEN:
        if (!proves_twice(ctx, m, &proof, in, out)) {
            prove(ctx, &proof, in, out);
        }
        break;
    case JT_AUTH_LATER:
        out->verdict = JT_AUTH_LATER;
        break;
    case JT_AUTH_UNDECIDED:
    case JT_AUTH_REFUSED:
        break;
    }
}

/* How near a refused credential is to being taken. */
static int nearness(enum jt_reason r)
{
    static const enum jt_reason order[] = {
        JT_R_SECRET_REVOKED,     JT_R_CREDENTIAL_REVOKED,     JT_R_SECRET_EXPIRED,
        JT_R_CREDENTIAL_EXPIRED, JT_R_ROTATION_REQUIRED,      JT_R_SECRET_NOT_YET,
        JT_R_CREDENTIAL_NOT_YET, JT_R_CREDENTIAL_ENVIRONMENT, JT_R_CLIENT_DISABLED,
        JT_R_CLIENT_NETWORK,     JT_R_CREDENTIAL_NETWORK,     JT_R_NONE,
    };
    int i = 0;
    while (i < (int)(sizeof order / sizeof order[0]) && order[i] != r) {
        i++;
    }
    return i;
}

void jt_auth_assume(const struct jt_auth_context *ctx, struct jt_slice client_id,
                    struct jt_auth_result *out)
{
    *out = (struct jt_auth_result){.verdict = JT_AUTH_REFUSED, .claimed = client_id};
    const struct jt_client *c = jt_directory_client(ctx->directory, client_id);
    if (c == NULL) {
        out->reason = JT_R_CLIENT_UNKNOWN;
        return;
    }
    out->reason = JT_R_CREDENTIAL_NONE;
    struct jt_auth_proof best = {c, NULL};
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *k = &c->credentials[i];
        enum jt_reason r = jt_auth_usable(c, k, ctx);
        if (best.credential == NULL || nearness(r) > nearness(out->reason)) {
            best.credential = k;
            out->reason = r;
        }
    }
    if (best.credential != NULL) {
        out->credential_id = best.credential->id;
    }
    if (out->reason == JT_R_NONE) {
        prove(ctx, &best, NULL, out);
    }
}
