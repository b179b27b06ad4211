/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suggest.h - the spelling that was probably meant: "acess_ttl" (did you mean "access_ttl"?).
 *
 * Usage: jt_suggest, jt_suggest_offer for every word there is, then jt_suggest_found and best.
 * Distance is Damerau-Levenshtein in its optimal-string-alignment form: insert, delete, replace,
 * and swap of neighbours cost one each. A word counts as near up to a third of its length.
 * Owns: nothing; best is the offered slice.
 */
#ifndef JT_CONFIG_SUGGEST_H
#define JT_CONFIG_SUGGEST_H

#include "../../core/base/slice.h"

#define JT_SUGGEST_LEN_MAX 64 /* longer words are near to nothing */

struct jt_suggest {
    struct jt_slice word, best;
    size_t distance;
};

static inline struct jt_suggest jt_suggest(struct jt_slice word)
{
    struct jt_suggest s = {word, {NULL, 0}, SIZE_MAX};
    return s;
}

/* SIZE_MAX when either is longer than JT_SUGGEST_LEN_MAX. Letters are compared without case. */
size_t jt_edit_distance(struct jt_slice a, struct jt_slice b);
void jt_suggest_offer(struct jt_suggest *s, struct jt_slice candidate);
static inline bool jt_suggest_found(const struct jt_suggest *s)
{
    return s->best.n > 0;
}

#endif
