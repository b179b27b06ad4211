/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_internal.h - one row for each kind of foreign hash. Private to crypt.
 */
#ifndef JT_CRYPT_PASSWORD_INTERNAL_H
#define JT_CRYPT_PASSWORD_INTERNAL_H

#include "password.h"

struct jt_password_ops {
    const char *name;
    const char *prefix; /* of its text; no other row's begins with it */
    enum jt_err (*import)(struct jt_slice text, struct jt_buf *out, const char **why);
    enum jt_password_verdict (*check)(struct jt_slice hash, struct jt_slice secret);
};

extern const struct jt_password_ops jt_password_bcrypt_a, jt_password_bcrypt_b,
    jt_password_bcrypt_y, jt_password_sha256_crypt, jt_password_sha512_crypt,
    jt_password_pbkdf2_sha1, jt_password_pbkdf2_sha256, jt_password_pbkdf2_sha512,
    jt_password_argon2id;

/* Salt and result of PBKDF2 and Argon2id, in bytes. */
#define JT_PASSWORD_SALT_MIN 8
#define JT_PASSWORD_SALT_MAX 64
#define JT_PASSWORD_KEY_MIN 16
#define JT_PASSWORD_KEY_MAX 64

struct jt_password_parts {
    size_t nsalt, nkey;
    uint8_t salt[JT_PASSWORD_SALT_MAX + 2], key[JT_PASSWORD_KEY_MAX + 2];
};

/* The part before the first "$", which is taken off *rest with it; all of it when there is none. */
struct jt_slice jt_password_part(struct jt_slice *rest);
/* SALT$HASH in base64 without padding. JT_E_SYNTAX, JT_E_RANGE. */
JT_MUST enum jt_err jt_password_read_parts(struct jt_slice text, struct jt_password_parts *out,
                                           const char **why);
/* "$" SALT "$" HASH */
void jt_password_put_parts(struct jt_buf *out, const struct jt_password_parts *p);

/* password_keycloak.c: the text that a credential of Keycloak's becomes, still to be imported. */
JT_MUST enum jt_err jt_password_keycloak(struct jt_slice json, struct jt_buf *out,
                                         const char **why);

#endif
