/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - what the commands about clients share.
 */
#ifndef JT_CLI_CLIENT_H
#define JT_CLI_CLIENT_H

#include "../core/json/jw.h"
#include "adm.h"

/* A client as a card or as JSON. */
void jt_client_print(const struct jt_args *args, const struct jt_adm_reply *reply);

/* The members rotation and rotate_every, from --rotation and --rotate-every. */
bool jt_client_put_rotation(const struct jt_args *args, struct jt_jw *w);

#endif
