/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_uri.c - URIs, addresses, names and their checks. What was read, put together again, reads
 * the same; what is accepted as an issuer or audience is a URI of the shape that was asked for.
 */
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

static bool same(const struct jt_uri *a, const struct jt_uri *b)
{
    return jt_slice_eq(a->scheme, b->scheme) && jt_slice_eq(a->host, b->host) &&
           jt_slice_eq(a->path, b->path) && jt_slice_eq(a->query, b->query) && a->port == b->port &&
           a->has_query == b->has_query && a->is_ipv6 == b->is_ipv6;
}

/* Without user and fragment, which are nowhere used. */
static void put_together(const struct jt_uri *u, struct jt_buf *b)
{
    jt_buf_put(b, u->scheme);
    jt_buf_puts(b, u->is_ipv6 ? "://[" : "://");
    jt_buf_put(b, u->host);
    jt_buf_puts(b, u->is_ipv6 ? "]" : "");
    if (u->port != 0) {
        jt_buf_putc(b, ':');
        jt_buf_put_u64(b, u->port);
    }
    jt_buf_put(b, u->path);
    jt_buf_puts(b, u->has_query ? "?" : "");
    jt_buf_put(b, u->query);
}

static void check_uri(const struct jt_uri *u, struct jt_slice in)
{
    struct jt_uri again = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    must_lie_in(u->scheme, in);
    must_lie_in(u->host, in);
    must_lie_in(u->path, in);
    must_lie_in(u->query, in);
    JT_ASSERT(u->host.n > 0 && u->scheme.n > 0);
    put_together(u, &b);
    JT_ASSERT(jt_uri_read(jt_buf_slice(&b), &again) == JT_OK && same(u, &again));
    JT_ASSERT(b.n <= in.n && !again.has_userinfo && !again.has_fragment);
    JT_ASSERT(b.n == in.n || u->has_userinfo || u->has_fragment || b.n + 2 >= in.n); /* ":0" */
}

static void check_kinds(struct jt_slice in, const struct jt_uri *u)
{
    const char *why = NULL;
    if (jt_issuer_check(in, &why) == JT_OK) {
        JT_ASSERT(u != NULL && u->path.n == 0 && !u->has_query && !u->has_fragment);
        JT_ASSERT(!u->has_userinfo && in.n <= 512);
        JT_ASSERT(jt_slice_eq(u->scheme, JT_LIT("https")) || jt_host_is_loopback(u->host));
    } else {
        JT_ASSERT(why != NULL);
    }
    why = NULL;
    if (jt_audience_check(in, &why) == JT_OK) {
        JT_ASSERT(in.n > 0 && in.n <= 512 && jt_slice_find(in, '#') == in.n);
        JT_ASSERT(u != NULL || !jt_slice_starts(in, JT_LIT("https:")));
    } else {
        JT_ASSERT(why != NULL);
    }
}

/* Any bytes, encoded and decoded, are the same bytes, but for NUL, which nothing may have. */
static void check_percent(struct jt_slice in, struct jt_arena *a)
{
    struct jt_slice out = {0};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 20);
    jt_percent_encode(in, &b);
    JT_ASSERT(jt_buf_ok(&b) && b.n <= 3 * in.n);
    enum jt_err e = jt_percent_decode(jt_buf_slice(&b), a, &out);
    JT_ASSERT((e == JT_OK) == (in.n == 0 || memchr(in.p, 0, in.n) == NULL));
    JT_ASSERT(e != JT_OK || jt_slice_eq(out, in));
    e = jt_percent_decode(in, a, &out);
    JT_ASSERT(e != JT_OK || (out.n <= in.n && (out.n == 0 || memchr(out.p, 0, out.n) == NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    struct jt_slice host;
    struct jt_uri u;
    struct jt_arena a;
    uint16_t port = 0;
    jt_arena_init(&a, 1u << 20);
    bool is_uri = jt_uri_read(in, &u) == JT_OK;
    if (is_uri) {
        check_uri(&u, in);
    }
    check_kinds(in, is_uri ? &u : NULL);
    if (jt_hostport_read(in, &host, &port) == JT_OK) {
        must_lie_in(host, in);
        JT_ASSERT(host.n > 0);
    }
    check_percent(in, &a);
    JT_ASSERT(!jt_scope_name_ok(in) || (size > 0 && size <= 128 && jt_utf8_ok(in)));
    JT_ASSERT(!jt_client_id_ok(in) || (size > 0 && size <= 64 && jt_scope_name_ok(in)));
    JT_ASSERT(!jt_display_text_ok(in, size) || jt_utf8_ok(in));
    check_address(in);
    jt_arena_free(&a);
    return 0;
}
