/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - the admin API of another machine's server, asked over TLS (admin.listen).
 *
 * Who asks is told by a token from a file, by a client whose id and secret get one from the issuer,
 * or by a client certificate. One conversation for each run of the command: connection and token
 * are kept from call to call, and a token that is over is replaced once.
 * Owns:    the conversation; jt_remote_close ends it and wipes the token.
 * Threads: one.
 * Errors:  said on stderr; an exit code comes back.
 * RFC:     6750
 */
#ifndef JT_CLI_REMOTE_H
#define JT_CLI_REMOTE_H

#include "adm.h"

/* Does the command ask another machine: --server, or JETON_SERVER and neither --socket nor --data?
 */
bool jt_remote_is(const struct jt_args *args);
/* As jt_adm_call, but that bytes holds the body and behind it the ETag. */
JT_MUST enum jt_exit jt_remote_call(const struct jt_args *args,
                                    const struct jt_adm_request *request, struct jt_adm_reply *out);
/* A hint that says as whom the last call asked. Nothing when there was none. */
void jt_remote_say_who(void);
/* Nothing when there was none. */
void jt_remote_close(void);

#endif
