/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - secrets and tokens from files and standard input, so that none stands on a command
 * line, where every user of the machine can read it.
 *
 * Errors: said on stderr; an exit code comes back.
 */
#ifndef JT_CLI_INPUT_H
#define JT_CLI_INPUT_H

#include "say.h"

#define JT_INPUT_SECRET_MAX 4096u

/*
 * The content of a file, or of standard input for "-", without one line end at its end; not empty,
 * no NUL, at most out->max bytes. what is for errors: "the secret". A file that others may read is
 * taken, with a hint.
 */
enum jt_exit jt_input_read(const char *file, const char *what, struct jt_buf *out);
/* The same of what everybody may read, without the hint. */
enum jt_exit jt_input_read_public(const char *file, const char *what, struct jt_buf *out);

#endif
