/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_dn.c - names that an operator registers: what is taken is printed as something that is the
 * same name again.
 */
#include "core/crypt/peer_internal.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    X509_NAME *name = NULL;
    X509_NAME *again = NULL;
    struct jt_slice s = jt_slice(data, size);
    for (enum jt_tls_name k = JT_TLS_SUBJECT; k <= JT_TLS_EMAIL; k++) {
        bool ok = jt_tls_name_ok(k, s, &why);
        JT_ASSERT(!ok || (s.n > 0 && memchr(s.p, 0, s.n) == NULL) || k == JT_TLS_SUBJECT);
    }
    if (jt_dn_read(s, &name, &why) != JT_OK) {
        JT_ASSERT(why != NULL);
        return 0;
    }
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    JT_ASSERT(!jt_dn_has_nul(name));
    jt_dn_put(name, &b);
    JT_ASSERT(jt_buf_ok(&b));
    if (jt_dn_read(jt_buf_slice(&b), &again, &why) == JT_OK) { /* escaped, it may be too long */
        JT_ASSERT(X509_NAME_cmp(name, again) == 0);
    }
    X509_NAME_free(name);
    X509_NAME_free(again);
    return 0;
}
