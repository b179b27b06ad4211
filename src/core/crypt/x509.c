/* SPDX-License-Identifier: Apache-2.0 */
#include "x509.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../base/rand.h"

#define HOUR 3600

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool set_serial(X509 *cert)
{
    uint8_t serial[16];
    BIGNUM *bn = NULL;
    if (jt_random(serial, sizeof serial) != JT_OK) {
        return false;
    }
    serial[0] &= 0x7f;
    serial[0] |= 0x40;
    bn = BN_bin2bn(serial, sizeof serial, NULL);
    bool ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;
    BN_free(bn);
    return ok;
}

static bool set_name(X509_NAME *name, const char *cn)
{
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Jeton dev",
                                      -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1,
                                      0) == 1;
}

/* A certificate without extensions and signature; issuer NULL: its own. */
static X509 *blank(EVP_PKEY *key, const char *cn, X509 *issuer, int64_t now_s, int days)
{
    X509 *c = X509_new();
    bool ok =
        c != NULL && X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) &&
        ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(now_s - HOUR)) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(now_s + (int64_t)days * 86400)) != NULL &&
        X509_set_pubkey(c, key) == 1 && set_name(X509_get_subject_name(c), cn) &&
        X509_set_issuer_name(c, X509_get_subject_name(issuer == NULL ? c : issuer)) == 1;
    if (!ok) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static X509 *make_ca(EVP_PKEY *key, int64_t now_s, int days)
{
    X509 *c = blank(key, "Jeton dev CA", NULL, now_s, days);
    if (c == NULL || !add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(c, c, NID_subject_key_identifier, "hash") ||
        X509_sign(c, key, EVP_sha256()) == 0) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static X509 *make_leaf(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, int64_t now_s, int days)
{
    X509 *c = blank(key, "localhost", ca, now_s, days);
    if (c == NULL || !add_extension(c, ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(c, ca, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(c, ca, NID_ext_key_usage, "serverAuth") ||
        !add_extension(c, ca, NID_subject_key_identifier, "hash") ||
        !add_extension(c, ca, NID_authority_key_identifier, "keyid:always") ||
        !add_extension(c, ca, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") ||
        X509_sign(c, ca_key, EVP_sha256()) == 0) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static bool put_pem(struct jt_buf *out, X509 *cert, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok =
        bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
        (key == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    if (ok) {
        char *text = NULL;
        long n = BIO_get_mem_data(bio, &text);
        jt_buf_put(out, jt_slice(text, n > 0 ? (size_t)n : 0));
        OPENSSL_cleanse(text, n > 0 ? (size_t)n : 0);
    }
    BIO_free(bio);
    return ok && jt_buf_ok(out);
}

enum jt_err jt_x509_make_dev(int64_t now_s, int days, struct jt_buf *ca_pem,
                             struct jt_buf *leaf_pem)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = ca_key == NULL ? NULL : make_ca(ca_key, now_s, days);
    X509 *leaf = ca == NULL || key == NULL ? NULL : make_leaf(key, ca, ca_key, now_s, days);
    bool ok = leaf != NULL && put_pem(ca_pem, ca, NULL) && put_pem(leaf_pem, leaf, key);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    ERR_clear_error();
    return ok ? JT_OK : JT_E_CRYPTO;
}

enum jt_err jt_x509_not_after(struct jt_slice pem, int64_t *out_s)
{
    if (pem.n > INT32_MAX) {
        return JT_E_LIMIT;
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *c = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool ok = c != NULL && epoch != NULL &&
              ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(c)) == 1;
    if (ok) {
        *out_s = (int64_t)days * 86400 + seconds;
    }
    ASN1_TIME_free(epoch);
    X509_free(c);
    BIO_free(bio);
    ERR_clear_error();
    return ok ? JT_OK : JT_E_SYNTAX;
}
