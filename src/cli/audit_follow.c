/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_follow.c - jeton audit tail and export: the log in the order in which it was written.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "../core/base/arena.h"
#include "../core/base/num.h"
#include "adm.h"
#include "audit.h"
#include "list.h"
#include "raw.h"

#define TAIL_MAX 1000 /* one page */
#define PAUSE_MS 1000
#define LINE_MAX_BYTES 65536

enum jt_exit jt_cmd_audit_export(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    struct jt_args lines = *args;
    jt_buf_init(&path, 4096);
    if (!jt_audit_path(args, &path)) {
        return JT_EXIT_USAGE;
    }
    jt_adm_query(&path, "order", JT_LIT("oldest"));
    lines.output = args->output == JT_OUT_JSON ? JT_OUT_JSON : JT_OUT_JSONL;
    struct jt_list list = {.path = jt_buf_slice(&path), .page = 1000};
    return jt_list_run(&lines, &list);
}

/* Columns that suit most events; a longer value pushes the rest of its line. */
static void print_line(const struct jt_jval *event)
{
    static const struct {
        const char *name;
        size_t width;
    } columns[] = {{"type", 21}, {"client_id", 16}, {"address", 15}, {"resource", 0}};
    JT_AUTO(jt_buf_free) struct jt_buf line;
    JT_AUTO(jt_buf_free) struct jt_buf cell;
    jt_buf_init(&line, (size_t)8 * LINE_MAX_BYTES);
    jt_buf_init(&cell, LINE_MAX_BYTES);
    jt_audit_show_time(&line, event);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        jt_buf_reset(&cell);
        jt_show_member(&cell, event, columns[i].name);
        if (cell.n == 0 && columns[i].width == 0) {
            continue;
        }
        jt_buf_puts(&line, "  ");
        size_t before = line.n;
        jt_safe_put(&line, jt_buf_slice(&cell));
        while (line.n - before < columns[i].width) {
            jt_buf_putc(&line, ' ');
        }
    }
    jt_buf_reset(&cell);
    jt_audit_show_what(&cell, event);
    jt_buf_puts(&line, cell.n > 0 ? "  " : "");
    jt_safe_put(&line, jt_buf_slice(&cell));
    jt_buf_puts(&line, "  ");
    jt_buf_reset(&cell);
    jt_show_member(&cell, event, "ref");
    jt_safe_put(&line, jt_buf_slice(&cell));
    jt_buf_putc(&line, '\n');
    (void)fwrite(line.p, 1, line.n, stdout);
}

static void print_event(const struct jt_args *args, const struct jt_jval *event,
                        struct jt_slice text)
{
    if (args->output == JT_OUT_TABLE) {
        print_line(event);
    } else {
        jt_out_json(args->output, text);
    }
}

/* Prints at most `show` events, oldest first, whichever way they stand. */
static enum jt_exit print_items(const struct jt_args *args, const struct jt_adm_reply *reply,
                                size_t show, bool newest_first)
{
    const struct jt_jval *items = jt_jobj_get(reply->value, "items");
    struct jt_raw_walk walk = jt_raw_walk(jt_raw_member(reply->body, "items"));
    struct jt_raw_item item = {0};
    JT_AUTO(jt_arena_free) struct jt_arena arena;
    jt_arena_init(&arena, (size_t)2 * TAIL_MAX * sizeof(struct jt_slice));
    struct jt_slice *texts = jt_arena_array(&arena, TAIL_MAX, sizeof *texts);
    if (texts == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    size_t n = 0;
    while (n < show && n < TAIL_MAX && jt_raw_next(&walk, &item)) {
        texts[n++] = item.value;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = newest_first ? n - 1 - i : i;
        print_event(args, jt_jarr_at(items, k), texts[k]);
    }
    return JT_EXIT_DONE;
}

/* How to ask for events, and where the log has been read to. */
struct reading {
    const struct jt_args *args;
    struct jt_slice base; /* path and filters */
    int64_t last;         /* the newest number seen, or that of the log's end */
    bool more;            /* there were more than fit one page */
};

static enum jt_exit page(struct reading *r, struct jt_slice path, size_t show, bool newest_first)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = jt_adm_get(r->args, path, &reply);
    if (code == JT_EXIT_DONE) {
        code = print_items(r->args, &reply, show, newest_first);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    const struct jt_jval *items = jt_jobj_get(reply.value, "items");
    size_t n = jt_jval_count(items);
    r->more = !newest_first && n > 0 && jt_jobj_get(reply.value, "next_cursor") != NULL;
    if (r->more) {
        (void)jt_jval_int(jt_jobj_get(jt_jarr_at(items, n - 1), "seq"), &r->last);
    } else if (!jt_jval_int(jt_jobj_get(reply.value, "last_seq"), &r->last)) {
        return jt_say_fail(JT_EXIT_FAILED, "the server does not tell where its log ends");
    }
    return JT_EXIT_DONE;
}

static enum jt_exit read_on(struct reading *r)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    char digits[JT_U64_DIGITS];
    jt_buf_init(&path, 8192);
    jt_buf_put(&path, r->base);
    jt_adm_query(&path, "order", JT_LIT("oldest"));
    jt_adm_query(&path, "after", jt_fmt_u64((uint64_t)r->last, digits));
    jt_adm_query(&path, "limit", JT_LIT("1000"));
    return page(r, jt_buf_slice(&path), TAIL_MAX, false);
}

/* Until the reader of a pipe has gone, or Ctrl-C ends the process. */
static enum jt_exit follow(struct reading *r)
{
    enum jt_exit code = JT_EXIT_DONE;
    while (code == JT_EXIT_DONE) {
        struct pollfd out = {STDOUT_FILENO, 0, 0};
        int wait = r->more ? 0 : PAUSE_MS;
        if (fflush(stdout) != 0 || (poll(&out, 1, wait) > 0 && (out.revents & POLLERR) != 0)) {
            break;
        }
        code = read_on(r);
    }
    return code;
}

enum jt_exit jt_cmd_audit_tail(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf base;
    JT_AUTO(jt_buf_free) struct jt_buf path;
    const char *count = jt_args_get(args, "n");
    char digits[JT_U64_DIGITS];
    uint64_t n = 10;
    jt_buf_init(&base, 4096);
    jt_buf_init(&path, 4096);
    if (count != NULL && jt_parse_u64(jt_str(count), TAIL_MAX, &n) != JT_OK) {
        return jt_say_fail(JT_EXIT_USAGE, "-n takes a number from 0 to %d, not \"%.60s\"", TAIL_MAX,
                           count);
    }
    if (!jt_audit_path(args, &base)) {
        return JT_EXIT_USAGE;
    }
    jt_buf_put(&path, jt_buf_slice(&base));
    jt_adm_query(&path, "limit", jt_fmt_u64(n == 0 ? 1 : n, digits));
    struct reading r = {.args = args, .base = jt_buf_slice(&base)};
    enum jt_exit code = page(&r, jt_buf_slice(&path), (size_t)n, true);
    return code == JT_EXIT_DONE ? follow(&r) : code;
}
