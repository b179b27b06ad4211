/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - jeton restore: without a server, in the data directory itself.
 */
#include "../server/restore.h"
#include "../core/base/num.h"
#include "../core/json/jw.h"
#include "../server/config/env.h"
#include "../server/config/option.h"
#include "confirm.h"
#include "out.h"

#define WHY_MAX (2 * PATH_MAX)

static struct jt_slice data_of(const struct jt_args *args)
{
    const char *data = jt_args_get(args, "data");
    if (data == NULL) {
        data = jt_env("JETON_DATA");
    }
    return jt_str(data == NULL ? jt_options[JT_OPT_server_data].fallback : data);
}

static enum jt_exit exit_of(enum jt_err e)
{
    switch (e) {
    case JT_E_CONFLICT:
        return JT_EXIT_CONFLICT;
    case JT_E_NOTFOUND:
        return JT_EXIT_NOT_FOUND;
    case JT_E_PERM:
        return JT_EXIT_DENIED;
    case JT_E_LIMIT:
        return JT_EXIT_USAGE;
    case JT_OK:
    case JT_E_NOMEM:
    case JT_E_SYNTAX:
    case JT_E_RANGE:
    case JT_E_CRYPTO:
    case JT_E_IO:
    case JT_E_FULL:
    case JT_E_CORRUPT:
    case JT_E_NEWER:
    case JT_E_BUSY:
    case JT_E_UNSUPPORTED:
        break;
    }
    return JT_EXIT_FAILED;
}

static void print_json(const struct jt_args *args, const struct jt_restore *r, const char *made)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 8 * (size_t)PATH_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "data", jt_str(r->dir));
    jt_jw_kstr(&w, "made", jt_str(made));
    jt_jw_kstr(&w, "version", jt_str(r->about.version));
    jt_jw_kint(&w, "audit_events", (int64_t)r->about.events);
    jt_jw_kint(&w, "last_seq", (int64_t)r->about.last_seq);
    if (r->aside[0] != '\0') {
        jt_jw_kstr(&w, "kept_as", jt_str(r->aside));
    }
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&b));
}

static void print(const struct jt_args *args, const struct jt_restore *r)
{
    char made[JT_RFC3339_SIZE];
    char events[JT_U64_DIGITS];
    jt_fmt_rfc3339(r->about.made_s, made);
    if (args->output != JT_OUT_TABLE) {
        print_json(args, r, made);
        return;
    }
    jt_card("data", jt_str(r->dir));
    jt_card("backup made", jt_str(made));
    jt_card("by version", jt_str(r->about.version));
    jt_card("audit events", jt_fmt_u64(r->about.events, events));
    if (r->aside[0] != '\0') {
        jt_say_hint("the databases that were there are kept: jeton.db%s, audit.db%s", r->aside,
                    r->aside);
    }
    jt_say_hint("what was revoked, disabled or rotated after %s is as it was then: look through "
                "clients and credentials before you start the server",
                made);
}

enum jt_exit jt_cmd_restore(const struct jt_args *args)
{
    char why[WHY_MAX] = "";
    struct jt_restore r = {
        .data = data_of(args),
        .file = args->operand,
        .force = jt_args_has(args, "force"),
    };
    if (jt_args_has(args, "force") &&
        jt_confirm(args, "Replace the databases in %.*s, and end all tokens", JT_FMT(r.data)) !=
            JT_EXIT_DONE) {
        return JT_EXIT_FAILED;
    }
    enum jt_err e = jt_restore_run(&r, why, sizeof why);
    if (e != JT_OK) {
        return jt_say_fail(exit_of(e), "%s", why[0] != '\0' ? why : jt_err_text(e));
    }
    print(args, &r);
    return JT_EXIT_DONE;
}
