/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - what the store thread keeps between its files. Private to audit.
 */
#ifndef JT_AUDIT_BATCH_H
#define JT_AUDIT_BATCH_H

#include <pthread.h>

#include "flood.h"
#include "writer.h"

/* One thing that a change puts or drops. */
struct jt_put {
    enum jt_object_kind kind;
    struct jt_slice name;
    struct jt_object *obj;      /* NULL: dropped */
    struct jt_publication *pub; /* NULL: the directory does not keep this kind */
    uint8_t row[8];             /* what the store knows a dropped opaque token by */
    uint64_t number;            /* of the credential whose use is dropped; of a reminder that is */
};

/* A change that is in jeton.db, whose event is not in audit.db yet. */
struct jt_pending {
    struct jt_pending *next;
    struct jt_arena arena; /* of the event's text */
    struct jt_event event;
    bool has_event;
    struct jt_job *job; /* waits for the outcome; NULL once it was told */
    size_t nputs;
    struct jt_put *puts; /* for jt_change_find, and to be shown */
};

struct jt_change {
    struct jt_writer *w;
    size_t n, cap;
    struct jt_put *puts;
    void (*then)(struct jt_change *chg, void *ctx); /* once it is in jeton.db; NULL: nothing */
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
    struct jt_job *held; /* changes that wait for a later batch, oldest first */
    uint64_t last_seq;   /* of the audit log */
    uint8_t last_hash[JT_SHA256_SIZE];
    struct jt_pending *pending_head, *pending_tail;
    uint32_t next_credential;
    /* events of the batch under way */
    size_t nevents, cap_events;
    const struct jt_event **events;
    /* time */
    int64_t start_wall_us, start_mono_us;     /* drift is measured from here */
    int64_t last_event_us;                    /* of the log at start */
    bool distrusted;                          /* the clock, as was said last */
    _Atomic int64_t begun_us;                 /* when the thread went to work; 0: it sleeps */
    int64_t upkeep_us;                        /* monotonic: when upkeep is next due */
    int64_t uses_us;                          /* and when uses of credentials are written */
    int64_t replays_last_s;                   /* when the last used assertion ends; 0: none */
    uint64_t token_cursor, revocation_cursor; /* where the search for expired ones goes on */
    _Atomic uint64_t commits, nevents_total, counted, failures, unaudited;
    _Atomic bool failing, degrade;
    struct jt_histogram times[JT_COMMITS];
};

/* mailbox.c */
struct jt_job *jt_job_reverse(struct jt_job *list);

/* change.c: runs the job's change and commits it to jeton.db; on success it is pending. */
enum jt_err jt_batch_change(struct jt_writer *w, struct jt_job *job);
/* Shows and forgets every pending change; their events are on disk. */
void jt_batch_publish(struct jt_writer *w);
void jt_pending_free(struct jt_pending *p);
size_t jt_pending_count(const struct jt_writer *w);

/* token.c: writes opaque tokens and used assertions of the batch to jeton.db, all in one
 * transaction; a job whose own could not be written has its result set. */
void jt_batch_tokens_write(struct jt_writer *w, struct jt_job *jobs);
/* Shows them, once their events are on disk; else forgets them. */
void jt_batch_tokens_end(struct jt_writer *w, struct jt_job *jobs, bool show);

/* expire.c: tokens and revocations whose time is over leave, some at a time; uses of credentials
 * are written. */
void jt_expire(struct jt_writer *w);
void jt_write_uses(struct jt_writer *w, bool at_stop);

/* append.c: numbers, chains and appends w->events; the log's end moves only on success. */
enum jt_err jt_batch_append(struct jt_writer *w);
bool jt_batch_add(struct jt_writer *w, struct jt_event *e);

/* upkeep.c: counted refusals of past minutes, retention. */
void jt_upkeep(struct jt_writer *w, bool at_stop);

#endif
