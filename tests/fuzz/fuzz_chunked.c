/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_chunked.c - a chunked body, whole and in pieces, beside a second reader that has all bytes
 * at once and looks at nothing but RFC 9112 section 7.1 and our limits.
 */
#include <ctype.h>
#include <stdlib.h>

#include "core/http/chunked.h"
#include "fuzz.h"

#define ENCODED_MAX (2u * JT_HTTP_BODY_MAX + 8192u)

/* Fed step bytes at a time; the verdict, what was read and the body end in *c and area. */
static enum jt_http_fault feed(const uint8_t *data, size_t size, size_t step, struct jt_chunked *c,
                               uint8_t *area)
{
    enum jt_http_fault f = JT_HTTP_MORE;
    size_t have = 0;
    *c = (struct jt_chunked){0};
    while (f == JT_HTTP_MORE && have < size) {
        size_t k = size - have < step ? size - have : step;
        memcpy(area + have, data + have, k);
        have += k;
        f = jt_chunked_read(c, area, have);
        JT_ASSERT(c->read <= have && c->written <= c->read && c->written <= JT_HTTP_BODY_MAX);
    }
    return f;
}

static bool take_line(struct jt_slice *in, struct jt_slice *line)
{
    *line = jt_slice(in->p, find_text(*in, "\r\n"));
    if (line->n == in->n) {
        return false;
    }
    *in = jt_slice_from(*in, line->n + 2);
    return jt_slice_find(*line, '\r') == line->n && jt_slice_find(*line, '\n') == line->n;
}

static bool trailer_ok(struct jt_slice line)
{
    static const char *const names[] = {"content-length", "transfer-encoding", "host",
                                        "authorization", "content-type"};
    size_t k = jt_slice_find(line, ':');
    struct jt_slice name = jt_slice(line.p, k);
    if (k == 0 || k == line.n) {
        return false;
    }
    for (size_t i = 0; i < line.n; i++) {
        bool is_token = isalnum(line.p[i]) != 0 ||
                        (line.p[i] != 0 && strchr("!#$%&'*+-.^_`|~", line.p[i]) != NULL);
        bool is_control = (line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f;
        if ((i < k && !is_token) || (i > k && is_control)) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_slice_eq_nocase(name, jt_str(names[i]))) {
            return false;
        }
    }
    return true;
}

/* One chunk off the front of *in, into out; *size is 0 for the last one. */
static bool second_chunk(struct jt_slice *in, uint8_t *out, size_t *n, size_t *size)
{
    struct jt_slice line = {0};
    char digits[9] = "";
    if (!take_line(in, &line) || line.n == 0 || line.n > 8) {
        return false;
    }
    memcpy(digits, line.p, line.n);
    if (strspn(digits, "0123456789abcdefABCDEF") != line.n) {
        return false;
    }
    *size = strtoul(digits, NULL, 16);
    if (*size == 0) {
        return true;
    }
    if (*size > JT_HTTP_BODY_MAX - *n || in->n < *size + 2 || in->p[*size] != '\r' ||
        in->p[*size + 1] != '\n') {
        return false;
    }
    memcpy(out + *n, in->p, *size);
    *n += *size;
    *in = jt_slice_from(*in, *size + 2);
    return true;
}

/* Is it a whole body? Then it is in out, *n bytes, and *used is how many it took. */
static bool second_reader(struct jt_slice in, uint8_t *out, size_t *n, size_t *used)
{
    struct jt_slice line = {0};
    size_t whole = in.n;
    size_t size = 1;
    size_t ntrailers = 0;
    *n = 0;
    while (size > 0) {
        if (!second_chunk(&in, out, n, &size)) {
            return false;
        }
    }
    for (size_t trailer = 0; take_line(&in, &line); ntrailers++) {
        trailer += line.n + 2;
        if (trailer > 8192) {
            return false;
        }
        if (line.n == 0) {
            *used = whole - in.n;
            return *used <= ENCODED_MAX;
        }
        if (ntrailers == JT_HTTP_HEADERS_MAX || !trailer_ok(line)) {
            return false;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_chunked whole;
    struct jt_chunked parts;
    size_t n = 0;
    size_t used = 0;
    uint8_t *a = malloc(size + 1);
    uint8_t *b = malloc(size + 1);
    uint8_t *c = malloc(size + 1);
    JT_ASSERT(a != NULL && b != NULL && c != NULL);
    enum jt_http_fault fa = feed(data, size, size + 1, &whole, a);
    enum jt_http_fault fb = feed(data, size, 1 + size % 7, &parts, b);
    bool ok = second_reader(jt_slice(data, size), c, &n, &used);
    JT_ASSERT((fa == JT_HTTP_OK) == (fb == JT_HTTP_OK) && (fa == JT_HTTP_OK) == ok);
    JT_ASSERT((fa == JT_HTTP_MORE) == (fb == JT_HTTP_MORE));
    if (ok) {
        JT_ASSERT(whole.read == parts.read && whole.written == parts.written);
        JT_ASSERT(whole.read == used && whole.written == n);
        JT_ASSERT(memcmp(a, b, n) == 0 && memcmp(a, c, n) == 0);
    }
    free(a);
    free(b);
    free(c);
    return 0;
}
