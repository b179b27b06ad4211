/* SPDX-License-Identifier: Apache-2.0 */
#include "datadir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/base/buf.h"
#include "../core/base/num.h"

bool jt_datadir_file(const struct jt_datadir *d, const char *name, char out[static PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", d->path, name);
    return n > 0 && n < PATH_MAX;
}

static enum jt_err check_directory(const char *path, char *why, size_t why_n)
{
    struct stat st = {0};
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        (void)snprintf(why, why_n, "%s is not a directory", path);
        return JT_E_IO;
    }
    if (st.st_uid != geteuid() && geteuid() != 0) {
        (void)snprintf(why, why_n, "%s belongs to uid %u, not to the server's user (uid %u)", path,
                       (unsigned)st.st_uid, (unsigned)geteuid());
        return JT_E_PERM;
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)snprintf(why, why_n, "others may write to %s: chmod 700 %s", path, path);
        return JT_E_PERM;
    }
    return JT_OK;
}

/* Who holds the lock, as it wrote itself into the file. */
static void name_holder(int fd, const char *path, char *why, size_t why_n)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    size_t k = 0;
    while (n > 0 && k < (size_t)n && pid[k] >= '0' && pid[k] <= '9') {
        k++;
    }
    pid[k] = '\0';
    (void)snprintf(why, why_n, "the data directory %s is in use by another server (pid %s)", path,
                   k > 0 ? pid : "unknown");
}

static enum jt_err take_lock(struct jt_datadir *d, char *why, size_t why_n)
{
    char file[PATH_MAX];
    char pid[JT_U64_DIGITS];
    if (!jt_datadir_file(d, "lock", file)) {
        return JT_E_LIMIT;
    }
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        (void)snprintf(why, why_n, "cannot open %s: %s", file, strerror(errno));
        return errno == ENOSPC ? JT_E_FULL : JT_E_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        name_holder(fd, d->path, why, why_n);
        (void)close(fd);
        return JT_E_CONFLICT;
    }
    struct jt_slice text = jt_fmt_u64((uint64_t)getpid(), pid);
    if (ftruncate(fd, 0) == 0) {
        (void)!pwrite(fd, text.p, text.n, 0); /* only for people: a full disk does not matter */
    }
    d->lock_fd = fd;
    return JT_OK;
}

enum jt_err jt_datadir_open(struct jt_slice path, struct jt_datadir *out, char *why, size_t why_n)
{
    struct jt_datadir d = {.lock_fd = -1};
    char asked[PATH_MAX];
    int n = snprintf(asked, sizeof asked, "%.*s", JT_FMT(path));
    if (n <= 0 || (size_t)n >= sizeof asked) {
        (void)snprintf(why, why_n, "the path of the data directory is empty or too long");
        return JT_E_LIMIT;
    }
    if (mkdir(asked, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(why, why_n, "cannot make the data directory %s: %s", asked, strerror(errno));
        return JT_E_IO;
    }
    if (realpath(asked, d.path) == NULL) {
        (void)snprintf(why, why_n, "cannot find the data directory %s: %s", asked, strerror(errno));
        return JT_E_IO;
    }
    JT_TRY(check_directory(d.path, why, why_n));
    JT_TRY(take_lock(&d, why, why_n));
    *out = d;
    return JT_OK;
}

void jt_datadir_close(struct jt_datadir *d)
{
    if (d->lock_fd >= 0) {
        (void)close(d->lock_fd);
        d->lock_fd = -1;
    }
}

static enum jt_err write_all(int fd, struct jt_slice s)
{
    while (s.n > 0) {
        ssize_t k = write(fd, s.p, s.n);
        if (k < 0 && errno != EINTR) {
            return errno == ENOSPC ? JT_E_FULL : JT_E_IO;
        }
        if (k > 0) {
            s = jt_slice_from(s, (size_t)k);
        }
    }
    return fsync(fd) == 0 ? JT_OK : JT_E_IO;
}

enum jt_err jt_datadir_sync(const struct jt_datadir *d)
{
    int fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok ? JT_OK : JT_E_IO;
}

enum jt_err jt_datadir_write(const struct jt_datadir *d, const char *name, struct jt_slice text)
{
    char file[PATH_MAX];
    char part[PATH_MAX];
    if (!jt_datadir_file(d, name, file) ||
        snprintf(part, sizeof part, "%s/.%s.part", d->path, name) >= (int)sizeof part) {
        return JT_E_LIMIT;
    }
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return JT_E_IO;
    }
    enum jt_err e = write_all(fd, text);
    (void)close(fd);
    if (e == JT_OK && rename(part, file) != 0) {
        e = JT_E_IO;
    }
    if (e != JT_OK) {
        (void)unlink(part);
        return e;
    }
    return jt_datadir_sync(d);
}

enum jt_err jt_datadir_read(const struct jt_datadir *d, const char *name, size_t max,
                            struct jt_buf *out)
{
    char file[PATH_MAX];
    jt_buf_init(out, max);
    if (!jt_datadir_file(d, name, file)) {
        return JT_E_LIMIT;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? JT_E_NOTFOUND : JT_E_IO;
    }
    enum jt_err e = JT_OK;
    for (;;) {
        uint8_t part[1024];
        ssize_t k = read(fd, part, sizeof part);
        if (k > 0) {
            jt_buf_put(out, jt_slice(part, (size_t)k));
        } else if (k == 0 || errno != EINTR) {
            e = k == 0 ? JT_OK : JT_E_IO;
            break;
        }
    }
    (void)close(fd);
    return e == JT_OK && !jt_buf_ok(out) ? JT_E_LIMIT : e;
}

void jt_datadir_remove(const struct jt_datadir *d)
{
    DIR *dir = opendir(d->path);
    if (dir == NULL) {
        return;
    }
    const struct dirent *e = NULL;
    while ((e = readdir(dir)) != NULL) {
        (void)unlinkat(dirfd(dir), e->d_name, 0); /* "." and ".." refuse */
    }
    (void)closedir(dir);
    (void)rmdir(d->path);
}
