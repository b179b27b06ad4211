/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remove.h - the commands that delete a thing: ask, delete, say what is gone.
 */
#ifndef JT_CLI_REMOVE_H
#define JT_CLI_REMOVE_H

#include "../core/base/err.h"
#include "args.h"

struct jt_remove {
    const char *prefix; /* of its path: "/admin/v1/clients/"; the operand follows */
    const char *noun;   /* "client" */
    const char *id;     /* the member that names it: "client_id" */
    const char *parts;  /* an array of what goes with it: "credentials" */
    const char *part;   /* one of them, in words: "credential" */
};

JT_MUST enum jt_exit jt_remove_run(const struct jt_args *args, const struct jt_remove *what);

#endif
