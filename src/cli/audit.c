/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "../core/http/uri.h"
#include "adm.h"
#include "list.h"
#include "raw.h"

/* A reason if there is one: an event is a refusal or has scopes, not both at length. */
static void show_what(struct jt_buf *cell, const struct jt_jval *item)
{
    size_t before = cell->n;
    jt_show_member(cell, item, "reason");
    if (cell->n == before) {
        jt_show_member(cell, item, "scope");
    }
    if (cell->n == before) {
        jt_show_member(cell, item, "detail");
    }
    int64_t count = 0;
    if (jt_jval_int(jt_jobj_get(item, "count"), &count) && count > 1) {
        jt_buf_printf(cell, " (%lld times)", (long long)count);
    }
}

/* Seconds since 1970, if the server tells the time as a number. */
static void show_time(struct jt_buf *cell, const struct jt_jval *item)
{
    int64_t seconds = 0;
    char text[JT_RFC3339_SIZE];
    if (jt_jval_int(jt_jobj_get(item, "time"), &seconds)) {
        jt_fmt_rfc3339(seconds, text);
        jt_buf_puts(cell, text);
        return;
    }
    jt_show_member(cell, item, "time");
}

static void query(struct jt_buf *path, const char *name, struct jt_slice value)
{
    if (value.n > 0) {
        jt_buf_putc(path, memchr(path->p, '?', path->n) == NULL ? '?' : '&');
        jt_buf_printf(path, "%s=", name);
        jt_percent_encode(value, path);
    }
}

enum jt_exit jt_cmd_audit_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {
        {"TIME", NULL, show_time, false},     {"EVENT", "type", NULL, false},
        {"CLIENT", "client_id", NULL, false}, {"FROM", "address", NULL, false},
        {"RESOURCE", "resource", NULL, true}, {"REASON, SCOPE OR DETAIL", NULL, show_what, true},
        {"REF", "ref", NULL, false}};
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    struct jt_list list = {.columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .limit = 100,
                           .empty = "no event matches"};
    const char *limit = jt_args_get(args, "limit");
    int64_t since = -1;
    if (limit != NULL && jt_parse_u64(jt_str(limit), 1000000000, &list.limit) != JT_OK) {
        return jt_say_fail(JT_EXIT_USAGE, "--limit takes a number, 0 for all, not \"%.60s\"",
                           limit);
    }
    if (!jt_args_duration(args, "since", 0, &since)) {
        return JT_EXIT_USAGE;
    }
    jt_buf_puts(&path, "/admin/v1/audit");
    if (since >= 0) {
        char digits[JT_U64_DIGITS];
        int64_t from = jt_wall_s(&jt_clock_system) - since;
        query(&path, "since", jt_fmt_u64(from < 0 ? 0 : (uint64_t)from, digits));
    }
    query(&path, "client", jt_str(jt_args_get(args, "client")));
    query(&path, "type", jt_str(jt_args_get(args, "type")));
    list.path = jt_buf_slice(&path);
    return jt_list_run(args, &list);
}

static void print_event(const struct jt_jval *event)
{
    static const struct {
        const char *label, *name;
    } rows[] = {{"event", "type"},
                {"number", "seq"},
                {"ref", "ref"},
                {"client", "client_id"},
                {"credential", "credential_id"},
                {"from", "address"},
                {"resource", "resource"},
                {"scope", "scope"},
                {"token (jti)", "jti"},
                {"reason", "reason"},
                {"times", "count"},
                {"detail", "detail"},
                {"hash", "hash"}};
    JT_AUTO(jt_buf_free) struct jt_buf when;
    jt_buf_init(&when, 256);
    show_time(&when, event);
    jt_card("time", jt_buf_slice(&when));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        jt_card_member(rows[i].label, event, rows[i].name);
    }
}

static enum jt_exit ask(const struct jt_args *args, const char *prefix, struct jt_adm_reply *reply)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, prefix, args->operand);
    struct jt_adm_request request = {.method = "GET", .path = jt_buf_slice(&path)};
    enum jt_exit code = jt_adm_ask(args, &request, reply);
    if (code == JT_EXIT_DONE && args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply->body);
    }
    return code;
}

enum jt_exit jt_cmd_audit_show(const struct jt_args *args)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = ask(args, "/admin/v1/audit/", &reply);
    if (code == JT_EXIT_DONE && args->output == JT_OUT_TABLE) {
        print_event(reply.value);
    }
    return code;
}

enum jt_exit jt_cmd_explain(const struct jt_args *args)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = ask(args, "/admin/v1/explain/", &reply);
    if (code == JT_EXIT_DONE && args->output == JT_OUT_TABLE) {
        const struct jt_jval *event = jt_jobj_get(reply.value, "event");
        jt_card_member("reason", reply.value, "reason");
        jt_card_member("why", reply.value, "explanation");
        jt_card_member("what to do", reply.value, "advice");
        if (event != NULL) {
            (void)fputc('\n', stdout);
            print_event(event);
        } else {
            jt_say_hint("refused in a flood of the same kind: counted, not recorded singly");
        }
    }
    return code;
}
