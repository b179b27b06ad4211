/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method.h - the shape of a client authentication method. Private to auth.
 */
#ifndef JT_AUTH_METHOD_H
#define JT_AUTH_METHOD_H

#include "auth.h"
#include "errand.h"

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

/* A secret as it was said: in Basic decoded, and as it stood there when that is another. */
struct jt_secret_said {
    struct jt_slice client_id;
    size_t n;
    struct jt_slice secrets[JT_SECRETS_SAID];
};

/*
 * Does this client have this secret? One keyed hash for each reading of it and data key, and
 * comparisons, whatever the answer, an unknown client included (RFC 6819 section 4.3.5). When none
 * fits and the client has hashes that other servers made: LATER, and with the errand that has come
 * back in->errand, the answer.
 */
enum jt_auth_verdict jt_auth_check_secret(const struct jt_auth_context *ctx,
                                          const struct jt_auth_input *in,
                                          const struct jt_secret_said *said,
                                          struct jt_auth_proof *proof, struct jt_auth_result *out);

/* foreign_hash.c: the client's secret is none that has a keyed hash. */
enum jt_auth_verdict jt_auth_check_foreign(const struct jt_auth_context *ctx,
                                           const struct jt_auth_input *in,
                                           const struct jt_secret_said *said,
                                           const struct jt_client *c, struct jt_auth_result *out,
                                           const struct jt_credential **found);

#endif
