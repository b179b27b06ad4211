/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant.c - jeton grant add, remove and list: who may have what.
 */
#include "../core/json/jw.h"
#include "client.h"
#include "list.h"

#define BODY_MAX ((size_t)512 * 1024)

/* Operands: CLIENT AUDIENCE SCOPE... */
static void path_of(const struct jt_args *args, struct jt_buf *path)
{
    jt_adm_path(path, "/admin/v1/clients/", args->operand);
    jt_buf_puts(path, "/grants");
}

enum jt_exit jt_cmd_grant_add(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    jt_buf_init(&body, BODY_MAX);
    path_of(args, &path);
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "resource", jt_str(args->operands[1]));
    jt_jw_key(&w, "scopes");
    jt_jw_arr(&w);
    for (size_t i = 2; i < args->noperands; i++) {
        jt_jw_str(&w, jt_str(args->operands[i]));
    }
    jt_jw_end_arr(&w);
    jt_jw_end_obj(&w);
    enum jt_exit code = jt_adm_post(args, jt_buf_slice(&path), jt_buf_slice(&body), &reply);
    if (code == JT_EXIT_DONE) {
        jt_client_print(args, &reply);
    }
    return code;
}

enum jt_exit jt_cmd_grant_remove(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_buf_free) struct jt_buf scopes;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 16384);
    jt_buf_init(&scopes, 16384);
    path_of(args, &path);
    jt_adm_path(&path, "/", args->operands[1]);
    for (size_t i = 2; i < args->noperands; i++) {
        jt_buf_puts(&scopes, i == 2 ? "" : " ");
        jt_buf_puts(&scopes, args->operands[i]);
    }
    jt_adm_query(&path, "scope", jt_buf_slice(&scopes));
    /* A scope list cut short would remove the whole resource. */
    if (!jt_buf_ok(&scopes) || !jt_buf_ok(&path)) {
        return jt_say_fail(JT_EXIT_USAGE, "too many scopes at once");
    }
    struct jt_adm_request request = {.method = "DELETE", .path = jt_buf_slice(&path)};
    enum jt_exit code = jt_adm_ask(args, &request, &reply);
    if (code == JT_EXIT_DONE) {
        jt_client_print(args, &reply);
    }
    return code;
}

static bool has_resource(const struct jt_args *args, const struct jt_jval *item)
{
    const char *want = jt_args_get(args, "resource");
    struct jt_slice resource = {0};
    return want == NULL || (jt_jval_str(jt_jobj_get(item, "resource"), &resource) &&
                            jt_slice_eq(resource, jt_str(want)));
}

enum jt_exit jt_cmd_grant_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {{"CLIENT", "client_id", NULL, false},
                                               {"RESOURCE", "resource", NULL, false},
                                               {"SCOPES", "scopes", NULL, true}};
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 16384);
    struct jt_list list = {.columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .empty = "no such grant; jeton grant add makes one"};
    if (args->operand == NULL) {
        jt_buf_puts(&path, "/admin/v1/grants");
        jt_adm_query(&path, "resource", jt_str(jt_args_get(args, "resource")));
    } else {
        path_of(args, &path);
        list.is_whole = true;
        list.wants = has_resource;
    }
    list.path = jt_buf_slice(&path);
    return jt_list_run(args, &list);
}
