/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - makes a table fit the terminal: cells that may wrap are broken at blanks, never
 * inside a word, so that a scope or a URL stays whole.
 */
#ifndef JT_CLI_LAYOUT_H
#define JT_CLI_LAYOUT_H

#include <libsmartcols.h>
#include <stdbool.h>

#include "../core/base/err.h"

/* Lets cells of the column be broken; false: no memory. */
JT_MUST bool jt_layout_may_wrap(struct libscols_column *column);
/*
 * Prints the table, on a terminal no wider than that: cells are broken, and where this does not
 * suffice the last columns of each row go to a line below it. Without a terminal a row is always
 * one line. False: no memory.
 */
JT_MUST bool jt_layout_print(struct libscols_table *table);

#endif
