/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/buf.h"
#include "core/http/cidr.h"
#include "core/http/name.h"
#include "core/http/uri.h"
#include "fuzz.h"

static void check_address(struct jt_slice in)
{
    struct jt_addr a;
    struct jt_addr b;
    char text[JT_ADDR_TEXT];
    if (jt_addr_read(in, &a) == JT_OK) {
        jt_addr_text(&a, text);
        static const struct jt_addr none = {{0}};
        if (memcmp(a.b, none.b, sizeof a.b) != 0) { /* "::" is written as no address */
            JT_ASSERT(jt_addr_read(jt_str(text), &b) == JT_OK);
            JT_ASSERT(memcmp(a.b, b.b, sizeof a.b) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    struct jt_slice host;
    struct jt_uri u;
    struct jt_arena a;
    const char *why = NULL;
    uint16_t port = 0;
    jt_arena_init(&a, 1u << 20);
    if (jt_uri_read(in, &u) == JT_OK) {
        must_lie_in(u.scheme, in);
        must_lie_in(u.host, in);
        must_lie_in(u.path, in);
        must_lie_in(u.query, in);
        JT_ASSERT(u.host.n > 0 && u.scheme.n > 0);
    }
    JT_ASSERT(jt_issuer_check(in, &why) == JT_OK || why != NULL);
    why = NULL;
    JT_ASSERT(jt_audience_check(in, &why) == JT_OK || why != NULL);
    if (jt_hostport_read(in, &host, &port) == JT_OK) {
        must_lie_in(host, in);
    }
    JT_ASSERT(jt_percent_decode(in, &a, &host) != JT_OK || host.n <= size);
    (void)jt_scope_name_ok(in);
    (void)jt_client_id_ok(in);
    JT_ASSERT(!jt_display_text_ok(in, size) || jt_utf8_ok(in));
    check_address(in);
    jt_arena_free(&a);
    return 0;
}
