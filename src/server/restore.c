/* SPDX-License-Identifier: Apache-2.0 */
#include "restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "state.h"
#include "store/setting.h"
#include "store/store.h"

/*
 * Starts and credentials that the backup cannot know: of the server it was taken from, after it was
 * taken, and perhaps on another machine. So the numbers jump, and by more than anybody uses up
 * between two backups. The start is the upper 23 bits of the issue sequence.
 */
#define START_JUMP 4096u
#define START_MAX ((UINT64_C(1) << 23) - 1)
#define CREDENTIAL_JUMP (UINT64_C(1) << 20)

#define PART "restore.part"   /* being written */
#define READY "restore.ready" /* complete: from here on names change */

/* What a restore puts aside. */
static const char *const old_names[] = {"audit.db-shm", "audit.db-wal", "audit.db",
                                        "jeton.db-shm", "jeton.db-wal", "jeton.db"};
#define OLD_NAMES (sizeof old_names / sizeof old_names[0])

struct work {
    struct jt_restore *r;
    struct jt_datadir dir, part;
    char file[PATH_MAX];
    char master_path[PATH_MAX];
    uint8_t master[JT_KEY_SIZE];
    struct jt_crypt *crypt;
    struct jt_keyring keyring;
    struct jt_backup_numbers numbers;
    char *why;
    size_t why_n;
};

static enum jt_err fail(struct work *w, enum jt_err e, const char *what, const char *why)
{
    (void)snprintf(w->why, w->why_n, "%s: %s", what, why);
    return e;
}

bool jt_restore_was_cut(const struct jt_datadir *d)
{
    char state[PATH_MAX];
    /* the state leaves last */
    return jt_datadir_file(d, READY "/jeton.db", state) && access(state, F_OK) == 0;
}

static bool has(const struct work *w, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return jt_datadir_file(&w->dir, name, path) && lstat(path, &st) == 0;
}

static enum jt_err check_file(struct work *w)
{
    char why[512];
    struct stat st = {0};
    if (realpath(w->r->file, w->file) == NULL || stat(w->file, &st) != 0) {
        return fail(w, errno == ENOENT ? JT_E_NOTFOUND : JT_E_IO, w->r->file,
                    strerrordesc_np(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(w, JT_E_SYNTAX, w->r->file, "this is not a file");
    }
    enum jt_err e = jt_backup_read(w->file, &w->r->about, why, sizeof why);
    if (e != JT_OK) {
        (void)snprintf(w->why, w->why_n, "%s %s", w->r->file, why);
    }
    return e;
}

/* Root would leave files that the server cannot open. */
static enum jt_err check_owner(struct work *w)
{
    struct stat st = {0};
    if (stat(w->dir.path, &st) == 0 && st.st_uid != geteuid()) {
        (void)snprintf(w->why, w->why_n, "%s belongs to uid %u: run this as that user", w->dir.path,
                       (unsigned)st.st_uid);
        return JT_E_PERM;
    }
    return JT_OK;
}

static enum jt_err check_room(struct work *w)
{
    bool any = false;
    for (size_t i = 0; i < OLD_NAMES; i++) {
        any = any || has(w, old_names[i]);
    }
    if (any && !w->r->force) {
        (void)snprintf(
            w->why, w->why_n,
            "%s has databases already: --force keeps them under other names and puts the "
            "backup in their place",
            w->dir.path);
        return JT_E_CONFLICT;
    }
    if (any) {
        (void)snprintf(w->r->aside, sizeof w->r->aside, ".before-restore-%lld",
                       (long long)jt_wall_s(&jt_clock_system));
    }
    return JT_OK;
}

static enum jt_err read_master(struct work *w)
{
    bool ours = false;
    const char *detail = "";
    if (!jt_state_master_path(&w->dir, w->master_path, &ours)) {
        return fail(w, JT_E_LIMIT, w->dir.path, "this path is too long");
    }
    enum jt_err e = jt_master_key_read(w->master_path, w->master, &detail);
    if (e == JT_E_NOTFOUND) {
        return fail(
            w, JT_E_CRYPTO, w->master_path,
            "the master key is missing; a backup does not hold it: put the one that belongs "
            "to this backup there (mode 0600)");
    }
    return e == JT_OK ? JT_OK : fail(w, e, w->master_path, detail);
}

/* Is every key and every object what it should be? Nothing is kept of them. */
static enum jt_err on_object(void *ctx, struct jt_object *o)
{
    struct work *w = ctx;
    enum jt_err e = JT_OK;
    if (o->kind == JT_OBJ_TOKEN) {
        return JT_OK; /* lent */
    }
    if (o->kind == JT_OBJ_DATA_KEY) {
        e = jt_keyring_open(&w->keyring, w->crypt, w->master, (const struct jt_data_key *)o);
    }
    if (o->kind == JT_OBJ_SIGNING_KEY) {
        e = jt_signing_key_open(w->crypt, &w->keyring, (struct jt_signing_key *)o);
    }
    if (e == JT_OK) {
        jt_object_free(o);
    }
    return e;
}

static enum jt_err put_setting(struct jt_store *s, const char *name, uint64_t value)
{
    char digits[JT_U64_DIGITS];
    const struct jt_setting setting = {
        .o = {.kind = JT_OBJ_SETTING, .name = jt_str(name)},
        .value = jt_fmt_u64(value, digits),
    };
    return s->ops->put(s, &setting.o);
}

/* The next start is numbered start + 1, and every token of a lower start is over. */
static enum jt_err put_settings(struct work *w, struct jt_store *s)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{JT_SETTING_START, w->numbers.start},
                {JT_SETTING_FLOOR, w->numbers.start + 1},
                {JT_SETTING_CREDENTIALS, w->numbers.credential},
                {JT_SETTING_RESTORED, (uint64_t)w->r->about.made_s}};
    JT_TRY(s->ops->begin(s));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jt_err e = put_setting(s, rows[i].name, rows[i].value);
        if (e != JT_OK) {
            s->ops->rollback(s);
            return e;
        }
    }
    return s->ops->commit(s, NULL, 0);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The old state counts when it can be read; a damaged one may be why there is a restore. */
