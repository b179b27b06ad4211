/* SPDX-License-Identifier: Apache-2.0 */
/*
 * made_cert.h - certificates as tests need them, good and bad, made on the spot.
 */
#ifndef JT_TEST_MADE_CERT_H
#define JT_TEST_MADE_CERT_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "core/base/slice.h"
#include "core/crypt/peer.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

/* One attribute of a subject; joins: it belongs to the one before. */
struct attribute {
    const char *type;
    const char *value;
    size_t n; /* 0: up to its NUL */
    bool joins;
};

struct recipe {
    struct attribute subject[6];
    const char *extensions[6][2]; /* name and value, as in openssl.cnf */
    int64_t begin, end;           /* 0: a day before and after NOW */
    int version;                  /* 0: X.509 version 3 */
    EVP_PKEY *key;                /* NULL: a fresh one */
    const EVP_MD *digest;         /* NULL: SHA-256 */
    GENERAL_NAMES *names;         /* put in as they are */
};

struct made {
    X509 *x;
    EVP_PKEY *key;
    uint8_t der[8192];
    struct jt_slice s;
};

static inline void put_subject(X509_NAME *name, const struct recipe *r)
{
    for (size_t i = 0; i < 6 && r->subject[i].type != NULL; i++) {
        const struct attribute *a = &r->subject[i];
        int n = (int)(a->n == 0 ? strlen(a->value) : a->n);
        assert_int_equal(X509_NAME_add_entry_by_txt(name, a->type, MBSTRING_UTF8,
                                                    (const unsigned char *)a->value, n, -1,
                                                    a->joins ? -1 : 0),
                         1);
    }
}

static inline void put_extensions(X509 *x, X509 *issuer, const struct recipe *r)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    for (size_t i = 0; i < 6 && r->extensions[i][0] != NULL; i++) {
        X509_EXTENSION *e = X509V3_EXT_nconf(NULL, &ctx, r->extensions[i][0], r->extensions[i][1]);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    if (r->names != NULL) {
        assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, r->names, 0, 0), 1);
    }
}

/* issuer NULL: self-signed. */
static inline struct made *make(const struct made *issuer, struct recipe r)
{
    static long serial = 1;
    struct made *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->key = r.key != NULL ? r.key : EVP_EC_gen("P-256");
    if (r.key != NULL) {
        EVP_PKEY_up_ref(r.key);
    }
    m->x = X509_new();
    X509 *above = issuer != NULL ? issuer->x : m->x;
    X509_set_version(m->x, r.version != 0 ? r.version - 1 : X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(m->x), serial++);
    ASN1_TIME_set(X509_getm_notBefore(m->x), (time_t)(r.begin != 0 ? r.begin : NOW - DAY));
    ASN1_TIME_set(X509_getm_notAfter(m->x), (time_t)(r.end != 0 ? r.end : NOW + DAY));
    X509_set_pubkey(m->x, m->key);
    put_subject(X509_get_subject_name(m->x), &r);
    X509_set_issuer_name(m->x, X509_get_subject_name(above));
    put_extensions(m->x, above, &r);
    assert_true(X509_sign(m->x, issuer != NULL ? issuer->key : m->key,
                          r.digest != NULL ? r.digest : EVP_sha256()) > 0);
    unsigned char *p = m->der;
    int n = i2d_X509(m->x, NULL);
    assert_true(n > 0 && (size_t)n <= sizeof m->der);
    assert_int_equal(i2d_X509(m->x, &p), n);
    m->s = jt_slice(m->der, (size_t)n);
    return m;
}

static inline void unmake(struct made *m)
{
    X509_free(m->x);
    EVP_PKEY_free(m->key);
    free(m);
}

static inline const struct jt_peer_cert *peer_of(const struct made *m)
{
    const struct jt_peer_cert *c = NULL;
    assert_int_equal(jt_peer_cert_new(&m->s, 1, &c), JT_OK);
    return c;
}

/* clang-format off */
#define CA_TRUE {"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}
#define CA_FALSE {"basicConstraints", "critical,CA:FALSE"}
#define FOR_CLIENTS {"extendedKeyUsage", "clientAuth"}
/* clang-format on */

#endif
