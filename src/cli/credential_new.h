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

#endif
