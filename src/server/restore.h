/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.h - both databases from one backup file into a data directory that no server uses.
 *
 * Everything is checked and written under DIR/restore.part first, which then becomes restore.ready;
 * then the databases change their names, the state last. Those that were there are kept. All tokens
 * issued before end: the next start is numbered higher than any that the backup, or the directory,
 * can know of.
 * Threads: the only one of its process; it holds the lock of the data directory.
 */
#ifndef JT_SERVER_RESTORE_H
#define JT_SERVER_RESTORE_H

#include "datadir.h"
#include "store/backup.h"

struct jt_restore {
    /* asked */
    struct jt_slice data; /* the data directory; made if it is not there */
    const char *file;
    bool force; /* databases that are there are put aside; without it JT_E_CONFLICT */
    /* told */
    struct jt_backup_about about;
    char dir[PATH_MAX];
    char aside[64]; /* what the old databases' names end with; empty: there were none */
};

/* why: a sentence. JT_E_CONFLICT also when a server runs; JT_E_NOTFOUND: no such file. */
JT_MUST enum jt_err jt_restore_run(struct jt_restore *r, char *why, size_t why_n);
/* One that was begun in this directory has not come to its end. */
bool jt_restore_was_cut(const struct jt_datadir *d);

#endif
