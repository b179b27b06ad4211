/* SPDX-License-Identifier: Apache-2.0 */
#include "core/http/cidr.h"
#include "fuzz.h"

/* Flips one bit of an address. */
static struct jt_addr flipped(const struct jt_addr *a, unsigned bit)
{
    struct jt_addr b = *a;
    b.b[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_net n;
    struct jt_net again;
    const char *why = NULL;
    char text[JT_NET_TEXT];
    if (jt_net_read(jt_slice(data, size), &n, &why) != JT_OK) {
        JT_ASSERT(why != NULL && why[0] != '\0');
        return 0;
    }
    bool v4 = jt_addr_is_v4(&n.a) && n.bits >= 96;
    JT_ASSERT(n.bits <= 128);
    JT_ASSERT(jt_net_has(&n, &n.a) == (v4 || !jt_addr_is_v4(&n.a)));
    for (unsigned i = 0; i < 128;
         i++) { /* a bit of the network decides, one of the host does not */
        struct jt_addr b = flipped(&n.a, i);
        bool same = jt_addr_is_v4(&b) == v4;
        JT_ASSERT(jt_net_has(&n, &b) == (same && i >= n.bits));
    }
    jt_net_text(&n, text);
    JT_ASSERT(jt_net_read(jt_str(text), &again, &why) == JT_OK);
    JT_ASSERT(again.bits == n.bits && memcmp(&again.a, &n.a, sizeof n.a) == 0);
    return 0;
}
