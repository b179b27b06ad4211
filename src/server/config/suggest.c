/* SPDX-License-Identifier: Apache-2.0 */
#include "suggest.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t jt_edit_distance(struct jt_slice a, struct jt_slice b)
{
    if (a.n > JT_SUGGEST_LEN_MAX || b.n > JT_SUGGEST_LEN_MAX) {
        return SIZE_MAX;
    }
    /* Three rows of the matrix are enough: a swap looks back two. */
    size_t rows[3][JT_SUGGEST_LEN_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b.n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3];
        const size_t *up = rows[(i + 2) % 3];
        const size_t *up2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            uint8_t x = jt_ascii_lower(a.p[i - 1]);
            uint8_t y = jt_ascii_lower(b.p[j - 1]);
            size_t d = least(least(up[j], row[j - 1]) + 1, up[j - 1] + (x == y ? 0 : 1));
            if (i > 1 && j > 1 && x == jt_ascii_lower(b.p[j - 2]) &&
                y == jt_ascii_lower(a.p[i - 2])) {
                d = least(d, up2[j - 2] + 1);
            }
            row[j] = d;
        }
    }
    return rows[a.n % 3][b.n];
}

void jt_suggest_offer(struct jt_suggest *s, struct jt_slice candidate)
{
    size_t longer = s->word.n > candidate.n ? s->word.n : candidate.n;
    size_t near = longer < 6 ? 1 : longer / 3;
    /* Of a short word all letters must not be wrong at once. */
    size_t d = jt_edit_distance(s->word, candidate);
    if (d <= near && d < longer && d < s->distance) {
        s->best = candidate;
        s->distance = d;
    }
}
