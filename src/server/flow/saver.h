/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saver.h - backups of the running server, each on a thread of its own, one at a time.
 *
 * The snapshot is taken on the store thread between two batches; copying holds up nobody. The file
 * is written as FILE.part (0600, never over anything), fsynced, and then takes its name.
 * Threads: begin and cancel from any; `done` of the job on its mailbox's owner.
 */
#ifndef JT_FLOW_SAVER_H
#define JT_FLOW_SAVER_H

#include <limits.h>

#include "../audit/writer.h"
#include "../store/backup.h"

struct jt_saver;

enum jt_saved {
    JT_SAVED_UNDECIDED = 0,
    JT_SAVED,
    JT_SAVED_EXISTS,  /* the file, or its .part */
    JT_SAVED_NOWHERE, /* no file can be made at this path */
    JT_SAVED_FULL,
    JT_SAVED_STOPPED, /* the server ends */
    JT_SAVED_FAILED,
};

struct jt_save {
    struct jt_job job;   /* its reply and done are used; its event and change are not */
    char file[PATH_MAX]; /* absolute; symbolic links in its folder are resolved on the way */
    enum jt_saved end;
    char why[PATH_MAX + 256]; /* a sentence, when it is not JT_SAVED */
    struct jt_backup_about about;
    uint64_t bytes;
};

/* dir: the data directory. start: how often the server started. */
JT_MUST enum jt_err jt_saver_new(const char *dir, uint64_t start, struct jt_writer *writer,
                                 struct jt_saver **out);
/* False: a backup is being made, or the server ends. */
bool jt_saver_begin(struct jt_saver *s, struct jt_save *save);
/* Before the workers drain: one that is being made is given up. */
void jt_saver_cancel(struct jt_saver *s);
/* Waits for the thread; before the writer is stopped. */
void jt_saver_free(struct jt_saver **s);

#endif
