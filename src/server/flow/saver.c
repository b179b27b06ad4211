/* SPDX-License-Identifier: Apache-2.0 */
#include "saver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct jt_saver {
    const char *dir;
    uint64_t start;
    struct jt_writer *writer;
    struct jt_mailbox mailbox; /* where the store thread's answer comes */
    pthread_t thread;
    bool started; /* the thread is to be joined; belongs to whoever set busy */
    _Atomic bool busy, stop;
    struct jt_save *save;
};

static void end(struct jt_save *s, enum jt_saved how, const char *what, const char *why)
{
    s->end = how;
    (void)snprintf(s->why, sizeof s->why, "%s: %s", what, why);
}

static void end_errno(struct jt_save *s, const char *what, int error)
{
    end(s,
        error == ENOSPC || error == EDQUOT ? JT_SAVED_FULL
        : error == EIO                     ? JT_SAVED_FAILED
                                           : JT_SAVED_NOWHERE,
        what, strerrordesc_np(error));
}

/* A symbolic link that leads nowhere is something too. */
static bool is_there(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* file with its folder resolved, and file.part. */
static bool settle_paths(struct jt_save *s, char part[static PATH_MAX])
{
    char folder[PATH_MAX];
    char real[PATH_MAX];
    char *slash = strrchr(s->file, '/');
    if (slash == NULL || slash[1] == '\0' || strcmp(slash, "/.") == 0 ||
        strcmp(slash, "/..") == 0) {
        end(s, JT_SAVED_NOWHERE, s->file, "this is not the name of a file");
        return false;
    }
    (void)snprintf(folder, sizeof folder, "%.*s/", (int)(slash - s->file), s->file);
    if (realpath(folder, real) == NULL) {
        end_errno(s, folder, errno);
        return false;
    }
    struct stat st = {0};
    if (stat(real, &st) == 0 && (st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
        end(s, JT_SAVED_NOWHERE, real, "anybody may put another file there: choose another folder");
        return false;
    }
    const char *between = strcmp(real, "/") == 0 ? "" : "/";
    int n = snprintf(part, PATH_MAX, "%s%s%s.part", real, between, slash + 1);
    if (n < 0 || n >= PATH_MAX) {
        end_errno(s, "the path of the file", ENAMETOOLONG);
        return false;
    }
    (void)snprintf(s->file, sizeof s->file, "%.*s", n - 5, part);
    return true;
}

struct pinning {
    struct jt_backup *backup;
    struct jt_save *save;
};

static enum jt_err pin_both(struct jt_change *chg, void *ctx)
{
    struct pinning *p = ctx;
    p->save->about.made_s = jt_change_now_s(chg);
    return jt_backup_pin(p->backup);
}

/* On the store thread, where nothing is half done. */
static enum jt_err pin_between_batches(struct jt_saver *v, struct jt_backup *b, struct jt_save *s)
{
    struct pinning p = {b, s};
    struct jt_job job = {.change = pin_both, .ctx = &p};
    return jt_mailbox_wait(&v->mailbox, v->writer, &job);
}

static enum jt_err copy(struct jt_saver *v, struct jt_save *s, const char *part)
{
    struct jt_backup *b = NULL;
    s->about = (struct jt_backup_about){.start = v->start, .version = JT_VERSION};
    JT_TRY(jt_backup_open(v->dir, part, &b));
    enum jt_err e = pin_between_batches(v, b, s);
    if (e == JT_OK) {
        e = jt_backup_copy(b, &v->stop, &s->about);
    }
    jt_backup_close(&b);
    return e;
}

static bool same_file(int fd, const char *path, uint64_t *bytes)
{
    struct stat mine = {0};
    struct stat there = {0};
    if (fstat(fd, &mine) != 0 || lstat(path, &there) != 0 || mine.st_ino != there.st_ino ||
        mine.st_dev != there.st_dev) {
        return false;
    }
    *bytes = (uint64_t)mine.st_size;
    return true;
}

static bool sync_folder(const char *file)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%.*s/", (int)(strrchr(file, '/') - file), file);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* The copy is complete: to the disk, and under its name, which nobody may have taken meanwhile. */
static void publish(struct jt_save *s, int fd, const char *part)
{
    if (fsync(fd) != 0) {
        end_errno(s, part, errno);
        return;
    }
    if (!same_file(fd, part, &s->bytes)) {
        end(s, JT_SAVED_FAILED, part, "somebody else put another file there");
        return;
    }
    int rc = renameat2(AT_FDCWD, part, AT_FDCWD, s->file, RENAME_NOREPLACE);
    if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) { /* the file system cannot promise that */
        bool there = is_there(s->file);
        rc = there ? -1 : rename(part, s->file);
        errno = there ? EEXIST : errno;
    }
    if (rc != 0 && errno == EEXIST) {
        end(s, JT_SAVED_EXISTS, s->file, "cannot take this name: something has it already");
        return;
    }
    if (rc != 0) {
        end_errno(s, s->file, errno);
        return;
    }
    if (!sync_folder(s->file)) {
        end_errno(s, s->file, errno);
        return;
    }
    s->end = JT_SAVED;
}

static void judge(struct jt_save *s, enum jt_err e, const char *part)
{
    if (e == JT_E_FULL) {
        end(s, JT_SAVED_FULL, part, "no space left on the device");
    } else if (e == JT_E_BUSY) {
        end(s, JT_SAVED_STOPPED, part, "given up: the server stops, or the databases are busy");
    } else {
        end(s, JT_SAVED_FAILED, part, jt_err_text(e));
    }
}

static void make(struct jt_saver *v, struct jt_save *s)
{
    char part[PATH_MAX];
    if (!settle_paths(s, part)) {
        return;
    }
    if (is_there(s->file)) {
        end(s, JT_SAVED_EXISTS, s->file, "it exists already; a backup never replaces a file");
        return;
    }
    int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        end(s, JT_SAVED_EXISTS, part, "it exists already, from a backup that was cut: remove it");
        return;
    }
    if (fd < 0) {
        end_errno(s, part, errno);
        return;
    }
    enum jt_err e = copy(v, s, part);
    if (e == JT_OK) {
        publish(s, fd, part);
    } else {
        judge(s, e, part);
    }
    if (s->end != JT_SAVED) {
        (void)unlink(part);
    }
    (void)close(fd);
}

