/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.c - preloaded into a server under test: a disk that does as a file says (DISK_CONTROL):
 *
 *   HOW NAME [CALLS [SKIP [TIMES [MARK]]]]
 *
 * HOW: eio, enospc, short (half of a write), eintr, hang (until the file says otherwise), kill (the
 * process ends there and then). NAME: in the path of the files meant, * for all. CALLS, separated
 * by commas: sync (the default), write, truncate, rename, or all. SKIP calls are done as ever
 * before, and it happens TIMES times (0: for ever). MARK: only to make one line different from
 * another; calls are counted anew when the line changes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char known[256];
static long calls, struck;

struct order {
    char how[16], name[64], calls[64];
    long skip, times;
};

static int read_order(struct order *o)
{
    char line[256] = "";
    const char *control = getenv("DISK_CONTROL");
    FILE *f = control == NULL ? NULL : fopen(control, "re");
    if (f == NULL) {
        return 0;
    }
    size_t n = fread(line, 1, sizeof line - 1, f);
    (void)fclose(f);
    line[n] = '\0';
    if (strcmp(line, known) != 0) {
        (void)snprintf(known, sizeof known, "%s", line);
        calls = struck = 0;
    }
    *o = (struct order){.calls = "sync"};
    return sscanf(line, "%15s %63s %63s %ld %ld", o->how, o->name, o->calls, &o->skip, &o->times) >=
           2;
}

static int is_meant(const struct order *o, const char *call, const char *path)
{
    return (strcmp(o->name, "*") == 0 || strstr(path, o->name) != NULL) &&
           (strcmp(o->calls, "all") == 0 || strstr(o->calls, call) != NULL);
}

/* What happens to this call: a letter of HOW, or 0. */
static char fate(const char *call, const char *path)
{
    struct order o;
    char c = 0;
    (void)pthread_mutex_lock(&lock);
    if (read_order(&o) && is_meant(&o, call, path) && ++calls > o.skip &&
        (o.times == 0 || struck < o.times)) {
        struck++;
        c = strcmp(o.how, "eio") == 0      ? 'i'
            : strcmp(o.how, "enospc") == 0 ? 'f'
            : strcmp(o.how, "short") == 0  ? 's'
            : strcmp(o.how, "eintr") == 0  ? 'r'
            : strcmp(o.how, "hang") == 0   ? 'h'
                                           : 'k';
    }
    (void)pthread_mutex_unlock(&lock);
    return c;
}

static void path_of(int fd, char path[4096])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t k = readlink(link, path, 4095);
    path[k < 0 ? 0 : k] = '\0';
}

/* 0: the call is done; 1: half of it; -1: it fails, and errno is set. */
static int happens(const char *call, const char *path)
{
    char c = path[0] == '/' ? fate(call, path) : 0;
    while (c == 'h') {
        (void)usleep(20000);
        c = fate(call, path);
    }
    if (c == 'k') {
        (void)raise(SIGKILL);
    }
    errno = c == 'f' ? ENOSPC : c == 'r' ? EINTR : c == 'i' ? EIO : errno;
    return c == 0 ? 0 : c == 's' ? 1 : -1;
}

static int happens_to(const char *call, int fd)
{
    char path[4096];
    int before = errno;
    path_of(fd, path);
    errno = before;
    return happens(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fdatasync(int fd)
{
    return happens_to("sync", fd) != 0 ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
    return happens_to("sync", fd) != 0 ? -1 : REAL(fsync)(fd);
}

int ftruncate(int fd, off_t n)
{
    return happens_to("truncate", fd) != 0 ? -1 : REAL(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return happens_to("truncate", fd) != 0 ? -1 : REAL(ftruncate64)(fd, n);
}

static size_t part(int h, size_t n)
{
    return h == 1 && n > 1 ? n / 2 : n;
}

ssize_t write(int fd, const void *p, size_t n)
{
    int h = happens_to("write", fd);
    return h < 0 ? -1 : REAL(write)(fd, p, part(h, n));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    int h = happens_to("write", fd);
    return h < 0 ? -1 : REAL(pwrite)(fd, p, part(h, n), at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    int h = happens_to("write", fd);
    return h < 0 ? -1 : REAL(pwrite64)(fd, p, part(h, n), at);
}

int rename(const char *from, const char *to)
{
    return happens("rename", to) != 0 ? -1 : REAL(rename)(from, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    return happens("rename", to) != 0 ? -1 : REAL(renameat2)(a, from, b, to, flags);
}
