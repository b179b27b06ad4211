/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_cert.c - certificates as credentials: one registered whole (kind certificate), or a
 * name in the certificates of given CAs (kind tls), RFC 8705 section 2.
 */
#include "../../core/crypt/certs.h"
#include "admin.h"

#define CAS_MAX 8u
#define DER_MAX 32768u
#define RSA_MIN 2048

static const struct name {
    const char *member;
    enum jt_tls_name kind;
} names[] = {
    {"subject", JT_TLS_SUBJECT}, {"san_dns", JT_TLS_DNS},     {"san_uri", JT_TLS_URI},
    {"san_ip", JT_TLS_IP},       {"san_email", JT_TLS_EMAIL},
};

#define NAMES (sizeof names / sizeof names[0])

/* A PEM text as DER into out, at most max certificates; false: noted at pointer. */
static bool read_pem(struct jt_flow *f, const struct jt_jval *v, const char *pointer, size_t max,
                     struct jt_buf *out)
{
    struct jt_slice pem = {0};
    const char *why = NULL;
    size_t n = 0;
    if (!jt_jval_str(v, &pem)) {
        return jt_admin_bad(f, pointer, "this is PEM text: -----BEGIN CERTIFICATE-----");
    }
    enum jt_err e = jt_certs_from_pem(pem, max, out, &n, &why);
    if (e == JT_E_LIMIT) {
        return max == 1 ? jt_admin_bad(f, pointer,
                                       "there are several certificates in it: give the client's "
                                       "own, without its chain")
                        : jt_admin_bad(f, pointer,
                                       "there are more than %zu certificates in it: give the CAs "
                                       "that issue this client's, and no others",
                                       max);
    }
    return e == JT_OK || jt_admin_bad(f, pointer, "%s", e == JT_E_SYNTAX ? why : jt_err_text(e));
}

static bool describe(struct jt_slice der, struct jt_cert_info *info, struct jt_buf *subject)
{
    jt_buf_init(subject, DER_MAX);
    return jt_cert_describe(der, info, subject) == JT_OK;
}

/* No connection is taken with such a key. */
static bool is_weak(const struct jt_cert_info *info)
{
    return info->rsa_bits > 0 && info->rsa_bits < RSA_MIN;
}

bool jt_credential_read_cert(struct jt_flow *f, const struct jt_jval *root)
{
    JT_AUTO(jt_buf_free) struct jt_buf der;
    JT_AUTO(jt_buf_free) struct jt_buf subject;
    struct jt_cert_info info = {0};
    jt_buf_init(&der, DER_MAX);
    jt_buf_init(&subject, 1);
    if (!read_pem(f, jt_jobj_get(root, "certificate"), "/certificate", 1, &der)) {
        return false;
    }
    if (!describe(jt_buf_slice(&der), &info, &subject)) {
        return jt_admin_bad(f, "/certificate", "its dates or its subject cannot be read");
    }
    if (info.not_after_s <= f->now_us / 1000000) {
        return jt_admin_bad(f, "/certificate", "the certificate has expired");
    }
    if (is_weak(&info)) {
        return jt_admin_bad(f, "/certificate",
                            "its RSA key has %d bits, and keys under %d bits are refused",
                            info.rsa_bits, RSA_MIN);
    }
    return jt_arena_copy(&f->x->arena, jt_buf_slice(&der), &jt_admin_of(f)->credential.material) ||
           jt_admin_bad(f, "/certificate", "out of memory");
}

/* Exactly one name, into the credential. */
static bool read_name(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_credential *k = &jt_admin_of(f)->credential;
    const struct name *found = NULL;
    for (size_t i = 0; i < NAMES; i++) {
        if (jt_jobj_get(v, names[i].member) == NULL) {
            continue;
        }
        if (found != NULL) {
            return jt_admin_bad(f, "/tls",
                                "one name identifies the client, and there are two: "
                                "%s and %s",
                                found->member, names[i].member);
        }
        found = &names[i];
    }
    if (found == NULL) {
        return jt_admin_bad(f, "/tls",
                            "one of subject, san_dns, san_uri, san_ip and san_email names the "
                            "client");
    }
    const char *why = "it is no text";
    k->tls = found->kind;
    if (!jt_admin_text(f, v, found->member, &k->material) ||
        !jt_tls_name_ok(k->tls, k->material, &why)) {
        return jt_admin_bad(f, "/tls", "%s: %s", found->member, why);
    }
    return true;
}

