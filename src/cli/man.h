/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man.h - the table of commands, and that of options, as manual pages.
 *
 * jeton help --man DIR is for the build: DIR/man1/jeton.1, one page for each command, and
 * DIR/man5/jeton.yaml.5.
 */
#ifndef JT_CLI_MAN_H
#define JT_CLI_MAN_H

#include <stdio.h>

#include "command.h"

#define JT_MAN_NAME 64

/* Writes all pages, into folders that it makes. FAILED with an error said. */
enum jt_exit jt_man_write(const char *dir);

/* "jeton-client-create" */
void jt_man_name(const struct jt_command *c, char out[static JT_MAN_NAME]);
void jt_man_command(FILE *out, const struct jt_command *c);
void jt_man_overview(FILE *out);
void jt_man_config(FILE *out);
/* The section EXIT STATUS. */
void jt_man_exit_codes(FILE *out);

#endif
