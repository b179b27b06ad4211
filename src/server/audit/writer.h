/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - the store thread: everything that must be on disk before an answer leaves.
 *
 * Workers hand over jobs; the thread gathers all that came since its last commit, numbers and
 * chains their events, commits with a real fsync, and gives each job back to its worker's
 * mailbox. State changes of a batch go first: one transaction with their events in the outbox, then
 * the audit log, then the directory is published, then the answers.
 * Threads: submit from any; the change function runs on the store thread; `done` on the owner's
 * thread.
 */
#ifndef JT_AUDIT_WRITER_H
#define JT_AUDIT_WRITER_H

#include <stdatomic.h>

#include "../../core/base/clock.h"
#include "../histogram.h"
#include "../store/directory.h"
#include "../store/keyring.h"
#include "../store/profile.h"
#include "../store/store.h"
#include "../store/usage.h"
#include "event.h"

/* Where finished jobs wait for their worker: a lock-free stack and an eventfd to wake it. */
struct jt_mailbox {
    _Atomic(struct jt_job *) top;
    int fd; /* eventfd, in the worker's epoll; -1: the owner polls */
};

JT_MUST enum jt_err jt_mailbox_init(struct jt_mailbox *m);
void jt_mailbox_close(struct jt_mailbox *m);
/* All finished jobs in the order given back, as a list by next; also drains fd. */
struct jt_job *jt_mailbox_take(struct jt_mailbox *m);
/* Puts a job into the mailbox; wake with jt_mailbox_wake once per batch. */
void jt_mailbox_put(struct jt_mailbox *m, struct jt_job *job);
void jt_mailbox_wake(struct jt_mailbox *m);

struct jt_change; /* a state transaction in progress */

/* Reads the directory and puts objects; JT_OK keeps what it put, anything else takes only its own
 * back. */
typedef enum jt_err (*jt_change_fn)(struct jt_change *chg, void *ctx);

/* Proof that an event is on disk. Only the writer makes one that is not empty. */
struct jt_receipt {
    uint64_t seq; /* of the event; 0 with counted set: not recorded singly */
    bool on_disk;
    bool counted;   /* part of a flood: counted with others of its minute */
    bool unaudited; /* audit.on_failure is degrade, and the disk failed: no record was made */
    int64_t minute; /* since 1970, when counted */
};

struct jt_job {
    struct jt_job *next;
    struct jt_mailbox *reply; /* NULL: nobody waits; the job is freed by free_fn */
    struct jt_event event;    /* type NONE: no event of its own */
    bool stranger;            /* a refusal before authentication: floods of these are counted */
    uint16_t reason_code;     /* row of reason.def, for counting */
    jt_change_fn change;      /* NULL: an event only */
    const struct jt_opaque *opaque; /* NULL, or a token to be stored before its event */
    const struct jt_replay *replay; /* NULL, or an assertion whose use is stored with it */
    struct jt_publication *shown;   /* the writer's own */
    void *ctx;
    enum jt_err result; /* of the change and of the disk */
    struct jt_receipt receipt;
    void (*done)(struct jt_job *job); /* called by whoever empties the mailbox */
    void (*free_fn)(struct jt_job *job);
};

struct jt_writer;

enum jt_audit_failure { JT_AUDIT_BLOCK = 0, JT_AUDIT_DEGRADE };

struct jt_writer_opts {
    struct jt_store *store; /* owned by the writer from start to stop, then closed by the caller */
    struct jt_directory *directory;
    struct jt_epochs *epochs;
    struct jt_profiles *profiles;           /* of opaque tokens */
    struct jt_usage *usage;                 /* NULL: none is kept */
    const _Atomic uint64_t *issue_sequence; /* of the next token */
    uint32_t credential_floor;              /* credential numbers up to this one are taken */
    bool has_replays;                       /* used assertions are in the store */
    const struct jt_clock *clock;
    enum jt_audit_failure on_failure;
    int64_t retain_s;                                       /* 0: for ever */
    uint64_t max_bytes;                                     /* 0: no bound */
    const char *(*reason_name)(uint16_t code);              /* for counted events */
    void (*log)(void *ctx, int level, const char *message); /* state of the disk; never secrets.
                                                               level: 3 error, 4 warning, 6 info */
    void *log_ctx;
};

struct jt_writer_stats {
    uint64_t commits, events, counted, failures,
        unaudited;     /* unaudited: answered in degrade without a record */
    bool disk_failing; /* or it has not answered for over 5 s */
    bool degrade;      /* and goes on all the same */
};

