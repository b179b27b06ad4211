/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunked.h - a chunked body decoded in place (RFC 9112 section 7.1).
 *
 * Size is 1 to 8 hex digits; extensions are refused; trailers are read and dropped under the
 * limits of a head, and Content-Length, Transfer-Encoding, Host, Authorization or Content-Type
 * there are faults. Total decoded size is bounded by JT_HTTP_BODY_MAX, total encoded by twice that
 * plus 8 KiB.
 */
#ifndef JT_HTTP_CHUNKED_H
#define JT_HTTP_CHUNKED_H

#include "head.h"

struct jt_chunked {
    size_t read;              /* raw bytes consumed so far */
    size_t written;           /* decoded bytes so far, at the start of the area */
    unsigned state, trailers; /* private */
    uint64_t left;            /* private */
    size_t trailer;           /* private */
};

/*
 * area holds the raw bytes received so far, from the start of the body; decoding moves data to its
 * start. Call again with the same area and more bytes after MORE. OK: body is area[0 .. written),
 * and area[read .. n) belongs to the next request. Raw bytes before `read` are overwritten.
 */
enum jt_http_fault jt_chunked_read(struct jt_chunked *c, uint8_t *area, size_t n);

#endif
