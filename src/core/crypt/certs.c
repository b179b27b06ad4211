/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "peer_internal.h"

bool jt_certs_next(struct jt_slice *rest, struct jt_slice *der)
{
    const unsigned char *p = rest->p;
    long n = 0;
    int tag = 0;
    int class = 0;
    if (rest->n == 0 || rest->n > INT32_MAX) {
        return false;
    }
    int form = ASN1_get_object(&p, &n, &tag, &class, (long)rest->n);
    ERR_clear_error();
    if ((form & 0x80) != 0 || n < 0 || tag != V_ASN1_SEQUENCE) {
        return false;
    }
    size_t whole = (size_t)(p - rest->p) + (size_t)n;
    *der = jt_slice(rest->p, whole);
    *rest = jt_slice_from(*rest, whole);
    return true;
}

static enum jt_err check_label(const char *label, const char **why)
{
    if (strcmp(label, PEM_STRING_X509) != 0 && strcmp(label, PEM_STRING_X509_OLD) != 0) {
        *why = strstr(label, "PRIVATE KEY") != NULL
                   ? "there is a private key in it: give the certificate alone"
                   : "there is something other than certificates in it";
        return JT_E_SYNTAX;
    }
    return JT_OK;
}

static enum jt_err take(struct jt_slice der, struct jt_buf *out, const char **why)
{
    enum jt_err e = JT_OK;
    X509 *x = jt_x509_from_der(der, &e);
    X509_free(x);
    if (e != JT_OK) {
        *why = "a certificate in it is damaged, or larger than 32 KiB";
        return e;
    }
    jt_buf_put(out, der);
    return jt_buf_ok(out) ? JT_OK : JT_E_LIMIT;
}

/* Why there is no next block: the text is over, or it is broken. */
static enum jt_err at_end(size_t n, const char **why)
{
    unsigned long e = ERR_peek_last_error();
    if (!jt_had_memory()) {
        return JT_E_NOMEM;
    }
    bool over = ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
    if (n > 0 && over) {
        return JT_OK;
    }
    *why = over ? "there is no certificate in PEM form (-----BEGIN CERTIFICATE-----) in it"
                : "it is damaged: what stands between BEGIN and END cannot be read";
    return JT_E_SYNTAX;
}

static enum jt_err read_blocks(BIO *bio, size_t max, struct jt_buf *out, size_t *n,
                               const char **why)
{
    for (;;) {
        char *label = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long der_n = 0;
        if (PEM_read_bio(bio, &label, &header, &der, &der_n) != 1) {
            return at_end(*n, why);
        }
        enum jt_err e = check_label(label, why);
        if (e == JT_OK) {
            e = *n == max ? JT_E_LIMIT
                          : take(jt_slice(der, der_n > 0 ? (size_t)der_n : 0), out, why);
        }
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, der_n > 0 ? (size_t)der_n : 0);
        if (e != JT_OK) {
            return e;
        }
        (*n)++;
    }
}

enum jt_err jt_certs_from_pem(struct jt_slice pem, size_t max, struct jt_buf *out, size_t *n,
                              const char **why)
{
    const size_t before = out->n;
    enum jt_err e = JT_E_SYNTAX;
    *why = "it is too large";
    if (pem.n > INT32_MAX) {
        return JT_E_LIMIT;
    }
    ERR_clear_error();
    for (int i = 0; i < 2 && e == JT_E_SYNTAX; i++) {
        *n = 0;
        out->n = before;
        BIO *bio = BIO_new_mem_buf(pem.n > 0 ? (const void *)pem.p : "", (int)pem.n);
        e = bio == NULL ? JT_E_NOMEM : read_blocks(bio, max, out, n, why);
        BIO_free(bio);
        e = jt_had_memory() || e != JT_E_SYNTAX ? e : JT_E_NOMEM;
    }
    return e;
}

static bool seconds(const ASN1_TIME *t, const ASN1_TIME *epoch, int64_t *out)
{
    int days = 0;
    int rest = 0;
    if (ASN1_TIME_diff(&days, &rest, epoch, t) != 1) {
        return false;
    }
    *out = (int64_t)days * 86400 + rest;
    return true;
}

static int rsa_bits(const X509 *x)
{
    const EVP_PKEY *k = X509_get0_pubkey(x);
    int id = k == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(k);
    return id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS ? EVP_PKEY_get_bits(k) : 0;
}

enum jt_err jt_cert_describe(struct jt_slice der, struct jt_cert_info *out, struct jt_buf *subject)
{
    enum jt_err e = JT_OK;
    struct jt_cert_info info = {0};
    X509 *x = jt_x509_from_der(der, &e);
    if (x == NULL) {
        return e;
    }
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool ok = epoch != NULL && seconds(X509_get0_notBefore(x), epoch, &info.not_before_s) &&
              seconds(X509_get0_notAfter(x), epoch, &info.not_after_s) &&
              EVP_Digest(der.p, der.n, info.sha256, NULL, EVP_sha256(), NULL) == 1;
    info.rsa_bits = rsa_bits(x);
    info.is_ca = X509_check_ca(x) == 1; /* by its basic constraints, not by custom */
    jt_dn_put(X509_get_subject_name(x), subject);
    ASN1_TIME_free(epoch);
    X509_free(x);
    ERR_clear_error();
    if (!ok || !jt_buf_ok(subject)) {
        return JT_E_CRYPTO;
    }
    *out = info;
    return JT_OK;
}
