/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a certificate: one that is expected, compared; all of them, for people.
 */
#include <arpa/inet.h>
#include <openssl/err.h>

#include "peer_internal.h"

#define NAME_MAX_BYTES 1024u

static struct jt_slice text_of(const ASN1_STRING *s)
{
    int n = ASN1_STRING_length(s);
    return jt_slice(ASN1_STRING_get0_data(s), n > 0 ? (size_t)n : 0);
}

static bool has_nul(struct jt_slice s)
{
    return s.n > 0 && memchr(s.p, 0, s.n) != NULL;
}

/* Host names are compared without regard to case (RFC 5280 section 7.2); a pattern is no name. */
static bool same_host(struct jt_slice have, struct jt_slice want)
{
    return jt_slice_find(have, '*') == have.n && jt_slice_eq_nocase(have, want);
}

/* The part before the @ exactly, the host without regard to case (RFC 5280 section 7.5). */
static bool same_email(struct jt_slice have, struct jt_slice want)
{
    size_t at = jt_slice_find(have, '@');
    return at < have.n && at == jt_slice_find(want, '@') &&
           jt_slice_eq(jt_slice(have.p, at), jt_slice(want.p, at)) &&
           same_host(jt_slice_from(have, at + 1), jt_slice_from(want, at + 1));
}

/* The address as a certificate has it, 4 or 16 bytes; 0: it is none. */
static size_t address_bytes(struct jt_slice s, uint8_t out[static 16])
{
    char z[INET6_ADDRSTRLEN];
    if (s.n >= sizeof z || has_nul(s)) {
        return 0;
    }
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return inet_pton(AF_INET, z, out) == 1 ? 4 : inet_pton(AF_INET6, z, out) == 1 ? 16 : 0;
}

static bool same_address(struct jt_slice have, struct jt_slice want)
{
    uint8_t b[16];
    return jt_slice_eq(have, jt_slice(b, address_bytes(want, b)));
}

static const ASN1_STRING *value_of(const GENERAL_NAME *g, enum jt_tls_name *kind)
{
    int type = 0;
    const void *v = GENERAL_NAME_get0_value(g, &type);
    switch (type) {
    case GEN_DNS:
        *kind = JT_TLS_DNS;
        return v;
    case GEN_URI:
        *kind = JT_TLS_URI;
        return v;
    case GEN_IPADD:
        *kind = JT_TLS_IP;
        return v;
    case GEN_EMAIL:
        *kind = JT_TLS_EMAIL;
        return v;
    default:
        *kind = JT_TLS_NONE;
        return NULL;
    }
}

static bool same(enum jt_tls_name kind, struct jt_slice have, struct jt_slice want)
{
    switch (kind) {
    case JT_TLS_DNS:
        return !has_nul(have) && same_host(have, want);
    case JT_TLS_URI:
        return !has_nul(have) && jt_slice_eq(have, want);
    case JT_TLS_IP:
        return same_address(have, want);
    case JT_TLS_EMAIL:
        return !has_nul(have) && same_email(have, want);
    case JT_TLS_NONE:
    case JT_TLS_SUBJECT:
        break;
    }
    return false;
}

static bool has_alternative(const struct jt_peer_cert *c, enum jt_tls_name kind,
                            struct jt_slice want)
{
    int state = 0;
    GENERAL_NAMES *all = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, &state, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {
        enum jt_tls_name k = JT_TLS_NONE;
        const ASN1_STRING *v = value_of(sk_GENERAL_NAME_value(all, i), &k);
        found = v != NULL && k == kind && same(kind, text_of(v), want);
    }
    GENERAL_NAMES_free(all);
    return found;
}

static bool has_subject(const struct jt_peer_cert *c, struct jt_slice want)
{
    const char *why = NULL;
    X509_NAME *name = NULL;
    if (jt_dn_read(want, &name, &why) != JT_OK) {
        return false;
    }
    const X509_NAME *have = X509_get_subject_name(c->leaf);
    bool equal = !jt_dn_has_nul(have) && X509_NAME_cmp(have, name) == 0;
    X509_NAME_free(name);
    return equal;
}

