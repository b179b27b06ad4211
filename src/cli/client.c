/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/json/jw.h"
#include "adm.h"
#include "list.h"
#include "raw.h"

#define BODY_MAX ((size_t)512 * 1024)

/* AUDIENCE=SCOPE,SCOPE: an audience may have "=" in its query, so the last one parts them. */
static bool write_grant(struct jt_jw *w, const char *value)
{
    const char *equals = strrchr(value, '=');
    if (equals == NULL || equals == value || equals[1] == '\0') {
        jt_say_error("--allow takes AUDIENCE=SCOPE,SCOPE, not \"%.80s\"", value);
        return false;
    }
    jt_jw_obj(w);
    jt_jw_kstr(w, "resource", jt_slice(value, (size_t)(equals - value)));
    jt_jw_key(w, "scopes");
    jt_jw_arr(w);
    for (struct jt_slice rest = jt_str(equals + 1); rest.n > 0;) {
        size_t k = jt_slice_find(rest, ',');
        if (k == 0 || k + 1 == rest.n) {
            jt_say_error("--allow has an empty scope in \"%.80s\"", value);
            return false;
        }
        jt_jw_str(w, jt_slice(rest.p, k));
        rest = jt_slice_from(rest, k + 1);
    }
    jt_jw_end_arr(w);
    jt_jw_end_obj(w);
    return true;
}

static bool write_new(const struct jt_args *args, struct jt_buf *body)
{
    struct jt_jw w = jt_jw(body);
    const char *value = NULL;
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "name", jt_str(args->operand));
    if ((value = jt_args_get(args, "id")) != NULL) {
        jt_jw_kstr(&w, "client_id", jt_str(value));
    }
    if ((value = jt_args_get(args, "owner")) != NULL) {
        jt_jw_kstr(&w, "owner", jt_str(value));
    }
    jt_jw_key(&w, "grants");
    jt_jw_arr(&w);
    for (size_t i = 0; (value = jt_args_next(args, "allow", &i)) != NULL;) {
        if (!write_grant(&w, value)) {
            return false;
        }
    }
    jt_jw_end_arr(&w);
    jt_jw_kbool(&w, "secret", !jt_args_has(args, "no-secret"));
    jt_jw_end_obj(&w);
    return true;
}

/* A file made before the secret exists, so that none is lost for want of a place. */
struct secret_file {
    const char *path; /* NULL: print it */
    int fd;
};

static enum jt_exit secret_open(struct secret_file *f)
{
    const mode_t owner_only = S_IRUSR | S_IWUSR;
    f->fd = f->path == NULL
                ? -1
                : open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_only);
    if (f->path != NULL && f->fd < 0) {
        return jt_say_fail(errno == EEXIST ? JT_EXIT_CONFLICT : JT_EXIT_FAILED,
                           "cannot make the file \"%s\" for the secret: %s", f->path,
                           strerrordesc_np(errno));
    }
    /* Room for the secret now, or an error now. Not every file system can promise. */
    if (f->fd >= 0 && posix_fallocate(f->fd, 0, 256) == ENOSPC) {
        (void)close(f->fd);
        (void)unlink(f->path);
        f->fd = -1;
        return jt_say_fail(JT_EXIT_FAILED, "no space left for the file \"%s\"", f->path);
    }
    return JT_EXIT_DONE;
}

static void secret_discard(struct secret_file *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
        (void)unlink(f->path);
        f->fd = -1;
    }
}

/* Without a line end: curl --data-urlencode client_secret@FILE would send it too. */
static enum jt_exit secret_write(struct secret_file *f, struct jt_slice secret)
{
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
                       "the client was created, but its secret could not be written to \"%s\" "
                       "(%s) and is lost",
                       f->path, strerrordesc_np(error));
}

static void show_grants(struct jt_buf *cell, const struct jt_jval *item)
{
    const struct jt_jval *grants = jt_jobj_get(item, "grants");
    for (size_t i = 0; i < jt_jval_count(grants); i++) {
        jt_buf_puts(cell, i == 0 ? "" : "; ");
        jt_show_member(cell, jt_jarr_at(grants, i), "resource");
        jt_buf_puts(cell, ": ");
        jt_show_member(cell, jt_jarr_at(grants, i), "scopes");
    }
}

static void show_state(struct jt_buf *cell, const struct jt_jval *item)
{
    bool enabled = false;
    if (jt_jval_bool(jt_jobj_get(item, "enabled"), &enabled)) {
        jt_buf_puts(cell, enabled ? "enabled" : "disabled");
    }
}

static void print_grants(const struct jt_jval *grants)
{
    for (size_t i = 0; i < jt_jval_count(grants); i++) {
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, BODY_MAX);
        jt_show_member(&line, jt_jarr_at(grants, i), "resource");
        jt_buf_puts(&line, "  ");
        jt_show_member(&line, jt_jarr_at(grants, i), "scopes");
        jt_card(i == 0 ? "may have" : NULL, jt_buf_slice(&line));
    }
}

static void print_credentials(const struct jt_jval *credentials)
{
    static const char *const members[] = {"credential_id", "kind", "state", "label", "created"};
    for (size_t i = 0; i < jt_jval_count(credentials); i++) {
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, BODY_MAX);
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
            size_t before = line.n;
            jt_buf_puts(&line, k == 0 ? "" : "  ");
            jt_show_member(&line, jt_jarr_at(credentials, i), members[k]);
            line.n = line.n == before + 2 ? before : line.n; /* nothing there */
        }
        jt_card(i == 0 ? "credentials" : NULL, jt_buf_slice(&line));
    }
}

