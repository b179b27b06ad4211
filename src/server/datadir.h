/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datadir.h - the data directory: ours alone, and held by one server at a time.
 */
#ifndef JT_SERVER_DATADIR_H
#define JT_SERVER_DATADIR_H

#include <limits.h>

#include "../core/base/err.h"
#include "../core/base/slice.h"

struct jt_datadir {
    char path[PATH_MAX]; /* absolute */
    int lock_fd;
};

/*
 * Makes the directory (0700) if it is not there, and takes DIR/lock. JT_E_CONFLICT: another server
 * holds it. JT_E_PERM: others may write to it, or it belongs to somebody else. why: a sentence.
 */
JT_MUST enum jt_err jt_datadir_open(struct jt_slice path, struct jt_datadir *out, char *why,
                                    size_t why_n);
void jt_datadir_close(struct jt_datadir *d);
/* DIR/name in out. False when that is too long. */
bool jt_datadir_file(const struct jt_datadir *d, const char *name, char out[static PATH_MAX]);
/* Writes a file 0600 whole or not at all: temporary file, fsync, rename, fsync of the directory. */
JT_MUST enum jt_err jt_datadir_write(const struct jt_datadir *d, const char *name,
                                     struct jt_slice text);
/* Reads a small file of at most max bytes into a buffer that the caller frees. JT_E_NOTFOUND. */
struct jt_buf;
JT_MUST enum jt_err jt_datadir_read(const struct jt_datadir *d, const char *name, size_t max,
                                    struct jt_buf *out);
/* The directory's entries reach the disk. */
JT_MUST enum jt_err jt_datadir_sync(const struct jt_datadir *d);
/* Removes the directory with the files in it; for the temporary one of `jeton dev`. */
void jt_datadir_remove(const struct jt_datadir *d);

#endif
