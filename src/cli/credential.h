/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.h - what the commands about credentials share.
 */
#ifndef JT_CLI_CREDENTIAL_H
#define JT_CLI_CREDENTIAL_H

#include "adm.h"

/* One credential in one line: id, kind, state, label, use, end. */
void jt_credential_line(struct jt_buf *b, const struct jt_jval *credential);
/* "prod" of a credential, for "abc (prod)"; nothing when it has no label. */
void jt_credential_name(struct jt_buf *b, const struct jt_jval *credential);
/* Appends "/admin/v1/clients/CLIENT/credentials" of the first operand. */
void jt_credential_path(struct jt_buf *b, const struct jt_args *args);
/* Says that the server will not take it, when its label names another environment. */
void jt_credential_hint_environment(const struct jt_jval *credential);

#endif
