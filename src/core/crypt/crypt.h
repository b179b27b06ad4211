/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypt.h - digests, keyed hashes, sealing: one context per thread, set up once.
 *
 * Owns:    the OpenSSL contexts and fetched algorithms behind it, so that a hash on the hot
 *          path costs no fetch and no allocation (HMAC of a secret: well under 2 us).
 * Threads: one owner; every thread makes its own.
 * Errors:  JT_E_CRYPTO, JT_E_NOMEM.
 */
#ifndef JT_CRYPT_CRYPT_H
#define JT_CRYPT_CRYPT_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/slice.h"

#define JT_SHA256_SIZE 32
#define JT_KEY_SIZE 32      /* symmetric keys: HMAC-SHA-256, AES-256 */
#define JT_BLOCK_SIZE 16    /* AES block */
#define JT_SEAL_OVERHEAD 28 /* 12 bytes nonce before, 16 bytes tag after */

struct jt_crypt;

JT_MUST enum jt_err jt_crypt_new(struct jt_crypt **out);
void jt_crypt_free(struct jt_crypt **c);

JT_MUST enum jt_err jt_sha256(struct jt_crypt *c, struct jt_slice in,
                              uint8_t out[static JT_SHA256_SIZE]);
JT_MUST enum jt_err jt_hmac_sha256(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                   struct jt_slice in, uint8_t out[static JT_SHA256_SIZE]);
/* AES-256-GCM with a random nonce: nonce || ciphertext || tag appended to out. */
JT_MUST enum jt_err jt_seal(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                            struct jt_slice aad, struct jt_slice plain, struct jt_buf *out);
/* Appends the plain text to out; JT_E_CRYPTO when the seal is not whole. */
JT_MUST enum jt_err jt_unseal(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                              struct jt_slice aad, struct jt_slice sealed, struct jt_buf *out);
/*
 * One AES-256 block, for references: 16 bytes to 16 bytes, one to one. Not for messages.
 * The key schedule is kept while the same key pointer and bytes are used again.
 */
JT_MUST enum jt_err jt_block_encrypt(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                     const uint8_t in[static JT_BLOCK_SIZE],
                                     uint8_t out[static JT_BLOCK_SIZE]);
JT_MUST enum jt_err jt_block_decrypt(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                     const uint8_t in[static JT_BLOCK_SIZE],
                                     uint8_t out[static JT_BLOCK_SIZE]);
/* Random bytes from a buffer refilled by getrandom in pages; for the hot path. */
JT_MUST enum jt_err jt_crypt_random(struct jt_crypt *c, void *out, size_t n);

#endif
