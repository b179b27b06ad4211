/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "layout.h"
#include "raw.h"

#define CELL_MAX 65536
#define JSON_MAX ((size_t)256 * 1024 * 1024)

struct jt_table {
    struct libscols_table *scols;
    const struct jt_column *columns;
    size_t n, rows;
};

struct jt_table *jt_table_new(const struct jt_column *columns, size_t n)
{
    struct jt_table *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    *t = (struct jt_table){scols_new_table(), columns, n, 0};
    /* Two blanks: values have single ones inside. */
    bool ok = t->scols != NULL && scols_table_set_column_separator(t->scols, "  ") == 0;
    for (size_t i = 0; ok && i < n; i++) {
        struct libscols_column *c = scols_table_new_column(t->scols, columns[i].heading, 0, 0);
        ok = c != NULL && (!columns[i].may_wrap || jt_layout_may_wrap(c));
    }
    if (!ok) {
        jt_table_free(&t);
    }
    return t;
}

void jt_table_free(struct jt_table **t)
{
    if (*t != NULL) {
        scols_unref_table((*t)->scols);
        free(*t);
        *t = NULL;
    }
}

bool jt_table_add(struct jt_table *t, const struct jt_jval *item)
{
    struct libscols_line *line = scols_table_new_line(t->scols, NULL);
    JT_AUTO(jt_buf_free) struct jt_buf cell;
    jt_buf_init(&cell, CELL_MAX);
    bool ok = line != NULL;
    for (size_t i = 0; ok && i < t->n; i++) {
        const struct jt_column *c = &t->columns[i];
        JT_AUTO(jt_buf_free) struct jt_buf safe;
        jt_buf_init(&safe, (size_t)8 * CELL_MAX);
        jt_buf_reset(&cell);
        if (c->show == NULL) {
            jt_show_member(&cell, item, c->name);
        } else {
            c->show(&cell, item);
        }
        jt_safe_put(&safe, jt_buf_slice(&cell));
        jt_buf_putc(&safe, 0);
        ok = jt_buf_ok(&safe) && jt_buf_ok(&cell) &&
             scols_line_set_data(line, i, (const char *)safe.p) == 0;
    }
    t->rows += ok;
    return ok;
}

size_t jt_table_rows(const struct jt_table *t)
{
    return t->rows;
}

bool jt_table_print(struct jt_table *t)
{
    return jt_layout_print(t->scols);
}

void jt_card(const char *label, struct jt_slice value)
{
    if (value.n == 0) {
        return;
    }
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, (size_t)8 * CELL_MAX);
    jt_buf_printf(&line, "%-15s ", label == NULL ? "" : label);
    jt_safe_put(&line, value);
    jt_buf_putc(&line, '\n');
    (void)fwrite(line.p, 1, line.n, stdout);
}

void jt_card_member(const char *label, const struct jt_jval *item, const char *name)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, CELL_MAX);
    jt_show_member(&b, item, name);
    jt_card(label, jt_buf_slice(&b));
}

void jt_out_json(enum jt_output how, struct jt_slice json)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, JSON_MAX);
    jt_raw_put(&b, json, how == JT_OUT_JSON ? 0 : JT_RAW_ONE_LINE);
    jt_buf_putc(&b, '\n');
    (void)fwrite(b.p, 1, b.n, stdout);
}

void jt_out_element(enum jt_output how, size_t i, struct jt_slice json)
{
    if (how == JT_OUT_JSONL) {
        jt_out_json(how, json);
        return;
    }
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, JSON_MAX);
    (void)fputs(i == 0 ? "[\n  " : ",\n  ", stdout);
    jt_raw_put(&b, json, 1);
    (void)fwrite(b.p, 1, b.n, stdout);
}

void jt_out_end(enum jt_output how, size_t n)
{
    if (how == JT_OUT_JSON) {
        (void)fputs(n == 0 ? "[]\n" : "\n]\n", stdout);
    }
}

enum jt_exit jt_out_finish(enum jt_exit code)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        jt_say_error("cannot write the output: %s", strerrordesc_np(errno));
        return code == JT_EXIT_DONE ? JT_EXIT_FAILED : code;
    }
    return code;
}
