/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - POST /admin/v1/backup: the server writes both databases into one file of its own
 * machine, and answers when that is on the disk. It names a path, so it is for the Unix socket
 * alone, however else the administration may be reached.
 */
#include <stdio.h>

#include "../flow/saver.h"
#include "admin.h"

static enum jt_next bad(struct jt_flow *f, const char *detail)
{
    (void)jt_admin_bad(f, "/file", "%s", detail);
    return jt_admin_invalid(f, "file");
}

static enum jt_next read_file(struct jt_flow *f, const struct jt_jval *body, struct jt_save *save)
{
    static const char *const names[] = {"file", NULL};
    struct jt_slice file = {0};
    if (!jt_admin_known(f, body, "", names)) {
        return jt_admin_invalid(f, "member");
    }
    if (!jt_jval_str(jt_jobj_get(body, "file"), &file)) {
        return bad(f, "file is a string, and must be given: the path of the backup");
    }
    if (file.n == 0 || file.p[0] != '/') {
        return bad(f, "file is an absolute path on the server's machine");
    }
    if (file.n >= sizeof save->file) {
        return bad(f, "file is too long for a path");
    }
    memcpy(save->file, file.p, file.n);
    save->file[file.n] = '\0';
    return JT_NEXT;
}

static enum jt_next parse(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (f->x->from != JT_LISTEN_ADMIN) {
        return jt_problem(f, 403, "socket", "backups are asked for on the Unix socket only");
    }
    a->save = jt_arena_alloc(&f->x->arena, sizeof *a->save);
    if (a->save == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    enum jt_next n = read_file(f, jt_json_root(doc), a->save);
    jt_json_free(&doc);
    return n;
}

static void saved(struct jt_job *job)
{
    jt_flow_continue(job->ctx);
}

/* It may take long: no deadline, and it holds back the freeing of nothing, because from here on it
 * looks at nothing that could be replaced. */
static enum jt_next save(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->save->job = (struct jt_job){.reply = &f->local->mailbox, .done = saved, .ctx = f};
    f->settings = NULL;
    f->x->patient = true;
    f->x->epoch = JT_EPOCH_OFFLINE;
    return jt_saver_begin(f->app->saver, a->save)
               ? JT_PARK
               : jt_problem(f, 409, "busy",
                            "another backup is being made: try again when it is done");
}

static struct jt_slice who_and_where(struct jt_flow *f, const struct jt_save *s)
{
    const size_t max = sizeof s->file + 64;
    char *text = jt_arena_alloc(&f->x->arena, max);
    if (text == NULL) {
        return f->detail;
    }
    (void)snprintf(text, max, "%.*s, %s", JT_FMT(f->detail), s->file);
    return jt_str(text);
}

static enum jt_next record(struct jt_flow *f)
{
    static const struct {
        enum jt_saved end;
        unsigned status;
        const char *code;
    } rows[] = {{JT_SAVED_EXISTS, 409, "exists"},
                {JT_SAVED_NOWHERE, 422, "file"},
                {JT_SAVED_FULL, 507, "full"},
                {JT_SAVED_STOPPED, 503, "stopped"}};
    const struct jt_save *s = jt_admin_of(f)->save;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].end == s->end) {
            return jt_problem(f, rows[i].status, rows[i].code, s->why);
        }
    }
    if (s->end != JT_SAVED) {
        return jt_problem(f, 500, "backup", s->why);
    }
    f->job.event = jt_flow_event(f, JT_EV_BACKUP_MADE);
    f->job.event.detail = who_and_where(f, s);
    jt_event_clip(&f->job.event);
    return jt_flow_submit(f);
}

static enum jt_next respond(struct jt_flow *f)
{
    const struct jt_save *s = jt_admin_of(f)->save;
    struct jt_buf b;
    jt_buf_init(&b, 8 * (size_t)PATH_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "file", jt_str(s->file));
    jt_jw_kint(&w, "bytes", (int64_t)s->bytes);
    jt_jw_kint(&w, "audit_events", (int64_t)s->about.events);
    jt_jw_kint(&w, "last_seq", (int64_t)s->about.last_seq);
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 201, &b, 0);
}

const struct jt_step jt_backup_steps[] = {{"allow", jt_admin_allow},
                                          {"parse", parse},
                                          {"save", save},
                                          {"record", record},
                                          {"respond", respond}};
