/* SPDX-License-Identifier: Apache-2.0 */
#include "list.h"

#include "../core/base/num.h"
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

static uint64_t page_of(const struct walk *w)
{
    return w->list->page > 0 ? w->list->page : PAGE;
}

static uint64_t left(const struct walk *w)
{
    return w->list->limit == 0 ? page_of(w) : w->list->limit - w->n;
}

static bool is_wanted(const struct walk *w, const struct jt_jval *item)
{
    return w->list->wants == NULL || w->list->wants(w->args, item);
}

static enum jt_exit take_items(struct walk *w, const struct jt_adm_reply *reply)
{
    const struct jt_jval *items = jt_jobj_get(reply->value, "items");
    struct jt_raw_walk raw = jt_raw_walk(jt_raw_member(reply->body, "items"));
    struct jt_raw_item text = {0};
    for (size_t i = 0; i < jt_jval_count(items) && left(w) > 0; i++) {
        bool has_text = jt_raw_next(&raw, &text);
        if (!is_wanted(w, jt_jarr_at(items, i))) {
            continue;
        }
        if (w->table == NULL && has_text) {
            jt_out_element(w->args->output, (size_t)w->n, text.value);
        } else if (w->table != NULL && !jt_table_add(w->table, jt_jarr_at(items, i))) {
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
    char digits[JT_U64_DIGITS];
    jt_buf_init(&path, 16384);
    jt_buf_put(&path, w->list->path);
    if (!w->list->is_whole) {
        uint64_t n = left(w) < page_of(w) ? left(w) : page_of(w);
        jt_adm_query(&path, "limit", jt_fmt_u64(n, digits));
        jt_adm_query(&path, "cursor", jt_buf_slice(&w->cursor));
    }
    enum jt_exit code = jt_adm_get(w->args, jt_buf_slice(&path), &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    bool is_more = jt_jval_str(jt_jobj_get(reply.value, "next_cursor"), &next);
    if (is_more && next.n > 0 && jt_slice_eq(next, jt_buf_slice(&w->cursor))) {
        return jt_say_fail(JT_EXIT_FAILED, "the server sends the same page again and again");
    }
    jt_buf_reset(&w->cursor);
    if (is_more) {
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
    if (!jt_table_print(w->table)) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
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

enum jt_exit jt_list_table(const struct jt_jval *items, const struct jt_column *columns,
                           size_t ncolumns)
{
    JT_AUTO(jt_table_free) struct jt_table *table = jt_table_new(columns, ncolumns);
    bool ok = table != NULL;
    for (size_t i = 0; ok && i < jt_jval_count(items); i++) {
        ok = jt_table_add(table, jt_jarr_at(items, i));
    }
    ok = ok && (jt_table_rows(table) == 0 || jt_table_print(table));
    return ok ? JT_EXIT_DONE : jt_say_fail(JT_EXIT_FAILED, "out of memory");
}

void jt_list_json(enum jt_output how, struct jt_slice array)
{
    struct jt_raw_walk walk = jt_raw_walk(array);
    struct jt_raw_item item = {0};
    size_t n = 0;
    while (jt_raw_next(&walk, &item)) {
        jt_out_element(how, n++, item.value);
    }
    jt_out_end(how, n);
}
