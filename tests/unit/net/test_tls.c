/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of callers in a handshake, against an OpenSSL client in the same process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "../made_cert.h"
#include "server/net/tls.h"

static char folder[] = "/tmp/jeton-tls-XXXXXX";
static char server_pem[64];
static struct made *server_cert, *ca, *between, *other, *good, *below, *foreign, *late,
    *wrong_usage;

/* Handshakes look at the clock of the machine. */
static struct recipe now(struct recipe r)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    r.begin = (int64_t)ts.tv_sec + (r.begin == 0 ? -DAY : r.begin);
    r.end = (int64_t)ts.tv_sec + (r.end == 0 ? DAY : r.end);
    return r;
}

static struct made *named(const struct made *issuer, const char *cn, struct recipe r)
{
    r.subject[0] = (struct attribute){"CN", cn, 0, false};
    return make(issuer, now(r));
}

static void keep_server(void)
{
    (void)snprintf(server_pem, sizeof server_pem, "%s/server", folder);
    BIO *b = BIO_new_file(server_pem, "w");
    assert_non_null(b);
    assert_int_equal(PEM_write_bio_X509(b, server_cert->x), 1);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(b, server_cert->key, NULL, NULL, 0, NULL, NULL),
                     1);
    BIO_free(b);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    server_cert = named(NULL, "server", (struct recipe){.extensions = {CA_FALSE}});
    ca = named(NULL, "CA", (struct recipe){.extensions = {CA_TRUE}});
    between = named(ca, "Between", (struct recipe){.extensions = {CA_TRUE}});
    other = named(NULL, "Other", (struct recipe){.extensions = {CA_TRUE}});
    good = named(ca, "w", (struct recipe){.extensions = {FOR_CLIENTS}});
    below = named(between, "w", (struct recipe){.extensions = {FOR_CLIENTS}});
    foreign = named(other, "w", (struct recipe){.extensions = {FOR_CLIENTS}});
    late = named(ca, "w", (struct recipe){.begin = -2 * DAY, .end = -DAY});
    wrong_usage =
        named(ca, "w", (struct recipe){.extensions = {{"extendedKeyUsage", "serverAuth"}}});
    keep_server();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct made *all[] = {server_cert, ca, between, other, good, below, foreign, late, wrong_usage};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        unmake(all[i]);
    }
    (void)unlink(server_pem);
    return rmdir(folder);
}

static struct jt_tls *serve(void)
{
    struct jt_tls *t = NULL;
    char why[200] = "";
    const struct jt_tls_opts o = {server_pem, server_pem};
    assert_int_equal(jt_tls_new(&o, &t, why, sizeof why), JT_OK);
    return t;
}

static SSL *caller(int fd, int version, const struct made *cert, const struct made *along)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    if (cert != NULL) {
        assert_int_equal(SSL_CTX_use_certificate(ctx, cert->x), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, cert->key), 1);
    }
    if (along != NULL) {
        assert_int_equal(SSL_CTX_add1_chain_cert(ctx, along->x), 1);
    }
    SSL *s = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_fd(s, fd);
    SSL_set_connect_state(s);
    return s;
}

/* What the server's side comes to; *shown: a certificate that was the caller's. */
static enum jt_io meet(struct jt_tls *t, int version, const struct made *cert,
                       const struct made *along, bool *shown)
{
    int fds[2];
    enum jt_io io = JT_IO_WANT_READ;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    struct jt_tls_conn *c = jt_tls_conn_new(t, fds[0]);
    SSL *s = caller(fds[1], version, cert, along);
    assert_non_null(c);
    for (int i = 0; i < 20 && (io == JT_IO_WANT_READ || io == JT_IO_WANT_WRITE); i++) {
        (void)SSL_do_handshake(s);
        io = jt_tls_handshake(c);
    }
    const struct jt_peer_cert *peer = jt_tls_conn_peer(c);
    *shown = peer != NULL;
    if (peer != NULL) {
        assert_non_null(cert);
        assert_true(jt_slice_eq(jt_peer_cert_der(peer), cert->s));
    }
    SSL_free(s);
    jt_tls_conn_free(&c);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return io;
}

struct row {
    struct made *const *cert, *const *along;
    enum jt_io want;
};

static void try_all(const struct row *rows, size_t n)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct jt_tls *t = serve();
    for (size_t i = 0; i < 2 * n; i++) {
        const struct row *r = &rows[i / 2];
        const struct made *cert = r->cert == NULL ? NULL : *r->cert;
        bool shown = false;
        enum jt_io io = meet(t, versions[i % 2], cert, r->along == NULL ? NULL : *r->along, &shown);
        if (io != r->want || shown != (cert != NULL && io == JT_IO_OK)) {
            fail_msg("row %zu, %s: %u, %d", i / 2, i % 2 == 0 ? "TLS 1.2" : "TLS 1.3", io, shown);
        }
    }
    jt_tls_free(&t);
}

static void any_is_taken(void **state)
{
    (void)state;
    const struct row rows[] = {
        {NULL, NULL, JT_IO_OK},  {&good, NULL, JT_IO_OK},      {&foreign, NULL, JT_IO_OK},
        {&late, NULL, JT_IO_OK}, {&below, &between, JT_IO_OK}, {&wrong_usage, NULL, JT_IO_OK},
    };
    try_all(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_is_taken),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
