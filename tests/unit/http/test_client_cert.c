/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in headers of proxies (RFC 9440 and nginx); threat A14. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../made_cert.h"
#include "core/base/b64.h"
#include "core/http/client_cert.h"

#define TEXT_MAX 60000u

static struct made *one, *two;
static struct jt_arena arena;
static struct jt_buf b64_one, b64_two, escaped_one, escaped_two;
static struct jt_http_head head;

static void put_escaped(struct jt_buf *out, const struct made *m)
{
    char *p = NULL;
    BIO *b = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(b, m->x), 1);
    long n = BIO_get_mem_data(b, &p);
    for (long i = 0; i < n; i++) {
        bool plain = (p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'Z') ||
                     (p[i] >= 'a' && p[i] <= 'z') || p[i] == '-';
        jt_buf_printf(out, plain ? "%c" : "%%%02X", (unsigned char)p[i]);
    }
    BIO_free(b);
}

static int setup(void **state)
{
    (void)state;
    one = make(NULL, (struct recipe){.subject = {{"CN", "one", 0, false}}});
    two = make(NULL, (struct recipe){.subject = {{"CN", "two", 0, false}}});
    jt_arena_init(&arena, 1u << 18);
    jt_buf_init(&b64_one, TEXT_MAX);
    jt_buf_init(&b64_two, TEXT_MAX);
    jt_buf_init(&escaped_one, TEXT_MAX);
    jt_buf_init(&escaped_two, TEXT_MAX);
    jt_b64_put(&b64_one, one->s);
    jt_b64_put(&b64_two, two->s);
    put_escaped(&escaped_one, one);
    put_escaped(&escaped_two, two);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unmake(one);
    unmake(two);
    jt_arena_free(&arena);
    jt_buf_free(&b64_one);
    jt_buf_free(&b64_two);
    jt_buf_free(&escaped_one);
    jt_buf_free(&escaped_two);
    return 0;
}

/* In a text, 1 and 2 stand for the certificates in base64, E and F for them escaped. */
static struct jt_slice expand(const char *z)
{
    static const char marks[] = "12EF";
    const struct jt_buf *const pieces[] = {&b64_one, &b64_two, &escaped_one, &escaped_two};
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_slice out = {0};
    jt_buf_init(&b, TEXT_MAX);
    for (; *z != '\0'; z++) {
        const char *m = strchr(marks, *z);
        if (m != NULL) {
            jt_buf_put(&b, jt_buf_slice(pieces[m - marks]));
        } else {
            jt_buf_putc(&b, (uint8_t)*z);
        }
    }
    assert_true(jt_buf_ok(&b) && jt_arena_copy(&arena, jt_buf_slice(&b), &out));
    return out;
}

struct header {
    const char *name, *value;
};

struct row {
    struct header v[3];
    enum jt_err want;
    const struct made *const *leaf; /* NULL: none */
};

static void try_one(enum jt_cert_header form, const struct row *r)
{
    const struct jt_peer_cert *c = NULL;
    jt_arena_reset(&arena);
    head.nfields = 0;
    for (size_t i = 0; i < 3 && r->v[i].name != NULL; i++) {
        head.fields[head.nfields++] =
            (struct jt_http_field){jt_str(r->v[i].name), expand(r->v[i].value)};
    }
    enum jt_err e = jt_client_cert_read(&head, form, &arena, &c);
    bool same =
        r->leaf == NULL ? c == NULL : c != NULL && jt_slice_eq(jt_peer_cert_der(c), (*r->leaf)->s);
    jt_peer_cert_release(&c);
    if (e != r->want || !same) {
        fail_msg("%s: %s", r->v[0].value, jt_err_text(e));
    }
}

#define MADE(m) (const struct made *const *)&(m)

static void rfc9440(void **state)
{
    (void)state;
    const struct row rows[] = {
        {{{NULL, NULL}}, JT_OK, NULL},
        {{{"Client-Cert", ""}}, JT_OK, NULL},
        {{{"X-SSL-Client-Cert", "E"}}, JT_OK, NULL},
        {{{"Client_Cert", ":1:"}}, JT_OK, NULL},
        {{{"Client-Cert", ":1:"}}, JT_OK, MADE(one)},
        {{{"CLIENT-CERT", ":1:"}}, JT_OK, MADE(one)},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2:"}}, JT_OK, MADE(one)},
        {{{"Client-Cert", ":1:"}, {"client-cert-chain", ":2:, :1: ,:2:"}}, JT_OK, MADE(one)},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ""}}, JT_OK, MADE(one)},
        {{{"Client-Cert", ":1:"}, {"Client-Cert", ":1:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert", ""}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:, :2:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", "1"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:;a"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":E:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", "::"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":A===:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":AAAA:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert-Chain", ":1:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2:,"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ",:2:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2: :2:"}}, JT_E_SYNTAX, NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2:"}, {"Client-Cert-Chain", ":2:"}},
         JT_E_SYNTAX,
         NULL},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2:,:2:,:2:,:2:,:2:,:2:,:2:"}},
         JT_OK,
         MADE(one)},
        {{{"Client-Cert", ":1:"}, {"Client-Cert-Chain", ":2:,:2:,:2:,:2:,:2:,:2:,:2:,:2:"}},
         JT_E_LIMIT,
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        try_one(JT_CERT_HEADER_RFC9440, &rows[i]);
    }
}

static void nginx(void **state)
{
    (void)state;
    const struct row rows[] = {
        {{{NULL, NULL}}, JT_OK, NULL},
        {{{"X-SSL-Client-Cert", ""}}, JT_OK, NULL},
        {{{"Client-Cert", ":1:"}}, JT_OK, NULL},
        {{{"X_SSL_Client_Cert", "E"}}, JT_OK, NULL},
        {{{"X-SSL-Client-Verify", "SUCCESS"}}, JT_OK, NULL},
        {{{"X-SSL-Client-Cert", "E"}}, JT_OK, MADE(one)},
        {{{"x-ssl-client-cert", "EF"}}, JT_OK, MADE(one)},
        {{{"X-SSL-Client-Cert", "E"}, {"X-SSL-Client-Cert", "E"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", "E%"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", "E%4"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", "E%4g"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", ":1:"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", "SUCCESS"}}, JT_E_SYNTAX, NULL},
        {{{"X-SSL-Client-Cert", "EEEEEEEE"}}, JT_OK, MADE(one)},
        {{{"X-SSL-Client-Cert", "EEEEEEEEE"}}, JT_E_LIMIT, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        try_one(JT_CERT_HEADER_NGINX, &rows[i]);
    }
}

static void turned_off(void **state)
{
    (void)state;
    const struct row r = {{{"Client-Cert", ":1:"}, {"X-SSL-Client-Cert", "E"}}, JT_OK, NULL};
    try_one(JT_CERT_HEADER_NONE, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9440),
        cmocka_unit_test(nginx),
        cmocka_unit_test(turned_off),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
