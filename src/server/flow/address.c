/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c - whose address a request comes from: the peer's, or what trusted proxies say.
 *
 * X-Forwarded-For is read from its end, one address for each trusted proxy passed; the first one
 * that no trusted proxy has is the caller. From anybody else the header is ignored.
 */
#include "../../core/http/uri.h"
#include "flow.h"

#define HOPS_MAX 32

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711" */
static bool read_hop(struct jt_slice s, struct jt_addr *out)
{
    static const struct jt_addr none = {{0}};
    struct jt_slice host = {0};
    uint16_t port = 0;
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
        s = jt_slice(s.p + 1, s.n - 2);
        return jt_addr_read(s, out) == JT_OK && jt_slice_find(s, ':') < s.n &&
               memcmp(out->b, none.b, sizeof none.b) != 0;
    }
    if (jt_addr_read(s, out) != JT_OK &&
        (jt_hostport_read(s, &host, &port) != JT_OK || jt_addr_read(host, out) != JT_OK)) {
        return false;
    }
    return memcmp(out->b, none.b, sizeof none.b) != 0; /* that one means "no address" here */
}

/* The last element of a list, taken off. */
static struct jt_slice take_last(struct jt_slice *list)
{
    size_t at = list->n;
    while (at > 0 && list->p[at - 1] != ',') {
        at--;
    }
    struct jt_slice last = jt_slice_trim(jt_slice_from(*list, at));
    list->n = at > 0 ? at - 1 : 0;
    return last;
}

/* One header line, from its end; JT_E_NOTFOUND: all of it were trusted proxies. */
static enum jt_err walk_line(const struct jt_proxies *p, struct jt_slice line, unsigned *hops,
                             struct jt_addr *out)
{
    while (line.n > 0) {
        struct jt_addr a;
        if (!read_hop(take_last(&line), &a) || ++*hops > HOPS_MAX) {
            return JT_E_SYNTAX;
        }
        *out = a;
        if (!jt_nets_have(p->nets, p->n, &a)) {
            return JT_OK;
        }
    }
    return JT_E_NOTFOUND;
}

enum jt_err jt_address_forwarded(const struct jt_http_head *h, const struct jt_proxies *p,
                                 struct jt_addr *a)
{
    unsigned hops = 0;
    struct jt_addr caller = *a;
    if (!jt_nets_have(p->nets, p->n, a)) {
        return JT_OK;
    }
    for (size_t i = h->nfields; i > 0; i--) {
        if (!jt_slice_eq_nocase(h->fields[i - 1].name, JT_LIT("x-forwarded-for"))) {
            continue;
        }
        enum jt_err e = walk_line(p, h->fields[i - 1].value, &hops, &caller);
        if (e == JT_E_SYNTAX) {
            return e;
        }
        if (e == JT_OK) {
            break;
        }
    }
    *a = caller;
    return JT_OK;
}

bool jt_address_settle(struct jt_flow *f)
{
    const struct jt_proxies p = {f->settings->trusted, f->settings->ntrusted};
    if (f->x->from != JT_LISTEN_PUBLIC ||
        jt_address_forwarded(&f->x->head, &p, &f->x->peer) == JT_OK) {
        return true;
    }
    if (jt_deny(f, JT_R_FORWARDED) == JT_DONE) {
        jt_exchange_done(f->x);
    }
    return false;
}
