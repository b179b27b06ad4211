/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the errors of the environment, and the three words that handle errors.
 *
 * A verdict (authenticated, granted, valid) is never one of these: it has its
 * own enum whose zero is "undecided". A protocol denial is a row of reason.def.
 */
#ifndef JT_BASE_ERR_H
#define JT_BASE_ERR_H

enum jt_err {
    JT_OK = 0,
    JT_E_NOMEM,       /* an allocation failed */
    JT_E_LIMIT,       /* larger than a stated maximum */
    JT_E_SYNTAX,      /* bytes that do not have the required form */
    JT_E_RANGE,       /* well formed, but not an allowed value */
    JT_E_CRYPTO,      /* OpenSSL refused, or a seal does not open */
    JT_E_IO,          /* the operating system refused; errno tells */
    JT_E_FULL,        /* no space left on the device */
    JT_E_NOTFOUND,    /* no such thing */
    JT_E_CONFLICT,    /* exists already, or is held by someone else */
    JT_E_CORRUPT,     /* stored data is not what was written */
    JT_E_NEWER,       /* stored data was written by a newer version */
    JT_E_BUSY,        /* try again later */
    JT_E_PERM,        /* not allowed: file mode, owner, peer */
    JT_E_UNSUPPORTED, /* known, but not offered */
};

/* A short lower-case sentence part: "out of memory". Never NULL. */
const char *jt_err_text(enum jt_err e);

#define JT_MUST __attribute__((warn_unused_result))

/* Passes an error up. The only macro that hides control flow. */
#define JT_TRY(expr)                                                                               \
    do {                                                                                           \
        enum jt_err jt_try_ = (expr);                                                              \
        if (jt_try_ != JT_OK) {                                                                    \
            return jt_try_;                                                                        \
        }                                                                                          \
    } while (0)

/* A bug, in every build: says where and aborts. Never for what a caller or peer can cause. */
#define JT_ASSERT(cond) ((cond) ? (void)0 : jt_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void jt_assert_failed(const char *cond, const char *file, int line);

/* A handle on the stack that frees itself: JT_AUTO(jt_buf_auto) struct jt_buf b; */
#define JT_AUTO(fn) __attribute__((cleanup(fn)))

#endif
