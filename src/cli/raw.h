/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - JSON text taken apart and laid out as text, so that what a program gets from -o json
 * is what the server said, number for number.
 *
 * Only for text that jt_json_parse has accepted: nothing is checked again here.
 * Owns: nothing; parts are slices of the text.
 */
#ifndef JT_CLI_RAW_H
#define JT_CLI_RAW_H

#include "../core/base/buf.h"

/* A walk over the members of an object or the elements of an array. */
struct jt_raw_walk {
    struct jt_slice rest;
    bool is_object;
};
struct jt_raw_item {
    struct jt_slice name, value; /* name without quotes; empty in an array */
};
struct jt_raw_walk jt_raw_walk(struct jt_slice json);
/* False after the last. */
bool jt_raw_next(struct jt_raw_walk *w, struct jt_raw_item *out);
/* The text of a member of an object; empty when there is none. */
struct jt_slice jt_raw_member(struct jt_slice object, const char *name);
/* Appends the text, indented by two blanks a level as something that stands at this level, or all
 * in one line; what must not reach a terminal is written as \uXXXX. */
#define JT_RAW_ONE_LINE (-1)
void jt_raw_put(struct jt_buf *b, struct jt_slice json, int level);

#endif
