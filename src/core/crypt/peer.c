/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "peer_internal.h"

bool jt_had_memory(void)
{
    unsigned long e = 0;
    void *probe = OPENSSL_malloc(64);
    bool had = probe != NULL;
    OPENSSL_free(probe);
    while ((e = ERR_get_error()) != 0) {
        had = had && ERR_GET_REASON(e) != ERR_R_MALLOC_FAILURE;
    }
    return had;
}

X509 *jt_x509_from_der(struct jt_slice der, enum jt_err *e)
{
    const unsigned char *p = der.p;
    X509 *x = NULL;
    *e = JT_E_SYNTAX;
    if (der.n == 0 || der.n > JT_PEER_BYTES_MAX) {
        return NULL;
    }
    ERR_clear_error(); /* what others left */
    for (int i = 0; i < 2 && x == NULL; i++) {
        p = der.p;
        x = d2i_X509(NULL, &p, (long)der.n);
        if (x == NULL && !jt_had_memory()) {
            *e = JT_E_NOMEM;
            return NULL;
        }
    }
    if (x == NULL) {
        return NULL;
    }
    if (p != der.p + der.n) {
        X509_free(x);
        return NULL;
    }
    *e = JT_OK;
    return x;
}

static struct jt_peer_cert *copy_of(const struct jt_slice *ders, size_t n, size_t total)
{
    struct jt_peer_cert *c = calloc(1, sizeof *c + total);
    if (c == NULL) {
        return NULL;
    }
    uint8_t *p = c->bytes;
    for (size_t i = 0; i < n; i++) {
        memcpy(p, ders[i].p, ders[i].n);
        c->ders[i] = jt_slice(p, ders[i].n);
        p += ders[i].n;
    }
    c->self = c;
    c->refs = 1;
    c->n = n;
    return c;
}

enum jt_err jt_peer_cert_new(const struct jt_slice *ders, size_t n, const struct jt_peer_cert **out)
{
    size_t total = 0;
    for (size_t i = 0; i < n && i < JT_PEER_CERTS_MAX; i++) {
        if (ders[i].n == 0) {
            return JT_E_SYNTAX;
        }
        if (ders[i].n > JT_PEER_BYTES_MAX - total) {
            return JT_E_LIMIT;
        }
        total += ders[i].n;
    }
    if (n == 0 || n > JT_PEER_CERTS_MAX) {
        return n == 0 ? JT_E_SYNTAX : JT_E_LIMIT;
    }
    struct jt_peer_cert *c = copy_of(ders, n, total);
    if (c == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = JT_OK;
    const struct jt_peer_cert *made = c;
    c->leaf = jt_x509_from_der(c->ders[0], &e);
    if (e == JT_OK &&
        EVP_Digest(c->ders[0].p, c->ders[0].n, c->sha256, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        e = JT_E_CRYPTO;
    }
    if (e != JT_OK) {
        jt_peer_cert_release(&made);
        return e;
    }
    *out = made;
    return JT_OK;
}

const struct jt_peer_cert *jt_peer_cert_ref(const struct jt_peer_cert *c)
{
    if (c != NULL) {
        c->self->refs++;
    }
    return c;
}

void jt_peer_cert_release(const struct jt_peer_cert **c)
{
    if (*c == NULL) {
        return;
    }
    struct jt_peer_cert *own = (*c)->self;
    *c = NULL;
    own->refs--;
    if (own->refs == 0) {
        X509_free(own->leaf);
        free(own);
    }
}

struct jt_slice jt_peer_cert_der(const struct jt_peer_cert *c)
{
    return c->ders[0];
}

struct jt_slice jt_peer_cert_sha256(const struct jt_peer_cert *c)
{
    return jt_slice(c->sha256, sizeof c->sha256);
}
