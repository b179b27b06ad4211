/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "../core/base/buf.h"
#include "../core/base/err.h"

#define COLUMNS_MAX 16
#define GAP 2    /* blanks between columns */
#define INDENT 4 /* before what continues a row */
#define CELL_MAX ((size_t)1024 * 1024)

struct layout {
    struct libscols_table *table;
    size_t n, rows;
    size_t width[COLUMNS_MAX]; /* what the column needs, then what it gets */
    size_t word[COLUMNS_MAX];  /* the least it can do with */
};

bool jt_layout_may_wrap(struct libscols_column *column)
{
    return scols_column_set_flags(column, SCOLS_FL_WRAP) == 0 &&
           scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
                                     NULL) == 0 &&
           scols_column_set_safechars(column, "\n") == 0;
}

/* Places on the terminal that n bytes take. */
static size_t width_of(const char *s, size_t n)
{
    size_t width = 0;
    mbstate_t state = {0};
    while (n > 0) {
        wchar_t c = 0;
        size_t k = mbrtowc(&c, s, n, &state);
        if (k == 0 || k > n) { /* shown as \xNN */
            state = (mbstate_t){0};
            k = 1;
            width += strlen("\\xNN");
        } else {
            int w = wcwidth(c);
            width += w > 0 ? (size_t)w : 0;
        }
        s += k;
        n -= k;
    }
    return width;
}

static const char *cell(const struct layout *l, size_t row, size_t i)
{
    const char *text = scols_line_get_column_data(scols_table_get_line(l->table, row),
                                                  scols_table_get_column(l->table, i));
    return text == NULL ? "" : text;
}

static size_t longest_word(const char *s)
{
    size_t longest = 0;
    while (*s != '\0') {
        size_t n = strcspn(s, " ");
        size_t w = width_of(s, n);
        longest = w > longest ? w : longest;
        s += n + strspn(s + n, " ");
    }
    return longest;
}

static void measure(struct layout *l, size_t i)
{
    struct libscols_column *column = scols_table_get_column(l->table, i);
    const char *heading = scols_cell_get_data(scols_column_get_header(column));
    size_t widest = width_of(heading, strlen(heading));
    size_t least = widest;
    for (size_t row = 0; row < l->rows; row++) {
        const char *text = cell(l, row, i);
        size_t w = width_of(text, strlen(text));
        size_t k = longest_word(text);
        widest = w > widest ? w : widest;
        least = k > least ? k : least;
    }
    l->width[i] = widest;
    l->word[i] = scols_column_is_wrap(column) ? least : widest;
}

/* Takes from the widest column that can give, place by place. False: there is none left. */
static bool shrink(struct layout *l, size_t total, size_t room)
{
    while (total > room) {
        size_t *widest = NULL;
        for (size_t i = 0; i < l->n; i++) {
            if (l->width[i] > l->word[i] && (widest == NULL || l->width[i] > *widest)) {
                widest = &l->width[i];
            }
        }
        if (widest == NULL) {
            return false;
        }
        (*widest)--;
        total--;
    }
    return true;
}

static bool break_cell(struct layout *l, size_t row, size_t i)
{
    const char *text = cell(l, row, i);
    size_t used = 0;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, CELL_MAX);
    while (*text != '\0') {
        size_t gap = strspn(text, " ");
        size_t n = strcspn(text + gap, " ");
        size_t w = width_of(text + gap, n);
        if (used > 0 && used + gap + w > l->width[i]) {
            jt_buf_putc(&b, '\n');
            used = 0;
        } else {
            jt_buf_put(&b, jt_slice(text, gap));
            used += gap;
        }
        jt_buf_put(&b, jt_slice(text + gap, n));
        used += w;
        text += gap + n;
    }
    jt_buf_putc(&b, 0);
    return jt_buf_ok(&b) &&
           scols_line_set_column_data(scols_table_get_line(l->table, row),
                                      scols_table_get_column(l->table, i), (char *)b.p) == 0;
}

static bool break_cells(struct layout *l)
{
    bool ok = true;
    for (size_t i = 0; i < l->n; i++) {
        bool wraps = scols_column_is_wrap(scols_table_get_column(l->table, i)) == 1;
        for (size_t row = 0; ok && wraps && row < l->rows; row++) {
            ok = break_cell(l, row, i);
        }
    }
    return ok;
}

static const char *text_of(const struct layout *l, size_t row, size_t i)
{
    return row < l->rows
               ? cell(l, row, i)
               : scols_cell_get_data(scols_column_get_header(scols_table_get_column(l->table, i)));
}

static void end_line(struct jt_buf *line)
{
    while (line->n > 0 && line->p[line->n - 1] == ' ') {
        line->n--;
    }
    if (line->n > 0) { /* nothing but empty cells: no line */
        jt_buf_putc(line, '\n');
        (void)fwrite(line->p, 1, line->n, stdout);
    }
    jt_buf_reset(line);
}

static void blanks(struct jt_buf *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        jt_buf_putc(line, ' ');
    }
}

/* One row, or the headings (row l->rows), over as many lines as it needs. */
static bool fold(const struct layout *l, size_t row, size_t room)
{
    size_t used = 0;
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, (size_t)COLUMNS_MAX * CELL_MAX);
    for (size_t i = 0; i < l->n; i++) {
        const char *text = text_of(l, row, i);
        size_t n = strlen(text);
        if (i > 0 && used + GAP + l->width[i] > room) {
            end_line(&line);
            blanks(&line, INDENT);
            used = INDENT;
        } else if (i > 0) {
            blanks(&line, GAP);
            used += GAP;
        }
        jt_buf_put(&line, jt_slice(text, n));
        size_t w = width_of(text, n);
        blanks(&line, l->width[i] > w ? l->width[i] - w : 0);
        used += l->width[i];
    }
    bool ok = jt_buf_ok(&line);
    end_line(&line);
    return ok;
}

static bool fold_all(const struct layout *l, size_t room)
{
    bool ok = fold(l, l->rows, room);
    for (size_t row = 0; ok && row < l->rows; row++) {
        ok = fold(l, row, room);
    }
    return ok;
}

bool jt_layout_print(struct libscols_table *table)
{
    struct layout l = {
        .table = table, .n = scols_table_get_ncols(table), .rows = scols_table_get_nlines(table)};
    size_t room = scols_table_get_termwidth(table);
    size_t total = l.n * GAP - GAP;
    JT_ASSERT(l.n > 0 && l.n <= COLUMNS_MAX);
    for (size_t i = 0; i < l.n; i++) {
        measure(&l, i);
        total += l.width[i];
    }
    if (isatty(STDOUT_FILENO) && total > room) {
        struct layout tight = l;
        if (!shrink(&tight, total, room)) {
            return fold_all(&l, room);
        }
        if (!break_cells(&tight)) {
            return false;
        }
    }
    /* Else the library breaks words to fit what it takes for the terminal's width. */
    return scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) == 0 &&
           scols_print_table(table) == 0;
}
