/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm.h - "Delete client billing? [y/N]", asked of a person only.
 */
#ifndef JT_CLI_CONFIRM_H
#define JT_CLI_CONFIRM_H

#include "../core/base/err.h"
#include "args.h"

/* Is there somebody to ask: a terminal on stdin and stderr, and no --yes? */
bool jt_confirm_asks(const struct jt_args *args);
/* DONE: go on, which is the answer without asking when nobody is there to ask. FAILED: no, and
 * said. The question has no question mark. */
JT_MUST enum jt_exit jt_confirm(const struct jt_args *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
