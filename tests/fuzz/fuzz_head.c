/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

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
    } else {
        JT_ASSERT(jt_http_fault_status(f) >= 400 && jt_http_fault_name(f)[0] != '\0');
    }
    return 0;
}
