/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket client against a server that answers well, badly, slowly or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/sock.h"

static char dir[] = "/tmp/jeton-test-XXXXXX";
static const struct jt_command command = {"thing",
                                          "list",
                                          NULL,
                                          "",
                                          "",
                                          "",
                                          &(const struct jt_flag){0},
                                          JT_FLAGS_ADMIN,
                                          {{"", ""}, {"", ""}},
                                          NULL};

static struct sockaddr_un address(const char *name)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    (void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s/%s", dir, name);
    return sa;
}

struct server {
    int fd;
    const char *const *pieces; /* sent one after the other; then the connection is closed */
    bool hangs;                /* instead of closing */
    char got[200];
};

/* Waits until the other end has closed, so that a hanging server ends with its client. */
static void *serve(void *ctx)
{
    struct server *s = ctx;
    int c = accept(s->fd, NULL, NULL);
    if (c < 0) {
        return NULL;
    }
    ssize_t n = recv(c, s->got, sizeof s->got - 1, 0);
    for (size_t i = 0; n > 0 && s->pieces[i] != NULL; i++) {
        (void)send(c, s->pieces[i], strlen(s->pieces[i]), MSG_NOSIGNAL);
        (void)usleep(2000);
    }
    char end = 0;
    if (s->hangs) {
        (void)recv(c, &end, 1, 0);
    }
    (void)close(c);
    return NULL;
}

static enum jt_exit exchange(struct server *s, struct jt_buf *in, struct jt_http_reply *reply)
{
    static const struct jt_flag socket_flag = {"socket", "FILE", false, ""};
    static const struct jt_flag timeout_flag = {"timeout", "DURATION", false, ""};
    struct sockaddr_un sa = address("admin.sock");
    struct jt_args args = {.command = &command, .n = 2};
    args.given[0].flag = &socket_flag;
    args.given[0].value = sa.sun_path;
    args.given[1].flag = &timeout_flag;
    args.given[1].value = s->hangs ? "1s" : "5s";
    s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(s->fd >= 0);
    (void)unlink(sa.sun_path);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    enum jt_exit code = jt_sock_exchange(&args, JT_LIT("GET / HTTP/1.1\r\n\r\n"), in, reply);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(s->fd);
    (void)unlink(sa.sun_path);
    return code;
}

static void answers(const char *const *pieces, bool hangs, enum jt_exit expected, const char *body)
{
    struct server s = {.pieces = pieces, .hangs = hangs};
    struct jt_http_reply reply = {0};
    struct jt_buf in;
    jt_buf_init(&in, 100000);
    assert_int_equal(exchange(&s, &in, &reply), expected);
    assert_string_equal(s.got, "GET / HTTP/1.1\r\n\r\n");
    if (body != NULL) {
        struct jt_slice got = jt_slice_from(jt_buf_slice(&in), reply.head_n);
        assert_int_equal(reply.status, 200);
        assert_true(jt_slice_eq(got, jt_str(body)));
    }
    jt_buf_free(&in);
}

#define PIECES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void whole_answers(void **state)
{
    (void)state;
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), false, JT_EXIT_DONE, "{}");
    answers(PIECES("HTTP/1.1 200 O", "K\r\nContent-", "Length: 4\r\n\r", "\n{ ", " }"), false,
            JT_EXIT_DONE, "{  }");
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false, JT_EXIT_DONE, "");
}

/* What the length promises is enough: the connection need not end. */
static void an_open_connection_does_not_delay(void **state)
{
    (void)state;
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), true, JT_EXIT_DONE, "{}");
}

static void cut_answers(void **state)
{
    (void)state;
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), false, JT_EXIT_UNREACHABLE,
            NULL);
    answers(PIECES("HTTP/1.1 200 OK\r\nConte"), false, JT_EXIT_UNREACHABLE, NULL);
    answers(PIECES(""), false, JT_EXIT_UNREACHABLE, NULL);
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), true, JT_EXIT_UNREACHABLE,
            NULL);
}

static void what_is_not_http(void **state)
{
    (void)state;
    answers(PIECES("SSH-2.0-x\r\n\r\n"), false, JT_EXIT_FAILED, NULL);
    answers(PIECES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}"), false, JT_EXIT_FAILED, NULL);
    answers(PIECES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), false,
            JT_EXIT_FAILED, NULL);
}

static enum jt_exit with_flag(const char *name, const char *value, char path[static 108])
{
    const struct jt_flag flag = {name, "X", false, ""};
    struct jt_args args = {.command = &command, .n = 1};
    args.given[0].flag = &flag;
    args.given[0].value = value;
    return jt_sock_path(&args, path);
}

static void which_socket(void **state)
{
    (void)state;
    char path[JT_SOCK_PATH_MAX];
    struct jt_args none = {.command = &command};
    assert_int_equal(jt_sock_path(&none, path), JT_EXIT_DONE);
    assert_string_equal(path, "/var/lib/jeton/admin.sock");
    (void)setenv("JETON_DATA", "/d", 1);
    assert_int_equal(jt_sock_path(&none, path), JT_EXIT_DONE);
    assert_string_equal(path, "/d/admin.sock");
    (void)setenv("JETON_SOCKET", "/s/x", 1);
    assert_int_equal(jt_sock_path(&none, path), JT_EXIT_DONE);
    assert_string_equal(path, "/s/x");
    assert_int_equal(with_flag("data", "/e", path), JT_EXIT_DONE); /* a flag wins */
    assert_string_equal(path, "/e/admin.sock");
    assert_int_equal(with_flag("socket", "/f", path), JT_EXIT_DONE);
    assert_string_equal(path, "/f");
    (void)unsetenv("JETON_DATA");
    (void)unsetenv("JETON_SOCKET");
}

static void paths_that_no_socket_has(void **state)
{
    (void)state;
    char path[JT_SOCK_PATH_MAX];
    char longest[JT_SOCK_PATH_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[JT_SOCK_PATH_MAX - 1] = '\0'; /* 107 bytes */
    assert_int_equal(with_flag("socket", longest, path), JT_EXIT_DONE);
    longest[JT_SOCK_PATH_MAX - 1] = 'a';
    longest[JT_SOCK_PATH_MAX] = '\0';
    assert_int_equal(with_flag("socket", longest, path), JT_EXIT_USAGE);
    assert_int_equal(with_flag("data", longest, path), JT_EXIT_USAGE);
    assert_int_equal(with_flag("socket", "", path), JT_EXIT_USAGE);
}

static void nobody_there(void **state)
{
    (void)state;
    static const struct jt_flag flag = {"socket", "FILE", false, ""};
    struct sockaddr_un sa = address("stale.sock");
    struct jt_args args = {.command = &command, .n = 1};
    struct jt_http_reply reply = {0};
    struct jt_buf in;
    jt_buf_init(&in, 1000);
    args.given[0].flag = &flag;
    args.given[0].value = sa.sun_path;
    assert_int_equal(jt_sock_exchange(&args, JT_LIT("x"), &in, &reply), JT_EXIT_UNREACHABLE);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* a file nobody listens on any more */
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    (void)close(fd);
    assert_int_equal(jt_sock_exchange(&args, JT_LIT("x"), &in, &reply), JT_EXIT_UNREACHABLE);
    (void)unlink(sa.sun_path);
    jt_buf_free(&in);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(an_open_connection_does_not_delay),
        cmocka_unit_test(cut_answers),
        cmocka_unit_test(silence_ends_in_time),
        cmocka_unit_test(what_is_not_http),
        cmocka_unit_test(which_socket),
        cmocka_unit_test(paths_that_no_socket_has),
        cmocka_unit_test(nobody_there),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
