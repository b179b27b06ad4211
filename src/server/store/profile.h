/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - client, audience and scope of opaque tokens, kept once for all tokens that share
 * them: a million tokens of a few clients take little more than their hashes.
 *
 * Owns:    a profile lives as long as a token uses it.
 * Threads: take and give: the store thread (or the main thread before it starts). Reading a
 *          profile through its token: any.
 */
#ifndef JT_STORE_PROFILE_H
#define JT_STORE_PROFILE_H

#include "object.h"

struct jt_profiles;

JT_MUST enum jt_err jt_profiles_new(struct jt_profiles **out);
/* No token may use one any more. NULL-safe. */
void jt_profiles_free(struct jt_profiles **p);
/* The kept profile equal to `like`, made if need be; NULL: out of memory. */
const struct jt_profile *jt_profile_take(struct jt_profiles *p, const struct jt_profile *like);
/* One user less. A borrowed profile (home NULL) is left alone. */
void jt_profile_give(const struct jt_profile *p);
size_t jt_profiles_count(const struct jt_profiles *p);

/* A token that lives: its profile is taken from home. home NULL: the profile stays borrowed. */
struct jt_opaque *jt_opaque_dup(const struct jt_opaque *t, struct jt_profiles *home);

#endif
