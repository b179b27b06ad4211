/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_secret_basic (RFC 6749 section 2.3.1): HTTP Basic with both parts form-encoded. Many
 * clients send them raw. Generated ids and secrets read the same both ways; one that was brought
 * along may not, so it is tried decoded, then raw.
 */
#include "method.h"

static bool detect(const struct jt_auth_input *in)
{
    return in->authz->scheme == JT_AUTHZ_BASIC || in->authz->scheme == JT_AUTHZ_MALFORMED;
}

/* Decoded when that is possible, else raw. */
static struct jt_slice decoded(struct jt_slice raw, struct jt_arena *a)
{
    struct jt_slice s = raw;
    return jt_form_decode(raw, a, &s) == JT_FORM_OK ? s : raw;
}

static struct jt_slice claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    return in->authz->scheme == JT_AUTHZ_BASIC ? decoded(in->authz->user, ctx->arena)
                                               : jt_slice(NULL, 0);
}

static enum jt_auth_verdict verify(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    if (in->authz->scheme == JT_AUTHZ_MALFORMED) {
        out->reason = JT_R_AUTH_HEADER;
        return JT_AUTH_REFUSED;
    }
    out->claimed = decoded(in->authz->user, ctx->arena);
    struct jt_slice said = jt_form_get(in->form, "client_id");
    if (said.n > 0 && !jt_slice_eq(said, out->claimed)) {
        out->reason = JT_R_CLIENT_ID_MISMATCH;
        return JT_AUTH_REFUSED;
    }
    struct jt_slice raw = in->authz->password;
    struct jt_secret_said secret = {out->claimed, 1, {decoded(raw, ctx->arena), raw}};
    secret.n += jt_slice_eq(secret.secrets[0], raw) ? 0 : 1;
    return jt_auth_check_secret(ctx, in, &secret, proof, out);
}

const struct jt_auth_ops jt_auth_client_secret_basic = {"client_secret_basic", detect, claimed,
                                                        verify};
