/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - the table of commands as text for people.
 */
#ifndef JT_CLI_HELP_H
#define JT_CLI_HELP_H

#include <stdio.h>

#include "command.h"

struct jt_option;

void jt_help_overview(FILE *out);
void jt_help_noun(FILE *out, const struct jt_noun *noun);
void jt_help_command(FILE *out, const struct jt_command *command);
/* Every key of the configuration, from option.def. */
void jt_help_config(FILE *out);

/* For manual pages: what they share with the help. */
/* Takes the next line off an example. A long one is continued as a shell allows, before a flag. */
struct jt_slice jt_example_line(struct jt_slice *rest, size_t width);
/* "a duration", "block|degrade" */
const char *jt_option_takes(const struct jt_option *o);
extern const char jt_config_example[], jt_config_about[];

#endif
