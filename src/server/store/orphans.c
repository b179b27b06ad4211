/* SPDX-License-Identifier: Apache-2.0 */
#include "orphans.h"

#include <stdlib.h>

#include "../../core/base/num.h"

#define PAGE 256u

struct numbers {
    size_t n, cap;
    uint32_t *v;
};

static bool add(struct numbers *a, uint32_t number)
{
    if (a->n == a->cap) {
        size_t cap = a->cap == 0 ? 1024 : a->cap * 2;
        uint32_t *v = realloc(a->v, cap * sizeof *v);
        if (v == NULL) {
            return false;
        }
        a->v = v;
        a->cap = cap;
    }
    a->v[a->n++] = number;
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum jt_err credentials_of(const struct jt_directory *d, struct numbers *out)
{
    const struct jt_object *page[PAGE];
    uint64_t cursor = 0;
    size_t n = 0;
    do {
        n = jt_directory_page(d, JT_OBJ_CLIENT, &cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            const struct jt_client *c = (const struct jt_client *)page[i];
            for (size_t k = 0; k < c->ncredentials; k++) {
                if (!add(out, c->credentials[k].number)) {
                    return JT_E_NOMEM;
                }
            }
        }
    } while (n == PAGE);
    if (out->n > 0) {
        qsort(out->v, out->n, sizeof out->v[0], by_number);
    }
    return JT_OK;
}

/* First all of them, as the table moves when one leaves. */
static enum jt_err orphans_of(struct jt_usage *u, const struct numbers *there, struct numbers *out)
{
    uint32_t page[PAGE];
    size_t cursor = 0;
    size_t n = 0;
    do {
        n = jt_usage_page(u, &cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            bool found = there->n > 0 && bsearch(&page[i], there->v, there->n, sizeof there->v[0],
                                                 by_number) != NULL;
            if (!found && !add(out, page[i])) {
                return JT_E_NOMEM;
            }
        }
    } while (n == PAGE);
    return JT_OK;
}

enum jt_err jt_usage_drop_orphans(struct jt_usage *u, const struct jt_directory *d,
                                  struct jt_store *s)
{
    struct numbers there = {0};
    struct numbers orphans = {0};
    enum jt_err e = credentials_of(d, &there);
    if (e == JT_OK) {
        e = orphans_of(u, &there, &orphans);
    }
    for (size_t i = 0; i < orphans.n && e == JT_OK; i++) {
        char digits[JT_U64_DIGITS];
        e = s->ops->remove(s, JT_OBJ_USE, jt_fmt_u64(orphans.v[i], digits));
        jt_usage_forget(u, orphans.v[i]);
    }
    free(there.v);
    free(orphans.v);
    return e;
}
