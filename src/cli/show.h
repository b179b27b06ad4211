/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.h - JSON values as text for people; what must not reach a terminal is escaped by who prints.
 */
#ifndef JT_CLI_SHOW_H
#define JT_CLI_SHOW_H

#include "../core/base/buf.h"
#include "../core/json/json.h"

/* A member as text: a string as it is, a number in digits, yes or no, an array as "a, b".
 * Appends nothing when it is absent or null. */
void jt_show_member(struct jt_buf *b, const struct jt_jval *item, const char *name);
void jt_show_value(struct jt_buf *b, const struct jt_jval *value);
/* 5400 as "90m". */
void jt_show_duration(struct jt_buf *b, int64_t seconds);

#endif
