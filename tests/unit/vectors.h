/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h - published test vectors, kept outside the repository.
 *
 * They are looked for in the folder that JETON_VECTORS names, else in ../shared/vectors beside the
 * repository. Where they are absent the test says so and is counted as skipped.
 */
#ifndef JT_TEST_VECTORS_H
#define JT_TEST_VECTORS_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"

#define VECTORS_SKIP 77 /* what Meson takes for skipped */

/* here: __FILE__ of a source in tests/unit/<module>/. *out is initialised in any case. */
static inline bool vectors_read(const char *here, const char *name, struct jt_buf *out)
{
    char path[PATH_MAX];
    const char *dir = getenv("JETON_VECTORS");
    const char *tests = strstr(here, "tests/unit/");
    jt_buf_init(out, 32u << 20);
    if (dir != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    } else {
        int root = tests == NULL ? 0 : (int)(tests - here);
        (void)snprintf(path, sizeof path, "%.*s../shared/vectors/%s", root, here, name);
    }
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        (void)fprintf(stderr, "SKIPPED: no vectors at %s\n", path);
        return false;
    }
    size_t k = 0;
    do {
        if (!jt_buf_reserve(out, 65536)) {
            break;
        }
        k = fread(out->p + out->n, 1, 65536, f);
        out->n += k;
    } while (k > 0);
    (void)fclose(f);
    return jt_buf_ok(out);
}

#endif
