/* SPDX-License-Identifier: Apache-2.0 */
/* Names of certificates, RFC 8705 section 2.1; threat A15. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../made_cert.h"

#define A(t, v)                                                                                    \
    {                                                                                              \
        t, v, 0, false                                                                             \
    }
#define JOINS(t, v)                                                                                \
    {                                                                                              \
        t, v, 0, true                                                                              \
    }

static void expect(const struct jt_peer_cert *c, enum jt_tls_name kind, const char *name, bool want)
{
    enum jt_peer_verdict v = jt_peer_cert_has(c, kind, jt_str(name));
    if (v != (want ? JT_PEER_YES : JT_PEER_NO)) {
        fail_msg("%s: %d", name, v);
    }
}

static void subjects(void **state)
{
    (void)state;
    static const struct {
        struct attribute subject[6];
        const char *name;
        bool same;
    } rows[] = {
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=w,O=Acme,C=DE", true},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "cn=W,o=ACME,c=de", true},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "2.5.4.3=w,2.5.4.10=Acme,C=DE", true},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=#0c0177,O=Acme,C=DE", true},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "C=DE,O=Acme,CN=w", false}, /* reordered */
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "O=Acme,CN=w,C=DE", false},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=w,O=Acme", false}, /* a part */
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=w", false},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=w,O=Acme,C=DE,DC=x", false},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "CN=w+O=Acme,C=DE", false},
        {{A("C", "DE"), A("O", "Acme"), A("CN", "w")}, "OU=w,O=Acme,C=DE", false},
        {{A("CN", "w")}, "CN=*", false},
        {{A("CN", "*.example")}, "CN=a.example", false},
        {{A("O", "Acme"), JOINS("CN", "w")}, "O=Acme+CN=w", true},
        {{A("O", "Acme"), JOINS("CN", "w")}, "CN=w+O=Acme", true},
        {{A("O", "Acme"), JOINS("CN", "w")}, "CN=w,O=Acme", false},
        {{A("O", "Acme"), JOINS("CN", "w"), A("OU", "x")}, "OU=x,CN=w+O=Acme", true},
        {{A("O", "Acme, Inc")}, "O=Acme\\, Inc", true},
        {{A("O", "Acme, Inc")}, "O=Acme\\2C Inc", true},
        {{A("O", "  a  b ")}, "O=A B", true}, /* RFC 5280 section 7.1 */
        {{A("O", "M\xc3\xbcller")}, "O=M\\C3\\BCller", true},
        {{A("O", "M\xc3\xbcller")}, "O=M\xc3\xbcller", true},
        {{A("O", "M\xc3\xbcller")}, "O=Muller", false},
        {{A("CN", "w"), A("emailAddress", "a@b.c")}, "emailAddress=a@b.c,CN=w", true},
        {{A("DC", "org"), A("DC", "example"), A("UID", "7")}, "UID=7,DC=example,DC=org", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct recipe r = {.extensions = {CA_FALSE}};
        memcpy(r.subject, rows[i].subject, sizeof r.subject);
        struct made *m = make(NULL, r);
        const struct jt_peer_cert *c = peer_of(m);
        expect(c, JT_TLS_SUBJECT, rows[i].name, rows[i].same);
        jt_peer_cert_release(&c);
        unmake(m);
    }
}

/* What we print is what an operator may write back. */
static void printed_subjects_can_be_read(void **state)
{
    (void)state;
    static const char *const values[] = {"w",         "a,b",   "a+b=c",         " a ",
                                         "#1",        "\"q\"", "M\xc3\xbcller", "a\\b<c>;d",
                                         "tab\there", "a  b"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct made *m = make(NULL, (struct recipe){.subject = {A("O", values[i]), JOINS("OU", "u"),
                                                                A("CN", values[i])}});
        const struct jt_peer_cert *c = peer_of(m);
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, 1024);
        jt_peer_cert_names(c, &b);
        struct jt_slice dn = jt_slice_from(jt_buf_slice(&b), sizeof "subject " - 1);
        assert_int_equal(jt_peer_cert_has(c, JT_TLS_SUBJECT, dn), JT_PEER_YES);
        jt_peer_cert_release(&c);
        unmake(m);
    }
}

