/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h - the header fields whose meaning the engine must know. Private to http.
 */
#ifndef JT_HTTP_FIELD_H
#define JT_HTTP_FIELD_H

#include "head.h"

/* Reads all fields of a head; faults for framing, Host and repeats. RFC 9112 section 6. */
enum jt_http_fault jt_http_fields_known(struct jt_http_head *h);
/* One line without its CRLF, not empty. */
enum jt_http_fault jt_http_field_read(struct jt_slice line, struct jt_http_field *out);
bool jt_http_token_char(uint8_t c);

#endif
