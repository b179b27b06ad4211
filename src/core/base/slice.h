/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - a borrowed range of bytes: two words, passed by value.
 *
 * Invariant: p may be NULL only when n is 0.
 * Owns:      nothing.
 * Threads:   a value; the bytes behind it are the owner's affair.
 * Errors:    none.
 */
#ifndef JT_BASE_SLICE_H
#define JT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct jt_slice {
    const uint8_t *p;
    size_t n;
};

/* A slice of a string literal, without its NUL. */
#define JT_LIT(s) ((struct jt_slice){(const uint8_t *)("" s ""), sizeof(s) - 1})
/* The same as an initialiser of static objects. */
#define JT_LIT_INIT(s)                                                                             \
    {                                                                                              \
        (const uint8_t *)("" s ""), sizeof(s) - 1                                                  \
    }
/* For printf: "%.*s". Only for bytes already known to be printable. */
#define JT_FMT(s) (int)(s).n, (const char *)(s).p

static inline struct jt_slice jt_slice(const void *p, size_t n)
{
    struct jt_slice s = {p, n};
    return s;
}

static inline struct jt_slice jt_str(const char *z)
{
    return z == NULL ? jt_slice(NULL, 0) : jt_slice(z, strlen(z));
}

/* Bytes equal; time depends on the content, so never for secrets. */
static inline bool jt_slice_eq(struct jt_slice a, struct jt_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Order by bytes, then by length: negative, 0, positive. */
static inline int jt_slice_cmp(struct jt_slice a, struct jt_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (c != 0) {
        return c;
    }
    return (a.n > b.n) - (a.n < b.n);
}

static inline uint8_t jt_ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20u) : c;
}

/* Equal when ASCII letters are compared without case. */
static inline bool jt_slice_eq_nocase(struct jt_slice a, struct jt_slice b)
{
    if (a.n != b.n) {
        return false;
    }
    if (jt_slice_eq(a, b)) {
        return true; /* as it is mostly written */
    }
    for (size_t i = 0; i < a.n; i++) {
        if (jt_ascii_lower(a.p[i]) != jt_ascii_lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

static inline bool jt_slice_starts(struct jt_slice s, struct jt_slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* The part of s from index i (i <= s.n). */
static inline struct jt_slice jt_slice_from(struct jt_slice s, size_t i)
{
    return i >= s.n ? jt_slice(NULL, 0) : jt_slice(s.p + i, s.n - i);
}

/* Index of the first c, or s.n. */
static inline size_t jt_slice_find(struct jt_slice s, uint8_t c)
{
    const uint8_t *f = s.n == 0 ? NULL : memchr(s.p, c, s.n);
    return f == NULL ? s.n : (size_t)(f - s.p);
}

/* Without the spaces and tabs at both ends. */
static inline struct jt_slice jt_slice_trim(struct jt_slice s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/*
 * Takes the next word off *rest, words being separated by single or repeated
 * spaces (RFC 6749 section 3.3 scope lists). False when none is left.
 */
static inline bool jt_slice_next_word(struct jt_slice *rest, struct jt_slice *out)
{
    struct jt_slice s = *rest;
    while (s.n > 0 && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    if (s.n == 0) {
        *rest = s;
        return false;
    }
    size_t k = jt_slice_find(s, ' ');
    *out = jt_slice(s.p, k);
    *rest = jt_slice_from(s, k);
    return true;
}

#endif