enum jt_peer_verdict jt_peer_cert_has(const struct jt_peer_cert *c, enum jt_tls_name kind,
                                      struct jt_slice name)
{
    if (kind == JT_TLS_NONE || name.n == 0 || has_nul(name)) {
        return JT_PEER_NO;
    }
    ERR_clear_error(); /* what others left */
    for (int i = 0; i < 2; i++) {
        if (kind == JT_TLS_SUBJECT ? has_subject(c, name) : has_alternative(c, kind, name)) {
            return JT_PEER_YES;
        }
        if (!jt_had_memory()) {
            return JT_PEER_UNDECIDED;
        }
    }
    return JT_PEER_NO;
}

/* Visible ASCII: what IA5String names are made of in practice. */
static bool visible(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f) {
            return false;
        }
    }
    return s.n > 0;
}

static const char *fault_of(enum jt_tls_name kind, struct jt_slice s)
{
    uint8_t b[16];
    if (!visible(s)) {
        return "it is empty, or has characters other than visible ASCII";
    }
    if (kind == JT_TLS_IP) {
        return address_bytes(s, b) == 0 ? "it is not an IP address" : NULL;
    }
    if (kind == JT_TLS_URI) {
        return jt_slice_find(s, ':') == s.n ? "it is not an absolute URI" : NULL;
    }
    if (jt_slice_find(s, '*') < s.n) {
        return "it has a *: names are compared whole, there are no wildcards";
    }
    size_t at = jt_slice_find(s, '@');
    bool email = at > 0 && at + 1 < s.n;
    if (kind == JT_TLS_EMAIL) {
        return email ? NULL : "it is not an e-mail address";
    }
    return at < s.n || jt_slice_find(s, ':') < s.n ? "it is not a DNS name" : NULL;
}

bool jt_tls_name_ok(enum jt_tls_name kind, struct jt_slice name, const char **why)
{
    X509_NAME *dn = NULL;
    if (name.n > NAME_MAX_BYTES) {
        *why = "it is longer than 1024 bytes";
        return false;
    }
    if (kind == JT_TLS_SUBJECT) {
        enum jt_err e = jt_dn_read(name, &dn, why);
        X509_NAME_free(dn);
        return e == JT_OK;
    }
    *why = fault_of(kind, name);
    return *why == NULL;
}

/* What a stranger chose, for a line of an audit log. */
static void put_visible(struct jt_slice s, struct jt_buf *out)
{
    for (size_t i = 0; i < s.n && i < 256; i++) {
        jt_buf_putc(out, s.p[i] > 0x20 && s.p[i] < 0x7f ? s.p[i] : '?');
    }
}

static void put_address(struct jt_slice s, struct jt_buf *out)
{
    char z[INET6_ADDRSTRLEN] = "?";
    if (s.n == 4 || s.n == 16) {
        (void)inet_ntop(s.n == 4 ? AF_INET : AF_INET6, s.p, z, sizeof z);
    }
    jt_buf_puts(out, z);
}

void jt_peer_cert_names(const struct jt_peer_cert *c, struct jt_buf *out)
{
    static const char *const prefix[] = {"", "", ", DNS:", ", URI:", ", IP:", ", email:"};
    GENERAL_NAMES *all = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
    jt_buf_puts(out, "subject ");
    jt_dn_put(X509_get_subject_name(c->leaf), out);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        enum jt_tls_name kind = JT_TLS_NONE;
        const ASN1_STRING *v = value_of(sk_GENERAL_NAME_value(all, i), &kind);
        if (v == NULL) {
            continue;
        }
        jt_buf_puts(out, prefix[kind]);
        if (kind == JT_TLS_IP) {
            put_address(text_of(v), out);
        } else {
            put_visible(text_of(v), out);
        }
    }
    GENERAL_NAMES_free(all);
    ERR_clear_error();
}