static void alternative_names(void **state)
{
    (void)state;
    struct made *m =
        make(NULL,
             (struct recipe){.subject = {A("CN", "cn.example")},
                             .extensions = {{"subjectAltName",
                                             "DNS:a.example,DNS:*.w.example,URI:spiffe://td/ns/x,"
                                             "IP:10.0.0.7,IP:2001:db8::1,email:Me@Mail.example"}}});
    const struct jt_peer_cert *c = peer_of(m);
    static const struct {
        enum jt_tls_name kind;
        const char *name;
        bool same;
    } rows[] = {
        {JT_TLS_DNS, "a.example", true},
        {JT_TLS_DNS, "A.Example", true},
        {JT_TLS_DNS, "b.a.example", false},
        {JT_TLS_DNS, "a.example.", false},
        {JT_TLS_DNS, "a", false},
        {JT_TLS_DNS, "x.w.example", false}, /* no wildcards */
        {JT_TLS_DNS, "*.w.example", false},
        {JT_TLS_DNS, "cn.example", false}, /* no fallback to the CN */
        {JT_TLS_DNS, "10.0.0.7", false},   /* another kind of name */
        {JT_TLS_DNS, "spiffe://td/ns/x", false},
        {JT_TLS_URI, "spiffe://td/ns/x", true},
        {JT_TLS_URI, "spiffe://TD/ns/x", false},
        {JT_TLS_URI, "spiffe://td/ns/x/y", false},
        {JT_TLS_URI, "spiffe://td/ns/", false},
        {JT_TLS_URI, "a.example", false},
        {JT_TLS_IP, "10.0.0.7", true},
        {JT_TLS_IP, "10.0.0.8", false},
        {JT_TLS_IP, "::ffff:10.0.0.7", false},
        {JT_TLS_IP, "2001:db8::1", true},
        {JT_TLS_IP, "2001:DB8:0:0::1", true},
        {JT_TLS_IP, "rubbish", false},
        {JT_TLS_IP, "0000:0000:0000:0000:0000:0000:0000:0000:0000:00001", false},
        {JT_TLS_EMAIL, "Me@mail.example", true},
        {JT_TLS_EMAIL, "me@mail.example", false}, /* RFC 5280 section 7.5 */
        {JT_TLS_EMAIL, "Me", false},
        {JT_TLS_SUBJECT, "CN=cn.example", true},
        {JT_TLS_SUBJECT, "rubbish", false},
        {JT_TLS_NONE, "a.example", false},
        {JT_TLS_DNS, "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(c, rows[i].kind, rows[i].name, rows[i].same);
    }
    jt_peer_cert_release(&c);
    unmake(m);
}

static GENERAL_NAMES *one_name(int type, const char *p, int n)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_STRING *v = ASN1_STRING_type_new(V_ASN1_IA5STRING);
    ASN1_STRING_set(v, p, n);
    GENERAL_NAME_set0_value(g, type, v);
    sk_GENERAL_NAME_push(all, g);
    return all;
}

