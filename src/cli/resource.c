/* SPDX-License-Identifier: Apache-2.0 */
#include "resource.h"

#include "../core/http/name.h"
#include "adm.h"
#include "list.h"

#define PATH_MAX_BYTES 4096
#define BODY_MAX ((size_t)512 * 1024)

struct jt_scope_arg jt_scope_arg(const char *value)
{
    struct jt_slice s = jt_str(value);
    size_t k = jt_slice_find(s, '=');
    return (struct jt_scope_arg){jt_slice(s.p, k), jt_slice_from(s, k + 1), k < s.n};
}

bool jt_scope_arg_ok(const struct jt_scope_arg *s)
{
    if (jt_scope_name_ok(s->name)) {
        return true;
    }
    jt_say_error("\"%.*s\" cannot be the name of a scope: 1 to 128 visible characters without "
                 "blank, quote and backslash",
                 (int)(s->name.n < 80 ? s->name.n : 80), (const char *)s->name.p);
    return false;
}

bool jt_resource_members(const struct jt_args *args, struct jt_jw *w)
{
    const char *alg = jt_args_get(args, "alg");
    const char *format = jt_args_get(args, "format");
    const char *bind = jt_args_get(args, "bind");
    int64_t lifetime = 0;
    if (!jt_args_duration(args, "lifetime", 1, &lifetime)) {
        return false;
    }
    if (alg != NULL) {
        jt_jw_kstr(w, "alg", jt_str(alg));
    }
    if (format != NULL) {
        jt_jw_kstr(w, "format", jt_str(format));
    }
    if (lifetime > 0) {
        jt_jw_kint(w, "lifetime", lifetime);
    }
    if (bind != NULL) {
        jt_jw_kstr(w, "bind", jt_str(bind));
    }
    return true;
}

/* The names of scopes, without their texts. */
static void show_scopes(struct jt_buf *cell, const struct jt_jval *item)
{
    const struct jt_jval *scopes = jt_jobj_get(item, "scopes");
    for (size_t i = 0; i < jt_jval_count(scopes); i++) {
        jt_buf_puts(cell, i == 0 ? "" : " ");
        jt_show_member(cell, jt_jarr_at(scopes, i), "name");
    }
}

static void show_lifetime(struct jt_buf *cell, const struct jt_jval *item)
{
    int64_t seconds = 0;
    if (jt_jval_int(jt_jobj_get(item, "lifetime"), &seconds)) {
        jt_show_duration(cell, seconds);
    }
}

static void print_scopes(const struct jt_jval *scopes)
{
    size_t width = 0;
    struct jt_slice s = {0};
    for (size_t i = 0; i < jt_jval_count(scopes); i++) {
        if (jt_jval_str(jt_jobj_get(jt_jarr_at(scopes, i), "name"), &s) && s.n > width) {
            width = s.n;
        }
    }
    for (size_t i = 0; i < jt_jval_count(scopes); i++) {
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, BODY_MAX);
        jt_show_member(&line, jt_jarr_at(scopes, i), "name");
        if (jt_jval_str(jt_jobj_get(jt_jarr_at(scopes, i), "text"), &s) && s.n > 0) {
            for (size_t k = line.n; k < width + 2; k++) {
                jt_buf_putc(&line, ' ');
            }
            jt_buf_put(&line, s);
        }
        jt_card(i == 0 ? "scopes" : NULL, jt_buf_slice(&line));
    }
}

/* Only where tokens are bound: without, it is like everywhere. */
static void print_bind(const struct jt_jval *value)
{
    struct jt_slice s = {0};
    if (jt_jval_str(jt_jobj_get(value, "bind"), &s) && !jt_slice_eq(s, JT_LIT("none"))) {
        jt_card("bound to", JT_LIT("the certificate of the client"));
    }
}

void jt_resource_print(const struct jt_args *args, const struct jt_jval *value,
                       struct jt_slice body)
{
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, body);
        return;
    }
    JT_AUTO(jt_buf_free) struct jt_buf lifetime;
    jt_buf_init(&lifetime, 64);
    show_lifetime(&lifetime, value);
    bool is_builtin = false;
    jt_card_member("audience", value, "audience");
    if (jt_jval_bool(jt_jobj_get(value, "builtin"), &is_builtin) && is_builtin) {
        jt_card("kind", JT_LIT("built in"));
    }
    print_scopes(jt_jobj_get(value, "scopes"));
    jt_card_member("algorithm", value, "alg");
    jt_card_member("format", value, "format");
    jt_card("lifetime", jt_buf_slice(&lifetime));
    print_bind(value);
    jt_card_member("introspect by", value, "introspect_by");
    jt_card_member("created", value, "created");
    jt_card_member("updated", value, "updated");
    jt_card_member("version", value, "version");
}

static bool write_new(const struct jt_args *args, struct jt_buf *body)
{
    struct jt_jw w = jt_jw(body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "audience", jt_str(args->operand));
    jt_jw_key(&w, "scopes");
    jt_jw_arr(&w);
    const char *value = NULL;
    for (size_t i = 0; (value = jt_args_next(args, "scope", &i)) != NULL;) {
        struct jt_scope_arg scope = jt_scope_arg(value);
        if (!jt_scope_arg_ok(&scope)) {
            return false;
        }
        jt_jw_obj(&w);
        jt_jw_kstr(&w, "name", scope.name);
        jt_jw_kstr(&w, "text", scope.text);
        jt_jw_end_obj(&w);
    }
    jt_jw_end_arr(&w);
    bool ok = jt_resource_members(args, &w);
    jt_jw_end_obj(&w);
    return ok;
}

enum jt_exit jt_cmd_resource_create(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&body, BODY_MAX);
    if (!jt_args_has(args, "scope")) {
        jt_say_error("a resource needs at least one scope: --scope NAME[=TEXT]");
        jt_say_hint("jeton resource create %s --scope read=\"Read\"", args->operand);
        return JT_EXIT_USAGE;
    }
    if (!write_new(args, &body)) {
        return JT_EXIT_USAGE;
    }
    enum jt_exit code =
        jt_adm_post(args, JT_LIT("/admin/v1/resources"), jt_buf_slice(&body), &reply);
    if (code == JT_EXIT_DONE) {
        jt_resource_print(args, reply.value, reply.body);
    }
    return code;
}

enum jt_exit jt_cmd_resource_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {{"AUDIENCE", "audience", NULL, false},
                                               {"SCOPES", NULL, show_scopes, true},
                                               {"ALGORITHM", "alg", NULL, false},
                                               {"FORMAT", "format", NULL, false},
                                               {"LIFETIME", NULL, show_lifetime, false}};
    struct jt_list list = {.path = JT_LIT("/admin/v1/resources"),
                           .columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .empty = "there is no resource yet; jeton resource create makes one"};
    return jt_list_run(args, &list);
}

enum jt_exit jt_cmd_resource_show(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, PATH_MAX_BYTES);
    jt_adm_path(&path, "/admin/v1/resources/", args->operand);
    enum jt_exit code = jt_adm_get(args, jt_buf_slice(&path), &reply);
    if (code == JT_EXIT_DONE) {
        jt_resource_print(args, reply.value, reply.body);
    }
    return code;
}
