/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <stdio.h>
#include <stdlib.h>

int window_init(struct window *w)
{
    *w = (struct window){.us = malloc(WINDOW_MAX * sizeof *w->us)};
    return w->us == NULL;
}

void window_free(struct window *w)
{
    free(w->us);
    w->us = NULL;
}

void window_add(struct window *w, int64_t us)
{
    if (w->kept < WINDOW_MAX) {
        w->us[w->kept++] = us;
    }
    w->n++;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void window_print(struct window *w, double at)
{
    if (w->kept == 0) {
        return;
    }
    qsort(w->us, w->kept, sizeof *w->us, by_size);
    (void)printf("{\"at\":%.1f,\"n\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n", at, w->n,
                 (double)w->us[w->kept / 2] / 1000, (double)w->us[w->kept * 99 / 100] / 1000,
                 (double)w->us[w->kept - 1] / 1000);
    (void)fflush(stdout);
    w->n = w->kept = 0;
}
