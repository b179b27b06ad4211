/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - what the store thread keeps between its files. Private to audit.
 */
#ifndef JT_AUDIT_BATCH_H
#define JT_AUDIT_BATCH_H

#include <pthread.h>

#include "flood.h"
#include "writer.h"

/* A change that is in jeton.db, whose event is not in audit.db yet. */
struct jt_pending {
    struct jt_pending *next;
    struct jt_arena arena; /* of the event's text */
    struct jt_event event;
    bool has_event;
    struct jt_job *job; /* waits for the outcome; NULL once it was told */
    size_t npubs;
    struct jt_publication **pubs;
    struct jt_object **objects; /* what pubs show, for jt_change_find */
};

struct jt_change {
    struct jt_writer *w;
    size_t n, cap;
    struct jt_publication **pubs;
    struct jt_object **objects;
};

struct jt_writer {
    struct jt_writer_opts o;
    pthread_t thread;
    struct jt_crypt *crypt;
    struct jt_flood *flood;
    struct jt_buf scratch;
    _Atomic(struct jt_job *) inbox;
    _Atomic bool stop, asleep;
    int wake_fd;
    uint64_t last_seq; /* of the audit log */
    uint8_t last_hash[JT_SHA256_SIZE];
    struct jt_pending *pending_head, *pending_tail;
    uint32_t next_credential;
    /* events of the batch under way */
    size_t nevents, cap_events;
    const struct jt_event **events;
    /* time */
    int64_t start_wall_us, start_mono_us; /* drift is measured from here */
    int64_t last_event_us;                /* of the log at start */
    int64_t upkeep_us;                    /* monotonic: when upkeep is next due */
    _Atomic uint64_t commits, nevents_total, counted, failures, unaudited;
    _Atomic bool failing;
};

/* mailbox.c */
struct jt_job *jt_job_reverse(struct jt_job *list);

/* change.c: runs the job's change and commits it to jeton.db; on success it is pending. */
enum jt_err jt_batch_change(struct jt_writer *w, struct jt_job *job);
/* Shows and forgets every pending change; their events are on disk. */
void jt_batch_publish(struct jt_writer *w);
void jt_pending_free(struct jt_pending *p, struct jt_directory *d);
size_t jt_pending_count(const struct jt_writer *w);

/* append.c: numbers, chains and appends w->events; the log's end moves only on success. */
enum jt_err jt_batch_append(struct jt_writer *w);
bool jt_batch_add(struct jt_writer *w, struct jt_event *e);

/* upkeep.c: counted refusals of past minutes, retention. */
void jt_upkeep(struct jt_writer *w, bool at_stop);

#endif
