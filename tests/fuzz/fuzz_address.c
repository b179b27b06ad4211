/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_address.c - X-Forwarded-For: lines of the input are header lines.
 */
#include "fuzz.h"
#include "server/flow/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_http_head h;
    static const struct jt_net proxies[] = {
        {{{[10] = 0xff, [11] = 0xff, [12] = 10}}, 104}, /* 10.0.0.0/8 */
        {{{0x20, 0x01, 0x0d, 0xb8}}, 32},               /* 2001:db8::/32 */
    };
    static const struct jt_proxies trusted = {proxies, 2};
    static const struct jt_proxies none = {NULL, 0};
    static const struct jt_addr peer = {{[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
    static const struct jt_addr unix_socket = {{0}};
    struct jt_slice in = jt_slice(data, size);
    h.nfields = 0;
    while (in.n > 0 && h.nfields < JT_HTTP_HEADERS_MAX) {
        size_t k = jt_slice_find(in, '\n');
        h.fields[h.nfields++] =
            (struct jt_http_field){JT_LIT("X-Forwarded-For"), jt_slice(in.p, k)};
        in = jt_slice_from(in, k < in.n ? k + 1 : in.n);
    }
    struct jt_addr a = peer;
    enum jt_err e = jt_address_forwarded(&h, &trusted, &a);
    JT_ASSERT(e == JT_OK || (e == JT_E_SYNTAX && memcmp(&a, &peer, sizeof a) == 0));
    JT_ASSERT(memcmp(&a, &unix_socket, sizeof a) != 0);
    struct jt_addr again = peer;
    JT_ASSERT(jt_address_forwarded(&h, &none, &again) == JT_OK);
    JT_ASSERT(memcmp(&again, &peer, sizeof peer) == 0); /* nobody is trusted: nothing is read */
    return 0;
}
