/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - opaque tokens and used assertions of a batch: all in one transaction of jeton.db,
 * before their events go to the log. A crash in between leaves the hash of a token that nobody was
 * ever given, and an assertion that got none.
 */
#include "batch.h"

static enum jt_err write_one(struct jt_store *s, const struct jt_job *j)
{
    if (j->shown != NULL) {
        JT_TRY(s->ops->put(s, &j->opaque->o));
    }
    return j->replay != NULL ? s->ops->put(s, &j->replay->o) : JT_OK;
}

static void note_replays(struct jt_writer *w, const struct jt_job *jobs)
{
    for (const struct jt_job *j = jobs; j != NULL; j = j->next) {
        if (j->replay != NULL && j->replay->expires_s > w->replays_last_s) {
            w->replays_last_s = j->replay->expires_s;
        }
    }
}

static enum jt_err write_all(struct jt_writer *w, struct jt_job *jobs)
{
    struct jt_store *s = w->o.store;
    JT_TRY(s->ops->begin(s));
    note_replays(w, jobs);
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        enum jt_err e = write_one(s, j);
        if (e != JT_OK) {
            s->ops->rollback(s);
            return e;
        }
    }
    int64_t begun_us = jt_mono_us(w->o.clock);
    enum jt_err e = s->ops->commit(s, NULL, 0);
    jt_histogram_add(&w->times[JT_COMMIT_STATE], jt_mono_us(w->o.clock) - begun_us);
    return e;
}

/* What will be shown, so that nothing can fail once it is on disk. */
static enum jt_err prepare(struct jt_writer *w, struct jt_job *j)
{
    struct jt_opaque *t = jt_opaque_dup(j->opaque, w->o.profiles);
    if (t == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_directory_prepare(w->o.directory, &t->o, &j->shown);
    if (e != JT_OK) {
        jt_object_free(&t->o);
    }
    return e;
}

void jt_batch_tokens_write(struct jt_writer *w, struct jt_job *jobs)
{
    bool any = false;
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        if (j->opaque != NULL) {
            j->result = prepare(w, j);
            any = any || j->result == JT_OK;
        }
        any = any || j->replay != NULL;
    }
    enum jt_err e = any ? write_all(w, jobs) : JT_OK;
    for (struct jt_job *j = jobs; j != NULL && e != JT_OK; j = j->next) {
        if (j->shown != NULL) {
            jt_directory_discard(&j->shown);
        }
        if (j->opaque != NULL || j->replay != NULL) {
            j->result = e;
        }
    }
}

void jt_batch_tokens_end(struct jt_writer *w, struct jt_job *jobs, bool show)
{
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        if (j->shown != NULL && show) {
            jt_directory_publish(w->o.directory, &j->shown);
        } else if (j->shown != NULL) {
            jt_directory_discard(&j->shown);
        }
    }
}
