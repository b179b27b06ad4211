/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - how long the requests of a while took.
 */
#ifndef STORM_WINDOW_H
#define STORM_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define WINDOW_MAX 200000u /* further ones are counted only */

struct window {
    size_t n, kept;
    int64_t *us; /* WINDOW_MAX */
};

int window_init(struct window *w); /* 0: there is memory */
void window_free(struct window *w);
void window_add(struct window *w, int64_t us);
/* One line of JSON on standard output; then it is empty. at: seconds since the start. */
void window_print(struct window *w, double at);

#endif
