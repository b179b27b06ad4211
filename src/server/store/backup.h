/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - one file that holds both databases as they were at one moment, and the way back.
 *
 * The file is a SQLite database with the tables of both (no two have the same name) and a table
 * `backup` of one row. The master key is not in it: without that the file opens nothing.
 * Making: open, then pin on the store thread between two batches, then copy on any thread: the
 * writer goes on meanwhile, and its log grows until close.
 * Threads: one at a time.
 * Errors:  JT_E_BUSY: stopped. After any error the file is worth nothing; whoever made it removes
 *          it.
 */
#ifndef JT_STORE_BACKUP_H
#define JT_STORE_BACKUP_H

#include <stdatomic.h>

#include "object.h"

/* What a backup says about itself. */
struct jt_backup_about {
    char version[32]; /* of the jeton that made it */
    int64_t made_s;
    uint64_t start; /* how often the server had started */
    int64_t state_schema, audit_schema;
    uint64_t events, last_seq; /* of the audit log */
    uint8_t last_hash[JT_SHA256_SIZE];
};

struct jt_backup;

/* dir: the live data directory. file: an empty file, by a path without symbolic links. */
JT_MUST enum jt_err jt_backup_open(const char *dir, const char *file, struct jt_backup **out);
/* From here on it sees both databases as they are now. Takes microseconds. */
JT_MUST enum jt_err jt_backup_pin(struct jt_backup *b);
/* about comes with version, made_s and start, and gets the rest. Gives up once *stop is set. */
JT_MUST enum jt_err jt_backup_copy(struct jt_backup *b, const _Atomic bool *stop,
                                   struct jt_backup_about *about);
void jt_backup_close(struct jt_backup **b);

/*
 * Checks the whole file: format, integrity, schemas, the end of the audit chain. JT_E_CORRUPT,
 * JT_E_SYNTAX (not a backup), JT_E_NEWER; why: a sentence that goes on behind the file's name.
 */
JT_MUST enum jt_err jt_backup_read(const char *file, struct jt_backup_about *out, char *why,
                                   size_t why_n);
/* Writes jeton.db and audit.db into dir, with the schemas they had. They are not fsynced. */
JT_MUST enum jt_err jt_backup_unpack(const char *file, const struct jt_backup_about *about,
                                     const char *dir);

/* What must never be given out again: the highest in use, or in the settings of these names. */
struct jt_backup_numbers {
    uint64_t start, credential;
};
JT_MUST enum jt_err jt_backup_numbers(const char *dir, const char *start_setting,
                                      const char *credential_setting,
                                      struct jt_backup_numbers *out);

#endif
