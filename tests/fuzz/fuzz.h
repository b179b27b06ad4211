/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the targets share. A broken invariant aborts, which every runner reports.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is s empty or inside in? */
static inline void must_lie_in(struct jt_slice s, struct jt_slice in)
{
    JT_ASSERT(s.n == 0 || (s.p >= in.p && s.p + s.n <= in.p + in.n));
}

/* Where the text stands in s first; s.n: nowhere. */
static inline size_t find_text(struct jt_slice s, const char *text)
{
    const uint8_t *p = s.p == NULL ? NULL : memmem(s.p, s.n, text, strlen(text));
    return p == NULL ? s.n : (size_t)(p - s.p);
}

#endif
