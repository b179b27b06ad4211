/* SPDX-License-Identifier: Apache-2.0 */
#include "reason.h"

static const struct jt_reason_row rows[JT_REASONS] = {
#define X(name, audit, error, status, stranger, wire, meaning, advice)                             \
    {audit, error, status, stranger, wire, meaning, advice},
#include "reason.def"
#undef X
};

const struct jt_reason_row *jt_reason_row(enum jt_reason r)
{
    return &rows[r < JT_REASONS ? r : JT_R_NONE];
}

enum jt_reason jt_reason_from_name(struct jt_slice name)
{
    for (unsigned i = 1; i < JT_REASONS; i++) {
        if (jt_slice_eq(name, jt_str(rows[i].name))) {
            return (enum jt_reason)i;
        }
    }
    return JT_R_NONE;
}

const char *jt_reason_name_of(uint16_t code)
{
    return rows[code < JT_REASONS ? code : 0].name;
}
