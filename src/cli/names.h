/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - a list of names that flags add to and take from: scopes, introspectors, networks.
 *
 * Owns: nothing; the text is argv's or the answer's.
 */
#ifndef JT_CLI_NAMES_H
#define JT_CLI_NAMES_H

#include "../core/json/json.h"
#include "../core/json/jw.h"
#include "say.h"

#define JT_NAMES_MAX 1024

struct jt_name {
    struct jt_slice name, text; /* text: what a scope means */
};

struct jt_names {
    bool is_edited; /* since it was read */
    size_t n;
    struct jt_name items[JT_NAMES_MAX];
};

/* From an array of strings, or of objects with name and text. False, with an error said, when
 * there are too many. */
bool jt_names_read(const struct jt_jval *array, struct jt_names *out);
/* Adds it if it is not there; gives it the text unless that is NULL. */
JT_MUST enum jt_exit jt_names_put(struct jt_names *l, struct jt_slice name,
                                  const struct jt_slice *text);
/* NOT_FOUND, said with the nearest spelling: 'the resource has no scope "a"'; whole is "the
 * resource", what "scope". */
JT_MUST enum jt_exit jt_names_drop(struct jt_names *l, struct jt_slice name, const char *whole,
                                   const char *what);
/* As an array of strings, or of {name,text}. */
void jt_names_write(const struct jt_names *l, bool has_texts, struct jt_jw *w);

#endif
