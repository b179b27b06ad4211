/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - a response put together in one buffer: head, then body.
 *
 * Usage: jt_response_begin, jt_response_header…, jt_response_body. Every response has Date,
 * X-Request-Id and Content-Length, and X-Content-Type-Options: nosniff.
 */
#ifndef JT_HTTP_RESPONSE_H
#define JT_HTTP_RESPONSE_H

#include "../base/buf.h"

const char *jt_http_status_text(unsigned status);

/* date: of jt_fmt_http_date. request_id: visible ASCII. close adds Connection: close. */
void jt_response_begin(struct jt_buf *b, unsigned status, const char *date,
                       struct jt_slice request_id, bool close);
/* value must have no control character: the buffer fails otherwise. */
void jt_response_header(struct jt_buf *b, const char *name, struct jt_slice value);
/* Content-Type and Content-Length, empty line, and the body unless head_only. content_type NULL:
 * neither, as 204 and 304 want it; what is empty otherwise is given its Content-Length: 0 before.
 */
void jt_response_body(struct jt_buf *b, const char *content_type, struct jt_slice body,
                      bool head_only);

/* A response read by a client (the command line): status, and where the body starts. */
struct jt_http_reply {
    unsigned status;
    bool has_length, chunked;
    uint64_t length;
    size_t head_n;
    struct jt_slice request_id, etag;
};
/* JT_E_BUSY: not complete yet. JT_E_SYNTAX. */
#include "../base/err.h"
JT_MUST enum jt_err jt_http_reply_read(struct jt_slice in, struct jt_http_reply *out);

#endif
