/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name.h - what names may be made of.
 */
#ifndef JT_HTTP_NAME_H
#define JT_HTTP_NAME_H

#include "../base/slice.h"

/* scope-token of RFC 6749 section 3.3: 1 to 128 of %x21 %x23-5B %x5D-7E. */
bool jt_scope_name_ok(struct jt_slice s);
/* client_id: 1 to 64 of [A-Za-z0-9._~-], starting with a letter or digit; safe in Basic, URLs and
 * logs. */
bool jt_client_id_ok(struct jt_slice s);
/* Valid UTF-8 (RFC 3629) without NUL. */
bool jt_utf8_ok(struct jt_slice s);
/* Text for people (names, owners, labels): valid UTF-8 of at most max bytes, no control characters,
 * no U+2028/2029, nothing that turns the writing direction. */
bool jt_display_text_ok(struct jt_slice s, size_t max);

#endif
