/* SPDX-License-Identifier: Apache-2.0 */
#include "cidr.h"

#include <arpa/inet.h>
#include <stdio.h>

bool jt_addr_is_v4(const struct jt_addr *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(a->b, mapped, sizeof mapped) == 0;
}

void jt_addr_text(const struct jt_addr *a, char out[static JT_ADDR_TEXT])
{
    static const struct jt_addr none = {{0}};
    if (memcmp(a->b, none.b, sizeof none.b) == 0) {
        (void)snprintf(out, JT_ADDR_TEXT, "unix");
    } else if (jt_addr_is_v4(a)) {
        (void)snprintf(out, JT_ADDR_TEXT, "%u.%u.%u.%u", a->b[12], a->b[13], a->b[14], a->b[15]);
    } else if (inet_ntop(AF_INET6, a->b, out, JT_ADDR_TEXT) == NULL) {
        out[0] = '\0';
    }
}

enum jt_err jt_addr_read(struct jt_slice s, struct jt_addr *out)
{
    char z[JT_ADDR_TEXT];
    struct jt_addr a = {{0}};
    if (s.n == 0 || s.n >= sizeof z) {
        return JT_E_SYNTAX;
    }
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    if (strlen(z) != s.n) {
        return JT_E_SYNTAX;
    }
    /* glibc's inet_pton refuses octal, short and zoned forms */
    if (jt_slice_find(s, ':') == s.n) {
        a.b[10] = a.b[11] = 0xff;
        if (inet_pton(AF_INET, z, a.b + 12) != 1) {
            return JT_E_SYNTAX;
        }
    } else if (inet_pton(AF_INET6, z, a.b) != 1) {
        return JT_E_SYNTAX;
    }
    *out = a;
    return JT_OK;
}

struct jt_addr jt_addr_prefix(const struct jt_addr *a)
{
    struct jt_addr p = *a;
    if (jt_addr_is_v4(a)) {
        p.b[15] = 0;
    } else {
        memset(p.b + 8, 0, 8);
    }
    return p;
}
