/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.h - what the commands about resources share.
 */
#ifndef JT_CLI_RESOURCE_H
#define JT_CLI_RESOURCE_H

#include "../core/json/jw.h"
#include "out.h"

/* The parts of NAME[=TEXT], split at the first "=". */
struct jt_scope_arg {
    struct jt_slice name, text;
    bool has_text;
};
struct jt_scope_arg jt_scope_arg(const char *value);
/* Says an error and returns false when the name cannot be a scope (RFC 6749 section 3.3). */
bool jt_scope_arg_ok(const struct jt_scope_arg *s);
/* alg, format and lifetime, as far as given; false with an error said. */
bool jt_resource_members(const struct jt_args *args, struct jt_jw *w);
/* A resource as a card or as JSON; body is the text of value. */
void jt_resource_print(const struct jt_args *args, const struct jt_jval *value,
                       struct jt_slice body);

#endif
