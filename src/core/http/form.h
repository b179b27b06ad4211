/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - parameters of a request: application/x-www-form-urlencoded, or a flat JSON object.
 *
 * Decoded once, strictly: a bad %XX, NUL, or bytes that are not UTF-8 refuse the whole body.
 * A repeated name is refused even when empty (RFC 6749 section 3.2). At most JT_FORM_MAX pairs.
 * Owns:    nothing; text lives in the arena, or where it was read when nothing had to be decoded:
 *          that must outlive the form.
 */
#ifndef JT_HTTP_FORM_H
#define JT_HTTP_FORM_H

#include "../base/arena.h"
#include "../base/err.h"
#include "../base/slice.h"

#define JT_FORM_MAX 64

struct jt_param {
    struct jt_slice name, value;
};

struct jt_form {
    size_t n, room;
    struct jt_param *items;
    struct jt_slice repeated; /* after JT_FORM_REPEATED: the name that stood twice */
};

/* X: why a body cannot be read, for audit */
enum jt_form_fault {
    JT_FORM_OK = 0,
    JT_FORM_ENCODING, /* bad %XX, NUL or not UTF-8 */
    JT_FORM_REPEATED, /* a name stands twice */
    JT_FORM_TOO_MANY, /* more than JT_FORM_MAX */
    JT_FORM_SYNTAX,   /* JSON: not a flat object of strings */
    JT_FORM_NOMEM,
};

/* "+" is a space. Empty pieces ("a=1&&b=2") are skipped; a piece without "=" is a name with an
 * empty value. */
enum jt_form_fault jt_form_read(struct jt_slice body, struct jt_arena *a, struct jt_form *out);
/* One string decoded by the same rules (client_id and secret in HTTP Basic, RFC 6749
 * section 2.3.1). */
enum jt_form_fault jt_form_decode(struct jt_slice text, struct jt_arena *a, struct jt_slice *out);
/* One JSON object of strings (core/json does the strict reading). Other values are refused, unless
 * more is given and takes them: it says whether a member of that name and value may stand there. */
struct jt_jval;
struct jt_form_more {
    bool (*take)(void *ctx, struct jt_slice name, const struct jt_jval *value);
    void *ctx;
};
enum jt_form_fault jt_form_read_json(struct jt_slice body, struct jt_arena *a,
                                     const struct jt_form_more *more, struct jt_form *out);
/* The value, or an empty slice: an empty parameter counts as omitted (RFC 6749 section 3.2). */
struct jt_slice jt_form_value(const struct jt_form *f, struct jt_slice name);
static inline struct jt_slice jt_form_get(const struct jt_form *f, const char *name)
{
    return jt_form_value(f, jt_str(name));
}

enum jt_content_type {
    JT_CONTENT_NONE = 0, /* no Content-Type */
    JT_CONTENT_FORM,     /* application/x-www-form-urlencoded, at most charset=utf-8 */
    JT_CONTENT_JSON,     /* application/json, at most charset=utf-8 */
    JT_CONTENT_MERGE,    /* application/merge-patch+json */
    JT_CONTENT_OTHER,    /* anything else, other charsets among them */
};
enum jt_content_type jt_content_type(struct jt_slice value);

#endif
