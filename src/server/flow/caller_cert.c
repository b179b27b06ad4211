/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller_cert.c - whose certificate a request comes with: the one shown in the handshake, or what a
 * trusted proxy says that it was shown.
 *
 * A proxy's own certificate is never its callers': whoever connects from server.trusted_proxies has
 * none but by the header of server.client_cert_header. From anybody else these headers, and from
 * anybody at all their like under other names, are no more than any header (RFC 8705 section 6.5,
 * RFC 9440 section 4).
 */
#include "flow.h"

/* Before the peer's address gives way to the caller's. */
bool jt_caller_cert_settle(struct jt_flow *f)
{
    struct jt_exchange *x = f->x;
    const struct jt_settings *s = f->settings;
    if (x->from != JT_LISTEN_PUBLIC || !jt_nets_have(s->trusted, s->ntrusted, &x->peer)) {
        return true;
    }
    jt_peer_cert_release(&x->cert);
    enum jt_err e = jt_client_cert_read(&x->head, s->cert_header, &x->arena, &x->cert);
    if (e == JT_OK) {
        return true;
    }
    enum jt_next n = e == JT_E_NOMEM ? jt_fail(f, JT_R_INTERNAL) : jt_deny(f, JT_R_CERT_HEADER);
    if (n == JT_DONE) {
        jt_exchange_done(f->x);
    }
    return false;
}
