/* SPDX-License-Identifier: Apache-2.0 */
#include "sock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../core/base/clock.h"
#include "../server/config/env.h"

struct conversation {
    int fd;
    int64_t deadline_us;
    char path[JT_SOCK_PATH_MAX];
};

static void hang_up(const struct conversation *c)
{
    if (c->fd >= 0) {
        (void)close(c->fd);
    }
}

enum jt_exit jt_sock_path(const struct jt_args *args, char out[static JT_SOCK_PATH_MAX])
{
    const char *socket = jt_args_get(args, "socket");
    const char *data = jt_args_get(args, "data");
    if (socket == NULL && data == NULL) {
        socket = jt_env("JETON_SOCKET");
        data = jt_env("JETON_DATA");
    }
    if (data == NULL) {
        data = jt_options[JT_OPT_server_data].fallback;
    }
    int n = socket != NULL ? snprintf(out, JT_SOCK_PATH_MAX, "%s", socket)
                           : snprintf(out, JT_SOCK_PATH_MAX, "%s/admin.sock", data);
    if (n < 0 || n >= JT_SOCK_PATH_MAX) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "the path of the socket is longer than %d bytes, which no system "
                           "allows: %.60s...",
                           JT_SOCK_PATH_MAX - 1, out);
    }
    return n == 0 ? jt_say_fail(JT_EXIT_USAGE, "the path of the socket is empty") : JT_EXIT_DONE;
}

static enum jt_exit no_server(const struct jt_args *args, const char *path, int error)
{
    if (error == EACCES || error == EPERM) {
        jt_say_error("not allowed to use %s", path);
        jt_say_hint("run this as root or as the user that the server runs as");
        return JT_EXIT_DENIED;
    }
    if (error != ENOENT && error != ECONNREFUSED && error != ENOTDIR && error != ENOTSOCK) {
        return jt_say_fail(JT_EXIT_UNREACHABLE, "cannot reach the server at %s: %s", path,
                           strerrordesc_np(error));
    }
    struct jt_slice dir = jt_str(path);
    const struct jt_slice name = JT_LIT("/admin.sock");
    if (dir.n > name.n && jt_slice_eq(jt_slice_from(dir, dir.n - name.n), name)) {
        dir.n -= name.n;
        jt_say_error("no server listens on %s; is it running? (jeton serve --data %.*s)", path,
                     JT_FMT(dir));
    } else {
        jt_say_error("no server listens on %s; is it running?", path);
    }
    if (!jt_args_has(args, "socket") && !jt_args_has(args, "data") &&
        jt_env("JETON_SOCKET") == NULL && jt_env("JETON_DATA") == NULL) {
        jt_say_hint("name its data directory with --data DIR or JETON_DATA (jeton dev prints it)");
    }
    return JT_EXIT_UNREACHABLE;
}

static enum jt_exit dial(const struct jt_args *args, struct conversation *c)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    _Static_assert(sizeof sa.sun_path == JT_SOCK_PATH_MAX, "sun_path");
    memcpy(sa.sun_path, c->path, sizeof sa.sun_path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* On a Unix socket connect is done or refused at once; EAGAIN: its queue is full. */
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&sa, sizeof sa) != 0) {
        return no_server(args, c->path, errno);
    }
    return JT_EXIT_DONE;
}

static enum jt_exit wait_for(const struct conversation *c, short events)
{
    for (;;) {
        int64_t left_us = c->deadline_us - jt_mono_us(&jt_clock_system);
        struct pollfd p = {c->fd, events, 0};
        int n = left_us <= 0 ? 0 : poll(&p, 1, (int)(left_us / 1000) + 1);
        if (n > 0) {
            return JT_EXIT_DONE;
        }
        if (n == 0) {
            return jt_say_fail(JT_EXIT_UNREACHABLE, "the server at %s does not answer in time",
                               c->path);
        }
        if (errno != EINTR) {
            return jt_say_fail(JT_EXIT_UNREACHABLE, "cannot wait for the server: %s",
                               strerrordesc_np(errno));
        }
    }
}

static bool is_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static enum jt_exit send_all(const struct conversation *c, struct jt_slice out)
{
    while (out.n > 0) {
        enum jt_exit code = wait_for(c, POLLOUT);
        if (code != JT_EXIT_DONE) {
            return code;
        }
        ssize_t k = send(c->fd, out.p, out.n, MSG_NOSIGNAL);
        if (k < 0 && errno == EPIPE) {
            return JT_EXIT_DONE; /* it may have answered before it closed */
        }
        if (k < 0 && !is_again()) {
            return jt_say_fail(JT_EXIT_UNREACHABLE, "cannot send to the server: %s",
                               strerrordesc_np(errno));
        }
        out = jt_slice_from(out, k < 0 ? 0 : (size_t)k);
    }
    return JT_EXIT_DONE;
}

/* BUSY: more is to come. */
static enum jt_err is_complete(const struct jt_buf *in, bool is_end, struct jt_http_reply *reply)
{
    JT_TRY(jt_http_reply_read(jt_buf_slice(in), reply));
    size_t body = in->n - reply->head_n;
    if (reply->chunked) {
        return JT_E_UNSUPPORTED;
    }
    if (!reply->has_length) {
        return is_end ? JT_OK : JT_E_BUSY;
    }
    return body < reply->length ? JT_E_BUSY : body > reply->length ? JT_E_SYNTAX : JT_OK;
}

static enum jt_exit receive(const struct conversation *c, struct jt_buf *in,
                            struct jt_http_reply *reply)
{
    const size_t piece = 16384;
    for (bool is_end = false; !is_end;) {
        enum jt_exit code = wait_for(c, POLLIN);
        if (code != JT_EXIT_DONE) {
            return code;
        }
        if (!jt_buf_reserve(in, piece)) {
            return jt_say_fail(JT_EXIT_FAILED, "the server's answer is too large");
        }
        ssize_t k = recv(c->fd, in->p + in->n, piece, 0);
        if (k < 0 && is_again()) {
            continue;
        }
        in->n += k < 0 ? 0 : (size_t)k;
        is_end = k <= 0;
        enum jt_err e = is_complete(in, is_end, reply);
        if (e == JT_OK) {
            return JT_EXIT_DONE;
        }
        if (e != JT_E_BUSY && in->n > 0) {
            return jt_say_fail(JT_EXIT_FAILED,
                               "what listens on %s does not speak HTTP as it should", c->path);
        }
    }
    return jt_say_fail(JT_EXIT_UNREACHABLE, "the server at %s closed without a whole answer",
                       c->path);
}

enum jt_exit jt_sock_exchange(const struct jt_args *args, struct jt_slice request,
                              struct jt_buf *in, struct jt_http_reply *reply)
{
    JT_AUTO(hang_up) struct conversation c = {.fd = -1};
    int64_t timeout_s = (args->command->groups & JT_FLAGS_LONG) != 0 ? 86400 : 10;
    if (!jt_args_duration(args, "timeout", 1, &timeout_s)) {
        return JT_EXIT_USAGE;
    }
    /* poll counts milliseconds in an int: a day is long enough. */
    timeout_s = timeout_s > 86400 ? 86400 : timeout_s;
    c.deadline_us = jt_mono_us(&jt_clock_system) + timeout_s * 1000000;
    enum jt_exit code = jt_sock_path(args, c.path);
    if (code == JT_EXIT_DONE) {
        code = dial(args, &c);
    }
    if (code == JT_EXIT_DONE) {
        code = send_all(&c, request);
    }
    return code == JT_EXIT_DONE ? receive(&c, in, reply) : code;
}
