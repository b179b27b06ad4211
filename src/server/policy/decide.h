/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - what a client gets: the one place where a jt_grant is made.
 *
 * Rules: a scope that the client may not have refuses the whole request (RFC 6749 section 3.3 would
 * allow dropping it; a caller that lacks what it asked for should learn that now). One resource
 * per token (RFC 8707). Resource omitted: the only one the client has, or the only one of its
 * resources that defines all named scopes; the built-in resource never counts here.
 */
#ifndef JT_POLICY_DECIDE_H
#define JT_POLICY_DECIDE_H

#include "../../core/base/arena.h"
#include "../auth/auth.h"
#include "../reason.h"
#include "../store/directory.h"

#define JT_SCOPES_MAX 128 /* in one request */

struct jt_grant;

enum jt_decision { JT_DECISION_NONE = 0, JT_DECISION_GRANTED, JT_DECISION_REFUSED };

struct jt_want {
    struct jt_slice scope;    /* as sent; empty: all that the client may have */
    struct jt_slice resource; /* empty: to be chosen */
};

/* The grant lives in the arena. */
JT_MUST enum jt_decision jt_decide(const struct jt_directory *d, const struct jt_principal *who,
                                   const struct jt_want *want, struct jt_arena *a,
                                   const struct jt_grant **out, enum jt_reason *why);

const struct jt_principal *jt_grant_principal(const struct jt_grant *g);
const struct jt_resource *jt_grant_resource(const struct jt_grant *g);
/* Names separated by single spaces, in the request's order, without repeats. */
struct jt_slice jt_grant_scope(const struct jt_grant *g);

/* May this client have this scope of this resource now? */
bool jt_may(const struct jt_client *c, const struct jt_resource *r, struct jt_slice scope);
bool jt_resource_defines(const struct jt_resource *r, struct jt_slice scope);

#endif