static enum jt_err choose_numbers(struct work *w)
{
    struct jt_backup_numbers old = {0, 0};
    struct jt_backup_numbers copy = {0, 0};
    JT_TRY(jt_backup_numbers(w->part.path, JT_SETTING_START, JT_SETTING_CREDENTIALS, &copy));
    if (has(w, "jeton.db") &&
        jt_backup_numbers(w->dir.path, JT_SETTING_START, JT_SETTING_CREDENTIALS, &old) != JT_OK) {
        old = (struct jt_backup_numbers){0, 0};
    }
    w->numbers.start = larger(larger(old.start, copy.start), w->r->about.start) + START_JUMP;
    w->numbers.credential = larger(old.credential, copy.credential) + CREDENTIAL_JUMP;
    return w->numbers.start < START_MAX && w->numbers.credential < UINT32_MAX ? JT_OK : JT_E_LIMIT;
}

static enum jt_err settle(struct work *w)
{
    struct jt_store *s = NULL;
    const struct jt_store_opts o = {.dir = w->part.path};
    enum jt_err e = choose_numbers(w);
    if (e == JT_E_LIMIT) {
        return fail(w, e, w->file, "this state was restored too often: no numbers are left");
    }
    if (e == JT_OK) {
        e = jt_store_sqlite.open(&o, &s); /* brings older schemas to ours */
    }
    if (e != JT_OK) {
        return fail(w, e, w->part.path, jt_err_text(e));
    }
    e = s->ops->load(s, on_object, w);
    if (e == JT_E_CRYPTO) {
        (void)snprintf(w->why, w->why_n,
                       "%s does not open the keys in %s: it is another server's, or from before or "
                       "after a jeton rekey; put the one of the time of the backup there",
                       w->master_path, w->r->file);
    } else if (e == JT_OK) {
        e = put_settings(w, s);
    }
    s->ops->close(&s);
    return e == JT_OK || e == JT_E_CRYPTO ? e : fail(w, e, w->r->file, jt_err_text(e));
}

static enum jt_err sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok ? JT_OK : JT_E_IO;
}

static enum jt_err sync_part(struct work *w)
{
    static const char *const names[] = {"audit.db", "jeton.db"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_MAX];
        if (!jt_datadir_file(&w->part, names[i], path)) {
            return JT_E_LIMIT;
        }
        JT_TRY(sync_file(path));
    }
    return jt_datadir_sync(&w->part);
}

/* Of a restore that was cut. */
static bool remove_old_parts(struct work *w)
{
    bool ok = jt_datadir_file(&w->dir, READY, w->part.path);
    if (ok) {
        jt_datadir_remove(&w->part);
        ok = jt_datadir_file(&w->dir, PART, w->part.path);
    }
    if (ok) {
        jt_datadir_remove(&w->part);
    }
    return ok;
}

