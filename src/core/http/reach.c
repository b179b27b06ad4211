/* SPDX-License-Identifier: Apache-2.0 */
#include "reach.h"

struct range {
    uint8_t a[16], bits;
};

/* IPv4 in the form of struct jt_addr. */
#define V4(p, q, r, s, bits)                                                                       \
    {                                                                                              \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, p, q, r, s}, 96 + (bits)                        \
    }

/* RFC 6890 and its updates: not globally reachable. */
static const struct range v4[] = {
    V4(0, 0, 0, 0, 8),       /* this network */
    V4(10, 0, 0, 0, 8),      /* private */
    V4(100, 64, 0, 0, 10),   /* shared by carriers, RFC 6598 */
    V4(127, 0, 0, 0, 8),     /* loopback */
    V4(169, 254, 0, 0, 16),  /* link-local; metadata services of clouds */
    V4(172, 16, 0, 0, 12),   /* private */
    V4(192, 0, 0, 0, 24),    /* protocol assignments */
    V4(192, 0, 2, 0, 24),    /* documentation */
    V4(192, 88, 99, 0, 24),  /* 6to4 relays, RFC 7526 */
    V4(192, 168, 0, 0, 16),  /* private */
    V4(198, 18, 0, 0, 15),   /* benchmarks */
    V4(198, 51, 100, 0, 24), /* documentation */
    V4(203, 0, 113, 0, 24),  /* documentation */
    V4(224, 0, 0, 0, 4),     /* multicast */
    V4(240, 0, 0, 0, 4),     /* reserved, broadcast */
};

static const struct range global_v6 = {{0x20}, 3}; /* 2000::/3 */

/* Parts of it that are not. */
static const struct range v6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments; Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: wraps IPv4 */
    {{0x3f, 0xff}, 20},             /* documentation, RFC 9637 */
};

static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96}; /* RFC 6052: wraps IPv4 */

static bool has(const struct range *r, const struct jt_addr *a)
{
    size_t whole = r->bits / 8u;
    unsigned rest = r->bits % 8u;
    return memcmp(r->a, a->b, whole) == 0 &&
           (rest == 0 || (r->a[whole] ^ a->b[whole]) >> (8 - rest) == 0);
}

static bool one_has(const struct range *r, size_t n, const struct jt_addr *a)
{
    for (size_t i = 0; i < n; i++) {
        if (has(&r[i], a)) {
            return true;
        }
    }
    return false;
}

bool jt_addr_is_public(const struct jt_addr *a)
{
    struct jt_addr inner = {.b = {[10] = 0xff, [11] = 0xff}};
    const struct jt_addr *x = a;
    if (has(&nat64, a)) {
        memcpy(inner.b + 12, a->b + 12, 4);
        x = &inner;
    }
    if (jt_addr_is_v4(x)) {
        return !one_has(v4, sizeof v4 / sizeof v4[0], x);
    }
    return has(&global_v6, x) && !one_has(v6, sizeof v6 / sizeof v6[0], x);
}
