/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_secret_post (RFC 6749 section 2.3.1): client_id and client_secret in the body.
 */
#include "method.h"

static bool detect(const struct jt_auth_input *in)
{
    return jt_form_get(in->form, "client_secret").n > 0;
}

static struct jt_slice claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    (void)ctx;
    return jt_form_get(in->form, "client_id");
}

static enum jt_auth_verdict verify(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    out->claimed = jt_form_get(in->form, "client_id");
    const struct jt_secret_said secret = {
        out->claimed, 1, {jt_form_get(in->form, "client_secret")}};
    return jt_auth_check_secret(ctx, in, &secret, proof, out);
}

const struct jt_auth_ops jt_auth_client_secret_post = {"client_secret_post", detect, claimed,
                                                       verify};
