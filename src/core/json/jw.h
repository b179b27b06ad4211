/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jw.h - JSON written straight into a buffer; no tree.
 *
 * Invariant: commas are placed by the writer; every obj/arr has its end.
 * Owns:      nothing; the buffer is the caller's. Errors are sticky in the buffer.
 * Strings:   must be UTF-8; controls, quotes, backslashes and U+2028/2029 are escaped,
 *            bytes that are not UTF-8 become U+FFFD, so that a line stays one line.
 */
#ifndef JT_JSON_JW_H
#define JT_JSON_JW_H

#include "../base/buf.h"

struct jt_jw {
    struct jt_buf *b;
    bool comma; /* the next value or key needs one before it */
};

static inline struct jt_jw jt_jw(struct jt_buf *b)
{
    struct jt_jw w = {b, false};
    return w;
}

void jt_jw_obj(struct jt_jw *w);
void jt_jw_end_obj(struct jt_jw *w);
void jt_jw_arr(struct jt_jw *w);
void jt_jw_end_arr(struct jt_jw *w);
void jt_jw_name(struct jt_jw *w, struct jt_slice name); /* a key that needs no escaping */
void jt_jw_key_slice(struct jt_jw *w, struct jt_slice name);
void jt_jw_str(struct jt_jw *w, struct jt_slice s);
void jt_jw_int(struct jt_jw *w, int64_t v);
void jt_jw_bool(struct jt_jw *w, bool v);
void jt_jw_null(struct jt_jw *w);
/* Bytes that are JSON already. */
void jt_jw_raw(struct jt_jw *w, struct jt_slice json);

static inline void jt_jw_key(struct jt_jw *w, const char *name)
{
    jt_jw_name(w, jt_str(name));
}

/* key and value at once */
static inline void jt_jw_kstr(struct jt_jw *w, const char *name, struct jt_slice s)
{
    jt_jw_key(w, name);
    jt_jw_str(w, s);
}

static inline void jt_jw_kint(struct jt_jw *w, const char *name, int64_t v)
{
    jt_jw_key(w, name);
    jt_jw_int(w, v);
}

static inline void jt_jw_kbool(struct jt_jw *w, const char *name, bool v)
{
    jt_jw_key(w, name);
    jt_jw_bool(w, v);
}

#endif
