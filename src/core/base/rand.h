/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rand.h - random bytes from the kernel (getrandom), buffered by the caller where it matters.
 */
#ifndef JT_BASE_RAND_H
#define JT_BASE_RAND_H

#include <stddef.h>

#include "err.h"

/* Fills n bytes, or JT_E_IO. Any thread. */
JT_MUST enum jt_err jt_random(void *out, size_t n);

#endif
