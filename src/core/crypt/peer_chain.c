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

/* Into what a sequence has in it, or past a value; false: it is not so. */
static bool step(struct jt_slice *s, bool into, int *tag)
{
    const unsigned char *p = s->p;
    long n = 0;
    int class = 0;
    if (s->n == 0 || s->n > INT32_MAX) {
        return false;
    }
    int form = ASN1_get_object(&p, &n, tag, &class, (long)s->n);
    if ((form & 0x81) != 0 || n < 0) { /* broken, or without a length */
        return false;
    }
    size_t head = (size_t)(p - s->p);
    *s = into ? jt_slice(p, (size_t)n) : jt_slice_from(*s, head + (size_t)n);
    return true;
}

/* The subject of a certificate whose key need not be read for that. NULL: not known. */
static X509_NAME *subject_of(struct jt_slice der)
{
    int tag = 0;
    struct jt_slice s = der;
    if (!step(&s, true, &tag) || !step(&s, true, &tag)) {
        return NULL;
    }
    struct jt_slice version = s;
    if (step(&version, false, &tag) && tag == 0) { /* [0], which version 1 has not */
        s = version;
    }
    for (int i = 0; i < 4; i++) { /* number, algorithm, issuer, validity */
        if (!step(&s, false, &tag)) {
            return NULL;
        }
    }
    const unsigned char *p = s.p;
    return d2i_X509_NAME(NULL, &p, (long)s.n);
}

/* May it stand in the chain? A CA whose name nothing names cannot, and reading its key costs more
 * than all else: a stranger would have it done for each of many CAs. */
static bool may_stand(struct jt_slice ca, const X509 *leaf, const STACK_OF(X509) * along)
{
    X509_NAME *name = subject_of(ca);
    bool named = name == NULL || X509_NAME_cmp(name, X509_get_issuer_name(leaf)) == 0 ||
                 X509_NAME_cmp(name, X509_get_subject_name(leaf)) == 0;
    for (int i = 0; !named && i < sk_X509_num(along); i++) {
        named = X509_NAME_cmp(name, X509_get_issuer_name(sk_X509_value(along, i))) == 0;
    }
    X509_NAME_free(name);
    return named;
}

/* False: out of memory. A CA that cannot be read is none: it was read when it was registered. */
static bool add_anchors(X509_STORE *store, struct jt_slice cas, const X509 *leaf,
                        const STACK_OF(X509) * along)
{
    struct jt_slice der = {0};
    while (jt_certs_next(&cas, &der)) {
        enum jt_err e = JT_OK;
        if (!may_stand(der, leaf, along)) {
            continue;
        }
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
    if (leaf != NULL && store != NULL && ctx != NULL && along != NULL &&
        add_anchors(store, cas, leaf, along) && X509_STORE_CTX_init(ctx, store, leaf, along) == 1 &&
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

static enum jt_chain build_twice(const struct jt_peer_cert *c, struct jt_slice cas, int64_t now_s)
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

/* Whoever asks again and again on one connection, with what is refused, has it built once. What is
 * good is never taken from memory. */
#define MEMO_S 10

enum jt_chain jt_peer_cert_chain(const struct jt_peer_cert *c, struct jt_slice cas, int64_t now_s)
{
    struct jt_chain_memo *m = &c->self->memo;
    if (m->verdict != JT_CHAIN_UNDECIDED && m->cas == cas.p && m->n == cas.n &&
        now_s >= m->begun_s && now_s < m->begun_s + MEMO_S) {
        return m->verdict;
    }
    enum jt_chain v = build_twice(c, cas, now_s);
    if (v != JT_CHAIN_GOOD && v != JT_CHAIN_UNDECIDED) {
        *m = (struct jt_chain_memo){cas.p, cas.n, now_s, v};
    }
    return v;
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
