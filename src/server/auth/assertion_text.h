/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assertion_text.h - why an assertion was refused, in words for the operator. Never on the wire.
 *
 * What a stranger said is cut to JT_TOLD_MAX characters, and shown in printable ASCII only.
 * Owns: texts live in the arena; NULL when there is no memory, which is no words.
 */
#ifndef JT_AUTH_ASSERTION_TEXT_H
#define JT_AUTH_ASSERTION_TEXT_H

#include "../../core/base/arena.h"
#include "../store/object.h"

#define JT_TOLD_MAX 100u /* characters of what a stranger said */
#define JT_TOLD_KIDS 4u  /* keys of the client that are named */
#define JT_TOLD_RULES 3u /* issuers of its trust rules that are named */

const char *jt_told_expired(struct jt_arena *a, int64_t ago_s);
const char *jt_told_life(struct jt_arena *a, int64_t lives_s, int64_t longest_s);
const char *jt_told_alg(struct jt_arena *a, struct jt_slice alg);
/* The same of a token that could not be read because of it. */
const char *jt_told_alg_of(struct jt_arena *a, struct jt_slice token);
/* The kid and alg that were sent, and which keys the client has. */
const char *jt_told_keys(struct jt_arena *a, struct jt_slice kid, const char *alg,
                         const struct jt_client *c);
/* Who issued the token, and whom the client's trust rules name. */
const char *jt_told_issuers(struct jt_arena *a, struct jt_slice iss, const struct jt_client *c);

#endif
