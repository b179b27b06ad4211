/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_secret.h - the form of generated client secrets:
 * jcs_<credential id>_<43 characters>_<checksum>, from [A-Za-z0-9_] only.
 *
 * 43 base62 characters carry 256 random bits; the checksum is CRC-32 of everything before its
 * underscore in 6 base62 characters, so that a paste error is told apart from a wrong secret
 * before any cryptography. The credential id has 12 characters of [a-z0-9].
 */
#ifndef JT_TOKEN_CLIENT_SECRET_H
#define JT_TOKEN_CLIENT_SECRET_H

#include "../base/err.h"
#include "../base/secret.h"

#define JT_CREDENTIAL_ID_LEN 12

/* A fresh credential id, NUL-terminated. */
JT_MUST enum jt_err jt_credential_id_make(char out[static JT_CREDENTIAL_ID_LEN + 1]);
JT_MUST enum jt_err jt_client_secret_make(struct jt_slice credential_id, struct jt_secret *out);

enum jt_secret_form {
    JT_SECRET_FOREIGN = 0, /* has not our prefix */
    JT_SECRET_OURS,        /* well formed; *out_id is the credential id inside s */
    JT_SECRET_DAMAGED,     /* our prefix, but length, alphabet or checksum is wrong */
};
/* The credential id in s where its length and underscores are those of our secrets; else empty.
 * Nothing else is looked at, so this is only to find what s is then compared with. */
struct jt_slice jt_client_secret_id(struct jt_slice s);
enum jt_secret_form jt_client_secret_form(struct jt_slice s, struct jt_slice *out_id);

#endif