static enum jt_err make_ready(struct work *w)
{
    char ready[PATH_MAX];
    JT_TRY(sync_part(w));
    if (!jt_datadir_file(&w->dir, READY, ready) || rename(w->part.path, ready) != 0) {
        return JT_E_IO;
    }
    (void)snprintf(w->part.path, sizeof w->part.path, "%s", ready);
    return jt_datadir_sync(&w->dir);
}

static enum jt_err prepare(struct work *w)
{
    if (!remove_old_parts(w)) {
        return fail(w, JT_E_LIMIT, w->dir.path, "this path is too long");
    }
    if (mkdir(w->part.path, 0700) != 0) {
        return fail(w, errno == ENOSPC ? JT_E_FULL : JT_E_IO, w->part.path, strerrordesc_np(errno));
    }
    enum jt_err e = jt_backup_unpack(w->file, &w->r->about, w->part.path);
    if (e != JT_OK) {
        return fail(w, e, w->part.path, jt_err_text(e));
    }
    JT_TRY(settle(w));
    e = make_ready(w);
    return e == JT_OK ? JT_OK : fail(w, e, w->part.path, jt_err_text(e));
}

/* A log that is left beside a new database would be taken for its own: all three names go. */
static enum jt_err put_aside(struct work *w)
{
    for (size_t i = 0; i < OLD_NAMES; i++) {
        char from[PATH_MAX];
        char to[PATH_MAX];
        struct jt_slice name = jt_str(old_names[i]);
        struct jt_slice tail =
            jt_slice_from(name, 8); /* "-wal" stays at the end, as SQLite has it */
        if (!has(w, old_names[i])) {
            continue;
        }
        int n = snprintf(to, sizeof to, "%s/%.8s%s%.*s", w->dir.path, old_names[i], w->r->aside,
                         JT_FMT(tail));
        if (!jt_datadir_file(&w->dir, old_names[i], from) || n < 0 || n >= (int)sizeof to) {
            return JT_E_LIMIT;
        }
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0) {
            return errno == EEXIST ? JT_E_CONFLICT : JT_E_IO;
        }
    }
    return jt_datadir_sync(&w->dir);
}

static enum jt_err put_in_place(struct work *w)
{
    static const char *const names[] = {"audit.db", "jeton.db"};
    for (size_t i = 0; i < 2; i++) {
        char from[PATH_MAX];
        char to[PATH_MAX];
        if (!jt_datadir_file(&w->part, names[i], from) || !jt_datadir_file(&w->dir, names[i], to)) {
            return JT_E_LIMIT;
        }
        if (rename(from, to) != 0) {
            return JT_E_IO;
        }
        JT_TRY(jt_datadir_sync(&w->dir));
    }
    return JT_OK;
}

static enum jt_err change_names(struct work *w)
{
    enum jt_err e = put_aside(w);
    if (e == JT_OK) {
        e = put_in_place(w);
    }
    return e == JT_OK ? JT_OK
                      : fail(w, e, w->dir.path, "cannot rename the databases; run this again");
}

static enum jt_err run(struct work *w)
{
    JT_TRY(check_file(w));
    JT_TRY(jt_datadir_open(w->r->data, &w->dir, w->why, w->why_n));
    JT_TRY(check_owner(w));
    JT_TRY(check_room(w));
    JT_TRY(read_master(w));
    enum jt_err e = jt_crypt_new(&w->crypt);
    if (e != JT_OK) {
        return fail(w, e, "restore", jt_err_text(e));
    }
    e = prepare(w);
    if (e == JT_OK) {
        JT_TRY(change_names(w)); /* if this is cut, restore.ready stays, and no server starts */
        (void)snprintf(w->r->dir, sizeof w->r->dir, "%s", w->dir.path);
    }
    if (w->part.path[0] != '\0') {
        jt_datadir_remove(&w->part);
    }
    return e;
}

enum jt_err jt_restore_run(struct jt_restore *r, char *why, size_t why_n)
{
    struct work *w = calloc(1, sizeof *w);
    if (w == NULL) {
        (void)snprintf(why, why_n, "out of memory");
        return JT_E_NOMEM;
    }
    w->r = r;
    w->dir.lock_fd = -1;
    w->part.lock_fd = -1;
    w->why = why;
    w->why_n = why_n;
    enum jt_err e = run(w);
    jt_crypt_free(&w->crypt);
    jt_keyring_wipe(&w->keyring);
    explicit_bzero(w->master, sizeof w->master);
    jt_datadir_close(&w->dir);
    free(w);
    return e;
}
