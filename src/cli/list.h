/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - a collection of the admin API, page after page, as a table or as JSON.
 */
#ifndef JT_CLI_LIST_H
#define JT_CLI_LIST_H

#include "out.h"

struct jt_list {
    struct jt_slice path; /* "/admin/v1/clients?client=x", without limit and cursor */
    const struct jt_column *columns;
    size_t ncolumns;
    uint64_t limit;    /* 0: all */
    const char *empty; /* the hint when there is none */
};

/* Follows next_cursor to the end or the limit. JSON is printed page by page, a table at the end. */
enum jt_exit jt_list_run(const struct jt_args *args, const struct jt_list *list);

#endif
