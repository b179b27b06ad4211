/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - makes a table fit the terminal: cells that may wrap are broken at blanks, never
 * inside a word, so that a scope or a URL stays whole.
 */
#ifndef JT_CLI_LAYOUT_H
#define JT_CLI_LAYOUT_H

#include <libsmartcols.h>
#include <stdbool.h>

/* Lets cells of the column be broken; false: no memory. */
bool jt_layout_may_wrap(struct libscols_column *column);
/*
 * Breaks cells until the table is no wider than the terminal, and lets it print. When breaking
 * does not suffice nothing is broken: a row is one line, and the terminal continues it on the next.
 * Without a terminal a row is always one line. False: no memory.
 */
bool jt_layout_fit(struct libscols_table *table);

#endif
