/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct jt_tls {
    SSL_CTX *ctx;
};

struct jt_tls_conn {
    SSL *ssl;
    const struct jt_peer_cert *peer; /* set with the end of the handshake; NULL: none */
    bool drained; /* this call read the socket, and got less than there was room for */
};

static const unsigned char alpn_http11[] = "\x08http/1.1";

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                       const unsigned char *in, unsigned in_n, void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_n, alpn_http11, sizeof alpn_http11 - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 section 3.2 */
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Without this OpenSSL would ask on the terminal, and the server would wait for somebody there. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static bool set_policy(SSL_CTX *ctx)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    /* Server certificates are few; sessions live in tickets, so nothing grows here. */
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(ctx, 1); /* a record is one read, not one for its head and one for it */
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Else a file of the system's could turn it on, and the kernel reads one record at a time. */
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                         "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups(ctx, groups, sizeof groups / sizeof groups[0]) == 1 &&
           SSL_CTX_set_num_tickets(ctx, 1) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1;
}

/* In place of any verification: a chain is built where somebody is named to build it to. */
static int take_any(X509_STORE_CTX *x, void *arg)
{
    (void)arg;
    /* the certificate itself is among them */
    bool few = sk_X509_num(X509_STORE_CTX_get0_untrusted(x)) <= (int)JT_PEER_CERTS_MAX;
    X509_STORE_CTX_set_error(x, few ? X509_V_OK : X509_V_ERR_CERT_CHAIN_TOO_LONG);
    return few ? 1 : 0;
}

/* A ticket keeps the certificate but neither its chain nor the proof of today that its key is
 * there: such a session begins anew. Those of callers without a certificate go on as ever. */
static SSL_TICKET_RETURN look_at_ticket(SSL *ssl, SSL_SESSION *s, const unsigned char *key,
                                        size_t key_n, SSL_TICKET_STATUS status, void *arg)
{
    (void)ssl;
    (void)key;
    (void)key_n;
    (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    if (SSL_SESSION_get0_peer(s) != NULL) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static bool ask_for_certificates(SSL_CTX *ctx)
{
    static const unsigned char id[] = "jeton";
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify_depth(ctx, (int)JT_PEER_CERTS_MAX - 1);
    SSL_CTX_set_max_cert_list(ctx, (long)JT_PEER_BYTES_MAX);
    return SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1) == 1 &&
           SSL_CTX_set_session_ticket_cb(ctx, NULL, look_at_ticket, NULL) == 1;
}

/* OpenSSL's words for the usual mistakes help nobody. */
static const char *cause(unsigned long e)
{
    static const struct {
        int lib, reason;
        const char *text;
    } known[] = {
        {ERR_LIB_PEM, PEM_R_NO_START_LINE, "there is nothing in PEM form (-----BEGIN ...) in it"},
        {ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ, "it is encrypted: give one without a passphrase"},
        {ERR_LIB_CRYPTO, ERR_R_INTERRUPTED_OR_CANCELLED,
         "it is encrypted: give one without a passphrase"},
        {ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED, "there is no private key in PEM form in it"},
        {ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, "it does not belong to the certificate"},
        {ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH, "it does not belong to the certificate"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ERR_GET_LIB(e) == known[i].lib && ERR_GET_REASON(e) == known[i].reason) {
            return known[i].text;
        }
    }
    if (ERR_GET_LIB(e) == ERR_LIB_PEM) {
        return "it is damaged: what stands between BEGIN and END cannot be read";
    }
    if (ERR_SYSTEM_ERROR(e)) {
        return strerror(ERR_GET_REASON(e));
    }
    const char *reason = e == 0 ? NULL : ERR_reason_error_string(e);
    return reason == NULL ? "refused" : reason;
}

static enum jt_err explain(char *why, size_t why_n, const char *what, const char *file)
{
    unsigned long e = ERR_peek_error(); /* the first one is the cause */
    (void)snprintf(why, why_n, "%s %s: %s", what, file, cause(e));
    ERR_clear_error();
    return JT_E_CRYPTO;
}

static enum jt_err load(SSL_CTX *ctx, const struct jt_tls_opts *o, char *why, size_t why_n)
{
    const char *cert_file = o->cert_file;
    const char *key_file = o->key_file;
    if (!set_policy(ctx)) {
        return explain(why, why_n, "TLS policy", "");
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1) {
        return explain(why, why_n, "cannot use certificate", cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1) {
        return explain(why, why_n, "cannot use private key", key_file);
    }
    if (SSL_CTX_check_private_key(ctx) != 1) {
        return explain(why, why_n, "the certificate does not belong to the private key", key_file);
    }
    if (!ask_for_certificates(ctx)) {
        return explain(why, why_n, "TLS policy", "");
    }
    SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
    return JT_OK;
}

enum jt_err jt_tls_new(const struct jt_tls_opts *o, struct jt_tls **out, char *why, size_t why_n)
{
    struct jt_tls *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return JT_E_NOMEM;
    }
    t->ctx = SSL_CTX_new(TLS_server_method());
    enum jt_err e = t->ctx == NULL ? JT_E_NOMEM : load(t->ctx, o, why, why_n);
    if (e != JT_OK) {
        jt_tls_free(&t);
        return e;
    }
    *out = t;
    return JT_OK;
}

void jt_tls_free(struct jt_tls **t)
{
    if (*t != NULL) {
        SSL_CTX_free((*t)->ctx);
        free(*t);
        *t = NULL;
    }
}

int64_t jt_tls_not_after(const struct jt_tls *t)
{
    const X509 *cert = SSL_CTX_get0_certificate(t->ctx);
    struct tm tm = {0};
    if (cert == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1) {
        return 0;
    }
    return (int64_t)timegm(&tm);
}

/* Called before and after what the socket's BIO does; what it returns is the operation's result. */
static long note_read(BIO *b, int op, const char *p, size_t asked, int argi, long argl, int ret,
                      size_t *got)
{
    (void)p;
    (void)argi;
    (void)argl;
    if (op == (BIO_CB_READ | BIO_CB_RETURN)) {
        struct jt_tls_conn *c = (struct jt_tls_conn *)(void *)BIO_get_callback_arg(b);
        c->drained = ret <= 0 || *got < asked;
    }
    return ret;
}

struct jt_tls_conn *jt_tls_conn_new(struct jt_tls *t, int fd)
{
    struct jt_tls_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->ssl = SSL_new(t->ctx);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
        jt_tls_conn_free(&c);
        return NULL;
    }
    BIO *socket = SSL_get_rbio(c->ssl);
    BIO_set_callback_ex(socket, note_read);
    BIO_set_callback_arg(socket, (char *)c);
    SSL_set_accept_state(c->ssl);
    return c;
}

