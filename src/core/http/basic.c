/* SPDX-License-Identifier: Apache-2.0 */
#include "basic.h"

#include "../base/b64.h"
#include "name.h"

static void read_basic(struct jt_slice credentials, struct jt_arena *a, struct jt_authz *out)
{
    size_t n = 0;
    uint8_t *p = jt_arena_alloc(a, JT_B64_BYTES(credentials.n));
    out->scheme = JT_AUTHZ_MALFORMED;
    if (p == NULL || credentials.n == 0 || jt_b64_decode(credentials, p, &n) != JT_OK) {
        return;
    }
    struct jt_slice text = jt_slice(p, n);
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] == 0x7f) {
            return;
        }
    }
    size_t colon = jt_slice_find(text, ':');
    if (colon == n || !jt_utf8_ok(text)) {
        return;
    }
    out->user = jt_slice(p, colon);
    out->password = jt_slice_from(text, colon + 1);
    out->scheme = JT_AUTHZ_BASIC;
}

/* token68: RFC 9110 section 11.2 */
static bool token68(struct jt_slice s)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/';
        if (!ok) {
            break;
        }
    }
    size_t body = i;
    while (i < s.n && s.p[i] == '=') {
        i++;
    }
    return body > 0 && i == s.n;
}

void jt_authz_read(struct jt_slice header, struct jt_arena *a, struct jt_authz *out)
{
    *out = (struct jt_authz){0};
    if (header.n == 0) {
        return;
    }
    size_t sp = jt_slice_find(header, ' ');
    struct jt_slice scheme = jt_slice(header.p, sp);
    struct jt_slice rest = jt_slice_from(header, sp + 1);
    if (jt_slice_eq_nocase(scheme, JT_LIT("basic"))) {
        read_basic(rest, a, out);
    } else if (jt_slice_eq_nocase(scheme, JT_LIT("bearer"))) {
        out->scheme = token68(rest) ? JT_AUTHZ_BEARER : JT_AUTHZ_MALFORMED;
        out->token = rest;
    } else {
        out->scheme = JT_AUTHZ_OTHER;
    }
}
