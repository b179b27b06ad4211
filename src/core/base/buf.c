/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "num.h"

void jt_buf_init(struct jt_buf *b, size_t max)
{
    *b = (struct jt_buf){.max = max};
}

void jt_buf_free(struct jt_buf *b)
{
    if (b == NULL) {
        return;
    }
    if (b->p != NULL) {
        explicit_bzero(b->p, b->n);
        free(b->p);
    }
    *b = (struct jt_buf){.max = b->max};
}

void jt_buf_reset(struct jt_buf *b)
{
    if (b->p != NULL) {
        explicit_bzero(b->p, b->n);
    }
    b->n = 0;
    b->failed = false;
}

/* A move by malloc and wipe, not realloc: the old place may have held a secret. */
static bool grow(struct jt_buf *b, size_t want)
{
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap < want) {
        cap = cap > SIZE_MAX / 2 ? want : cap * 2;
    }
    if (cap > b->max) {
        cap = b->max;
    }
    uint8_t *p = malloc(cap);
    if (p == NULL) {
        return false;
    }
    if (b->n > 0) {
        memcpy(p, b->p, b->n);
        explicit_bzero(b->p, b->n);
    }
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

bool jt_buf_grow(struct jt_buf *b, size_t k)
{
    if (b->failed || k > b->max - b->n || (b->n + k > b->cap && !grow(b, b->n + k))) {
        b->failed = true;
        return false;
    }
    return true;
}

void jt_buf_put_u64(struct jt_buf *b, uint64_t v)
{
    char d[JT_U64_DIGITS];
    jt_buf_put(b, jt_fmt_u64(v, d));
}

void jt_buf_put_i64(struct jt_buf *b, int64_t v)
{
    if (v < 0) {
        jt_buf_putc(b, '-');
        jt_buf_put_u64(b, (uint64_t)(-(v + 1)) + 1u);
        return;
    }
    jt_buf_put_u64(b, (uint64_t)v);
}

void jt_buf_printf(struct jt_buf *b, const char *fmt, ...)
{
    char small[512];
    va_list ap;
    va_start(ap, fmt);
    int k = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (k < 0) {
        b->failed = true;
        return;
    }
    if ((size_t)k < sizeof small) {
        jt_buf_put(b, jt_slice(small, (size_t)k));
        return;
    }
    /* in a place of its own: the NUL must not count against max */
    char *large = malloc((size_t)k + 1);
    if (large == NULL) {
        b->failed = true;
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(large, (size_t)k + 1, fmt, ap);
    va_end(ap);
    jt_buf_put(b, jt_slice(large, (size_t)k));
    explicit_bzero(large, (size_t)k);
    free(large);
}

void jt_buf_consume(struct jt_buf *b, size_t k)
{
    if (k == 0) {
        return;
    }
    size_t left = b->n - k;
    memmove(b->p, b->p + k, left);
    explicit_bzero(b->p + left, k);
    b->n = left;
}

char *jt_buf_take(struct jt_buf *b)
{
    const size_t max = b->max;
    b->max = max == SIZE_MAX ? max : max + 1; /* the NUL is not content */
    jt_buf_putc(b, 0);
    b->max = max;
    if (b->failed) {
        jt_buf_free(b);
        return NULL;
    }
    char *z = (char *)b->p;
    *b = (struct jt_buf){.max = max};
    return z;
}
