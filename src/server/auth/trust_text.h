/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_text.h - what findings say, in words. Private to the evaluation.
 *
 * A token is a stranger's text: it is cut to JT_SAID_MAX bytes at a whole character. Whoever shows
 * it escapes it.
 * Owns: texts live in the arena; when there is no memory they are empty.
 */
#ifndef JT_AUTH_TRUST_TEXT_H
#define JT_AUTH_TRUST_TEXT_H

#include "trust_rule.h"

#define JT_SAID_MAX 160u

/* Text in quotes; "none" when it is empty. */
struct jt_slice jt_said_text(struct jt_arena *a, struct jt_slice s);
/* A claim, of whatever type; NULL: "none". */
struct jt_slice jt_said_claim(struct jt_arena *a, const struct jt_jval *v);
struct jt_slice jt_said_time(struct jt_arena *a, int64_t t);
/* "after 2026-…" */
struct jt_slice jt_said_after(struct jt_arena *a, const char *before, int64_t t);
struct jt_slice jt_said_seconds(struct jt_arena *a, const char *before, int64_t s);
struct jt_slice jt_said_algs(struct jt_arena *a, unsigned algs);
struct jt_slice jt_said_matcher(struct jt_arena *a, const struct jt_matcher *m);

#endif
