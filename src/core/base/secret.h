/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - a secret value in a box of fixed size that wipes itself.
 *
 * There is no way to print one: use JT_AUTO(jt_secret_wipe) on the stack, and compare
 * with jt_equal_ct only.
 */
#ifndef JT_BASE_SECRET_H
#define JT_BASE_SECRET_H

#include "err.h"
#include "slice.h"

#define JT_SECRET_MAX 512

struct jt_secret {
    size_t n;
    uint8_t p[JT_SECRET_MAX];
};

static inline void jt_secret_wipe(struct jt_secret *s)
{
    explicit_bzero(s, sizeof *s);
}

static inline struct jt_slice jt_secret_slice(const struct jt_secret *s)
{
    return jt_slice(s->p, s->n);
}

/* JT_E_LIMIT over JT_SECRET_MAX bytes. */
JT_MUST static inline enum jt_err jt_secret_set(struct jt_secret *s, struct jt_slice v)
{
    if (v.n > sizeof s->p) {
        return JT_E_LIMIT;
    }
    if (v.n > 0) {
        memcpy(s->p, v.p, v.n);
    }
    s->n = v.n;
    return JT_OK;
}

/* Equal bytes, in a time that depends on n only. */
static inline bool jt_equal_ct(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t d = 0;
    for (size_t i = 0; i < n; i++) {
        d = (uint8_t)(d | (x[i] ^ y[i]));
    }
    return d == 0;
}

#endif
