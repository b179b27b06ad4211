/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.h - the environment, read in this one place.
 */
#ifndef JT_CONFIG_ENV_H
#define JT_CONFIG_ENV_H

#include "option.h"

/* The value of a variable; NULL when it is not set or empty, so that an unset one in a container
 * file ("JETON_DATA=") means the same as none. */
const char *jt_env(const char *name);
/*
 * Every JETON_SECTION_… variable of a section of option.def. Lists are separated by commas. Unknown
 * names are errors, but for those that belong to clients.
 */
JT_MUST enum jt_err jt_env_read(struct jt_config *c, struct jt_config_error *err);

#endif
