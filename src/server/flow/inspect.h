/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.h - is this token ours, whole, in time, and still backed by its client and grant?
 */
#ifndef JT_FLOW_INSPECT_H
#define JT_FLOW_INSPECT_H

#include "../../core/token/at.h"
#include "app.h"

enum jt_inspection { JT_INSPECT_UNDECIDED = 0, JT_INSPECT_ACTIVE, JT_INSPECT_INACTIVE };

struct jt_inspected {
    struct jt_at_claims claims;
    const struct jt_client *client;
    const struct jt_resource *resource;
};

/* out is set only on ACTIVE. UNDECIDED: a fault of the machine, to be answered with 503. */
JT_MUST enum jt_inspection jt_inspect(struct jt_local *l, struct jt_slice token, struct jt_arena *a,
                                      struct jt_inspected *out);

#endif
