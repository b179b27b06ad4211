/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - bytes that grow up to a fixed maximum.
 *
 * Invariant: n <= cap <= max. Once `failed` is set no call writes again.
 * Owns:      its storage; jt_buf_take() hands it over and resets the buffer.
 * Threads:   one owner, no locking.
 * Errors:    none per call; test jt_buf_ok() once before use.
 */
#ifndef JT_BASE_BUF_H
#define JT_BASE_BUF_H

#include "slice.h"

struct jt_buf {
    uint8_t *p;
    size_t n, cap, max;
    bool failed; /* out of memory, or more than max */
};

void jt_buf_init(struct jt_buf *b, size_t max);
/* Frees the storage after wiping what was used. NULL-safe; the buffer can be used again. */
void jt_buf_free(struct jt_buf *b);
/* Empties (and wipes) but keeps the storage. */
void jt_buf_reset(struct jt_buf *b);
/* Room for k more bytes. False, and failed, when that is over max. */
static inline bool jt_buf_reserve(struct jt_buf *b, size_t k);
bool jt_buf_grow(struct jt_buf *b, size_t k);      /* the same when there is no room yet */
void jt_buf_put_u64(struct jt_buf *b, uint64_t v); /* decimal */
void jt_buf_put_i64(struct jt_buf *b, int64_t v);  /* decimal */
void jt_buf_printf(struct jt_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first k bytes (k <= n). */
void jt_buf_consume(struct jt_buf *b, size_t k);
/* Hands over the storage with one NUL after the last byte, or NULL when failed. free() it. */
char *jt_buf_take(struct jt_buf *b);

static inline bool jt_buf_reserve(struct jt_buf *b, size_t k)
{
    return (!b->failed && k <= b->cap - b->n) || jt_buf_grow(b, k);
}

/* Written out here: the length of a literal is known where it is put, and most bytes fit. */
static inline void jt_buf_put(struct jt_buf *b, struct jt_slice s)
{
    if (s.n > 0 && jt_buf_reserve(b, s.n)) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}

static inline void jt_buf_puts(struct jt_buf *b, const char *z)
{
    jt_buf_put(b, jt_str(z));
}

static inline void jt_buf_putc(struct jt_buf *b, uint8_t c)
{
    if (jt_buf_reserve(b, 1)) {
        b->p[b->n++] = c;
    }
}

static inline bool jt_buf_ok(const struct jt_buf *b)
{
    return !b->failed;
}

static inline struct jt_slice jt_buf_slice(const struct jt_buf *b)
{
    return jt_slice(b->p, b->n);
}

#endif
