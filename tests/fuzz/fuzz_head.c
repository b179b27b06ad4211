/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_head.c - the head of a request. What was read, written again in its plainest form, reads
 * the same.
 */
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/http/head.h"
#include "fuzz.h"

static void check_slices(const struct jt_http_head *h, struct jt_slice in)
{
    must_lie_in(h->method_text, in);
    must_lie_in(h->target, in);
    must_lie_in(h->path, in);
    must_lie_in(h->query, in);
    must_lie_in(h->host, in);
    must_lie_in(h->content_type, in);
    must_lie_in(h->authorization, in);
    for (size_t i = 0; i < h->nfields; i++) {
        must_lie_in(h->fields[i].name, in);
        must_lie_in(h->fields[i].value, in);
        JT_ASSERT(h->fields[i].name.n > 0);
        JT_ASSERT(jt_slice_find(h->fields[i].value, '\0') == h->fields[i].value.n);
        JT_ASSERT(jt_slice_find(h->fields[i].value, '\n') == h->fields[i].value.n);
    }
}

/* A head that is good as a whole is MORE at every shorter length, never something else. */
static void check_prefixes(const uint8_t *data, size_t n)
{
    struct jt_http_head h;
    size_t used = 0;
    for (size_t i = 0; i < n; i += 1 + n / 64) {
        JT_ASSERT(jt_http_head_read(jt_slice(data, i), &h, &used) == JT_HTTP_MORE);
    }
}

static void check_same(const struct jt_http_head *a, const struct jt_http_head *b)
{
    JT_ASSERT(a->method == b->method && jt_slice_eq(a->method_text, b->method_text));
    JT_ASSERT(jt_slice_eq(a->path, b->path) && jt_slice_eq(a->query, b->query));
    JT_ASSERT(a->has_query == b->has_query && a->minor == b->minor);
    JT_ASSERT(jt_slice_eq(a->host, b->host) && jt_slice_eq(a->content_type, b->content_type));
    JT_ASSERT(jt_slice_eq(a->authorization, b->authorization));
    JT_ASSERT(a->chunked == b->chunked && a->has_length == b->has_length);
    JT_ASSERT(a->length == b->length && a->keep_alive == b->keep_alive);
    JT_ASSERT(a->expect_continue == b->expect_continue && a->nfields == b->nfields);
}

static void round_trip(const struct jt_http_head *h)
{
    struct jt_http_head again;
    size_t n = 0;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 16);
    jt_buf_put(&b, h->method_text);
    jt_buf_putc(&b, ' ');
    jt_buf_put(&b, h->target);
    jt_buf_puts(&b, h->minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (size_t i = 0; i < h->nfields; i++) {
        jt_buf_put(&b, h->fields[i].name);
        jt_buf_putc(&b, ':');
        jt_buf_put(&b, h->fields[i].value);
        jt_buf_puts(&b, "\r\n");
    }
    jt_buf_puts(&b, "\r\n");
    JT_ASSERT(jt_http_head_read(jt_buf_slice(&b), &again, &n) == JT_HTTP_OK && n == b.n);
    check_same(h, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_http_head h;
    struct jt_slice in = jt_slice(data, size);
    size_t n = 0;
    enum jt_http_fault f = jt_http_head_read(in, &h, &n);
    if (f == JT_HTTP_MORE) {
        JT_ASSERT(size < JT_HTTP_HEAD_MAX);
    } else if (f == JT_HTTP_OK) {
        JT_ASSERT(n >= 4 && n <= size && n <= JT_HTTP_HEAD_MAX);
        JT_ASSERT(!(h.chunked && h.has_length) && h.length <= JT_HTTP_BODY_MAX);
        JT_ASSERT(h.nfields <= JT_HTTP_HEADERS_MAX);
        check_slices(&h, jt_slice(data, n));
        check_prefixes(data, n);
        round_trip(&h);
    } else {
        JT_ASSERT(jt_http_fault_status(f) >= 400 && jt_http_fault_name(f)[0] != '\0');
    }
    return 0;
}
