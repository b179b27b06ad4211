/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - one thread for what would hold up an event loop: reading the audit log in short pages
 * over its own connection, making signing keys, walking over all clients, and the files of a rekey.
 *
 * Threads: submit from any; `run` on the reading thread; `done` of the job on its mailbox's owner.
 */
#ifndef JT_FLOW_READER_H
#define JT_FLOW_READER_H

#include "../audit/writer.h"

struct jt_reader;

struct jt_read {
    struct jt_job job; /* its reply and done are used; its event and change are not */
    struct jt_read *next;
    /* The answer goes to job.result and whatever ctx is. */
    void (*run)(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt);
};

/* audit: a store opened read_only; owned by the reader once it has started. */
JT_MUST enum jt_err jt_reader_start(struct jt_store *audit, struct jt_reader **out);
/* False when more than 64 wait: answer that the server is busy. */
bool jt_reader_submit(struct jt_reader *r, struct jt_read *read);
/* Finishes what waits, closes the store. */
void jt_reader_stop(struct jt_reader **r);

#endif
