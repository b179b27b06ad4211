/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../core/http/cidr.h"
#include "../../core/http/uri.h"

#define BACKLOG 4096

/* Of each connection in the kernel, so that who reads slowly holds kilobytes, not megabytes: a
 * connection inherits them, and TCP_NODELAY. Requests and answers are small. */
#define KERNEL_BYTES 65536

static enum jt_err fail(int fd, char *why, size_t why_n, const char *what, struct jt_slice where)
{
    int e = errno;
    (void)snprintf(why, why_n, "cannot %s %.*s: %s", what, JT_FMT(where),
                   e == EADDRINUSE ? "the address is in use by another process" : strerror(e));
    if (fd >= 0) {
        (void)close(fd);
    }
    return e == EADDRINUSE ? JT_E_CONFLICT : e == EACCES ? JT_E_PERM : JT_E_IO;
}

static bool tune(int fd)
{
    int on = 1;
    int n = KERNEL_BYTES;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n) == 0;
}

static socklen_t fill(const struct jt_addr *a, uint16_t port, struct sockaddr_storage *ss)
{
    *ss = (struct sockaddr_storage){0};
    if (jt_addr_is_v4(a)) {
        struct sockaddr_in *in = (struct sockaddr_in *)ss;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, a->b + 12, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, a->b, 16);
    return sizeof *in6;
}

static uint16_t real_port(int fd)
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof ss;
    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0) {
        return 0;
    }
    return ntohs(ss.ss_family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
                                         : ((struct sockaddr_in6 *)&ss)->sin6_port);
}

enum jt_err jt_listen_tcp(struct jt_slice address, struct jt_listener *out, char *why, size_t why_n)
{
    struct jt_slice host = {0};
    struct jt_addr a = {0};
    uint16_t port = 0;
    if (jt_hostport_read(address, &host, &port) != JT_OK || jt_addr_read(host, &a) != JT_OK) {
        (void)snprintf(why, why_n,
                       "cannot listen on %.*s: write ADDRESS:PORT with a numeric address",
                       JT_FMT(address));
        return JT_E_SYNTAX;
    }
    struct sockaddr_storage ss;
    socklen_t n = fill(&a, port, &ss);
    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0) {
        return fail(fd, why, why_n, "make a socket for", address);
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (ss.ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        !tune(fd) || bind(fd, (const struct sockaddr *)&ss, n) != 0 || listen(fd, BACKLOG) != 0) {
        return fail(fd, why, why_n, "listen on", address);
    }
    *out = (struct jt_listener){.fd = fd, .kind = JT_LISTEN_PUBLIC, .port = real_port(fd)};
    return JT_OK;
}

enum jt_err jt_listen_unix(const char *path, struct jt_listener *out, char *why, size_t why_n)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof un.sun_path) {
        (void)snprintf(why, why_n,
                       "the socket path %s is %zu bytes long; the system allows %zu: choose a "
                       "shorter data directory",
                       path, len, sizeof un.sun_path - 1);
        return JT_E_LIMIT;
    }
    memcpy(un.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(fd, why, why_n, "make a socket for", jt_str(path));
    }
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) { /* of a server that has ended */
        (void)unlink(path);
    }
    mode_t old = umask(0177);
    int r = bind(fd, (const struct sockaddr *)&un, sizeof un);
    (void)umask(old);
    if (r != 0 || listen(fd, BACKLOG) != 0) {
        return fail(fd, why, why_n, "listen on", jt_str(path));
    }
    *out = (struct jt_listener){.fd = fd, .kind = JT_LISTEN_ADMIN};
    return JT_OK;
}

enum jt_err jt_listen_inherited(int fd, struct jt_listener *out, char *why, size_t why_n)
{
    int type = 0;
    int listening = 0;
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof type;
    socklen_t m = sizeof ss;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_STREAM ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 || listening == 0 ||
        getsockname(fd, (struct sockaddr *)&ss, &m) != 0 ||
        (ss.ss_family != AF_INET && ss.ss_family != AF_INET6)) {
        (void)snprintf(why, why_n, "descriptor %d of LISTEN_FDS is not a listening TCP socket", fd);
        return JT_E_SYNTAX;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)tune(fd);
    *out = (struct jt_listener){
        .fd = fd, .kind = JT_LISTEN_PUBLIC, .port = real_port(fd), .inherited = true};
    return JT_OK;
}

void jt_listener_text(const struct jt_listener *l, char out[static JT_LISTEN_TEXT])
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof ss;
    char host[INET6_ADDRSTRLEN] = "";
    out[0] = '\0';
    if (getsockname(l->fd, (struct sockaddr *)&ss, &n) != 0) {
        return;
    }
    bool v6 = ss.ss_family == AF_INET6;
    const void *a = v6 ? (const void *)&((struct sockaddr_in6 *)&ss)->sin6_addr
                       : (const void *)&((struct sockaddr_in *)&ss)->sin_addr;
    if (inet_ntop(ss.ss_family, a, host, sizeof host) != NULL) {
        (void)snprintf(out, JT_LISTEN_TEXT, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                       (unsigned)l->port);
    }
}

void jt_listener_close(struct jt_listener *l)
{
    if (l->fd >= 0) {
        (void)close(l->fd);
        l->fd = -1;
    }
}
