/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.h - questions about eight bytes at a time.
 *
 * Each answers about all eight: an answer other than 0 says only that at least one byte is of that
 * kind, so a caller then looks at them singly.
 */
#ifndef JT_BASE_WORD_H
#define JT_BASE_WORD_H

#include <stdint.h>
#include <string.h>

#define JT_WORD sizeof(uint64_t)
#define JT_WORD_EACH(c) (UINT64_C(0x0101010101010101) * (c)) /* the byte c in all eight places */
#define JT_WORD_HIGH JT_WORD_EACH(0x80)

static inline uint64_t jt_word_load(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Is a byte below c? c is at most 0x80, and no byte has its high bit. A borrow only comes from a
 * byte that is below itself, so it cannot hide one. */
static inline uint64_t jt_word_below(uint64_t x, uint8_t c)
{
    return (x - JT_WORD_EACH(c)) & JT_WORD_HIGH;
}

/* Is a byte c? The same holds for c and the bytes. */
static inline uint64_t jt_word_has(uint64_t x, uint8_t c)
{
    return jt_word_below(x ^ JT_WORD_EACH(c), 1);
}

#endif
