/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patch.h - read a thing, edit it, send back what changed (RFC 7396).
 *
 * The ETag makes it safe: when somebody else was faster (412), the edit is made again on what is
 * there now, a few times at most.
 */
#ifndef JT_CLI_PATCH_H
#define JT_CLI_PATCH_H

#include "../core/json/jw.h"
#include "adm.h"

struct jt_patch {
    struct jt_slice path;
    /* Writes the members that are to change, looking at what is there. May be asked again. */
    enum jt_exit (*edit)(const struct jt_args *args, const struct jt_jval *now, void *ctx,
                         struct jt_jw *w);
    void *ctx;
    /* The thing as it is now. */
    void (*print)(const struct jt_args *args, const struct jt_adm_reply *reply);
};

/* When edit writes nothing, nothing is sent. */
JT_MUST enum jt_exit jt_patch_run(const struct jt_args *args, const struct jt_patch *patch);

#endif