static void *run(void *arg)
{
    struct jt_saver *v = arg;
    struct jt_save *s = v->save;
    struct jt_mailbox *reply = s->job.reply;
    make(v, s);
    atomic_store(&v->busy, false); /* before the answer: who has it may ask again */
    jt_mailbox_put(reply, &s->job);
    jt_mailbox_wake(reply);
    return NULL;
}

enum jt_err jt_saver_new(const char *dir, uint64_t start, struct jt_writer *writer,
                         struct jt_saver **out)
{
    struct jt_saver *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    s->dir = dir;
    s->start = start;
    s->writer = writer;
    enum jt_err e = jt_mailbox_init(&s->mailbox);
    if (e != JT_OK) {
        free(s);
        return e;
    }
    *out = s;
    return JT_OK;
}

bool jt_saver_begin(struct jt_saver *s, struct jt_save *save)
{
    if (atomic_load(&s->stop) || atomic_exchange(&s->busy, true)) {
        return false;
    }
    if (s->started) {
        (void)pthread_join(s->thread, NULL); /* it has given its answer already */
    }
    s->save = save;
    s->started = pthread_create(&s->thread, NULL, run, s) == 0;
    if (!s->started) {
        atomic_store(&s->busy, false);
    }
    return s->started;
}

void jt_saver_cancel(struct jt_saver *s)
{
    if (s != NULL) {
        atomic_store(&s->stop, true);
    }
}

void jt_saver_free(struct jt_saver **s)
{
    if (*s == NULL) {
        return;
    }
    jt_saver_cancel(*s);
    if ((*s)->started) {
        (void)pthread_join((*s)->thread, NULL);
    }
    jt_mailbox_close(&(*s)->mailbox);
    free(*s);
    *s = NULL;
}
