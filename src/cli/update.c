/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.c - jeton resource update: read the resource, edit its lists, send back what changed.
 *
 * The ETag makes it safe: when somebody else was faster (412), the edit is made again on what
 * is there now, at most TRIES times.
 */
#include <stdio.h>

#include "../core/base/arena.h"
#include "../server/config/suggest.h"
#include "adm.h"
#include "resource.h"

#define TRIES 4
#define LIST_MAX 1024
#define BODY_MAX ((size_t)512 * 1024)

struct item {
    struct jt_slice name, text;
};

struct list {
    size_t n;
    struct item items[LIST_MAX];
};

/* Index of the item, or n. */
static size_t index_of(const struct list *l, struct jt_slice name)
{
    size_t i = 0;
    while (i < l->n && !jt_slice_eq(l->items[i].name, name)) {
        i++;
    }
    return i;
}

static bool put(struct list *l, struct jt_slice name, struct jt_slice text, bool has_text)
{
    size_t i = index_of(l, name);
    if (i == LIST_MAX) {
        jt_say_error("more than %d entries in one list", LIST_MAX);
        return false;
    }
    if (i == l->n) {
        l->n++;
        l->items[i] = (struct item){name, text};
    } else if (has_text) {
        l->items[i].text = text;
    }
    return true;
}

static enum jt_exit drop(struct list *l, struct jt_slice name, const char *what)
{
    size_t i = index_of(l, name);
    if (i < l->n) {
        memmove(&l->items[i], &l->items[i + 1], (l->n - i - 1) * sizeof l->items[0]);
        l->n--;
        return JT_EXIT_DONE;
    }
    struct jt_suggest s = jt_suggest(name);
    for (size_t k = 0; k < l->n; k++) {
        jt_suggest_offer(&s, l->items[k].name);
    }
    if (jt_suggest_found(&s)) {
        return jt_say_fail(JT_EXIT_NOT_FOUND,
                           "the resource has no %s \"%.*s\" (did you mean \"%.*s\"?)", what,
                           JT_FMT(name), JT_FMT(s.best));
    }
    return jt_say_fail(JT_EXIT_NOT_FOUND, "the resource has no %s \"%.*s\"", what, JT_FMT(name));
}

static bool read_list(const struct jt_jval *array, bool has_names, struct list *out)
{
    for (size_t i = 0; i < jt_jval_count(array); i++) {
        const struct jt_jval *v = jt_jarr_at(array, i);
        struct jt_slice name = {0};
        struct jt_slice text = {0};
        if (!jt_jval_str(has_names ? jt_jobj_get(v, "name") : v, &name)) {
            continue;
        }
        (void)jt_jval_str(jt_jobj_get(v, "text"), &text);
        if (!put(out, name, text, true)) {
            return false;
        }
    }
    return true;
}

struct edit {
    struct list scopes, introspect_by;
    bool has_scopes, has_introspect_by;
};

static enum jt_exit apply_one(struct edit *e, const char *flag, const char *value)
{
    if (strcmp(flag, "scope") == 0) {
        struct jt_scope_arg s = jt_scope_arg(value);
        e->has_scopes = true;
        return jt_scope_arg_ok(&s) && put(&e->scopes, s.name, s.text, s.has_text) ? JT_EXIT_DONE
                                                                                  : JT_EXIT_USAGE;
    }
    if (strcmp(flag, "no-scope") == 0) {
        e->has_scopes = true;
        return drop(&e->scopes, jt_str(value), "scope");
    }
    if (strcmp(flag, "introspect-by") == 0) {
        e->has_introspect_by = true;
        return put(&e->introspect_by, jt_str(value), jt_slice(NULL, 0), false) ? JT_EXIT_DONE
                                                                               : JT_EXIT_USAGE;
    }
    if (strcmp(flag, "no-introspect-by") == 0) {
        e->has_introspect_by = true;
        return drop(&e->introspect_by, jt_str(value), "introspecting client");
    }
    return JT_EXIT_DONE;
}

