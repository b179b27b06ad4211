/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the data keys, opened with the master key at start.
 *
 * master.key is 32 random bytes as 64 hex digits and a newline, mode 0600, made at the first start
 * with O_EXCL and fsync. Refused: a symlink, a foreign owner, any permission for group or others,
 * another length.
 * Threads: immutable after opening.
 */
#ifndef JT_STORE_KEYRING_H
#define JT_STORE_KEYRING_H

#include "object.h"

#define JT_KEYRING_MAX 64

struct jt_keyring_key {
    uint32_t id;
    enum jt_data_key_use use;
    int64_t created_s;
    uint8_t key[JT_KEY_SIZE];
};

struct jt_keyring {
    size_t n;
    struct jt_keyring_key keys[JT_KEYRING_MAX];
};

/* Reads DIR/master.key into key. JT_E_NOTFOUND, JT_E_PERM, JT_E_SYNTAX; *why (static text) on
 * failure. */
JT_MUST enum jt_err jt_master_key_read(const char *path, uint8_t key[static JT_KEY_SIZE],
                                       const char **why);
/* Makes the file; JT_E_CONFLICT when it is there. */
JT_MUST enum jt_err jt_master_key_make(const char *path, uint8_t key[static JT_KEY_SIZE],
                                       const char **why);

/* A new random data key, wrapped, as an object to put into the store. */
JT_MUST enum jt_err jt_data_key_make(struct jt_crypt *c, const uint8_t master[static JT_KEY_SIZE],
                                     uint32_t id, enum jt_data_key_use use, int64_t now_s,
                                     struct jt_data_key **out);
/* The same key wrapped under another master key. */
JT_MUST enum jt_err jt_data_key_rewrap(struct jt_crypt *c, const uint8_t master[static JT_KEY_SIZE],
                                       const struct jt_keyring_key *k, struct jt_data_key **out);
/* Unwraps into the ring. JT_E_CRYPTO: the master key is another one. */
JT_MUST enum jt_err jt_keyring_open(struct jt_keyring *r, struct jt_crypt *c,
                                    const uint8_t master[static JT_KEY_SIZE],
                                    const struct jt_data_key *k);
/* The newest key of a use, or the one with that id; NULL when there is none. */
const struct jt_keyring_key *jt_keyring_newest(const struct jt_keyring *r,
                                               enum jt_data_key_use use);
const struct jt_keyring_key *jt_keyring_by_id(const struct jt_keyring *r, uint32_t id);
void jt_keyring_wipe(struct jt_keyring *r);

/* Signing keys at rest. */
JT_MUST enum jt_err jt_signing_key_make(struct jt_crypt *c, const struct jt_keyring *r,
                                        enum jt_alg alg, int64_t now_s,
                                        struct jt_signing_key **out);
/* Sets k->pkey from k->sealed. */
JT_MUST enum jt_err jt_signing_key_open(struct jt_crypt *c, const struct jt_keyring *r,
                                        struct jt_signing_key *k);

#endif
