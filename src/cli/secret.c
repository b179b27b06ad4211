/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/json/jw.h"
#include "out.h"
#include "raw.h"

enum jt_exit jt_secret_open(const struct jt_args *args, struct jt_secret_file *f)
{
    const mode_t owner_only = S_IRUSR | S_IWUSR;
    *f = (struct jt_secret_file){jt_args_get(args, "secret-out"), -1};
    if (f->path == NULL) {
        return JT_EXIT_DONE;
    }
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_only);
    if (f->fd < 0 && errno == EEXIST) {
        return jt_say_fail(JT_EXIT_CONFLICT,
                           "\"%s\" exists already and is not replaced: name another file for the "
                           "secret; nothing was changed",
                           f->path);
    }
    if (f->fd < 0) {
        return jt_say_fail(JT_EXIT_FAILED, "cannot make the file \"%s\" for the secret: %s",
                           f->path, strerrordesc_np(errno));
    }
    /* Room for the secret now, or an error now. Not every file system can promise. */
    if (posix_fallocate(f->fd, 0, 256) == ENOSPC) {
        jt_secret_discard(f);
        return jt_say_fail(JT_EXIT_FAILED, "no space left for the file \"%s\"", f->path);
    }
    return JT_EXIT_DONE;
}

void jt_secret_discard(struct jt_secret_file *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
        (void)unlink(f->path);
        f->fd = -1;
    }
}

/* Without a line end: curl --data-urlencode client_secret@FILE would send it too. */
enum jt_exit jt_secret_keep(struct jt_secret_file *f, const struct jt_adm_reply *reply,
                            const char *what)
{
    struct jt_slice secret = {0};
    if (f->fd < 0) {
        return JT_EXIT_DONE;
    }
    if (!jt_jval_str(jt_jobj_get(reply->value, "client_secret"), &secret)) {
        return jt_say_fail(JT_EXIT_FAILED, "the server's answer has no secret");
    }
    ssize_t k = pwrite(f->fd, secret.p, secret.n, 0);
    bool ok = k == (ssize_t)secret.n && ftruncate(f->fd, k) == 0 && fsync(f->fd) == 0;
    int error = errno;
    ok = close(f->fd) == 0 && ok;
    f->fd = -1;
    if (ok) {
        return JT_EXIT_DONE;
    }
    (void)unlink(f->path);
    return jt_say_fail(JT_EXIT_FAILED,
                       "%s, but its secret could not be written to \"%s\" (%s) and is lost", what,
                       f->path, strerrordesc_np(error));
}

static const char *const first[] = {"client_id", "client_secret", "credential_id"};

static bool is_first(struct jt_slice name)
{
    bool is = false;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        is = is || jt_slice_eq(name, jt_str(first[i]));
    }
    return is;
}

void jt_secret_json(const struct jt_args *args, const struct jt_adm_reply *reply,
                    const struct jt_secret_file *f)
{
    JT_AUTO(jt_buf_free) struct jt_buf out;
    jt_buf_init(&out, (size_t)2 * 1024 * 1024);
    struct jt_jw w = jt_jw(&out);
    jt_jw_obj(&w);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct jt_slice value = jt_raw_member(reply->body, first[i]);
        if (f->path != NULL && strcmp(first[i], "client_secret") == 0) {
            jt_jw_kstr(&w, "secret_file", jt_str(f->path));
        } else if (value.n > 0) {
            jt_jw_key(&w, first[i]);
            jt_jw_raw(&w, value);
        }
    }
    struct jt_raw_walk walk = jt_raw_walk(reply->body);
    struct jt_raw_item item = {0};
    while (jt_raw_next(&walk, &item)) {
        if (!is_first(item.name)) {
            jt_jw_key_slice(&w, item.name);
            jt_jw_raw(&w, item.value);
        }
    }
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&out));
}

void jt_secret_card(const struct jt_adm_reply *reply, const struct jt_secret_file *f)
{
    jt_card_member("client", reply->value, "client_id");
    if (f->path == NULL) {
        jt_card_member("secret", reply->value, "client_secret");
    } else {
        jt_card("secret file", jt_str(f->path));
    }
    jt_card_member("credential", reply->value, "credential_id");
}

/* The hash of a secret in an answer about a client that has only that, or about a credential. */
static bool has_foreign_hash(const struct jt_jval *value)
{
    struct jt_slice hash = {0};
    const struct jt_jval *of = jt_jarr_at(jt_jobj_get(value, "credentials"), 0);
    return jt_jval_str(jt_jobj_get(of != NULL ? of : value, "hash"), &hash) &&
           !jt_slice_eq(hash, JT_LIT("hmac-sha-256"));
}

void jt_secret_hint(const struct jt_adm_reply *reply, const struct jt_secret_file *f)
{
    if (f->path == NULL && jt_jobj_get(reply->value, "client_secret") != NULL) {
        jt_say_hint("the secret is shown only this once");
    }
    if (has_foreign_hash(reply->value)) {
        jt_say_hint("a hash tells nothing about how good its secret is; it is replaced by a keyed "
                    "hash when the secret is used first, and slow to compare until then");
    }
}
