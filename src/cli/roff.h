/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roff.h - text as the man macros of roff want it, see man(7) and groff_char(7).
 *
 * Whatever a text holds, it stays text: backslashes, quotes and hyphens are escaped, and no line
 * begins with a control character. Hyphens become \-, so that flags can be copied from a page.
 */
#ifndef JT_CLI_ROFF_H
#define JT_CLI_ROFF_H

#include <stdio.h>

#include "../core/base/slice.h"

/* .TH with what all pages share. */
void jt_roff_title(FILE *out, const char *page, char section, const char *manual);
/* .SH or .SS */
void jt_roff_section(FILE *out, const char *macro, const char *heading);
/* Running text on one line, its end included: flags in bold. */
void jt_roff_text(FILE *out, struct jt_slice text);
/* Paragraphs separated by an empty line. */
void jt_roff_paragraphs(FILE *out, const char *text);
/* As it stands in a synopsis, without the line end: words to type in bold, words to replace in
 * italics, nothing broken inside brackets. */
void jt_roff_usage(FILE *out, struct jt_slice usage);
/* Exactly these characters. */
void jt_roff_literal(FILE *out, struct jt_slice text);
/* ".BR page (section)end" */
void jt_roff_page(FILE *out, const char *page, char section, const char *end);

#endif