void jt_tls_conn_free(struct jt_tls_conn **c)
{
    if (*c != NULL) {
        jt_peer_cert_release(&(*c)->peer);
        SSL_free((*c)->ssl);
        free(*c);
        *c = NULL;
    }
}

/* What others left in the thread's queue would be taken for the next call's. */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

/* What a failed call means. The error queue is per thread and must not outlive the call. */
static enum jt_io outcome(SSL *ssl, int ret)
{
    int e = SSL_get_error(ssl, ret);
    ERR_clear_error();
    switch (e) {
    case SSL_ERROR_WANT_READ:
        return JT_IO_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return JT_IO_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return JT_IO_EOF;
    default:
        return JT_IO_ERROR;
    }
}

/* The DER of one, to be freed; empty: out of memory. */
static struct jt_slice der_of(const X509 *x)
{
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);
    return n <= 0 ? jt_slice(NULL, 0) : jt_slice(p, (size_t)n);
}

/* Keeps what the caller showed, if anything. */
static enum jt_err keep_peer(struct jt_tls_conn *c)
{
    struct jt_slice ders[JT_PEER_CERTS_MAX + 1];
    const X509 *leaf = SSL_get0_peer_certificate(c->ssl);
    if (leaf == NULL) {
        return JT_OK;
    }
    const STACK_OF(X509) *rest =
        SSL_get_peer_cert_chain(c->ssl); /* without the first: a server's */
    size_t n = 0;
    ders[n++] = der_of(leaf);
    for (int i = 0; i < sk_X509_num(rest) && n < sizeof ders / sizeof ders[0]; i++) {
        ders[n++] = der_of(sk_X509_value(rest, i));
    }
    enum jt_err e = jt_peer_cert_new(ders, n, &c->peer);
    for (size_t i = 0; i < n; i++) {
        OPENSSL_free((void *)(uintptr_t)ders[i].p);
    }
    ERR_clear_error();
    return e;
}

enum jt_io jt_tls_handshake(struct jt_tls_conn *c)
{
    forget_errors();
    int r = SSL_do_handshake(c->ssl);
    if (r != 1) {
        return outcome(c->ssl, r);
    }
    return c->peer != NULL || keep_peer(c) == JT_OK ? JT_IO_OK : JT_IO_ERROR;
}

const struct jt_peer_cert *jt_tls_conn_peer(const struct jt_tls_conn *c)
{
    return c->peer;
}

enum jt_io jt_tls_read(struct jt_tls_conn *c, uint8_t *p, size_t n, size_t *got)
{
    forget_errors();
    c->drained = false; /* a record that was there already says nothing about the socket */
    int r = SSL_read_ex(c->ssl, p, n, got);
    return r == 1 ? JT_IO_OK : outcome(c->ssl, r);
}

bool jt_tls_more(const struct jt_tls_conn *c)
{
    return !c->drained || SSL_has_pending(c->ssl) == 1;
}

enum jt_io jt_tls_write(struct jt_tls_conn *c, struct jt_slice s, size_t *put)
{
    forget_errors();
    int r = SSL_write_ex(c->ssl, s.p, s.n, put);
    return r == 1 ? JT_IO_OK : outcome(c->ssl, r);
}

void jt_tls_bye(struct jt_tls_conn *c)
{
    if (SSL_is_init_finished(c->ssl)) {
        (void)SSL_shutdown(c->ssl);
        ERR_clear_error();
    }
}
