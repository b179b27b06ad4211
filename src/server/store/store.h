/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - what keeps things, behind one table of functions: sqlite, memory, fault.
 *
 * Two databases under one roof: the state (objects and an outbox) and the audit log. State
 * changes are transactions; each carries its audit events in the outbox, so that a change
 * and its record cannot be separated. The audit log only grows (and is pruned at its old end).
 * Threads: a writing handle belongs to one thread; audit_read and audit_info may be called on
 *          a handle opened with read_only by another thread.
 * Errors:  JT_E_FULL, JT_E_IO: nothing of that call is kept. JT_E_CORRUPT, JT_E_NEWER: do not go
 * on.
 */
#ifndef JT_STORE_STORE_H
#define JT_STORE_STORE_H

#include "../audit/event.h"
#include "object.h"

struct jt_store; /* starts with its ops; the rest is the backend's */

struct jt_store_opts {
    const char *dir; /* data directory; unused by memory */
    bool read_only;  /* the audit log alone, for reading beside the writer */
    /* For the fault store: who does the work, and what fails. */
    struct jt_store *inner;
    void *ctx;
};

/* Takes ownership of obj on success; but an opaque token is only lent, with its profile: copy it.
 */
typedef enum jt_err (*jt_load_fn)(void *ctx, struct jt_object *obj);
/* Text in e lives until the function returns. JT_OK goes on; anything else stops and is returned.
 */
typedef enum jt_err (*jt_event_fn)(void *ctx, const struct jt_event *e);

struct jt_audit_query {
    uint64_t from_seq; /* at least; 0: from the start */
    uint64_t to_seq;   /* at most; 0: to the end */
    bool newest_first;
    size_t scan;               /* rows looked at, at most: pages stay short; 0 means 1000 */
    int64_t since_us;          /* at or after; 0: no bound */
    int64_t until_us;          /* before; 0: no bound */
    enum jt_event_type type;   /* NONE: any */
    struct jt_slice client_id; /* empty: any */
};

struct jt_audit_info {
    uint64_t first_seq, last_seq; /* 0: empty */
    int64_t first_time_us, last_time_us;
    uint8_t last_hash[JT_SHA256_SIZE];
    uint64_t bytes; /* on disk, about */
};

struct jt_store_ops {
    const char *name;
    /* Opens, migrates (each step one transaction), checks. */
    enum jt_err (*open)(const struct jt_store_opts *o, struct jt_store **out);
    void (*close)(struct jt_store **s);
    /* Every object, data keys first, then settings, signing keys, resources, clients, revocations,
     * opaque tokens, uses, reminders. */
    enum jt_err (*load)(struct jt_store *s, jt_load_fn each, void *ctx);
    enum jt_err (*begin)(struct jt_store *s);
    /* Replaces the object of that kind and name with everything below it, or adds it. Inside begin
     * … commit. */
    enum jt_err (*put)(struct jt_store *s, const struct jt_object *obj);
    /* An opaque token is removed by its issue sequence, 8 bytes big-endian. */
    enum jt_err (*remove)(struct jt_store *s, enum jt_object_kind kind, struct jt_slice name);
    /* events (with their seq set) go to the outbox in the same transaction. On failure all is
     * rolled back. */
    enum jt_err (*commit)(struct jt_store *s, const struct jt_event *const *events, size_t n);
    void (*rollback)(struct jt_store *s);
    /* Events in the outbox that the audit log lacks, oldest first; forgets the others. Its last seq
     * may be over that of an event which it lacks: such an event needs a new one. */
    enum jt_err (*outbox)(struct jt_store *s, jt_event_fn each, void *ctx);
    /* Appends events, numbered and chained, in one durable transaction. */
    enum jt_err (*audit_append)(struct jt_store *s, const struct jt_event *const *events, size_t n);
    /*
     * Pages: *next_seq is where a next call goes on in the same direction, 0 at the end.
     */
    enum jt_err (*audit_read)(struct jt_store *s, const struct jt_audit_query *q, jt_event_fn each,
                              void *ctx, uint64_t *next_seq);
    enum jt_err (*audit_info)(struct jt_store *s, struct jt_audit_info *out);
    /* Removes events with seq below keep_from, at most max_rows; *removed tells how many. */
    enum jt_err (*audit_prune)(struct jt_store *s, uint64_t keep_from, size_t max_rows,
                               size_t *removed);
};

struct jt_store {
    const struct jt_store_ops *ops;
};

extern const struct jt_store_ops jt_store_sqlite, jt_store_memory, jt_store_fault;

/*
 * What the fault store does to its inner store: the call that makes *countdown zero fails with
 * err, before (or, with after set, after) the inner call, once or from then on for ever.
 */
struct jt_store_faults {
    int countdown; /* 0: never; 1: the next counted call */
    enum jt_err err;
    bool after, for_ever;
    unsigned delay_ms; /* each audit_append takes this long */
    const char *only;  /* NULL: any writing call; else "commit", "audit_append", … */
};
/* Changes what fails, while another thread may be inside the store. */
void jt_store_faults_set(struct jt_store_faults *f, const struct jt_store_faults *to);

#endif
