/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/http/chunked.h"
#include "fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_chunked whole;
    struct jt_chunked parts;
    uint8_t *a = malloc(size + 1);
    uint8_t *b = malloc(size + 1);
    JT_ASSERT(a != NULL && b != NULL);
    enum jt_http_fault fa = feed(data, size, size + 1, &whole, a);
    enum jt_http_fault fb = feed(data, size, 1, &parts, b);
    JT_ASSERT((fa == JT_HTTP_OK) == (fb == JT_HTTP_OK));
    JT_ASSERT((fa == JT_HTTP_MORE) == (fb == JT_HTTP_MORE));
    if (fa == JT_HTTP_OK) {
        JT_ASSERT(whole.read == parts.read && whole.written == parts.written);
        JT_ASSERT(memcmp(a, b, whole.written) == 0);
    }
    free(a);
    free(b);
    return 0;
}
