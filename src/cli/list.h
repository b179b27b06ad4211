/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - a collection of the admin API, page after page, as a table or as JSON.
 */
#ifndef JT_CLI_LIST_H
#define JT_CLI_LIST_H

#include "../core/base/err.h"
#include "out.h"

struct jt_list {
    struct jt_slice path; /* "/admin/v1/clients?client=x", without limit and cursor */
    const struct jt_column *columns;
    size_t ncolumns;
    uint64_t limit;    /* 0: all */
    const char *empty; /* the hint when there is none */
    bool is_whole;     /* the server answers with all of them at once: no limit, no cursor */
    size_t page;       /* how many to ask for at once; 0: 100 */
    /* NULL: all. Otherwise only items that it wants. */
    bool (*wants)(const struct jt_args *args, const struct jt_jval *item);
};

/* Follows next_cursor to the end or the limit. JSON is printed page by page, a table at the end. */
enum jt_exit jt_list_run(const struct jt_args *args, const struct jt_list *list);

/* An array that is there already. */
JT_MUST enum jt_exit jt_list_table(const struct jt_jval *items, const struct jt_column *columns,
                                   size_t ncolumns);
void jt_list_json(enum jt_output how, struct jt_slice array);

#endif
