/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certs.h - certificates that an operator registers: from PEM text to DER, and what is in them.
 */
#ifndef JT_CRYPT_CERTS_H
#define JT_CRYPT_CERTS_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/slice.h"
#include "crypt.h"

/*
 * The certificates of a PEM text as DER, one after the other, appended. *n: how many. JT_E_SYNTAX:
 * *why says what is wrong: none is there, one is damaged, or there is something else, as a private
 * key, which nobody should hand out. JT_E_LIMIT: more than max.
 */
JT_MUST enum jt_err jt_certs_from_pem(struct jt_slice pem, size_t max, struct jt_buf *out,
                                      size_t *n, const char **why);
/* The next of certificates that stand one after the other; false: no more (or no DER). */
bool jt_certs_next(struct jt_slice *rest, struct jt_slice *der);

struct jt_cert_info {
    uint8_t sha256[JT_SHA256_SIZE];
    int64_t not_before_s, not_after_s;
    int rsa_bits; /* of its key; 0: it is none of RSA */
    bool is_ca;   /* it says CA:TRUE, and may sign certificates */
};

/* What one DER certificate says; its subject as RFC 4514 text is appended. */
JT_MUST enum jt_err jt_cert_describe(struct jt_slice der, struct jt_cert_info *out,
                                     struct jt_buf *subject);

#endif
