/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_change.c - jeton client update, enable, disable and delete.
 */
#include "../core/base/arena.h"
#include "client.h"
#include "names.h"
#include "networks.h"
#include "patch.h"
#include "remove.h"

#define ARENA_MAX ((size_t)1024 * 1024)

struct edit {
    struct jt_arena *arena;
    struct jt_names networks, compat;
};

static enum jt_exit edit_network(struct edit *e, const char *flag, const char *value)
{
    char text[JT_NET_TEXT];
    struct jt_slice kept = {0};
    if (!jt_network_text(flag, value, text)) {
        return JT_EXIT_USAGE;
    }
    if (!jt_arena_copy(e->arena, jt_str(text), &kept)) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    return strcmp(flag, "cidr") == 0 ? jt_names_put(&e->networks, kept, NULL)
                                     : jt_names_drop(&e->networks, kept, "the client", "network");
}

static enum jt_exit edit_compat(struct edit *e, const char *flag, const char *value)
{
    enum jt_exit code = JT_EXIT_DONE;
    for (struct jt_slice rest = jt_str(value); rest.n > 0 && code == JT_EXIT_DONE;) {
        size_t k = jt_slice_find(rest, ',');
        if (k == 0 || k + 1 == rest.n) {
            return jt_say_fail(JT_EXIT_USAGE, "--%s has an empty word in \"%.80s\"", flag, value);
        }
        struct jt_slice word = jt_slice(rest.p, k);
        code = strcmp(flag, "compat") == 0
                   ? jt_names_put(&e->compat, word, NULL)
                   : jt_names_drop(&e->compat, word, "the client", "compatibility");
        rest = jt_slice_from(rest, k + 1);
    }
    return code;
}

static enum jt_exit apply_one(struct edit *e, const char *flag, const char *value)
{
    if (strcmp(flag, "cidr") == 0 || strcmp(flag, "no-cidr") == 0) {
        return edit_network(e, flag, value);
    }
    if (strcmp(flag, "compat") == 0 || strcmp(flag, "no-compat") == 0) {
        return edit_compat(e, flag, value);
    }
    return JT_EXIT_DONE;
}

static void write_edit(const struct jt_args *args, const struct edit *e, struct jt_jw *w)
{
    static const char *const texts[] = {"name", "owner"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = jt_args_get(args, texts[i]);
        if (value != NULL) {
            jt_jw_kstr(w, texts[i], jt_str(value));
        }
    }
    (void)jt_client_put_rotation(args, w); /* it was read before */
    if (e->networks.is_edited) {
        jt_jw_key(w, "networks");
        jt_names_write(&e->networks, false, w);
    }
    if (e->compat.is_edited) {
        jt_jw_key(w, "compat");
        jt_names_write(&e->compat, false, w);
    }
}

static enum jt_exit edit(const struct jt_args *args, const struct jt_jval *now, void *ctx,
                         struct jt_jw *w)
{
    struct edit *e = ctx;
    if (!jt_names_read(jt_jobj_get(now, "networks"), &e->networks) ||
        !jt_names_read(jt_jobj_get(now, "compat"), &e->compat)) {
        return JT_EXIT_FAILED;
    }
    for (size_t i = 0; i < args->n; i++) {
        enum jt_exit code = apply_one(e, args->given[i].flag->name, args->given[i].value);
        if (code != JT_EXIT_DONE) {
            return code;
        }
    }
    write_edit(args, e, w);
    return JT_EXIT_DONE;
}

static enum jt_exit patch_client(const struct jt_args *args, struct jt_patch patch)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, "/admin/v1/clients/", args->operand);
    patch.path = jt_buf_slice(&path);
    patch.print = jt_client_print;
    return jt_patch_run(args, &patch);
}

enum jt_exit jt_cmd_client_update(const struct jt_args *args)
{
    static const char *const edits[] = {"name",   "owner",     "cidr",     "no-cidr",
                                        "compat", "no-compat", "rotation", "rotate-every"};
    bool has_edit = false;
    int64_t every = 0;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        has_edit = has_edit || jt_args_has(args, edits[i]);
    }
    if (!has_edit) {
        return jt_say_fail(JT_EXIT_USAGE, "nothing to change: give --name, --owner, --cidr, "
                                          "--no-cidr, --compat, --no-compat, --rotation "
                                          "or --rotate-every");
    }
    if (!jt_args_duration(args, "rotate-every", 0, &every)) {
        return JT_EXIT_USAGE;
    }
    JT_AUTO(jt_arena_free) struct jt_arena arena; /* the lists are too large for the stack */
    jt_arena_init(&arena, ARENA_MAX);
    struct edit *e = jt_arena_alloc(&arena, sizeof *e);
    if (e == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    e->arena = &arena;
    return patch_client(args, (struct jt_patch){.edit = edit, .ctx = e});
}

static enum jt_exit edit_enabled(const struct jt_args *args, const struct jt_jval *now, void *ctx,
                                 struct jt_jw *w)
{
    bool *want = ctx;
    bool is = false;
    if (jt_jval_bool(jt_jobj_get(now, "enabled"), &is) && is == *want) {
        jt_say_hint("client %s is %s already", args->operand, is ? "enabled" : "disabled");
        return JT_EXIT_DONE;
    }
    jt_jw_kbool(w, "enabled", *want);
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_client_enable(const struct jt_args *args)
{
    bool want = true;
    return patch_client(args, (struct jt_patch){.edit = edit_enabled, .ctx = &want});
}

enum jt_exit jt_cmd_client_disable(const struct jt_args *args)
{
    bool want = false;
    return patch_client(args, (struct jt_patch){.edit = edit_enabled, .ctx = &want});
}

enum jt_exit jt_cmd_client_delete(const struct jt_args *args)
{
    static const struct jt_remove what = {.prefix = "/admin/v1/clients/",
                                          .noun = "client",
                                          .id = "client_id",
                                          .parts = "credentials",
                                          .part = "credential"};
    return jt_remove_run(args, &what);
}