static enum jt_exit apply(const struct jt_args *args, const struct jt_jval *now, struct edit *e)
{
    *e = (struct edit){0};
    if (!read_list(jt_jobj_get(now, "scopes"), true, &e->scopes) ||
        !read_list(jt_jobj_get(now, "introspect_by"), false, &e->introspect_by)) {
        return JT_EXIT_FAILED;
    }
    for (size_t i = 0; i < args->n; i++) {
        enum jt_exit code = apply_one(e, args->given[i].flag->name, args->given[i].value);
        if (code != JT_EXIT_DONE) {
            return code;
        }
    }
    return JT_EXIT_DONE;
}

static bool write_patch(const struct jt_args *args, const struct edit *e, struct jt_buf *body)
{
    struct jt_jw w = jt_jw(body);
    jt_jw_obj(&w);
    if (e->has_scopes) {
        jt_jw_key(&w, "scopes");
        jt_jw_arr(&w);
        for (size_t i = 0; i < e->scopes.n; i++) {
            jt_jw_obj(&w);
            jt_jw_kstr(&w, "name", e->scopes.items[i].name);
            jt_jw_kstr(&w, "text", e->scopes.items[i].text);
            jt_jw_end_obj(&w);
        }
        jt_jw_end_arr(&w);
    }
    if (e->has_introspect_by) {
        jt_jw_key(&w, "introspect_by");
        jt_jw_arr(&w);
        for (size_t i = 0; i < e->introspect_by.n; i++) {
            jt_jw_str(&w, e->introspect_by.items[i].name);
        }
        jt_jw_end_arr(&w);
    }
    bool ok = jt_resource_members(args, &w);
    jt_jw_end_obj(&w);
    return ok;
}

/* One round: GET, edit, PATCH. *again when somebody else changed it in between. */
static enum jt_exit round_trip(const struct jt_args *args, struct jt_slice path, struct edit *e,
                               bool *again)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply now = {0};
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&body, BODY_MAX);
    bool may_retry = *again;
    *again = false;
    struct jt_adm_request get = {.method = "GET", .path = path};
    enum jt_exit code = jt_adm_ask(args, &get, &now);
    if (code == JT_EXIT_DONE) {
        code = apply(args, now.value, e);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (!write_patch(args, e, &body)) {
        return JT_EXIT_USAGE;
    }
    struct jt_adm_request patch = {.method = "PATCH",
                                   .path = path,
                                   .content_type = "application/merge-patch+json",
                                   .body = jt_buf_slice(&body),
                                   .if_match = now.etag};
    code = jt_adm_call(args, &patch, &reply);
    if (code == JT_EXIT_DONE && reply.status == 412 && may_retry) {
        *again = true;
        return JT_EXIT_CONFLICT;
    }
    code = code == JT_EXIT_DONE ? jt_adm_judge(&reply) : code;
    if (code == JT_EXIT_DONE) {
        jt_resource_print(args, reply.value, reply.body);
    }
    return code;
}

enum jt_exit jt_cmd_resource_update(const struct jt_args *args)
{
    static const char *const edits[] = {"scope",    "no-scope",      "alg",
                                        "lifetime", "introspect-by", "no-introspect-by"};
    bool has_edit = false;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        has_edit = has_edit || jt_args_has(args, edits[i]);
    }
    if (!has_edit) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "nothing to change: give --scope, --no-scope, --alg, --lifetime, "
                           "--introspect-by or --no-introspect-by");
    }
    JT_AUTO(jt_arena_free) struct jt_arena arena; /* the lists are too large for the stack */
    jt_arena_init(&arena, 2 * sizeof(struct edit));
    struct edit *edit = jt_arena_alloc(&arena, sizeof *edit);
    if (edit == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, "/admin/v1/resources/", args->operand);
    enum jt_exit code = JT_EXIT_CONFLICT;
    bool again = true;
    for (int i = 1; i <= TRIES && again; i++) {
        again = i < TRIES;
        code = round_trip(args, jt_buf_slice(&path), edit, &again);
    }
    return code;
}
