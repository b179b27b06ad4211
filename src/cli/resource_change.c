/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource_change.c - jeton resource update and delete.
 */

#include "../core/base/arena.h"
#include "adm.h"
#include "names.h"
#include "patch.h"
#include "remove.h"
#include "resource.h"

struct edit {
    struct jt_names scopes, introspect_by;
};

static enum jt_exit apply_one(struct edit *e, const char *flag, const char *value)
{
    if (strcmp(flag, "scope") == 0) {
        struct jt_scope_arg s = jt_scope_arg(value);
        return jt_scope_arg_ok(&s) ? jt_names_put(&e->scopes, s.name, s.has_text ? &s.text : NULL)
                                   : JT_EXIT_USAGE;
    }
    if (strcmp(flag, "no-scope") == 0) {
        return jt_names_drop(&e->scopes, jt_str(value), "the resource", "scope");
    }
    if (strcmp(flag, "introspect-by") == 0) {
        return jt_names_put(&e->introspect_by, jt_str(value), NULL);
    }
    if (strcmp(flag, "no-introspect-by") == 0) {
        return jt_names_drop(&e->introspect_by, jt_str(value), "the resource",
                             "introspecting client");
    }
    return JT_EXIT_DONE;
}

static enum jt_exit edit(const struct jt_args *args, const struct jt_jval *now, void *ctx,
                         struct jt_jw *w)
{
    struct edit *e = ctx;
    if (!jt_names_read(jt_jobj_get(now, "scopes"), &e->scopes) ||
        !jt_names_read(jt_jobj_get(now, "introspect_by"), &e->introspect_by)) {
        return JT_EXIT_FAILED;
    }
    for (size_t i = 0; i < args->n; i++) {
        enum jt_exit code = apply_one(e, args->given[i].flag->name, args->given[i].value);
        if (code != JT_EXIT_DONE) {
            return code;
        }
    }
    if (e->scopes.is_edited) {
        jt_jw_key(w, "scopes");
        jt_names_write(&e->scopes, true, w);
    }
    if (e->introspect_by.is_edited) {
        jt_jw_key(w, "introspect_by");
        jt_names_write(&e->introspect_by, false, w);
    }
    return jt_resource_members(args, w) ? JT_EXIT_DONE : JT_EXIT_USAGE;
}

static void print(const struct jt_args *args, const struct jt_adm_reply *reply)
{
    jt_resource_print(args, reply->value, reply->body);
}

enum jt_exit jt_cmd_resource_update(const struct jt_args *args)
{
    static const char *const edits[] = {"scope",         "no-scope",        "alg",
                                        "format",        "lifetime",        "bind",
                                        "introspect-by", "no-introspect-by"};
    bool has_edit = false;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        has_edit = has_edit || jt_args_has(args, edits[i]);
    }
    if (!has_edit) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "nothing to change: give --scope, --no-scope, --alg, --format, "
                           "--lifetime, --bind, --introspect-by or --no-introspect-by");
    }
    JT_AUTO(jt_arena_free) struct jt_arena arena; /* the lists are too large for the stack */
    jt_arena_init(&arena, 2 * sizeof(struct edit));
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, "/admin/v1/resources/", args->operand);
    struct jt_patch patch = {.path = jt_buf_slice(&path),
                             .edit = edit,
                             .ctx = jt_arena_alloc(&arena, sizeof(struct edit)),
                             .print = print};
    if (patch.ctx == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    return jt_patch_run(args, &patch);
}

enum jt_exit jt_cmd_resource_delete(const struct jt_args *args)
{
    static const struct jt_remove what = {.prefix = "/admin/v1/resources/",
                                          .noun = "resource",
                                          .id = "audience",
                                          .parts = "scopes",
                                          .part = "scope"};
    return jt_remove_run(args, &what);
}
