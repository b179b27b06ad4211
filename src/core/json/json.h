/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON read strictly, through jansson.
 *
 * Refused, beyond what RFC 8259 forbids: duplicate members, NUL in strings (raw or \u0000),
 * bytes that are not UTF-8, a byte order mark, anything after the value, and whatever is over
 * the caller's limits; bytes and nesting are checked before the parser sees the text.
 * Owns:    a document owns all its values; slices from it live as long as it does.
 * Threads: a document belongs to one thread at a time.
 * RFC:     8259, 7159; threats: duplicates RFC 7519 section 4
 */
#ifndef JT_JSON_JSON_H
#define JT_JSON_JSON_H

#include "../base/err.h"
#include "../base/slice.h"

struct jt_json; /* a document */
struct jt_jval; /* a value inside one */

struct jt_json_limits {
    size_t bytes;   /* of the whole text */
    size_t depth;   /* 1: an object without objects or arrays inside */
    size_t members; /* members and elements in all */
};

enum jt_jtype { JT_JNULL, JT_JBOOL, JT_JINT, JT_JREAL, JT_JSTRING, JT_JARRAY, JT_JOBJECT };

/* JT_E_LIMIT, JT_E_SYNTAX, JT_E_NOMEM. */
/*
 * Once, before any thread: jansson, which takes harm from a failed allocation, never sees one
 * (guard.h), so that jt_json_parse says JT_E_NOMEM. It is for the whole process, so that a program
 * may do it, not a library.
 */
void jt_json_guard_memory(void);

JT_MUST enum jt_err jt_json_parse(struct jt_slice text, const struct jt_json_limits *limits,
                                  struct jt_json **out);
void jt_json_free(struct jt_json **doc);
const struct jt_jval *jt_json_root(const struct jt_json *doc);

enum jt_jtype jt_jval_type(const struct jt_jval *v);
/* NULL when v is NULL, not an object, or has no such member. */
const struct jt_jval *jt_jobj_get(const struct jt_jval *v, const char *name);
/* False, *out untouched, when v is NULL or of another type. Integers must be written as such. */
bool jt_jval_str(const struct jt_jval *v, struct jt_slice *out);
bool jt_jval_int(const struct jt_jval *v, int64_t *out);
bool jt_jval_bool(const struct jt_jval *v, bool *out);
/* Elements of an array or members of an object; 0 for the rest. */
size_t jt_jval_count(const struct jt_jval *v);
/* NULL when v is not an array or has no element i. */
const struct jt_jval *jt_jarr_at(const struct jt_jval *v, size_t i);
/* Calls each(name, value, ctx) for each member in the order written; false from it ends the walk
 * and is returned. */
bool jt_jobj_each(const struct jt_jval *v,
                  bool (*each)(struct jt_slice name, const struct jt_jval *value, void *ctx),
                  void *ctx);

#endif
