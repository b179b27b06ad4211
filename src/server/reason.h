/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason.h - the ways to be refused, from reason.def.
 *
 * It stands at the root of the server because authentication and policy decide
 * reasons, the flow puts them on the wire, and the audit log keeps their names.
 */
#ifndef JT_SERVER_REASON_H
#define JT_SERVER_REASON_H

#include "../core/base/slice.h"

enum jt_reason {
#define X(name, audit, error, status, stranger, wire, meaning, advice) JT_R_##name,
#include "reason.def"
#undef X
    JT_REASONS,
};

struct jt_reason_row {
    const char *name, *error;
    unsigned status;
    bool stranger;
    const char *wire, *meaning, *advice;
};

const struct jt_reason_row *jt_reason_row(enum jt_reason r);
/* By its audit name; JT_R_NONE when unknown. */
enum jt_reason jt_reason_from_name(struct jt_slice name);
/* For the writer's counted events: "" for a code that is none. */
const char *jt_reason_name_of(uint16_t code);

#endif
