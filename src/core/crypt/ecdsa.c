/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecdsa.c - ES256 signatures as two numbers (docs/decisions/0017).
 *
 * EVP signs the same way beneath, but writes the two numbers in DER, of which we would take them
 * again: each signature would cost a thirtieth more. The names used here are deprecated since
 * OpenSSL 3.0 and stand in no other file.
 * Owns:    nothing; the key is its signer's, which closes it.
 * Threads: signing only reads the key, so that signers of several threads may have the same one.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>

#include "pkey_internal.h"

enum jt_err jt_ecdsa_open(EVP_PKEY *k, EC_KEY **out)
{
    *out = EVP_PKEY_get1_EC_KEY(k);
    return *out != NULL ? JT_OK : JT_E_CRYPTO;
}

void jt_ecdsa_close(EC_KEY *k)
{
    EC_KEY_free(k);
}

bool jt_ecdsa_sign(EC_KEY *k, const uint8_t hash[static JT_SHA256_SIZE],
                   uint8_t out[static 2 * JT_P256_SIZE])
{
    ECDSA_SIG *s = ECDSA_do_sign(hash, JT_SHA256_SIZE, k);
    if (s == NULL) {
        return false;
    }
    bool ok = BN_bn2binpad(ECDSA_SIG_get0_r(s), out, JT_P256_SIZE) == JT_P256_SIZE &&
              BN_bn2binpad(ECDSA_SIG_get0_s(s), out + JT_P256_SIZE, JT_P256_SIZE) == JT_P256_SIZE;
    ECDSA_SIG_free(s);
    return ok;
}
