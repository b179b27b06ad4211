/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - jansson's parser, kept from a failed allocation. Private to core/json.
 *
 * When its buffer cannot grow, jansson 2.14 loses the character, and a string that lost its closing
 * quote is copied beyond its end. So it never sees an allocation fail: the parse is left there and
 * then, and all that it had allocated is freed.
 * Threads: each for itself.
 */
#ifndef JT_JSON_GUARD_H
#define JT_JSON_GUARD_H

#include <jansson.h>

#include "../base/err.h"
#include "../base/slice.h"

/* As json_loadb. JT_E_NOMEM; else JT_OK, and *out is NULL when the text is wrong. */
JT_MUST enum jt_err jt_json_load(struct jt_slice text, size_t flags, json_t **out);

#endif
