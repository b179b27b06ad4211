/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint.h - a grant becomes a token. Nothing else can: jt_mint takes a jt_grant, and only policy
 * makes one.
 */
#ifndef JT_FLOW_MINT_H
#define JT_FLOW_MINT_H

#include "../../core/token/at.h"
#include "../policy/decide.h"
#include "app.h"

struct jt_token;

/*
 * sequence: the issue sequence drawn when the request began, before the directory was
 * read, so that a revocation in between is never overtaken.
 * The grant is never that of a hypothetical principal.
 * JT_E_NOTFOUND: no active key for the resource's algorithm.
 */
JT_MUST enum jt_err jt_mint(struct jt_local *l, const struct jt_settings *s,
                            const struct jt_grant *g, uint64_t sequence, struct jt_arena *a,
                            const struct jt_token **out);

/* What a token for this grant says, but for its jti. Of a hypothetical principal too. */
void jt_mint_claims(const struct jt_app *app, const struct jt_settings *s, const struct jt_grant *g,
                    struct jt_at_claims *out);
/* The algorithm that a JWT for r is signed with. */
enum jt_alg jt_mint_alg(const struct jt_local *l, const struct jt_settings *s,
                        const struct jt_resource *r);

struct jt_slice jt_token_value(const struct jt_token *t);
struct jt_slice jt_token_jti(const struct jt_token *t);
struct jt_slice jt_token_scope(const struct jt_token *t);
int64_t jt_token_lifetime_s(const struct jt_token *t);
/* What must be stored before the token leaves; NULL for a JWT. */
const struct jt_opaque *jt_token_opaque(const struct jt_token *t);

#endif
