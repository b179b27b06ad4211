/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_client_cert.c - certificates in headers of proxies: the first byte chooses the form, lines
 * of the rest are the values of Client-Cert, Client-Cert-Chain and X-SSL-Client-Cert in turn.
 */
#include "core/http/client_cert.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct jt_slice names[] = {JT_LIT_INIT("Client-Cert"),
                                            JT_LIT_INIT("Client-Cert-Chain"),
                                            JT_LIT_INIT("X-SSL-Client-Cert")};
    static struct jt_http_head h;
    struct jt_arena a;
    const struct jt_peer_cert *c = NULL;
    struct jt_slice in = jt_slice_from(jt_slice(data, size), 1);
    enum jt_cert_header form = size == 0 ? JT_CERT_HEADER_NONE : (enum jt_cert_header)(data[0] % 3);
    h.nfields = 0;
    while (in.n > 0 && h.nfields < 4) {
        size_t k = jt_slice_find(in, '\n');
        h.fields[h.nfields] = (struct jt_http_field){names[h.nfields % 3], jt_slice(in.p, k)};
        h.nfields++;
        in = jt_slice_from(in, k < in.n ? k + 1 : in.n);
    }
    jt_arena_init(&a, 1u << 18);
    enum jt_err e = jt_client_cert_read(&h, form, &a, &c);
    JT_ASSERT(e == JT_OK || c == NULL);
    JT_ASSERT(form != JT_CERT_HEADER_NONE || (e == JT_OK && c == NULL));
    if (c != NULL) {
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, 1u << 20);
        jt_peer_cert_names(c, &b);
        JT_ASSERT(jt_peer_cert_sha256(c).n == 32);
        JT_ASSERT(jt_peer_cert_has(c, JT_TLS_DNS, JT_LIT("*.example")) == JT_PEER_NO);
        JT_ASSERT(jt_peer_cert_chain(c, jt_slice(NULL, 0), 1800000000) != JT_CHAIN_GOOD);
    }
    jt_peer_cert_release(&c);
    jt_arena_free(&a);
    return 0;
}
