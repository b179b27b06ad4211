/* SPDX-License-Identifier: Apache-2.0 */
#include "core/http/basic.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_arena a;
    struct jt_authz z;
    struct jt_slice in = jt_slice(data, size);
    jt_arena_init(&a, 1u << 20);
    jt_authz_read(in, &a, &z);
    if (z.scheme == JT_AUTHZ_BASIC) {
        JT_ASSERT(jt_slice_find(z.user, ':') == z.user.n);
        JT_ASSERT(z.user.n + z.password.n + 1 <= size);
        JT_ASSERT(jt_slice_find(z.password, '\0') == z.password.n);
    } else if (z.scheme == JT_AUTHZ_BEARER) {
        must_lie_in(z.token, in);
        JT_ASSERT(z.token.n > 0 && jt_slice_find(z.token, ' ') == z.token.n);
    }
    jt_arena_free(&a);
    return 0;
}
