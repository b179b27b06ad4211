/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_ca.h - the CAs whose client certificates may administer (admin.client_ca), from their file.
 *
 * Errors: a sentence in why.
 */
#ifndef JT_SERVER_ADMIN_CA_H
#define JT_SERVER_ADMIN_CA_H

#include "../core/base/buf.h"
#include "../core/base/err.h"

#define JT_ADMIN_CAS_MAX 64
#define JT_ADMIN_CA_BYTES ((size_t)1024 * 1024)

/* Their DER, one after the other, into out, which is initialized here; *n: how many. */
JT_MUST enum jt_err jt_admin_ca_read(const char *file, struct jt_buf *out, size_t *n, char *why,
                                     size_t why_n);

#endif
