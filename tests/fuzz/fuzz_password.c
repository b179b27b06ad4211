/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_password.c - hashes of secrets that somebody brings along: what is taken is one short line
 * of a known kind, which is taken again as the same line. None is compared: that is slow on
 * purpose. The same bytes as a secret are judged.
 */
#include "core/base/secret.h"
#include "core/crypt/password.h"
#include "fuzz.h"
#include "server/policy/weak.h"

static void judge(struct jt_slice s)
{
    const struct jt_weak_about w = {s, jt_slice(s.p, s.n / 3), jt_slice_from(s, s.n - s.n / 4)};
    const char *why = jt_secret_weak(&w);
    JT_ASSERT(why != NULL || (s.n >= 13 && s.n <= JT_SECRET_MAX)); /* 13 of all kinds: 85 bits */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice s = jt_slice(data, size);
    const char *why = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    JT_AUTO(jt_buf_free) struct jt_buf again;
    judge(s);
    jt_buf_init(&b, JT_PASSWORD_HASH_MAX);
    jt_buf_init(&again, JT_PASSWORD_HASH_MAX);
    enum jt_err e = jt_password_import(s, &b, &why);
    JT_ASSERT(why != NULL);
    if (e != JT_OK) {
        JT_ASSERT(e == JT_E_NOMEM || why[0] != '\0');
        return 0;
    }
    JT_ASSERT(b.n > 0 && jt_password_kind(jt_buf_slice(&b)) != NULL);
    JT_ASSERT(jt_slice_find(jt_buf_slice(&b), '\n') == b.n);
    JT_ASSERT(jt_password_import(jt_buf_slice(&b), &again, &why) == JT_OK);
    JT_ASSERT(jt_slice_eq(jt_buf_slice(&b), jt_buf_slice(&again)));
    return 0;
}
