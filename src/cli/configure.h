/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configure.h - the configuration of the commands that run or check a server.
 */
#ifndef JT_CLI_CONFIGURE_H
#define JT_CLI_CONFIGURE_H

#include "../server/config/config.h"
#include "args.h"

/* "jeton: jeton.yaml:14:5: …" on stderr. */
void jt_say_config_error(const struct jt_config_error *err);
/* Sets a key from a flag, every time the flag is given. */
JT_MUST enum jt_err jt_configure_flag(struct jt_config *c, const struct jt_args *args,
                                      const char *flag, const char *key,
                                      struct jt_config_error *err);

#endif