/* "good.example\0.evil.example" (CVE-2009-2408 and the like) */
static void a_nul_equals_nothing(void **state)
{
    (void)state;
    static const char name[] = "good.example\0.evil.example";
    static const char uri[] = "spiffe://good\0/evil";
    static const char mail[] = "a@good\0.evil";
    const struct {
        enum jt_tls_name kind;
        GENERAL_NAMES *names;
        struct jt_slice whole;
        const char *part;
    } rows[] = {
        {JT_TLS_DNS, one_name(GEN_DNS, name, sizeof name - 1), jt_slice(name, sizeof name - 1),
         "good.example"},
        {JT_TLS_URI, one_name(GEN_URI, uri, sizeof uri - 1), jt_slice(uri, sizeof uri - 1),
         "spiffe://good"},
        {JT_TLS_EMAIL, one_name(GEN_EMAIL, mail, sizeof mail - 1), jt_slice(mail, sizeof mail - 1),
         "a@good"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct recipe r = {.subject = {{"CN", name, sizeof name - 1, false}},
                           .names = rows[i].names};
        struct made *m = make(NULL, r);
        const struct jt_peer_cert *c = peer_of(m);
        expect(c, rows[i].kind, rows[i].part, false);
        assert_int_equal(jt_peer_cert_has(c, rows[i].kind, rows[i].whole), JT_PEER_NO);
        expect(c, JT_TLS_SUBJECT, "CN=good.example", false);
        expect(c, JT_TLS_SUBJECT, "CN=good.example\\00.evil.example", false);
        GENERAL_NAMES_free(rows[i].names);
        jt_peer_cert_release(&c);
        unmake(m);
    }
}

static void no_names_at_all(void **state)
{
    (void)state;
    struct made *m = make(NULL, (struct recipe){.extensions = {CA_FALSE}});
    const struct jt_peer_cert *c = peer_of(m);
    expect(c, JT_TLS_DNS, "a.example", false);
    expect(c, JT_TLS_SUBJECT, "CN=a.example", false);
    expect(c, JT_TLS_SUBJECT, "", false);
    jt_peer_cert_release(&c);
    unmake(m);
}

static void names_that_may_be_registered(void **state)
{
    (void)state;
    static const struct {
        enum jt_tls_name kind;
        const char *name;
        const char *says; /* NULL: it may */
    } rows[] = {
        {JT_TLS_SUBJECT, "CN=w,O=Acme,C=DE", NULL},
        {JT_TLS_SUBJECT, "CN=w\\,x,1.2.3.4=#0c0178", NULL},
        {JT_TLS_SUBJECT, "STREET=a\\ ,UID=7", NULL},
        {JT_TLS_SUBJECT, "", "empty"},
        {JT_TLS_SUBJECT, "w", "ATTRIBUTE=VALUE"},
        {JT_TLS_SUBJECT, "CN=w,", "ATTRIBUTE=VALUE"},
        {JT_TLS_SUBJECT, "CN=w,,O=x", "ATTRIBUTE=VALUE"},
        {JT_TLS_SUBJECT, "=w", "ATTRIBUTE=VALUE"},
        {JT_TLS_SUBJECT, "CN=", "no value"},
        {JT_TLS_SUBJECT, "CN=w, O=x", "a blank before an attribute"},
        {JT_TLS_SUBJECT, "CN = w", "not known by that name"},
        {JT_TLS_SUBJECT, "XYZ=w", "not known by that name"},
        {JT_TLS_SUBJECT, "CN= w", "begins with a blank"},
        {JT_TLS_SUBJECT, "CN=w ", "ends with a blank"},
        {JT_TLS_SUBJECT, "CN=w ,O=x", "ends with a blank"},
        {JT_TLS_SUBJECT, "CN=a;O=b", "needs a backslash"},
        {JT_TLS_SUBJECT, "CN=\"a\"", "needs a backslash"},
        {JT_TLS_SUBJECT, "CN=a\\zb", "a backslash stands before"},
        {JT_TLS_SUBJECT, "CN=a\\", "a backslash stands before"},
        {JT_TLS_SUBJECT, "CN=a\\4", "a backslash stands before"},
        {JT_TLS_SUBJECT, "CN=a\\00b", "NUL"},
        {JT_TLS_SUBJECT, "CN=#0c03610062", "NUL"},
        {JT_TLS_SUBJECT, "CN=\\ff\\fe", "UTF-8"},
        {JT_TLS_SUBJECT, "CN=\xff", "UTF-8"},
        {JT_TLS_SUBJECT, "CN=#0c0", "not hexadecimal"},
        {JT_TLS_SUBJECT, "CN=#", "not one string in DER"},
        {JT_TLS_SUBJECT, "CN=#0201ff", "not one string in DER"},
        {JT_TLS_SUBJECT, "CN=#0c017777", "not one string in DER"},
        {JT_TLS_SUBJECT, "/C=DE/CN=w", "not known by that name"},
        {JT_TLS_DNS, "a.example", NULL},
        {JT_TLS_DNS, "", "empty"},
        {JT_TLS_DNS, "*.example", "no wildcards"},
        {JT_TLS_DNS, "https://a.example", "not a DNS name"},
        {JT_TLS_DNS, "a b", "visible ASCII"},
        {JT_TLS_DNS, "m\xc3\xbcller.example", "visible ASCII"},
        {JT_TLS_URI, "spiffe://td/x", NULL},
        {JT_TLS_URI, "td/x", "not an absolute URI"},
        {JT_TLS_IP, "10.0.0.7", NULL},
        {JT_TLS_IP, "::1", NULL},
        {JT_TLS_IP, "10.0.0.0/8", "not an IP address"},
        {JT_TLS_IP, "010.0.0.7", "not an IP address"},
        {JT_TLS_EMAIL, "a@b.example", NULL},
        {JT_TLS_EMAIL, "b.example", "not an e-mail address"},
        {JT_TLS_EMAIL, "@b.example", "not an e-mail address"},
        {JT_TLS_EMAIL, "a@", "not an e-mail address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = NULL;
        bool ok = jt_tls_name_ok(rows[i].kind, jt_str(rows[i].name), &why);
        if (ok != (rows[i].says == NULL) || (!ok && strstr(why, rows[i].says) == NULL)) {
            fail_msg("%s: %s", rows[i].name, ok ? "taken" : why);
        }
    }
}

static void names_have_limits(void **state)
{
    (void)state;
    char s[1200];
    const char *why = NULL;
    memset(s, 'a', sizeof s);
    memcpy(s, "CN=", 3);
    assert_true(jt_tls_name_ok(JT_TLS_SUBJECT, jt_slice(s, 1024), &why));
    assert_false(jt_tls_name_ok(JT_TLS_SUBJECT, jt_slice(s, 1025), &why));
    assert_non_null(strstr(why, "1024"));
    for (size_t i = 0; i < 33; i++) {
        memcpy(s + 5 * i, "CN=a,", 5);
    }
    assert_true(jt_tls_name_ok(JT_TLS_SUBJECT, jt_slice(s, 32 * 5 - 1), &why));
    assert_false(jt_tls_name_ok(JT_TLS_SUBJECT, jt_slice(s, 33 * 5 - 1), &why));
    assert_non_null(strstr(why, "32 attributes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects),          cmocka_unit_test(printed_subjects_can_be_read),
        cmocka_unit_test(alternative_names), cmocka_unit_test(a_nul_equals_nothing),
        cmocka_unit_test(no_names_at_all),   cmocka_unit_test(names_that_may_be_registered),
        cmocka_unit_test(names_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
