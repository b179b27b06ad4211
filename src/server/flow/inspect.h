/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.h - is this token ours, whole, in time, and still backed by its client and grant?
 */
#ifndef JT_FLOW_INSPECT_H
#define JT_FLOW_INSPECT_H

#include "../../core/token/at.h"
#include "../../core/token/ref.h"
#include "app.h"

enum jt_inspection { JT_INSPECT_UNDECIDED = 0, JT_INSPECT_ACTIVE, JT_INSPECT_INACTIVE };

struct jt_inspected {
    struct jt_at_claims claims;
    struct jt_jti id;      /* what its jti carries */
    uint64_t key_sequence; /* tokens of its signing key with a lower sequence are revoked */
    const struct jt_client *client;
    const struct jt_resource *resource;
};

/* out is set only on ACTIVE. UNDECIDED: a fault of the machine, to be answered with 503. */
JT_MUST enum jt_inspection jt_inspect(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                      struct jt_inspected *out);
/* Whoever shows a token that is bound must hold its certificate (RFC 8705 section 3). cert: of the
 * connection, NULL: none. */
bool jt_inspected_shown_by(const struct jt_inspected *t, const struct jt_peer_cert *cert);
/*
 * The first half of it: ours, whole and in time, whatever became of its client since. Sets claims,
 * id and key_sequence.
 */
JT_MUST enum jt_inspection jt_inspect_origin(struct jt_local *l, struct jt_slice token,
                                             struct jt_arena *a, struct jt_inspected *out);

#endif
