/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.h - numbers that leave the house without telling anything: one AES block each.
 *
 * An error_ref names an audit event; a jti carries issue sequence and credential number.
 * Both are encrypted with the reference key, so that volume does not leak, and a made-up reference
 * is refused: the block carries zeros that a stranger cannot hit (48 bits and more).
 */
#ifndef JT_TOKEN_REF_H
#define JT_TOKEN_REF_H

#include "../crypt/crypt.h"

#define JT_REF_LEN 26 /* base32 of 16 bytes */
#define JT_JTI_LEN 22 /* base64url of 16 bytes */

enum jt_ref_kind {
    JT_REF_NONE = 0,
    JT_REF_EVENT,   /* a = sequence of the audit event */
    JT_REF_COUNTED, /* a = number of this process << 32 | minute since 1970, b = reason code:
                       refused in a flood, counted with others */
    JT_REF_REQUEST, /* a = a number of this process, b = 0: answered without an event */
    JT_REF_CURSOR,  /* where a list goes on: a = place, b = which list */
};

struct jt_ref {
    enum jt_ref_kind kind;
    uint64_t a;
    uint16_t b;
};

JT_MUST enum jt_err jt_ref_write(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                 const struct jt_ref *r, char out[static JT_REF_LEN]);
/* JT_E_SYNTAX: not 26 base32 characters. JT_E_CRYPTO: not made with this key. */
JT_MUST enum jt_err jt_ref_read(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                struct jt_slice text, struct jt_ref *out);

struct jt_jti {
    uint64_t sequence;   /* issue sequence: start number << 40 | count since start */
    uint32_t credential; /* number of the credential that asked */
};

/* 4 random bytes complete the block. */
JT_MUST enum jt_err jt_jti_write(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                 const struct jt_jti *j, char out[static JT_JTI_LEN]);
/* The same with these 4 bytes: an opaque token has the same jti whenever it is asked about. */
JT_MUST enum jt_err jt_jti_write_with(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                      const struct jt_jti *j, const uint8_t salt[static 4],
                                      char out[static JT_JTI_LEN]);
JT_MUST enum jt_err jt_jti_read(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                                struct jt_slice text, struct jt_jti *out);

#endif
