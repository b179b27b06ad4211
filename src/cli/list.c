/* SPDX-License-Identifier: Apache-2.0 */
#include "list.h"

#include "../core/http/uri.h"
#include "adm.h"
#include "raw.h"

#define PAGE 100

struct walk {
    const struct jt_args *args;
    const struct jt_list *list;
    struct jt_table *table; /* NULL for JSON */
    struct jt_buf cursor;   /* empty: the first page, or the last has been */
    uint64_t n;
};

static uint64_t left(const struct walk *w)
{
    return w->list->limit == 0 ? PAGE : w->list->limit - w->n;
}

static enum jt_exit take_items(struct walk *w, const struct jt_adm_reply *reply)
{
    const struct jt_jval *items = jt_jobj_get(reply->value, "items");
    struct jt_raw_walk raw = jt_raw_walk(jt_raw_member(reply->body, "items"));
    struct jt_raw_item text = {0};
    for (size_t i = 0; i < jt_jval_count(items) && left(w) > 0; i++) {
        if (w->table == NULL) {
            if (jt_raw_next(&raw, &text)) {
                jt_out_element(w->args->output, (size_t)w->n, text.value);
            }
        } else if (!jt_table_add(w->table, jt_jarr_at(items, i))) {
            return jt_say_fail(JT_EXIT_FAILED, "out of memory");
        }
        w->n++;
    }
    return JT_EXIT_DONE;
}

static enum jt_exit one_page(struct walk *w)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    struct jt_slice next = {0};
    jt_buf_init(&path, 16384);
    jt_buf_put(&path, w->list->path);
    jt_buf_puts(&path, jt_slice_find(w->list->path, '?') < w->list->path.n ? "&" : "?");
    jt_buf_puts(&path, "limit=");
    jt_buf_put_u64(&path, left(w) < PAGE ? left(w) : PAGE);
    if (w->cursor.n > 0) {
        jt_buf_puts(&path, "&cursor=");
        jt_percent_encode(jt_buf_slice(&w->cursor), &path);
    }
    struct jt_adm_request request = {.method = "GET", .path = jt_buf_slice(&path)};
    enum jt_exit code = jt_adm_ask(w->args, &request, &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    jt_buf_reset(&w->cursor);
    if (jt_jval_str(jt_jobj_get(reply.value, "next_cursor"), &next)) {
        jt_buf_put(&w->cursor, next);
    }
    return take_items(w, &reply);
}

static enum jt_exit all_pages(struct walk *w)
{
    enum jt_exit code = JT_EXIT_DONE;
    do {
        code = one_page(w);
    } while (code == JT_EXIT_DONE && w->cursor.n > 0 && left(w) > 0);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (w->table == NULL) {
        jt_out_end(w->args->output, (size_t)w->n);
        return JT_EXIT_DONE;
    }
    if (w->n == 0) {
        jt_say_hint("%s", w->list->empty);
        return JT_EXIT_DONE;
    }
    jt_table_print(w->table);
    if (w->cursor.n > 0) {
        jt_say_hint("there are more; --limit takes a larger number, 0 for all");
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_list_run(const struct jt_args *args, const struct jt_list *list)
{
    JT_AUTO(jt_table_free) struct jt_table *table = NULL;
    struct walk w = {.args = args, .list = list};
    jt_buf_init(&w.cursor, 8192);
    if (args->output == JT_OUT_TABLE) {
        table = jt_table_new(list->columns, list->ncolumns);
        if (table == NULL) {
            return jt_say_fail(JT_EXIT_FAILED, "out of memory");
        }
        w.table = table;
    }
    enum jt_exit code = all_pages(&w);
    jt_buf_free(&w.cursor);
    return code;
}
