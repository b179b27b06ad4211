/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sock.h - bytes to the administration socket and back, within one deadline.
 *
 * Errors: said on stderr, with the next step; an exit code comes back.
 */
#ifndef JT_CLI_SOCK_H
#define JT_CLI_SOCK_H

#include "../core/http/response.h"
#include "args.h"

/* --socket, --data, JETON_SOCKET, JETON_DATA, or the default data directory, in this order. */
#define JT_SOCK_PATH_MAX 108 /* of struct sockaddr_un, with its NUL */
enum jt_exit jt_sock_path(const struct jt_args *args, char out[static JT_SOCK_PATH_MAX]);

/* Sends request and reads one whole answer to *in; *reply tells its parts. */
JT_MUST enum jt_exit jt_sock_exchange(const struct jt_args *args, struct jt_slice request,
                                      struct jt_buf *in, struct jt_http_reply *reply);

#endif