static void print_client(const struct jt_jval *client)
{
    JT_AUTO(jt_buf_free) struct jt_buf state;
    jt_buf_init(&state, 64);
    show_state(&state, client);
    jt_card_member("client", client, "client_id");
    jt_card_member("name", client, "name");
    jt_card_member("owner", client, "owner");
    jt_card("state", jt_buf_slice(&state));
    print_grants(jt_jobj_get(client, "grants"));
    print_credentials(jt_jobj_get(client, "credentials"));
    jt_card_member("created", client, "created");
    jt_card_member("updated", client, "updated");
    jt_card_member("version", client, "version");
}

/* What scripts want comes first: client_id, client_secret (or the file it is in), credential_id. */
static void print_new_json(const struct jt_args *args, const struct jt_adm_reply *reply,
                           const char *file)
{
    static const char *const first[] = {"client_id", "client_secret", "credential_id"};
    JT_AUTO(jt_buf_free) struct jt_buf out;
    jt_buf_init(&out, (size_t)2 * 1024 * 1024);
    struct jt_jw w = jt_jw(&out);
    jt_jw_obj(&w);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct jt_slice value = jt_raw_member(reply->body, first[i]);
        bool is_secret = strcmp(first[i], "client_secret") == 0;
        if (is_secret && file != NULL) {
            jt_jw_kstr(&w, "secret_file", jt_str(file));
        } else if (value.n > 0) {
            jt_jw_key(&w, first[i]);
            jt_jw_raw(&w, value);
        }
    }
    struct jt_raw_walk walk = jt_raw_walk(reply->body);
    struct jt_raw_item item = {0};
    while (jt_raw_next(&walk, &item)) {
        bool is_done = false;
        for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
            is_done = is_done || jt_slice_eq(item.name, jt_str(first[i]));
        }
        if (!is_done) {
            jt_jw_key_slice(&w, item.name);
            jt_jw_raw(&w, item.value);
        }
    }
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&out));
}

static void print_new(const struct jt_args *args, const struct jt_adm_reply *reply,
                      const char *file)
{
    if (args->output != JT_OUT_TABLE) {
        print_new_json(args, reply, file);
        return;
    }
    struct jt_slice secret = {0};
    bool has_secret = jt_jval_str(jt_jobj_get(reply->value, "client_secret"), &secret);
    jt_card_member("client", reply->value, "client_id");
    if (has_secret) {
        jt_card(file == NULL ? "secret" : "secret file", file == NULL ? secret : jt_str(file));
    }
    jt_card_member("credential", reply->value, "credential_id");
    jt_card_member("name", reply->value, "name");
    jt_card_member("owner", reply->value, "owner");
    print_grants(jt_jobj_get(reply->value, "grants"));
    if (has_secret && file == NULL) {
        jt_say_hint("the secret is shown only this once");
    }
    if (jt_jval_count(jt_jobj_get(reply->value, "grants")) == 0) {
        jt_say_hint("it may not have any token yet: nothing was given with --allow");
    }
}

static enum jt_exit create(const struct jt_args *args, struct jt_slice body, struct secret_file *f)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    struct jt_adm_request request = {.method = "POST",
                                     .path = JT_LIT("/admin/v1/clients"),
                                     .content_type = "application/json",
                                     .body = body};
    enum jt_exit code = jt_adm_ask(args, &request, &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    struct jt_slice secret = {0};
    if (f->fd >= 0) {
        code = jt_jval_str(jt_jobj_get(reply.value, "client_secret"), &secret)
                   ? secret_write(f, secret)
                   : jt_say_fail(JT_EXIT_FAILED, "the server's answer has no secret");
    }
    if (code == JT_EXIT_DONE) {
        print_new(args, &reply, f->path);
    }
    return code;
}

enum jt_exit jt_cmd_client_create(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(secret_discard) struct secret_file f = {jt_args_get(args, "secret-out"), -1};
    jt_buf_init(&body, BODY_MAX);
    if (f.path != NULL && jt_args_has(args, "no-secret")) {
        return jt_say_fail(JT_EXIT_USAGE, "--no-secret and --secret-out exclude each other");
    }
    if (!write_new(args, &body)) {
        return JT_EXIT_USAGE;
    }
    enum jt_exit code = secret_open(&f);
    return code == JT_EXIT_DONE ? create(args, jt_buf_slice(&body), &f) : code;
}

enum jt_exit jt_cmd_client_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {{"CLIENT", "client_id", NULL, false},
                                               {"NAME", "name", NULL, true},
                                               {"OWNER", "owner", NULL, true},
                                               {"STATE", NULL, show_state, false},
                                               {"MAY HAVE", NULL, show_grants, true}};
    struct jt_list list = {.path = JT_LIT("/admin/v1/clients"),
                           .columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .empty = "there is no client yet; jeton client create makes one"};
    return jt_list_run(args, &list);
}

enum jt_exit jt_cmd_client_show(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, "/admin/v1/clients/", args->operand);
    struct jt_adm_request request = {.method = "GET", .path = jt_buf_slice(&path)};
    enum jt_exit code = jt_adm_ask(args, &request, &reply);
    if (code == JT_EXIT_DONE && args->output == JT_OUT_TABLE) {
        print_client(reply.value);
    } else if (code == JT_EXIT_DONE) {
        jt_out_json(args->output, reply.body);
    }
    return code;
}
