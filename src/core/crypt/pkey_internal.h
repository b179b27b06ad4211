/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkey_internal.h - what pkey.c, sign.c and ecdsa.c share.
 */
#ifndef JT_CRYPT_PKEY_INTERNAL_H
#define JT_CRYPT_PKEY_INTERNAL_H

#include <openssl/evp.h>

#include "crypt.h"
#include "pkey.h"

struct jt_pkey {
    EVP_PKEY *evp;
    enum jt_key_kind kind;
    bool is_private;
};

#define JT_P256_SIZE 32
#define JT_ED25519_SIZE 32

/* A P-256 key in the form that jt_ecdsa_sign takes; the caller closes it. */
JT_MUST enum jt_err jt_ecdsa_open(EVP_PKEY *k, EC_KEY **out);
void jt_ecdsa_close(EC_KEY *k);
/* r || s (RFC 7518 section 3.4). On failure OpenSSL's queue of errors is not empty. */
JT_MUST bool jt_ecdsa_sign(EC_KEY *k, const uint8_t hash[static JT_SHA256_SIZE],
                           uint8_t out[static 2 * JT_P256_SIZE]);

#endif
