/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkey_internal.h - what pkey.c and sign.c share.
 */
#ifndef JT_CRYPT_PKEY_INTERNAL_H
#define JT_CRYPT_PKEY_INTERNAL_H

#include <openssl/evp.h>

#include "pkey.h"

struct jt_pkey {
    EVP_PKEY *evp;
    enum jt_key_kind kind;
    bool is_private;
};

#define JT_P256_SIZE 32
#define JT_ED25519_SIZE 32

#endif
