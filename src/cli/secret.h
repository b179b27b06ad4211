/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - a secret that the server has just made, on its way to the person or to a file.
 *
 * The file is made before the secret exists, so that none is lost for want of a place.
 * Owns: the open file; jt_secret_discard closes and removes it unless the secret is in it.
 */
#ifndef JT_CLI_SECRET_H
#define JT_CLI_SECRET_H

#include "adm.h"

struct jt_secret_file {
    const char *path; /* --secret-out; NULL: print the secret */
    int fd;
};

/* Makes the file (0600, never one that exists) when --secret-out names one. */
JT_MUST enum jt_exit jt_secret_open(const struct jt_args *args, struct jt_secret_file *out);
/* Writes client_secret of the answer to the file, if there is one. what: "the client was created".
 */
JT_MUST enum jt_exit jt_secret_keep(struct jt_secret_file *f, const struct jt_adm_reply *reply,
                                    const char *what);
void jt_secret_discard(struct jt_secret_file *f);

/* The answer as JSON, what scripts want first: client_id, client_secret (or secret_file),
 * credential_id, then the rest. */
void jt_secret_json(const struct jt_args *args, const struct jt_adm_reply *reply,
                    const struct jt_secret_file *f);
/* The same three as lines of a card. */
void jt_secret_card(const struct jt_adm_reply *reply, const struct jt_secret_file *f);
/* The hint that belongs under a printed secret, or a hash that was brought along. */
void jt_secret_hint(const struct jt_adm_reply *reply, const struct jt_secret_file *f);

#endif
