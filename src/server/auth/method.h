/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method.h - the shape of a client authentication method. Private to auth.
 */
#ifndef JT_AUTH_METHOD_H
#define JT_AUTH_METHOD_H

#include "auth.h"

/* What a method proved: set only on JT_AUTH_PROVEN. */
struct jt_auth_proof {
    const struct jt_client *client;
    const struct jt_credential *credential;
};

struct jt_auth_ops {
    const char *name; /* as in RFC 7591 token_endpoint_auth_method */
    bool (*detect)(const struct jt_auth_input *in);
    /* The client_id that goes with the proof. */
    struct jt_slice (*claimed)(const struct jt_auth_context *ctx, const struct jt_auth_input *in);
    /* Sets claimed, credential_id and reason in out; returns the verdict. */
    enum jt_auth_verdict (*verify)(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out);
};

extern const struct jt_auth_ops jt_auth_client_secret_basic, jt_auth_client_secret_post,
    jt_auth_private_key_jwt, jt_auth_certificate, jt_auth_trust;

/* Sets reason and words; returns REFUSED. */
static inline enum jt_auth_verdict jt_auth_refuse(struct jt_auth_result *out, enum jt_reason why,
                                                  const char *detail)
{
    out->reason = why;
    out->detail = detail;
    return JT_AUTH_REFUSED;
}

/* The right proof; may it be used now, and from there? JT_R_NONE: yes. */
enum jt_reason jt_auth_usable(const struct jt_client *c, const struct jt_credential *k,
                              const struct jt_auth_context *ctx);

/* The assertion is right: PROVEN the first time, and out->replay is set. */
enum jt_auth_verdict jt_auth_use_once(const struct jt_auth_context *ctx,
                                      const struct jt_assertion *s, struct jt_auth_result *out);

/*
 * Does this client have this secret? One keyed hash and one comparison, whatever the answer, an
 * unknown client included (RFC 6819 section 4.3.5).
 */
enum jt_auth_verdict jt_auth_check_secret(const struct jt_auth_context *ctx,
                                          struct jt_slice client_id, struct jt_slice secret,
                                          struct jt_auth_proof *proof, struct jt_auth_result *out);

#endif
