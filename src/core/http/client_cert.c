/* SPDX-License-Identifier: Apache-2.0 */
#include "client_cert.h"

#include "../base/b64.h"
#include "../crypt/certs.h"

struct ders {
    size_t n;
    struct jt_slice one[JT_PEER_CERTS_MAX];
};

/* The value of the one field of that name, empty when there is none; false: it is repeated. */
static bool only(const struct jt_http_head *h, struct jt_slice name, struct jt_slice *out)
{
    bool found = false;
    *out = jt_slice(NULL, 0);
    for (size_t i = 0; i < h->nfields; i++) {
        if (!jt_slice_eq_nocase(h->fields[i].name, name)) {
            continue;
        }
        if (found) {
            return false;
        }
        found = true;
        *out = h->fields[i].value;
    }
    return true;
}

static enum jt_err add(struct ders *d, struct jt_slice der)
{
    if (d->n == JT_PEER_CERTS_MAX) {
        return JT_E_LIMIT;
    }
    d->one[d->n++] = der;
    return JT_OK;
}

/* One byte sequence at the start of *s (RFC 9651 section 4.2.7), taken off. */
static enum jt_err take_bytes(struct jt_slice *s, struct jt_arena *a, struct ders *d)
{
    if (s->n == 0 || s->p[0] != ':') {
        return JT_E_SYNTAX;
    }
    struct jt_slice text = jt_slice_from(*s, 1);
    size_t n = jt_slice_find(text, ':');
    if (n == text.n) {
        return JT_E_SYNTAX;
    }
    *s = jt_slice_from(text, n + 1);
    text.n = n;
    size_t der_n = 0;
    uint8_t *der = jt_arena_alloc(a, JT_B64_BYTES(n));
    if (der == NULL) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_b64_decode(text, der, &der_n));
    return add(d, jt_slice(der, der_n));
}

/* Members separated by commas, with blanks around them; no parameters: RFC 9440 knows none. */
static enum jt_err take_list(struct jt_slice s, struct jt_arena *a, struct ders *d)
{
    for (;;) {
        JT_TRY(take_bytes(&s, a, d));
        s = jt_slice_trim(s);
        if (s.n == 0) {
            return JT_OK;
        }
        if (s.p[0] != ',') {
            return JT_E_SYNTAX;
        }
        s = jt_slice_trim(jt_slice_from(s, 1));
    }
}

static enum jt_err from_rfc9440(const struct jt_http_head *h, struct jt_arena *a, struct ders *d)
{
    struct jt_slice cert = {0};
    struct jt_slice chain = {0};
    if (!only(h, JT_LIT("client-cert"), &cert) || !only(h, JT_LIT("client-cert-chain"), &chain)) {
        return JT_E_SYNTAX;
    }
    if (cert.n == 0) {
        return chain.n == 0 ? JT_OK : JT_E_SYNTAX;
    }
    JT_TRY(take_bytes(&cert, a, d));
    if (cert.n > 0) {
        return JT_E_SYNTAX;
    }
    return chain.n == 0 ? JT_OK : take_list(chain, a, d);
}

static int hex_digit(uint8_t c)
{
    c = jt_ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX decoded, all else as it is: "+" is one, unlike in a form. */
static enum jt_err unescape(struct jt_slice s, struct jt_arena *a, struct jt_slice *out)
{
    uint8_t *p = jt_arena_alloc(a, s.n);
    size_t n = 0;
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            p[n++] = s.p[i];
            continue;
        }
        int high = s.n - i < 3 ? -1 : hex_digit(s.p[i + 1]);
        int low = s.n - i < 3 ? -1 : hex_digit(s.p[i + 2]);
        if (high < 0 || low < 0) {
            return JT_E_SYNTAX;
        }
        p[n++] = (uint8_t)(high * 16 + low);
        i += 2;
    }
    *out = jt_slice(p, n);
    return JT_OK;
}

static enum jt_err from_nginx(const struct jt_http_head *h, struct jt_arena *a, struct ders *d)
{
    struct jt_slice pem = {0};
    struct jt_slice text = {0};
    const char *why = NULL;
    size_t n = 0;
    if (!only(h, JT_LIT("x-ssl-client-cert"), &text)) {
        return JT_E_SYNTAX;
    }
    if (text.n == 0) {
        return JT_OK;
    }
    JT_TRY(unescape(text, a, &pem));
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, JT_PEER_BYTES_MAX);
    JT_TRY(jt_certs_from_pem(pem, JT_PEER_CERTS_MAX, &all, &n, &why));
    struct jt_slice rest = {0};
    struct jt_slice der = {0};
    if (!jt_arena_copy(a, jt_buf_slice(&all), &rest)) {
        return JT_E_NOMEM;
    }
    while (jt_certs_next(&rest, &der)) {
        JT_TRY(add(d, der));
    }
    return JT_OK;
}

enum jt_err jt_client_cert_read(const struct jt_http_head *h, enum jt_cert_header form,
                                struct jt_arena *a, const struct jt_peer_cert **out)
{
    struct ders d = {0};
    *out = NULL;
    if (form == JT_CERT_HEADER_RFC9440) {
        JT_TRY(from_rfc9440(h, a, &d));
    } else if (form == JT_CERT_HEADER_NGINX) {
        JT_TRY(from_nginx(h, a, &d));
    }
    return d.n == 0 ? JT_OK : jt_peer_cert_new(d.one, d.n, out);
}
