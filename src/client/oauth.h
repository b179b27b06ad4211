/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth.h - the three things a client asks of an issuer: a token, whether a token is active, that
 * a token ends.
 *
 * Owns:    an answer its bytes and document; free it.
 * Threads: one owner.
 * RFC:     6749 sections 2.3.1, 4.4 and 5; 7662; 7009; 8707 (resource)
 */
#ifndef JT_CLIENT_OAUTH_H
#define JT_CLIENT_OAUTH_H

#include "discovery.h"
#include "response.h"

/* Who asks. A bearer instead of an id: that token is the authorization (RFC 7662 section 2.1). */
struct jt_oauth_caller {
    struct jt_slice id, secret;
    struct jt_slice bearer;
};

struct jt_token_params {
    struct jt_slice scope, resource, audience; /* empty: not sent */
};

struct jt_oauth_answer {
    struct jt_outbound_answer http;
    struct jt_json *doc; /* NULL: no body was wanted */
};

/* One conversation. */
struct jt_oauth_session {
    struct jt_outbound *outbound;
    const struct jt_issuer *issuer;
    struct jt_oauth_caller caller;
};

/* OK: the answer is in out->doc, and has been read without complaint; slices of *out_token live
 * there. Free *out in any case. */
JT_MUST enum jt_oauth_end jt_oauth_token(const struct jt_oauth_session *s,
                                         const struct jt_token_params *params,
                                         struct jt_oauth_answer *out,
                                         struct jt_token_response *out_token,
                                         struct jt_oauth_error *err);
JT_MUST enum jt_oauth_end jt_oauth_introspect(const struct jt_oauth_session *s,
                                              struct jt_slice token, struct jt_oauth_answer *out,
                                              bool *out_active, struct jt_oauth_error *err);
JT_MUST enum jt_oauth_end jt_oauth_revoke(const struct jt_oauth_session *s, struct jt_slice token,
                                          struct jt_oauth_error *err);
void jt_oauth_answer_free(struct jt_oauth_answer *a);

/* One parameter, encoded, with "&" where one is due; nothing when the value is empty. */
void jt_form_put(struct jt_buf *form, const char *name, struct jt_slice value);
/*
 * Credentials of the caller, written into the Authorization header or into the form: Basic with id
 * and secret form-encoded (RFC 6749 section 2.3.1), or client_secret_post when the issuer lists
 * that and not Basic.
 */
JT_MUST enum jt_oauth_end jt_oauth_authenticate(const struct jt_oauth_session *s,
                                                enum jt_endpoint which,
                                                struct jt_buf *authorization, struct jt_buf *form,
                                                struct jt_oauth_error *err);

#endif
