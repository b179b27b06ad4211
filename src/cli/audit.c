/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../core/base/num.h"
#include "adm.h"
#include "list.h"
#include "when.h"

#define DIGITS_SHOWN 12u /* of the SHA-256 of an administrator's certificate; JSON has it whole */

static size_t hex_length(struct jt_slice s)
{
    size_t n = 0;
    while (n < s.n && isxdigit(s.p[n]) != 0) {
        n++;
    }
    return n;
}

static void put_detail(struct jt_buf *cell, struct jt_slice detail)
{
    static const struct jt_slice word = JT_LIT_INIT("sha256 ");
    const uint8_t *p = NULL;
    while (detail.n > 0 && (p = memmem(detail.p, detail.n, word.p, word.n)) != NULL) {
        struct jt_slice hex = jt_slice_from(detail, (size_t)(p - detail.p) + word.n);
        size_t n = hex_length(hex);
        jt_buf_put(cell, jt_slice(detail.p, detail.n - hex.n));
        jt_buf_put(cell, jt_slice(hex.p, n == 64 ? DIGITS_SHOWN : n));
        jt_buf_puts(cell, n == 64 ? "..." : "");
        detail = jt_slice_from(hex, n);
    }
    jt_buf_put(cell, detail);
}

void jt_audit_show_what(struct jt_buf *cell, const struct jt_jval *item)
{
    size_t before = cell->n;
    jt_show_member(cell, item, "reason");
    if (cell->n == before) {
        jt_show_member(cell, item, "scope");
    }
    if (cell->n == before) {
        struct jt_slice detail = {0};
        (void)jt_jval_str(jt_jobj_get(item, "detail"), &detail);
        put_detail(cell, detail);
    }
    int64_t count = 0;
    if (jt_jval_int(jt_jobj_get(item, "count"), &count) && count > 1) {
        jt_buf_printf(cell, " (%lld times)", (long long)count);
    }
}

void jt_audit_show_time(struct jt_buf *cell, const struct jt_jval *item)
{
    struct jt_slice s = {0};
    (void)jt_jval_str(jt_jobj_get(item, "time"), &s);
    size_t k = jt_slice_find(s, '.');
    jt_buf_put(cell, jt_slice(s.p, k));
    jt_buf_puts(cell, k < s.n ? "Z" : "");
}

bool jt_audit_path(const struct jt_args *args, struct jt_buf *path)
{
    static const char *const ends[] = {"since", "until"};
    jt_buf_puts(path, "/admin/v1/audit");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        int64_t t = 0;
        char digits[JT_U64_DIGITS];
        if (!jt_when_before(args, ends[i], &t)) {
            return false;
        }
        if (jt_args_has(args, ends[i])) {
            jt_adm_query(path, ends[i], jt_fmt_u64((uint64_t)t, digits));
        }
    }
    jt_adm_query(path, "client", jt_str(jt_args_get(args, "client")));
    jt_adm_query(path, "type", jt_str(jt_args_get(args, "type")));
    return true;
}

enum jt_exit jt_cmd_audit_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {
        {"TIME", NULL, jt_audit_show_time, false},
        {"EVENT", "type", NULL, false},
        {"CLIENT", "client_id", NULL, false},
        {"FROM", "address", NULL, false},
        {"RESOURCE", "resource", NULL, false},
        {"REASON, SCOPE OR DETAIL", NULL, jt_audit_show_what, true},
        {"REF", "ref", NULL, false}};
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    struct jt_list list = {.columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .limit = 100,
                           .empty = "no event matches"};
    const char *limit = jt_args_get(args, "limit");
    if (limit != NULL && jt_parse_u64(jt_str(limit), 1000000000, &list.limit) != JT_OK) {
        return jt_say_fail(JT_EXIT_USAGE, "--limit takes a number, 0 for all, not \"%.60s\"",
                           limit);
    }
    if (!jt_audit_path(args, &path)) {
        return JT_EXIT_USAGE;
    }
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
    jt_card_member("time", event, "time");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        jt_card_member(rows[i].label, event, rows[i].name);
    }
}

static enum jt_exit ask(const struct jt_args *args, const char *prefix, struct jt_adm_reply *reply)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, prefix, args->operand);
    enum jt_exit code = jt_adm_get(args, jt_buf_slice(&path), reply);
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
