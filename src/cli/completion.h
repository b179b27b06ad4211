/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.h - the table of commands as completion scripts for shells.
 *
 * A script holds all it needs: completing a word never starts jeton.
 * Threads: constant data.
 */
#ifndef JT_CLI_COMPLETION_H
#define JT_CLI_COMPLETION_H

#include <stdio.h>

#include "command.h"

/* What can be offered for a value, by how the help writes it. */
enum jt_value_kind {
    JT_VALUE_FREE,    /* nothing: only the person knows */
    JT_VALUE_CHOICES, /* "RS256|ES256" */
    JT_VALUE_FILE,    /* "FILE" */
    JT_VALUE_DIR,     /* "DIR" */
};

/* takes: of a flag, or an operand. */
enum jt_value_kind jt_value_kind(const char *takes);
/* "RS256|ES256" with blanks between. */
void jt_value_choices(FILE *out, const char *takes);
/* "--scope", "-o" */
const char *jt_flag_dashes(const struct jt_flag *f);
/* Text inside single quotes of a script: what stands in `special` gets a backslash, and a quote
 * is written as `quote`. */
struct jt_quoting {
    const char *special, *quote;
};
void jt_quoted(FILE *out, const char *text, const struct jt_quoting *how);

void jt_completion_bash(FILE *out);
void jt_completion_zsh(FILE *out);
void jt_completion_fish(FILE *out);

#endif
