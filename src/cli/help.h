/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - the table of commands as text for people.
 */
#ifndef JT_CLI_HELP_H
#define JT_CLI_HELP_H

#include <stdio.h>

#include "command.h"

void jt_help_overview(FILE *out);
void jt_help_noun(FILE *out, const struct jt_noun *noun);
void jt_help_command(FILE *out, const struct jt_command *command);
/* Every key of the configuration, from option.def. */
void jt_help_config(FILE *out);

#endif
