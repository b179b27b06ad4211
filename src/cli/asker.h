/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.h - what jeton token, introspect, revoke and verify have in common: which issuer, who
 * asks, and with what secret, from flags and then from the environment.
 *
 * Order of use: init, caller and token (which look at flags, files and variables, so that a
 * mistake is told before anything goes over the network), connect, then the requests of oauth.h.
 * Owns:   everything in it; free wipes secret and token.
 * Errors: said on stderr, with the flag and the variable; an exit code comes back.
 */
#ifndef JT_CLI_ASKER_H
#define JT_CLI_ASKER_H

#include "../client/oauth.h"
#include "args.h"

struct jt_asker {
    const struct jt_args *args;
    struct jt_outbound *outbound;
    struct jt_issuer issuer;
    struct jt_buf secret, token;
    struct jt_oauth_session session; /* complete after connect */
    const char *secret_flag;         /* "secret-file", unless that is another's on this command */
    const char *issuer_from, *id_from, *secret_from; /* the flag or variable it came from */
};

void jt_asker_init(struct jt_asker *a, const struct jt_args *args);
void jt_asker_free(struct jt_asker *a);

/* client_id and secret. */
enum jt_exit jt_asker_caller(struct jt_asker *a);
/* The operand, or standard input for "-" and for none. */
enum jt_exit jt_asker_token(struct jt_asker *a);
/* Finds the issuer and reads its metadata. */
enum jt_exit jt_asker_connect(struct jt_asker *a);
/* Says what went wrong, and what to do about it. */
enum jt_exit jt_asker_say(const struct jt_asker *a, const struct jt_oauth_error *err);

/* The value of a flag, or of a variable, or NULL; *from names which. */
const char *jt_asker_value(const struct jt_args *args, const char *flag, const char *variable,
                           const char **from);

#endif
