/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_internal.h - what the files about certificates of callers share.
 */
#ifndef JT_CRYPT_PEER_INTERNAL_H
#define JT_CRYPT_PEER_INTERNAL_H

#include <openssl/x509v3.h>

#include "crypt.h"
#include "peer.h"

/* The last chain that was not good, and until when that is not asked again. */
struct jt_chain_memo {
    const uint8_t *cas;
    size_t n;
    int64_t begun_s;
    enum jt_chain verdict;
};

struct jt_peer_cert {
    struct jt_peer_cert *self; /* to count references of a const object, and for the memo */
    unsigned refs;
    struct jt_chain_memo memo;
    X509 *leaf;
    size_t n;
    struct jt_slice ders[JT_PEER_CERTS_MAX]; /* into bytes */
    uint8_t sha256[JT_SHA256_SIZE];
    uint8_t bytes[];
};

/*
 * Empties the queue of errors: was there memory for what was just tried, and is there now? OpenSSL
 * does not always say that it ran out, so what fails is tried twice, and is a failure only if there
 * was memory both times.
 */
bool jt_had_memory(void);
/* One whole certificate, nothing behind it; NULL and JT_E_SYNTAX or JT_E_NOMEM. */
X509 *jt_x509_from_der(struct jt_slice der, enum jt_err *e);
/* The RFC 4514 text of a name, ASCII, appended. */
void jt_dn_put(const X509_NAME *name, struct jt_buf *out);
/* Such a text, strictly, as a name to compare with. JT_E_SYNTAX: *why says what is wrong. */
JT_MUST enum jt_err jt_dn_read(struct jt_slice s, X509_NAME **out, const char **why);
/* Any value in it that has a NUL, or is no text at all? */
bool jt_dn_has_nul(const X509_NAME *name);

#endif
