/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_basic.c - the Authorization header. There is one text for each proof, so what was read,
 * written again, is the header.
 */
#include "core/base/b64.h"
#include "core/base/buf.h"
#include "core/http/basic.h"
#include "core/http/form.h"
#include "core/http/name.h"
#include "fuzz.h"

static void check_basic(const struct jt_authz *z, struct jt_slice in)
{
    JT_AUTO(jt_buf_free) struct jt_buf plain;
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&plain, 1u << 20);
    jt_buf_init(&text, 1u << 20);
    JT_ASSERT(jt_slice_find(z->user, ':') == z->user.n);
    JT_ASSERT(jt_utf8_ok(z->user) && jt_utf8_ok(z->password));
    jt_buf_put(&plain, z->user);
    jt_buf_putc(&plain, ':');
    jt_buf_put(&plain, z->password);
    for (size_t i = 0; i < plain.n; i++) {
        JT_ASSERT(plain.p[i] >= 0x20 && plain.p[i] != 0x7f);
    }
    jt_b64_put(&text, jt_buf_slice(&plain));
    JT_ASSERT(jt_slice_eq_nocase(jt_slice(in.p, 6), JT_LIT("Basic ")));
    JT_ASSERT(jt_slice_eq(jt_slice_from(in, 6), jt_buf_slice(&text)));
}

/* As RFC 6749 section 2.3.1 has it; nothing but "+" and %XX changes. */
static void check_decoded(struct jt_slice s, struct jt_arena *a)
{
    struct jt_slice out = {0};
    bool plain = jt_slice_find(s, '%') == s.n && jt_slice_find(s, '+') == s.n;
    enum jt_form_fault f = jt_form_decode(s, a, &out);
    JT_ASSERT(f != JT_FORM_OK || (out.n <= s.n && jt_utf8_ok(out)));
    JT_ASSERT(!plain || (f == JT_FORM_OK && jt_slice_eq(out, s)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_arena a;
    struct jt_authz z;
    struct jt_slice in = jt_slice(data, size);
    jt_arena_init(&a, 1u << 20);
    jt_authz_read(in, &a, &z);
    JT_ASSERT((z.scheme == JT_AUTHZ_NONE) == (size == 0));
    if (z.scheme == JT_AUTHZ_BASIC) {
        check_basic(&z, in);
        check_decoded(z.user, &a);
        check_decoded(z.password, &a);
    } else if (z.scheme == JT_AUTHZ_BEARER) {
        must_lie_in(z.token, in);
        JT_ASSERT(z.token.n > 0 && z.token.n == size - 7);
        JT_ASSERT(jt_slice_find(z.token, ' ') == z.token.n);
    }
    jt_arena_free(&a);
    return 0;
}
