/* SPDX-License-Identifier: Apache-2.0 */
#include "chunked.h"

#include "../base/num.h"
#include "field.h"

#define ENCODED_MAX (2 * JT_HTTP_BODY_MAX + 8192)
#define TRAILER_MAX 8192
#define SIZE_DIGITS_MAX 8

enum { SIZE = 0, DATA, DATA_END, TRAILERS };

/* A line ended by CRLF from c->read on; MORE when its end is not there yet. */
static enum jt_http_fault take_line(struct jt_chunked *c, const uint8_t *area, size_t n,
                                    struct jt_slice *line)
{
    struct jt_slice rest = jt_slice(area + c->read, n - c->read);
    size_t cr = jt_slice_find(rest, '\r');
    size_t lf = jt_slice_find(rest, '\n');
    if (lf < cr) {
        return JT_HTTP_BARE_CR_LF;
    }
    if (cr + 1 >= rest.n) {
        return JT_HTTP_MORE;
    }
    if (rest.p[cr + 1] != '\n') {
        return JT_HTTP_BARE_CR_LF;
    }
    *line = jt_slice(rest.p, cr);
    c->read += cr + 2;
    return JT_HTTP_OK;
}

static enum jt_http_fault read_size(struct jt_chunked *c, const uint8_t *area, size_t n)
{
    struct jt_slice line = {0};
    enum jt_http_fault f = take_line(c, area, n, &line);
    if (f == JT_HTTP_MORE && n - c->read > SIZE_DIGITS_MAX + 1) {
        return JT_HTTP_CHUNK;
    }
    if (f != JT_HTTP_OK) {
        return f;
    }
    if (line.n == 0 || line.n > SIZE_DIGITS_MAX) {
        return JT_HTTP_CHUNK;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < line.n; i++) {
        int d = jt_hex_value(line.p[i]);
        if (d < 0) {
            return JT_HTTP_CHUNK; /* extensions, signs, 0x and blanks among them */
        }
        v = v * 16 + (uint64_t)d;
    }
    if (v > JT_HTTP_BODY_MAX - c->written) {
        return JT_HTTP_BODY_SIZE;
    }
    c->left = v;
    c->state = v == 0 ? TRAILERS : DATA;
    return JT_HTTP_OK;
}

static enum jt_http_fault read_data(struct jt_chunked *c, uint8_t *area, size_t n)
{
    size_t k = n - c->read < c->left ? n - c->read : (size_t)c->left;
    memmove(area + c->written, area + c->read, k);
    c->written += k;
    c->read += k;
    c->left -= k;
    if (c->left > 0) {
        return JT_HTTP_MORE;
    }
    c->state = DATA_END;
    return JT_HTTP_OK;
}

static enum jt_http_fault read_data_end(struct jt_chunked *c, const uint8_t *area, size_t n)
{
    size_t have = n - c->read;
    if (have > 0 && area[c->read] != '\r') {
        return JT_HTTP_CHUNK;
    }
    if (have < 2) {
        return JT_HTTP_MORE;
    }
    if (area[c->read + 1] != '\n') {
        return JT_HTTP_CHUNK;
    }
    c->read += 2;
    c->state = SIZE;
    return JT_HTTP_OK;
}

static bool forbidden_trailer(struct jt_slice name)
{
    static const struct jt_slice names[] = {
        JT_LIT_INIT("content-length"), JT_LIT_INIT("transfer-encoding"), JT_LIT_INIT("host"),
        JT_LIT_INIT("authorization"),  JT_LIT_INIT("content-type"),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_slice_eq_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* Reads one trailer line; *end on the empty one. */
static enum jt_http_fault read_trailer(struct jt_chunked *c, const uint8_t *area, size_t n,
                                       bool *end)
{
    struct jt_slice line = {0};
    struct jt_http_field field;
    enum jt_http_fault f = take_line(c, area, n, &line);
    if (f == JT_HTTP_MORE && c->trailer + (n - c->read) > TRAILER_MAX) {
        return JT_HTTP_HEAD_SIZE;
    }
    if (f != JT_HTTP_OK) {
        return f;
    }
    *end = line.n == 0;
    c->trailer += line.n + 2;
    if (c->trailer > TRAILER_MAX) {
        return JT_HTTP_HEAD_SIZE;
    }
    if (*end) {
        return JT_HTTP_OK;
    }
    if (c->trailers == JT_HTTP_HEADERS_MAX) {
        return JT_HTTP_HEAD_FIELDS;
    }
    c->trailers++;
    f = jt_http_field_read(line, &field);
    if (f != JT_HTTP_OK) {
        return f;
    }
    return forbidden_trailer(field.name) ? JT_HTTP_CHUNK : JT_HTTP_OK;
}

enum jt_http_fault jt_chunked_read(struct jt_chunked *c, uint8_t *area, size_t n)
{
    enum jt_http_fault f = JT_HTTP_OK;
    bool end = false;
    while (f == JT_HTTP_OK && !end) {
        switch (c->state) {
        case SIZE:
            f = read_size(c, area, n);
            break;
        case DATA:
            f = read_data(c, area, n);
            break;
        case DATA_END:
            f = read_data_end(c, area, n);
            break;
        default:
            f = read_trailer(c, area, n, &end);
            break;
        }
    }
    /* counted alike whether the body came whole or in pieces */
    bool over = f == JT_HTTP_MORE ? n > ENCODED_MAX : f == JT_HTTP_OK && c->read > ENCODED_MAX;
    return over ? JT_HTTP_BODY_SIZE : f;
}
