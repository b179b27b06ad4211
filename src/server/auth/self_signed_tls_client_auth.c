/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_signed_tls_client_auth (RFC 8705 section 2.2): the certificate is the registered one, byte
 * for byte. Nobody has to have issued it; another certificate for the same key is another one.
 */
#include "certificate.h"

static enum jt_reason judge(const struct jt_credential *k, const struct jt_peer_cert *cert,
                            int64_t now_s, const char **detail)
{
    if (!jt_slice_eq(k->material, jt_peer_cert_der(cert))) {
        return JT_R_CERT_UNKNOWN;
    }
    enum jt_chain v = jt_peer_cert_in_time(cert, now_s);
    *detail = jt_chain_text(v);
    return v == JT_CHAIN_GOOD ? JT_R_NONE : JT_R_CERT_CHAIN;
}

const struct jt_cert_judge jt_cert_judge_self_signed = {JT_CRED_CERT, "self_signed_tls_client_auth",
                                                        judge};