/* Replays the outbox, then starts the thread. */
JT_MUST enum jt_err jt_writer_start(const struct jt_writer_opts *o, struct jt_writer **out);
/* Any thread. The job belongs to the writer until it is in its mailbox. */
void jt_writer_submit(struct jt_writer *w, struct jt_job *job);
/* Submits a job and waits for it: for a thread with nothing else to do, and a mailbox of its own.
 * Returns the job's result. */
JT_MUST enum jt_err jt_mailbox_wait(struct jt_mailbox *m, struct jt_writer *w, struct jt_job *job);

/* Jobs of one event batch, handed over at once: one wake-up, and a fuller commit. */
struct jt_handover {
    struct jt_job *newest, *oldest; /* linked by next from the newest on */
    size_t n;
    int64_t since_us; /* when the first was added: for its owner, who sets it */
};
void jt_handover_add(struct jt_handover *h, struct jt_job *job);
/* Empties h. Cheap when it is empty. */
void jt_writer_submit_all(struct jt_writer *w, struct jt_handover *h);
/* Ends after everything submitted is on disk and counted refusals are written. Frees it. */
void jt_writer_stop(struct jt_writer **w);
void jt_writer_stats(const struct jt_writer *w, struct jt_writer_stats *out);
/* The store thread has not come back from the disk for over 5 s. Any thread. */
bool jt_writer_hangs(const struct jt_writer *w);
/* How long commits took: of the log, of the state. */
enum jt_commit { JT_COMMIT_AUDIT = 0, JT_COMMIT_STATE, JT_COMMITS };
const struct jt_histogram *jt_writer_commits(const struct jt_writer *w, enum jt_commit which);
/*
 * Wall and monotonic clock still agree within 60 s, and either the start was not over 24 h ahead of
 * the log's last event or they have agreed for a day. If not, nothing is pruned, expired or
 * retired. Any thread.
 */
bool jt_writer_clock_trusted(const struct jt_writer *w);

/* Inside a change function. The object belongs to the change on success, and becomes visible once
 * it is on disk. */
JT_MUST enum jt_err jt_change_put(struct jt_change *chg, struct jt_object *obj);
/* The same with a copy of obj, whose kind is set. */
JT_MUST enum jt_err jt_change_put_copy(struct jt_change *chg, const struct jt_object *obj);
/* Removes it; JT_E_NOTFOUND. */
JT_MUST enum jt_err jt_change_drop(struct jt_change *chg, enum jt_object_kind kind,
                                   struct jt_slice name);
/* Removes a reminder, which no directory has. */
JT_MUST enum jt_err jt_change_drop_reminder(struct jt_change *chg, uint64_t id);
/* What the directory and earlier changes of this batch hold, together. */
const struct jt_object *jt_change_find(struct jt_change *chg, enum jt_object_kind kind,
                                       struct jt_slice name);
/* A credential number that no other has or had: tokens name the credential that they were issued
 * for by it. It is stored with the change, so that it is not given out again when the credential is
 * gone. */
JT_MUST enum jt_err jt_change_next_credential(struct jt_change *chg, uint32_t *out);
/* The last number that was given out. */
uint32_t jt_change_last_credential(const struct jt_change *chg);
int64_t jt_change_now_s(const struct jt_change *chg);
/* The issue sequence of the next token: every token so far has a lower one. */
uint64_t jt_change_sequence(const struct jt_change *chg);
/* Objects of a kind in the directory, as jt_directory_page; changes of this batch are not in it. */
size_t jt_change_page(struct jt_change *chg, enum jt_object_kind kind, uint64_t *cursor,
                      const struct jt_object **out, size_t max);
/* Every object of a kind as the directory and the changes of this batch have it, together; false
 * from each ends the walk. */
void jt_change_each(struct jt_change *chg, enum jt_object_kind kind,
                    bool (*each)(void *ctx, const struct jt_object *o), void *ctx);
/* Called with the change function's ctx once the change, and its event for the outbox, is on disk;
 * never if that fails. For what a change has to do beside the directory, and cannot take back. */
void jt_change_then(struct jt_change *chg, void (*then)(struct jt_change *chg, void *ctx));
/* How the writer goes on when the disk fails, and what it keeps (reload of the configuration). */
struct jt_writer_policy {
    enum jt_audit_failure on_failure;
    int64_t retain_s;
    uint64_t max_bytes;
};
void jt_change_policy(struct jt_change *chg, const struct jt_writer_policy *p);
/* Frees r, and what it stands in, once no worker can still look at that. */
void jt_change_retire(struct jt_change *chg, struct jt_retired *r,
                      void (*free_fn)(struct jt_retired *r));

#endif
