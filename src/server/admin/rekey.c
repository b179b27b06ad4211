/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey.c - /admin/v1/rekey: a new master key wraps the data keys; no secret and no token changes.
 *
 * Wherever it is cut, the next start finds one master key that opens everything (server/state.c).
 */
#include "admin.h"

#define ANSWER_MAX 256u

static void run_prepare(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    (void)crypt;
    struct jt_flow *f = r->job.ctx;
    jt_admin_of(f)->result = f->app->rekey.prepare(f->app->rekey.ctx);
}

static void run_finish(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    (void)crypt;
    struct jt_flow *f = r->job.ctx;
    jt_admin_of(f)->result = f->app->rekey.finish(f->app->rekey.ctx);
}

static enum jt_next prepare(struct jt_flow *f)
{
    if (!jt_admin_no_body(f)) {
        return JT_DONE;
    }
    struct jt_admin *a = jt_admin_of(f);
    a->read.run = run_prepare;
    return jt_flow_read(f, &a->read);
}

static void release(struct jt_flow *f)
{
    f->app->rekey.end(f->app->rekey.ctx);
}

static enum jt_next not_prepared(struct jt_flow *f, enum jt_err e)
{
    if (e == JT_E_UNSUPPORTED) {
        return jt_problem(f, 409, "elsewhere",
                          "the master key comes from the service manager: replace it there");
    }
    if (e == JT_E_BUSY) {
        return jt_problem(f, 409, "busy", "another rekey is under way");
    }
    if (e == JT_E_CONFLICT) {
        return jt_problem(
            f, 409, "busy",
            "there is a master.key.new in the data directory that this server did not "
            "make: restart it, and it decides whether the file is needed");
    }
    return jt_problem(f, 503, "internal", "the new master key could not be written");
}

static enum jt_err put(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    return f->app->rekey.put(chg, f->app->rekey.ctx);
}

static enum jt_next submit(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (a->result != JT_OK) {
        return not_prepared(f, a->result);
    }
    f->release = release;
    const struct jt_event e = jt_flow_event(f, JT_EV_KEYS_REWRAPPED);
    return jt_admin_change(f, put, &e);
}

static enum jt_next finish(struct jt_flow *f)
{
    static const struct jt_outcome none[] = {{JT_OK, 0, NULL, NULL}};
    struct jt_admin *a = jt_admin_of(f);
    if (f->job.result != JT_OK) {
        return jt_admin_refused(f, none);
    }
    a->read.run = run_finish;
    return jt_flow_read(f, &a->read);
}

static enum jt_next respond(struct jt_flow *f)
{
    if (jt_admin_of(f)->result != JT_OK) {
        return jt_problem(
            f, 503, "unfinished",
            "the data keys are wrapped under master.key.new, which could not be put in "
            "place of master.key: ask again, or restart the server. Keep both files");
    }
    struct jt_buf b;
    jt_buf_init(&b, ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kint(&w, "data_keys", (int64_t)f->app->keyring->n);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

const struct jt_step jt_rekey_steps[] = {
    {"allow", jt_admin_allow}, {"prepare", prepare}, {"change", submit},
    {"finish", finish},        {"respond", respond},
};
