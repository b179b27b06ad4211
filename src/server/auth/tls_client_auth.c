/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_client_auth (RFC 8705 section 2.1): the certificate has the one name that is registered, and
 * comes from one of the CAs that are registered with it. The name first: it is cheap.
 */
#include "certificate.h"

static enum jt_reason judge(const struct jt_credential *k, const struct jt_peer_cert *cert,
                            int64_t now_s, const char **detail)
{
    switch (jt_peer_cert_has(cert, k->tls, k->material)) {
    case JT_PEER_YES:
        break;
    case JT_PEER_NO:
        return JT_R_CERT_UNKNOWN;
    case JT_PEER_UNDECIDED:
        return JT_R_INTERNAL;
    }
    enum jt_chain v = jt_peer_cert_chain(cert, k->ca, now_s);
    if (v == JT_CHAIN_UNDECIDED) {
        return JT_R_INTERNAL;
    }
    *detail = jt_chain_text(v);
    return v == JT_CHAIN_GOOD ? JT_R_NONE : JT_R_CERT_CHAIN;
}

const struct jt_cert_judge jt_cert_judge_tls = {JT_CRED_TLS, "tls_client_auth", judge};
