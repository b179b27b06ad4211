/* SPDX-License-Identifier: Apache-2.0 */
#include "protect.h"

#include <stdarg.h>
#include <stdio.h>

const char *jt_protection_name(enum jt_protection_state s)
{
    static const char *const names[] = {"off", "on", "wrong", "absent", "unknown"};
    return names[s];
}

void jt_protections_add(struct jt_protections *p, const char *name, enum jt_protection_state state,
                        const char *fmt, ...)
{
    JT_ASSERT(p->n < JT_PROTECTIONS_MAX);
    struct jt_protection *one = &p->items[p->n++];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(one->detail, sizeof one->detail, fmt, ap);
    va_end(ap);
    one->name = name;
    one->state = state;
}

static void add_tls(struct jt_protections *p, const struct jt_config *c)
{
    if (c->tls_cert.n > 0) {
        jt_protections_add(p, "tls", JT_PROTECTION_ON, "certificate %.*s", JT_FMT(c->tls_cert));
    } else {
        jt_protections_add(p, "tls", JT_PROTECTION_OFF,
                           c->ntrusted > 0
                               ? "plain HTTP on loopback and from trusted proxies only, which must "
                                 "do TLS"
                               : "plain HTTP on loopback only; a proxy before it must do TLS");
    }
}

static void put_proxies(struct jt_buf *b, const struct jt_config *c)
{
    for (size_t i = 0; i < c->ntrusted; i++) {
        char text[JT_NET_TEXT];
        jt_net_text(&c->trusted[i], text);
        jt_buf_puts(b, i == 0 ? "" : ", ");
        jt_buf_puts(b, text);
    }
}

static void add_proxies(struct jt_protections *p, const struct jt_config *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4096);
    put_proxies(&b, c);
    if (c->ntrusted == 0) {
        jt_protections_add(
            p, "proxies", JT_PROTECTION_ON,
            "X-Forwarded-For is ignored: no proxy is trusted (server.trusted_proxies)");
    } else {
        jt_protections_add(p, "proxies", JT_PROTECTION_ON, "X-Forwarded-For counts from %.*s only",
                           (int)b.n, (const char *)b.p);
    }
}

/* Whoever can send this header is whoever he likes. */
static void add_client_certs(struct jt_protections *p, const struct jt_config *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4096);
    put_proxies(&b, c);
    if (c->client_cert_header != JT_CERT_HEADER_NONE) {
        jt_protections_add(p, "client certs", JT_PROTECTION_ON,
                           "taken from %s of %.*s; the proxy must remove what clients send",
                           c->client_cert_header == JT_CERT_HEADER_NGINX ? "X-SSL-Client-Cert"
                                                                         : "Client-Cert",
                           (int)b.n, (const char *)b.p);
    }
}

static void add_fetching(struct jt_protections *p, const struct jt_config *c)
{
    if (c->nallowed == 0) {
        jt_protections_add(p, "key fetching", JT_PROTECTION_ON,
                           "for trust rules, from public addresses only");
    } else {
        jt_protections_add(p, "key fetching", JT_PROTECTION_ON,
                           "for trust rules, from public addresses and %zu network%s "
                           "(trust.allow_networks)",
                           c->nallowed, c->nallowed == 1 ? "" : "s");
    }
}

static void add_environment(struct jt_protections *p, const struct jt_config *c)
{
    if (c->environment.n > 0) { /* without one, labels say nothing: that is no fault */
        jt_protections_add(p, "environment", JT_PROTECTION_ON,
                           "credentials labelled for another one than %.*s are refused",
                           JT_FMT(c->environment));
    }
}

static void add_metrics(struct jt_protections *p, const struct jt_config *c)
{
    if (c->metrics_listen.n == 0) {
        jt_protections_add(p, "private metrics", JT_PROTECTION_ON,
                           "on the administration socket only");
        return;
    }
    jt_protections_add(p, "private metrics", JT_PROTECTION_OFF,
                       "anybody who reaches %.*s can read them (plain HTTP, no password)",
                       JT_FMT(c->metrics_listen));
}

static void add_admin(struct jt_protections *p, const struct jt_config *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4096);
    for (size_t i = 0; i < c->nadmin_listen; i++) {
        jt_buf_puts(&b, i == 0 ? "" : ", ");
        jt_buf_put(&b, c->admin_listen[i]);
    }
    if (c->nadmin_listen == 0) {
        jt_protections_add(p, "administration", JT_PROTECTION_ON,
                           "on the Unix socket only: root and the server's own user");
        return;
    }
    jt_protections_add(p, "administration", JT_PROTECTION_ON,
                       "on the Unix socket, and with TLS on %.*s: access tokens of this server "
                       "with jeton:admin, jeton:read or jeton:audit%s%.*s",
                       (int)b.n, (const char *)b.p,
                       c->admin_client_ca.n > 0 ? ", and every client certificate of " : "",
                       JT_FMT(c->admin_client_ca));
}

void jt_protections_of(const struct jt_config *c, struct jt_protections *p)
{
    add_tls(p, c);
    jt_protections_add(p, "audit", c->audit_degrade ? JT_PROTECTION_OFF : JT_PROTECTION_ON, "%s",
                       c->audit_degrade
                           ? "tokens are issued even if nothing can be recorded (audit.on_failure: "
                             "degrade)"
                           : "no token without a record on disk (audit.on_failure: block)");
    jt_protections_add(p, "failed attempts", JT_PROTECTION_ON,
                       "slowed down for each client and address, and for each network");
    add_proxies(p, c);
    add_client_certs(p, c);
    add_environment(p, c);
    jt_protections_add(p, "connections", JT_PROTECTION_ON,
                       "at most %lld for one address, %lld in all",
                       (long long)c->max_connections_per_address, (long long)c->max_connections);
    if (c->rotate_every_s > 0) {
        bool days = c->rotate_every_s % 86400 == 0;
        jt_protections_add(p, "key rotation", JT_PROTECTION_ON, "every %lld%s (keys.rotate_every)",
                           (long long)(days ? c->rotate_every_s / 86400 : c->rotate_every_s),
                           days ? "d" : "s");
    } else {
        jt_protections_add(p, "key rotation", JT_PROTECTION_OFF,
                           "by hand only (jeton key rotate); keys.rotate_every does it by itself");
    }
    add_metrics(p, c);
    add_fetching(p, c);
    add_admin(p, c);
    jt_protections_add(p, "core dumps", JT_PROTECTION_ON,
                       "the server forbids them, and debuggers, for itself");
}
