/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "../core/base/buf.h"
#include "../core/base/err.h"

#define COLUMNS_MAX 16
#define GAP 2 /* blanks between columns */
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
        size_t blanks = strspn(text, " ");
        size_t n = strcspn(text + blanks, " ");
        size_t w = width_of(text + blanks, n);
        if (used > 0 && used + blanks + w > l->width[i]) {
            jt_buf_putc(&b, '\n');
            used = 0;
        } else {
            jt_buf_put(&b, jt_slice(text, blanks));
            used += blanks;
        }
        jt_buf_put(&b, jt_slice(text + blanks, n));
        used += w;
        text += blanks + n;
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

bool jt_layout_fit(struct libscols_table *table)
{
    struct layout l = {
        .table = table, .n = scols_table_get_ncols(table), .rows = scols_table_get_nlines(table)};
    size_t room = scols_table_get_termwidth(table);
    if (l.n == 0 || l.n > COLUMNS_MAX) {
        return true;
    }
    size_t total = (l.n - 1) * GAP;
    for (size_t i = 0; i < l.n; i++) {
        measure(&l, i);
        total += l.width[i];
    }
    if (isatty(STDOUT_FILENO) && total > room && shrink(&l, total, room) && !break_cells(&l)) {
        return false;
    }
    /* The library would break words to fit: it sees no terminal. */
    return scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) == 0;
}
