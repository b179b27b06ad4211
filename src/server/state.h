/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what a server works on: store, keys, directory, writer; opened in order, closed in
 * reverse.
 *
 * Threads: made and freed by the main thread.
 */
#ifndef JT_SERVER_STATE_H
#define JT_SERVER_STATE_H

#include "auth/replay.h"
#include "config/config.h"
#include "datadir.h"
#include "flow/app.h"
#include "log.h"
#include "store/reminders.h"

struct jt_state {
    const struct jt_config *config;
    struct jt_log *log;
    struct jt_datadir dir;
    struct jt_store *store;
    struct jt_epochs epochs;
    struct jt_directory *directory;
    struct jt_keyring keyring;
    struct jt_crypt *crypt;    /* the main thread's */
    struct jt_mailbox mailbox; /* the main thread's; lives as long as the writer */
    struct jt_writer *writer;
    struct jt_reader *reader;
    struct jt_saver *saver;
    struct jt_profiles *profiles;
    struct jt_usage *usage;
    struct jt_reminders *reminders; /* the main thread's */
    struct jt_replays *replays;
    _Atomic uint64_t issue_sequence; /* of the next token */
    uint64_t start_number;     /* one more at each start: the high part of the issue sequence */
    uint64_t floor_start;      /* tokens of starts before this one ended with a restore */
    uint64_t credential_floor; /* numbers up to this one were given out */
    int64_t restored_s;        /* when the backup was made that this first start is from; or 0 */
    size_t nkeys;              /* signing keys found */
    char master_path[PATH_MAX];
    bool is_dev;         /* of jeton dev: nobody has to keep its keys */
    bool master_is_ours; /* a file in the data directory, not the service manager's */
    uint8_t master[JT_KEY_SIZE];
    uint8_t next_master[JT_KEY_SIZE]; /* of a rekey that has begun; the reading thread's */
    bool has_next;                    /* and it is in master.key.new */
    _Atomic bool rekeying;
    bool epochs_ready;
};

/* Opens everything in the data directory, which is locked already. why: a sentence. */
JT_MUST enum jt_err jt_state_open(struct jt_state *s, char *why, size_t why_n);
/* state_load.c: into the directory, or freed; NULL: there was no memory to make it. */
enum jt_err jt_state_show(struct jt_state *s, struct jt_object *made);
/* one object of the store (jt_load_fn). ctx: the state. */
enum jt_err jt_state_take(void *ctx, struct jt_object *o);
/* Needs the issuer: adds the built-in resource and, at the first start, the first signing key. */
JT_MUST enum jt_err jt_state_complete(struct jt_state *s, struct jt_slice issuer, char *why,
                                      size_t why_n);
/* Workers have ended. Everything submitted is on disk when it returns. */
void jt_state_close(struct jt_state *s);

/* The first start from a backup is on record, once. */
JT_MUST enum jt_err jt_state_restored_event(struct jt_state *s);

/* Where the master key is: with the service manager's credentials, else (*ours) in the data
 * directory. False: the path is too long. */
bool jt_state_master_path(const struct jt_datadir *d, char out[static PATH_MAX], bool *ours);

/*
 * The steps of a rekey (struct jt_app). ctx: the state. One at a time: JT_E_BUSY. prepare and
 * finish write files, for the reading thread. After prepare has returned JT_OK, end must follow,
 * whatever became of the others. JT_E_CONFLICT: somebody put a file there.
 */
enum jt_err jt_state_rekey_prepare(void *ctx);
enum jt_err jt_state_rekey_put(struct jt_change *chg, void *ctx);
enum jt_err jt_state_rekey_finish(void *ctx);
void jt_state_rekey_end(void *ctx);

/* Submits one job from the main thread and waits for it. event.time is set. */
JT_MUST enum jt_err jt_state_apply(struct jt_state *s, const struct jt_event *e,
                                   jt_change_fn change, void *ctx);

#endif
