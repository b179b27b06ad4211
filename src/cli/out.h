/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.h - data on stdout: tables and cards for people, JSON for programs.
 *
 * Everything goes through here, so that nothing reaches a terminal raw and a full disk or a
 * closed pipe is noticed.
 */
#ifndef JT_CLI_OUT_H
#define JT_CLI_OUT_H

#include "args.h"
#include "show.h"

/* One column of a table: show writes the cell; NULL: the member called name, as plain text. */
struct jt_column {
    const char *heading;
    const char *name;
    void (*show)(struct jt_buf *cell, const struct jt_jval *item);
    bool may_wrap;
};

struct jt_table; /* rows are kept until it is printed */
struct jt_table *jt_table_new(const struct jt_column *columns, size_t n);
void jt_table_free(struct jt_table **t);
bool jt_table_add(struct jt_table *t, const struct jt_jval *item);
size_t jt_table_rows(const struct jt_table *t);
/* False: no memory. */
JT_MUST bool jt_table_print(struct jt_table *t);

/* One line of a card: "label        value". Nothing when the value is empty. A NULL label
 * continues the line above. */
void jt_card(const char *label, struct jt_slice value);
void jt_card_member(const char *label, const struct jt_jval *item, const char *name);

/* One JSON value as -o json or -o jsonl wants it, with its line end. */
void jt_out_json(enum jt_output how, struct jt_slice json);
/* Elements of an array one after the other; i counts from 0. */
void jt_out_element(enum jt_output how, size_t i, struct jt_slice json);
/* After n elements. */
void jt_out_end(enum jt_output how, size_t n);

/* The code, or FAILED with an error when stdout could not be written. */
enum jt_exit jt_out_finish(enum jt_exit code);

#endif
