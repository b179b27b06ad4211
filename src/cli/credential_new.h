/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_new.h - the flags that say what kind of credential is to be made, as members of the
 * request's body.
 *
 * Errors: said on stderr; an exit code comes back.
 */
#ifndef JT_CLI_CREDENTIAL_NEW_H
#define JT_CLI_CREDENTIAL_NEW_H

#include "../core/json/jw.h"
#include "adm.h"

/* "kind" and its member. Exactly one kind; needed false: none is a secret. */
JT_MUST enum jt_exit jt_credential_kind_write(const struct jt_args *args, bool needed,
                                              struct jt_jw *w);
/* Is it a secret that these flags ask for? */
bool jt_credential_kind_is_secret(const struct jt_args *args, bool needed);

/* credential_cert.c: rows of the kinds certificate and tls; flag is the one that was given. */
JT_MUST enum jt_exit jt_credential_write_cert(const struct jt_args *args, const char *flag,
                                              struct jt_jw *w);
JT_MUST enum jt_exit jt_credential_write_tls(const struct jt_args *args, const char *flag,
                                             struct jt_jw *w);

/* The first secret of a new client: "secret" or "secret_hash". */
JT_MUST enum jt_exit jt_credential_secret_write(const struct jt_args *args, struct jt_jw *w);

#endif
