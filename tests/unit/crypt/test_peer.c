/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../made_cert.h"
#include "core/crypt/certs.h"

static void reads_and_counts(void **state)
{
    (void)state;
    struct made *m = make(NULL, (struct recipe){.subject = {{"CN", "x", 0, false}}});
    const struct jt_peer_cert *c = peer_of(m);
    const struct jt_peer_cert *d = jt_peer_cert_ref(c);
    uint8_t hash[32];
    assert_ptr_equal(c, d);
    jt_peer_cert_release(&c);
    assert_null(c);
    assert_true(jt_slice_eq(jt_peer_cert_der(d), m->s));
    assert_int_equal(EVP_Digest(m->s.p, m->s.n, hash, NULL, EVP_sha256(), NULL), 1);
    assert_true(jt_slice_eq(jt_peer_cert_sha256(d), jt_slice(hash, 32)));
    jt_peer_cert_release(&d);
    jt_peer_cert_release(&d);
    assert_null(jt_peer_cert_ref(NULL));
    unmake(m);
}

static void refuses_what_is_no_certificate(void **state)
{
    (void)state;
    const struct jt_peer_cert *c = NULL;
    uint8_t more[8193];
    struct made *m = make(NULL, (struct recipe){.subject = {{"CN", "x", 0, false}}});
    memcpy(more, m->s.p, m->s.n);
    more[m->s.n] = 0;
    struct jt_slice s = jt_slice(more, m->s.n + 1);
    assert_int_equal(jt_peer_cert_new(&s, 1, &c), JT_E_SYNTAX); /* something behind it */
    s.n = m->s.n - 1;
    assert_int_equal(jt_peer_cert_new(&s, 1, &c), JT_E_SYNTAX);
    s.n = 0;
    assert_int_equal(jt_peer_cert_new(&s, 1, &c), JT_E_SYNTAX);
    assert_int_equal(jt_peer_cert_new(&s, 0, &c), JT_E_SYNTAX);
    assert_null(c);
    unmake(m);
}

static void has_limits(void **state)
{
    (void)state;
    static const uint8_t large[JT_PEER_BYTES_MAX];
    const struct jt_peer_cert *c = NULL;
    struct made *m = make(NULL, (struct recipe){.subject = {{"CN", "x", 0, false}}});
    struct jt_slice s[JT_PEER_CERTS_MAX + 1];
    for (size_t i = 0; i <= JT_PEER_CERTS_MAX; i++) {
        s[i] = m->s;
    }
    assert_int_equal(jt_peer_cert_new(s, JT_PEER_CERTS_MAX + 1, &c), JT_E_LIMIT);
    assert_int_equal(jt_peer_cert_new(s, JT_PEER_CERTS_MAX, &c), JT_OK);
    jt_peer_cert_release(&c);
    s[1] = jt_slice(large, JT_PEER_BYTES_MAX - m->s.n);
    assert_int_equal(jt_peer_cert_new(s, 2, &c), JT_OK);
    jt_peer_cert_release(&c);
    s[1].n++;
    assert_int_equal(jt_peer_cert_new(s, 2, &c), JT_E_LIMIT);
    unmake(m);
}

static void tells_its_names(void **state)
{
    (void)state;
    struct made *m =
        make(NULL,
             (struct recipe){
                 .subject = {{"C", "DE", 0, false}, {"O", "A, B", 0, false}, {"CN", "x", 0, false}},
                 .extensions = {{"subjectAltName", "DNS:a.example,URI:spiffe://e/x,"
                                                   "IP:10.0.0.7,IP:::1,email:a@b.c"}}});
    const struct jt_peer_cert *c = peer_of(m);
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1024);
    jt_peer_cert_names(c, &b);
    jt_buf_putc(&b, 0);
    assert_true(jt_buf_ok(&b));
    assert_string_equal((const char *)b.p, "subject CN=x,O=A\\, B,C=DE, DNS:a.example, "
                                           "URI:spiffe://e/x, IP:10.0.0.7, IP:::1, email:a@b.c");
    jt_peer_cert_release(&c);
    unmake(m);
}