/* Each of them is a CA, and good today. */
static bool check_cas(struct jt_flow *f, struct jt_slice all)
{
    struct jt_slice der = {0};
    while (jt_certs_next(&all, &der)) {
        JT_AUTO(jt_buf_free) struct jt_buf subject;
        struct jt_cert_info info = {0};
        if (!describe(der, &info, &subject)) {
            return jt_admin_bad(f, "/tls/ca", "dates or subject of a certificate cannot be read");
        }
        int n = subject.n < 100 ? (int)subject.n : 100;
        const char *name = n == 0 ? "" : (const char *)subject.p;
        if (!info.is_ca) {
            return jt_admin_bad(f, "/tls/ca",
                                "the certificate of %.*s is not one of a CA (CA:TRUE): ca is who "
                                "issues the client's certificates, not a certificate of a client",
                                n, name);
        }
        if (info.not_after_s <= f->now_us / 1000000) {
            return jt_admin_bad(f, "/tls/ca", "the certificate of the CA %.*s has expired", n,
                                name);
        }
        if (is_weak(&info)) {
            return jt_admin_bad(f, "/tls/ca",
                                "the RSA key of the CA %.*s has %d bits, and keys under %d bits "
                                "are refused",
                                n, name, info.rsa_bits, RSA_MIN);
        }
    }
    return true;
}

bool jt_credential_read_tls(struct jt_flow *f, const struct jt_jval *root)
{
    static const char *const known[] = {"subject",   "san_dns", "san_uri", "san_ip",
                                        "san_email", "ca",      NULL};
    const struct jt_jval *v = jt_jobj_get(root, "tls");
    JT_AUTO(jt_buf_free) struct jt_buf cas;
    jt_buf_init(&cas, DER_MAX);
    if (jt_jval_type(v) != JT_JOBJECT) {
        return jt_admin_bad(f, "/tls", "tls is an object with one name and ca");
    }
    if (!jt_admin_known(f, v, "/tls", known) || !read_name(f, v) ||
        !read_pem(f, jt_jobj_get(v, "ca"), "/tls/ca", CAS_MAX, &cas) ||
        !check_cas(f, jt_buf_slice(&cas))) {
        return false;
    }
    return jt_arena_copy(&f->x->arena, jt_buf_slice(&cas), &jt_admin_of(f)->credential.ca) ||
           jt_admin_bad(f, "/tls/ca", "out of memory");
}

void jt_credential_cap(struct jt_credential *k)
{
    JT_AUTO(jt_buf_free) struct jt_buf subject;
    struct jt_cert_info info = {0};
    jt_buf_init(&subject, 1);
    if (k->kind != JT_CRED_CERT || !describe(k->material, &info, &subject)) {
        return;
    }
    if (k->expires_s == 0 || k->expires_s > info.not_after_s) {
        k->expires_s = info.not_after_s;
    }
    if (info.not_before_s > k->created_s && info.not_before_s > k->not_before_s) {
        k->not_before_s = info.not_before_s;
    }
}

/* {"subject":…,"sha256":…,"not_before":…,"not_after":…} */
static void view_one(struct jt_jw *w, struct jt_slice der)
{
    static const char digits[] = "0123456789abcdef";
    JT_AUTO(jt_buf_free) struct jt_buf subject;
    struct jt_cert_info info = {0};
    char hex[2 * JT_SHA256_SIZE];
    jt_jw_obj(w);
    if (describe(der, &info, &subject)) {
        for (size_t i = 0; i < JT_SHA256_SIZE; i++) {
            hex[2 * i] = digits[info.sha256[i] >> 4];
            hex[2 * i + 1] = digits[info.sha256[i] & 15];
        }
        jt_jw_kstr(w, "subject", jt_buf_slice(&subject));
        jt_jw_kstr(w, "sha256", jt_slice(hex, sizeof hex));
        jt_view_time(w, "not_before", info.not_before_s);
        jt_view_time(w, "not_after", info.not_after_s);
    }
    jt_jw_end_obj(w);
}

static void view_tls(struct jt_jw *w, const struct jt_credential *k)
{
    struct jt_slice rest = k->ca;
    struct jt_slice der = {0};
    jt_jw_key(w, "tls");
    jt_jw_obj(w);
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].kind == k->tls) {
            jt_jw_kstr(w, names[i].member, k->material);
        }
    }
    jt_jw_key(w, "ca");
    jt_jw_arr(w);
    while (jt_certs_next(&rest, &der)) {
        view_one(w, der);
    }
    jt_jw_end_arr(w);
    jt_jw_end_obj(w);
}

void jt_view_certificate(struct jt_jw *w, const struct jt_credential *k)
{
    if (k->kind == JT_CRED_CERT) {
        jt_jw_key(w, "certificate");
        view_one(w, k->material);
    } else if (k->kind == JT_CRED_TLS) {
        view_tls(w, k);
    }
}
