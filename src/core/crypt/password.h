/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h - hashes of secrets that other servers made, recognised and compared.
 *
 * bcrypt ($2a$, $2b$, $2y$), SHA-256-crypt ($5$), SHA-512-crypt ($6$), Argon2id (its PHC text),
 * PBKDF2 as Ory's Hydra writes it ($pbkdf2-sha256$i=25000,l=32$SALT$HASH, base64 without padding;
 * sha1 and sha512 too) and Keycloak's credential as JSON, which becomes one of those texts.
 * What a hash costs is bounded when it is imported, so that one that is stored cannot stop a
 * server.
 * Threads: any; slow on purpose (up to seconds), so never on an event loop.
 * RFC:     8018 (PBKDF2), 9106 (Argon2)
 */
#ifndef JT_CRYPT_PASSWORD_H
#define JT_CRYPT_PASSWORD_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/slice.h"

#define JT_PASSWORD_TEXT_MAX 4096 /* of what can be imported */
#define JT_PASSWORD_HASH_MAX 256  /* of the text that it becomes */
#define JT_BCRYPT_SECRET_MAX 72   /* bcrypt looks at no more bytes */

/*
 * The hash that text is, in one line, appended to out. JT_E_SYNTAX: not one of ours, or damaged;
 * JT_E_RANGE: it costs too much, or too little to be one. Then *why is a sentence part.
 */
JT_MUST enum jt_err jt_password_import(struct jt_slice text, struct jt_buf *out, const char **why);

/* "bcrypt", "pbkdf2-sha256", "argon2id", …, for a text that import made; NULL: it is none. */
const char *jt_password_kind(struct jt_slice hash);

enum jt_password_verdict {
    JT_PASSWORD_UNDECIDED = 0,
    JT_PASSWORD_FITS,
    JT_PASSWORD_DIFFERS,
    JT_PASSWORD_FAILED, /* no memory, or the library refused */
};
/*
 * The comparison takes the same time wherever they differ. A secret that the algorithm would cut,
 * over 72 bytes for bcrypt or with a NUL, differs.
 */
enum jt_password_verdict jt_password_check(struct jt_slice hash, struct jt_slice secret);

#endif
