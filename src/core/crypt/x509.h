/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h - the certificates that `jeton dev` makes for itself.
 */
#ifndef JT_CRYPT_X509_H
#define JT_CRYPT_X509_H

#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"

/*
 * A CA (P-256, CA:TRUE, pathlen 0, keyCertSign) whose private key is thrown away at once, and
 * a server certificate by it for localhost, 127.0.0.1 and ::1 (serverAuth), valid from
 * one hour before now_s for days. ca_pem: the CA certificate. leaf_pem: the server certificate,
 * then its private key. Buffers are appended to; 16 KiB is enough for each.
 */
JT_MUST enum jt_err jt_x509_make_dev(int64_t now_s, int days, struct jt_buf *ca_pem,
                                     struct jt_buf *leaf_pem);

/* *out_s: notAfter of the first certificate in the PEM text. */
JT_MUST enum jt_err jt_x509_not_after(struct jt_slice pem, int64_t *out_s);

#endif
