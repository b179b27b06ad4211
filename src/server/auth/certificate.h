/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate.h - what the two methods of RFC 8705 section 2 have in common. Private to auth.
 *
 * Both look the same in a request: a certificate and a client_id. Which one it is, the client's
 * credentials tell; so one row of the table of methods detects, and asks the judge of each
 * credential's kind.
 */
#ifndef JT_AUTH_CERTIFICATE_H
#define JT_AUTH_CERTIFICATE_H

#include "method.h"

struct jt_cert_judge {
    enum jt_credential_kind kind;
    const char *name; /* of the method, as in RFC 8705 section 2 */
    /* JT_R_NONE: the certificate satisfies the credential; JT_R_CERT_UNKNOWN: it is another's;
     * JT_R_CERT_CHAIN: it would be its, but *detail. JT_R_INTERNAL: out of memory. */
    enum jt_reason (*judge)(const struct jt_credential *k, const struct jt_peer_cert *cert,
                            int64_t now_s, const char **detail);
};

extern const struct jt_cert_judge jt_cert_judge_tls, jt_cert_judge_self_signed;

/* Would the certificate prove this client by itself, now and from there? INTERNAL: not decided. */
enum jt_reason jt_auth_certificate_proves(const struct jt_auth_context *ctx,
                                          const struct jt_client *c,
                                          const struct jt_peer_cert *cert);

#endif
