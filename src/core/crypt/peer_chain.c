/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands behind a certificate. The store is made for one question and has the CAs of one
 * credential in it: a CA that one client may use says nothing about another client.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "certs.h"
#include "peer_internal.h"

#define SECURITY_LEVEL 2 /* 112 bits: RSA of 2048, no SHA-1 */

const char *jt_chain_text(enum jt_chain v)
{
    static const char *const texts[] = {"not decided", "valid",
#define X(name, text) text,
                                        JT_CHAIN_FAULTS(X)
#undef X
    };
    return texts[v];
}

static const struct {
    int error;
    enum jt_chain verdict;
} faults[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, JT_CHAIN_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, JT_CHAIN_NOT_YET},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, JT_CHAIN_ISSUER},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, JT_CHAIN_ISSUER},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, JT_CHAIN_ISSUER},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, JT_CHAIN_ISSUER},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, JT_CHAIN_ISSUER},
    {X509_V_ERR_INVALID_PURPOSE, JT_CHAIN_PURPOSE},
    {X509_V_ERR_INVALID_CA, JT_CHAIN_NOT_CA},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, JT_CHAIN_NOT_CA},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, JT_CHAIN_NOT_CA},
    {X509_V_ERR_PERMITTED_VIOLATION, JT_CHAIN_NOT_CA},
    {X509_V_ERR_EXCLUDED_VIOLATION, JT_CHAIN_NOT_CA},
    {X509_V_ERR_EE_KEY_TOO_SMALL, JT_CHAIN_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, JT_CHAIN_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, JT_CHAIN_WEAK},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, JT_CHAIN_SIGNATURE},
    {X509_V_ERR_OUT_OF_MEM, JT_CHAIN_UNDECIDED},
};

static enum jt_chain verdict_of(X509_STORE_CTX *ctx)
{
    int error = X509_STORE_CTX_get_error(ctx);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i].error == error) {
            enum jt_chain v = faults[i].verdict;
            bool time = v == JT_CHAIN_EXPIRED || v == JT_CHAIN_NOT_YET;
            bool purpose = v == JT_CHAIN_PURPOSE;
            bool above = X509_STORE_CTX_get_error_depth(ctx) > 0;
            return above && time ? JT_CHAIN_CA_TIME : above && purpose ? JT_CHAIN_NOT_CA : v;
        }
    }
    return JT_CHAIN_OTHER;
}

/* False: out of memory. A CA that cannot be read is none: it was read when it was registered. */
static bool add_anchors(X509_STORE *store, struct jt_slice cas)
{
    struct jt_slice der = {0};
    while (jt_certs_next(&cas, &der)) {
        enum jt_err e = JT_OK;
        X509 *ca = jt_x509_from_der(der, &e);
        bool added = ca != NULL && X509_STORE_add_cert(store, ca) == 1;
        X509_free(ca);
        if (!added && e != JT_E_SYNTAX) {
            return false;
        }
    }
    return true;
}

/* What the caller sent along; pieces that are no certificates help no chain. */
static STACK_OF(X509) * sent_along(const struct jt_peer_cert *c)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (size_t i = 1; all != NULL && i < c->n; i++) {
        enum jt_err e = JT_OK;
        X509 *x = jt_x509_from_der(c->ders[i], &e);
        if (x == NULL && e == JT_E_SYNTAX) {
            continue;
        }
        if (x == NULL || sk_X509_push(all, x) == 0) {
            X509_free(x);
            sk_X509_pop_free(all, X509_free);
            return NULL;
        }
    }
    return all;
}

static void set_rules(X509_VERIFY_PARAM *p, int64_t now_s)
{
    X509_VERIFY_PARAM_set_time(p, (time_t)now_s);
    X509_VERIFY_PARAM_set_depth(p, (int)JT_PEER_CERTS_MAX - 1);
    X509_VERIFY_PARAM_set_auth_level(p, SECURITY_LEVEL);
    (void)X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
}

static enum jt_chain build(const struct jt_peer_cert *c, struct jt_slice cas, int64_t now_s)
{
    /* A copy: OpenSSL keeps what it found out about a certificate in it, also what it found out
     * wrong for want of memory. */
    enum jt_err e = JT_OK;
    X509 *leaf = jt_x509_from_der(c->ders[0], &e);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *along = sent_along(c);
    enum jt_chain v = JT_CHAIN_UNDECIDED;
    if (leaf != NULL && store != NULL && ctx != NULL && along != NULL && add_anchors(store, cas) &&
        X509_STORE_CTX_init(ctx, store, leaf, along) == 1 &&
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1) {
        set_rules(X509_STORE_CTX_get0_param(ctx), now_s);
        v = X509_verify_cert(ctx) == 1 ? JT_CHAIN_GOOD : verdict_of(ctx);
    }
    sk_X509_pop_free(along, X509_free);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(leaf);
    return v;
}

enum jt_chain jt_peer_cert_chain(const struct jt_peer_cert *c, struct jt_slice cas, int64_t now_s)
{
    enum jt_chain before = JT_CHAIN_UNDECIDED;
    ERR_clear_error(); /* what others left */
    for (int i = 0; i < 3; i++) {
        enum jt_chain v = build(c, cas, now_s);
        bool had = jt_had_memory();
        if (v == JT_CHAIN_GOOD || v == JT_CHAIN_UNDECIDED || !had) {
            return v == JT_CHAIN_GOOD ? v : JT_CHAIN_UNDECIDED;
        }
        if (v == before) {
            return v;
        }
        before = v;
    }
    return JT_CHAIN_UNDECIDED;
}

enum jt_chain jt_peer_cert_in_time(const struct jt_peer_cert *c, int64_t now_s)
{
    time_t t = (time_t)now_s;
    int begin = X509_cmp_time(X509_get0_notBefore(c->leaf), &t);
    int end = X509_cmp_time(X509_get0_notAfter(c->leaf), &t);
    ERR_clear_error();
    if (begin == 0 || end == 0) {
        return JT_CHAIN_OTHER; /* it is no time at all */
    }
    return begin > 0 ? JT_CHAIN_NOT_YET : end < 0 ? JT_CHAIN_EXPIRED : JT_CHAIN_GOOD;
}