static void put_pem(BIO *b, const struct made *m)
{
    assert_int_equal(PEM_write_bio_X509(b, m->x), 1);
}

static struct jt_slice text_of(BIO *b)
{
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return jt_slice(p, (size_t)n);
}

static void reads_pem(void **state)
{
    (void)state;
    struct made *m =
        make(NULL, (struct recipe){.subject = {{"CN", "ca", 0, false}}, .extensions = {CA_TRUE}});
    struct made *l =
        make(m, (struct recipe){.subject = {{"CN", "leaf", 0, false}}, .extensions = {CA_FALSE}});
    BIO *bio = BIO_new(BIO_s_mem());
    JT_AUTO(jt_buf_free) struct jt_buf out;
    JT_AUTO(jt_buf_free) struct jt_buf subject;
    size_t n = 0;
    const char *why = NULL;
    struct jt_cert_info info;
    struct jt_slice der = {0};
    jt_buf_init(&out, JT_PEER_BYTES_MAX);
    jt_buf_init(&subject, 1024);
    BIO_puts(bio, "words before it are no harm\n");
    put_pem(bio, m);
    put_pem(bio, l);
    assert_int_equal(jt_certs_from_pem(text_of(bio), 1, &out, &n, &why), JT_E_LIMIT);
    jt_buf_reset(&out);
    assert_int_equal(jt_certs_from_pem(text_of(bio), 2, &out, &n, &why), JT_OK);
    assert_int_equal(n, 2);
    struct jt_slice rest = jt_buf_slice(&out);
    assert_true(jt_certs_next(&rest, &der) && jt_slice_eq(der, m->s));
    assert_int_equal(jt_cert_describe(der, &info, &subject), JT_OK);
    assert_true(info.is_ca && info.not_before_s == NOW - DAY && info.not_after_s == NOW + DAY);
    assert_true(jt_slice_eq(jt_buf_slice(&subject), JT_LIT("CN=ca")));
    assert_true(jt_certs_next(&rest, &der) && jt_slice_eq(der, l->s));
    assert_int_equal(jt_cert_describe(der, &info, &subject), JT_OK);
    assert_false(info.is_ca);
    assert_false(jt_certs_next(&rest, &der));
    BIO_free(bio);
    unmake(l);
    unmake(m);
}

static void refuse_pem(struct jt_slice pem, const char *says)
{
    JT_AUTO(jt_buf_free) struct jt_buf out;
    size_t n = 0;
    const char *why = NULL;
    jt_buf_init(&out, JT_PEER_BYTES_MAX);
    assert_int_equal(jt_certs_from_pem(pem, 8, &out, &n, &why), JT_E_SYNTAX);
    assert_non_null(strstr(why, says));
}

static void refuses_other_pem(void **state)
{
    (void)state;
    struct made *m = make(NULL, (struct recipe){.subject = {{"CN", "x", 0, false}}});
    BIO *bio = BIO_new(BIO_s_mem());
    refuse_pem(JT_LIT(""), "no certificate in PEM form");
    refuse_pem(JT_LIT("rubbish\n"), "no certificate in PEM form");
    put_pem(bio, m);
    refuse_pem(jt_slice(text_of(bio).p, text_of(bio).n / 2), "damaged");
    PEM_write_bio_PrivateKey(bio, m->key, NULL, NULL, 0, NULL, NULL);
    refuse_pem(text_of(bio), "private key");
    BIO_reset(bio);
    PEM_write_bio_PUBKEY(bio, m->key);
    refuse_pem(text_of(bio), "something other than certificates");
    refuse_pem(JT_LIT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "damaged");
    BIO_free(bio);
    unmake(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_counts), cmocka_unit_test(refuses_what_is_no_certificate),
        cmocka_unit_test(has_limits),       cmocka_unit_test(tells_its_names),
        cmocka_unit_test(reads_pem),        cmocka_unit_test(refuses_other_pem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
