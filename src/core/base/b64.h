/* SPDX-License-Identifier: Apache-2.0 */
/*
 * b64.h - base64 and base64url, strict: one text for each value, and one value for each text.
 *
 * base64url is without padding (RFC 7515 section 2); base64 with exact padding (RFC 4648
 * section 4). Refused: foreign characters, white space, wrong padding, unused bits not zero,
 * a length that no value has.
 */
#ifndef JT_BASE_B64_H
#define JT_BASE_B64_H

#include "buf.h"
#include "err.h"

/* Characters for n bytes, without NUL. */
#define JT_B64URL_LEN(n) (((n)*4 + 2) / 3)
/* Bytes that n characters can hold at most. */
#define JT_B64_BYTES(n) ((n) / 4 * 3 + 2)

void jt_b64url_put(struct jt_buf *b, struct jt_slice s);
/* Writes JT_B64URL_LEN(s.n) characters at out; returns how many. */
size_t jt_b64url_encode(struct jt_slice s, char *out);
/* out has room for JT_B64_BYTES(s.n). Untouched length on failure; JT_E_SYNTAX. */
JT_MUST enum jt_err jt_b64url_decode(struct jt_slice s, uint8_t *out, size_t *out_n);
/* Standard alphabet with padding, as in HTTP Basic (RFC 7617). */
void jt_b64_put(struct jt_buf *b, struct jt_slice s);
JT_MUST enum jt_err jt_b64_decode(struct jt_slice s, uint8_t *out, size_t *out_n);
/* Standard alphabet without padding, as in the texts of password hashes. */
void jt_b64_bare_put(struct jt_buf *b, struct jt_slice s);
JT_MUST enum jt_err jt_b64_bare_decode(struct jt_slice s, uint8_t *out, size_t *out_n);

/* Lower-case base32 without padding (RFC 4648 section 6), for references people read. */
#define JT_B32_LEN(n) (((n)*8 + 4) / 5)
size_t jt_b32_encode(struct jt_slice s, char *out);
/* Takes both cases. out has room for s.n * 5 / 8. */
JT_MUST enum jt_err jt_b32_decode(struct jt_slice s, uint8_t *out, size_t *out_n);

#endif
