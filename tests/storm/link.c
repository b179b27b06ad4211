/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

SSL_CTX *link_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL) {
        return NULL;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

static bool bind_source(int fd, uint32_t source)
{
    int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(source)}};
    /* The port is chosen at connect, so that all of them can be used towards each target. */
    return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           bind(fd, (const struct sockaddr *)&from, sizeof from) == 0;
}

static bool start_tls(struct link *l, SSL_CTX *ctx)
{
    l->ssl = SSL_new(ctx);
    if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1) {
        return false;
    }
    SSL_set_connect_state(l->ssl);
    return true;
}

bool link_open(struct link *l, int epfd, const struct storm_options *o, uint32_t source,
               SSL_CTX *ctx, void *tag)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                             .data = {.ptr = tag}};
    *l = (struct link){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (l->fd < 0) {
        return false;
    }
    if (!bind_source(l->fd, source) ||
        (connect(l->fd, (const struct sockaddr *)&o->to, sizeof o->to) != 0 &&
         errno != EINPROGRESS) ||
        (ctx != NULL && !start_tls(l, ctx)) || epoll_ctl(epfd, EPOLL_CTL_ADD, l->fd, &ev) != 0) {
        link_close(l, true);
        return false;
    }
    return true;
}

static enum link_io outcome(SSL *ssl, int ret)
{
    int e = SSL_get_error(ssl, ret);
    ERR_clear_error();
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? LINK_WAIT
           : e == SSL_ERROR_ZERO_RETURN                          ? LINK_END
                                                                 : LINK_FAIL;
}

enum link_io link_step(struct link *l)
{
    if (!l->connected) {
        int e = 0;
        socklen_t n = sizeof e;
        struct sockaddr_in peer;
        socklen_t m = sizeof peer;
        if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &e, &n) != 0 || e != 0) {
            return LINK_FAIL;
        }
        if (getpeername(l->fd, (struct sockaddr *)&peer, &m) != 0) {
            return errno == ENOTCONN ? LINK_WAIT : LINK_FAIL;
        }
        l->connected = true;
    }
    if (l->ssl != NULL && !l->ready) {
        int r = SSL_do_handshake(l->ssl);
        if (r != 1) {
            return outcome(l->ssl, r);
        }
    }
    l->ready = true;
    return LINK_OK;
}

enum link_io link_write(struct link *l, const void *p, size_t n, size_t *put)
{
    *put = 0;
    if (l->ssl != NULL) {
        int r = SSL_write_ex(l->ssl, p, n, put);
        return r == 1 ? LINK_OK : outcome(l->ssl, r);
    }
    ssize_t k = send(l->fd, p, n, MSG_NOSIGNAL);
    if (k < 0) {
        return errno == EAGAIN ? LINK_WAIT : LINK_FAIL;
    }
    *put = (size_t)k;
    return LINK_OK;
}

enum link_io link_read(struct link *l, void *p, size_t n, size_t *got)
{
    *got = 0;
    if (l->ssl != NULL) {
        int r = SSL_read_ex(l->ssl, p, n, got);
        return r == 1 ? LINK_OK : outcome(l->ssl, r);
    }
    ssize_t k = recv(l->fd, p, n, 0);
    if (k < 0) {
        return errno == EAGAIN ? LINK_WAIT : LINK_FAIL;
    }
    *got = (size_t)k;
    return k == 0 ? LINK_END : LINK_OK;
}

void link_close(struct link *l, bool reset)
{
    if (l->ssl != NULL) {
        SSL_free(l->ssl);
    }
    if (l->fd >= 0) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        if (reset) {
            (void)setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        (void)close(l->fd);
    }
    *l = (struct link){.fd = -1};
}
