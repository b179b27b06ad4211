/* SPDX-License-Identifier: Apache-2.0 */
#include "response.h"

#include "../base/num.h"
#include "field.h"

const char *jt_http_status_text(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } all[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].status == status) {
            return all[i].text;
        }
    }
    return "Unknown";
}

void jt_response_begin(struct jt_buf *b, unsigned status, const char *date,
                       struct jt_slice request_id, bool close)
{
    jt_buf_puts(b, "HTTP/1.1 ");
    jt_buf_put_u64(b, status);
    jt_buf_putc(b, ' ');
    jt_buf_puts(b, jt_http_status_text(status));
    jt_buf_puts(b, "\r\nDate: ");
    jt_buf_puts(b, date);
    jt_buf_puts(b, "\r\n");
    jt_response_header(b, "X-Request-Id", request_id);
    jt_buf_puts(b, "X-Content-Type-Options: nosniff\r\n");
    if (close) {
        jt_buf_puts(b, "Connection: close\r\n");
    }
}

void jt_response_header(struct jt_buf *b, const char *name, struct jt_slice value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < 0x20 || value.p[i] == 0x7f) {
            b->failed = true; /* a header that would split the answer */
            return;
        }
    }
    jt_buf_puts(b, name);
    jt_buf_puts(b, ": ");
    jt_buf_put(b, value);
    jt_buf_puts(b, "\r\n");
}

void jt_response_body(struct jt_buf *b, const char *content_type, struct jt_slice body,
                      bool head_only)
{
    if (content_type != NULL) {
        jt_response_header(b, "Content-Type", jt_str(content_type));
        jt_buf_puts(b, "Content-Length: ");
        jt_buf_put_u64(b, body.n);
        jt_buf_puts(b, "\r\n");
    }
    jt_buf_puts(b, "\r\n");
    if (content_type != NULL && !head_only) {
        jt_buf_put(b, body);
    }
}

/* One header line of a reply. */
static enum jt_err reply_field(struct jt_slice line, struct jt_http_reply *out)
{
    struct jt_http_field f;
    if (jt_http_field_read(line, &f) != JT_HTTP_OK) {
        return JT_E_SYNTAX;
    }
    if (jt_slice_eq_nocase(f.name, JT_LIT("content-length"))) {
        if (out->has_length) {
            return JT_E_SYNTAX;
        }
        out->has_length = true;
        return jt_parse_u64(f.value, INT64_MAX, &out->length);
    }
    if (jt_slice_eq_nocase(f.name, JT_LIT("transfer-encoding"))) {
        bool once = !out->chunked;
        out->chunked = true;
        return once && jt_slice_eq_nocase(f.value, JT_LIT("chunked")) ? JT_OK : JT_E_SYNTAX;
    }
    if (jt_slice_eq_nocase(f.name, JT_LIT("x-request-id"))) {
        out->request_id = f.value;
    } else if (jt_slice_eq_nocase(f.name, JT_LIT("etag"))) {
        out->etag = f.value;
    }
    return JT_OK;
}

static enum jt_err status_line(struct jt_slice line, struct jt_http_reply *out)
{
    uint64_t status = 0;
    if (!jt_slice_starts(line, JT_LIT("HTTP/1.1 ")) || line.n < 12 ||
        jt_parse_u64(jt_slice(line.p + 9, 3), 599, &status) != JT_OK || status < 100 ||
        (line.n > 12 && line.p[12] != ' ')) {
        return JT_E_SYNTAX;
    }
    out->status = (unsigned)status;
    return JT_OK;
}

enum jt_err jt_http_reply_read(struct jt_slice in, struct jt_http_reply *out)
{
    struct jt_http_reply r = {0};
    size_t at = 0;
    for (size_t n = 0;; n++) {
        struct jt_slice rest = jt_slice_from(in, at);
        size_t lf = jt_slice_find(rest, '\n');
        if (lf == rest.n) {
            return at + rest.n > 4 * JT_HTTP_HEAD_MAX ? JT_E_LIMIT : JT_E_BUSY;
        }
        if (lf == 0 || rest.p[lf - 1] != '\r' || n > 2 * JT_HTTP_HEADERS_MAX) {
            return JT_E_SYNTAX;
        }
        struct jt_slice line = jt_slice(rest.p, lf - 1);
        at += lf + 1;
        if (n > 0 && line.n == 0) {
            break;
        }
        JT_TRY(n == 0 ? status_line(line, &r) : reply_field(line, &r));
    }
    if (r.chunked && r.has_length) {
        return JT_E_SYNTAX;
    }
    r.head_n = at;
    *out = r;
    return JT_OK;
}
