/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - what a resource server may ask of a token beyond its being active: scopes, roles and
 * groups, as the clients of cidaas send them.
 *
 * Inside one list any element suffices, unless its strict flag asks for all. Every list that is
 * given must match (AND); JT_COMPAT_CIDAAS_OR lets one suffice, unless strictValidation asks for
 * all of them. An empty list matches nothing. Our tokens have no roles and no groups, so such a
 * list fails.
 * Owns:    nothing; texts are of the request's arena. Threads: its worker's.
 */
#ifndef JT_FLOW_MATCH_H
#define JT_FLOW_MATCH_H

#include "../../core/base/arena.h"
#include "../../core/http/form.h"
#include "../../core/json/json.h"

struct jt_required {
    bool has_scopes, has_roles, has_groups;
    bool strict_scopes, strict_all;
    struct jt_slice scopes; /* names separated by spaces */
};

/* JSON: takes a member that is no string (struct jt_form_more); ctx is a struct jt_match_reading.
 */
struct jt_match_reading {
    struct jt_required *out;
    struct jt_arena *arena;
};
bool jt_match_take(void *ctx, struct jt_slice name, const struct jt_jval *value);
/* Form parameters of the same names: lists are separated by spaces, flags are true or false.
 * False: a flag is neither. */
bool jt_match_form(struct jt_required *out, const struct jt_form *form);
/* one_suffices: the caller has JT_COMPAT_CIDAAS_OR. */
bool jt_match(const struct jt_required *r, struct jt_slice token_scope, bool one_suffices);

#endif
