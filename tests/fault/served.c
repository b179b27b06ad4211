/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "core/base/err.h"
#include "server/boot.h"

#define NAPS_SHORT 250 /* of 2 ms */

#define MUST(cond) JT_ASSERT(cond)

static void block_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void served_init(struct served *s)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t n = sizeof in;
    memset(s, 0, sizeof *s);
    (void)snprintf(s->dir, sizeof s->dir, "%s",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm/jeton-test-XXXXXX"
                                                 : "/tmp/jeton-test-XXXXXX");
    MUST(mkdtemp(s->dir) != NULL);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(fd >= 0 && bind(fd, (const struct sockaddr *)&in, sizeof in) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&in, &n) == 0);
    (void)close(fd);
    s->port = ntohs(in.sin_port);
    (void)snprintf(s->listen, sizeof s->listen, "127.0.0.1:%u", s->port);
    s->lifetime = "1h";
    block_signals();
}

void served_remove(struct served *s)
{
    DIR *d = opendir(s->dir);
    const struct dirent *e = NULL;
    while (d != NULL && (e = readdir(d)) != NULL) {
        (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    (void)closedir(d);
    (void)rmdir(s->dir);
}

static enum jt_err load(void *ctx, struct jt_config *c, struct jt_config_error *err)
{
    struct served *s = ctx;
    const struct {
        const char *name, *value;
    } rows[] = {{"server.data", s->dir}, {"server.listen", s->listen},
                {"server.workers", "1"}, {"token.alg", "ES256"},
                {"log.level", "error"},  {"token.lifetime", s->lifetime}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        JT_TRY(jt_config_set(c, rows[i].name, jt_str(rows[i].value), "test", err));
    }
    return jt_config_check(c, err);
}

static void *serve(void *arg)
{
    struct served *s = arg;
    struct jt_config c;
    struct jt_config_error err = {{0}, {0}};
    const struct jt_boot how = {.load = load, .ctx = s};
    jt_config_init(&c);
    enum jt_err e = load(s, &c, &err);
    s->code = e == JT_OK ? jt_boot_run(&c, &how) : e == JT_E_NOMEM ? 1 : 2;
    jt_config_free(&c);
    atomic_store(&s->ended, true);
    return NULL;
}

static void nap(void)
{
    const struct timespec ms = {0, 2000000};
    (void)nanosleep(&ms, NULL);
}

bool served_start(struct served *s)
{
    unsigned short_for = 0;
    atomic_store(&s->ended, false);
    MUST(pthread_create(&s->thread, NULL, serve, s) == 0);
    while (!atomic_load(&s->ended)) {
        if (served_admin(s, "GET", "/readyz", NULL, NULL) == 200) {
            return true;
        }
        nap();
        /* It may be up, but without the memory to say so: it must answer when there is some. */
        if (fault_struck() && ++short_for == NAPS_SHORT) {
            (void)fault_disarm();
        }
    }
    MUST(pthread_join(s->thread, NULL) == 0);
    return false;
}

int served_stop(struct served *s)
{
    MUST(pthread_kill(s->thread, SIGTERM) == 0);
    MUST(pthread_join(s->thread, NULL) == 0);
    return s->code;
}

void served_hangup(struct served *s)
{
    MUST(pthread_kill(s->thread, SIGHUP) == 0);
}

/* Sends, and reads until the server closes. Returns the status, or 0. */
static unsigned exchange(struct served *s, int fd, const char *text, size_t n)
{
    const struct timeval patience = {20, 0};
    size_t got = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
    while (k > 0 && got < sizeof s->answer - 1 &&
           (k = recv(fd, s->answer + got, sizeof s->answer - 1 - got, 0)) > 0) {
        got += (size_t)k;
    }
    (void)close(fd);
    s->answer[got] = '\0';
    s->body = strstr(s->answer, "\r\n\r\n");
    s->body = s->body == NULL ? s->answer : s->body + 4;
    return got > 12 ? (unsigned)strtoul(s->answer + 9, NULL, 10) : 0;
}

static void basic(const char *plain, char *out, size_t cap)
{
    static const char a[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(plain);
    size_t o = (size_t)snprintf(out, cap, "Authorization: Basic ");
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)(unsigned char)plain[i] << 16;
        v |= i + 1 < n ? (unsigned)(unsigned char)plain[i + 1] << 8 : 0;
        v |= i + 2 < n ? (unsigned)(unsigned char)plain[i + 2] : 0;
        MUST(o + 8 < cap);
        out[o++] = a[v >> 18];
        out[o++] = a[v >> 12 & 63];
        out[o++] = i + 1 < n ? a[v >> 6 & 63] : '=';
        out[o++] = i + 2 < n ? a[v & 63] : '=';
    }
    (void)snprintf(out + o, cap - o, "\r\n");
}

unsigned served_post(struct served *s, const char *path, const char *auth, const char *form)
{
    char header[1024] = "";
    char request[8192];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (auth != NULL) {
        basic(auth, header, sizeof header);
    }
    int n = snprintf(request, sizeof request,
                     "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
                     "application/x-www-form-urlencoded\r\n%sContent-Length: %zu\r\n\r\n%s",
                     path, header, strlen(form), form);
    MUST(n > 0 && (size_t)n < sizeof request);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return exchange(s, fd, request, (size_t)n);
}

unsigned served_admin(struct served *s, const char *method, const char *path, const char *json,
                      const char *etag)
{
    char request[8192];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/admin.sock", s->dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return 0;
    }
    int n = snprintf(request, sizeof request,
                     "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s%s%s"
                     "Content-Length: %zu\r\n\r\n%s",
                     method, path, json != NULL ? "Content-Type: application/json\r\n" : "",
                     etag != NULL ? "If-Match: " : "", etag != NULL ? etag : "",
                     etag != NULL ? "\r\n" : "", json != NULL ? strlen(json) : 0,
                     json != NULL ? json : "");
    MUST(n > 0 && (size_t)n < sizeof request);
    return exchange(s, fd, request, (size_t)n);
}

void served_member(const struct served *s, const char *name, char *out, size_t cap)
{
    char key[64];
    (void)snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *p = strstr(s->body, key);
    size_t n = 0;
    if (p != NULL) {
        p += strlen(key);
        while (p[n] != '\0' && p[n] != '"' && n + 1 < cap) {
            n++;
        }
        memcpy(out, p, n);
    }
    out[n] = '\0';
}
