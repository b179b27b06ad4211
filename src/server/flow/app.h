/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.h - what every request needs: the shared part, and each worker's own.
 *
 * Threads: jt_app is immutable while workers run, but for its atomics; a jt_local belongs to its
 * worker.
 */
#ifndef JT_FLOW_APP_H
#define JT_FLOW_APP_H

#include "../../core/base/num.h"
#include "../../core/http/client_cert.h"
#include "../audit/writer.h"
#include "../auth/checks.h"
#include "../auth/replay.h"
#include "../issuers/issuers.h"
#include "../net/net.h"
#include "../policy/throttle.h"
#include "../store/directory.h"
#include "../store/keyring.h"
#include "../store/reminders.h"
#include "counts.h"
#include "keys.h"
#include "metrics.h"
#include "pool.h"
#include "reader.h"
#include "reads.h"
#include "saver.h"
#include "verdicts.h"

#define JT_TRUSTED_MAX 32

/* What SIGHUP can change. Immutable; replaced as a whole, and freed when no worker can see it. */
struct jt_settings {
    int64_t token_lifetime_s, token_max_lifetime_s, jwks_max_age_s;
    int64_t publish_wait_s, rotate_every_s;
    enum jt_alg token_alg;
    bool introspection_each;
    enum jt_cert_header cert_header; /* in which trusted proxies pass certificates on */
    struct jt_slice admin_ca; /* DER, one after the other: whose certificates may administer */
    size_t ntrusted;
    struct jt_net trusted[JT_TRUSTED_MAX]; /* proxies whose X-Forwarded-For counts */
};

struct jt_local;
struct jt_flow;

struct jt_app {
    const struct jt_clock *clock;
    struct jt_directory *directory;
    struct jt_epochs *epochs;
    const struct jt_keyring *keyring;
    const uint8_t *reference_key; /* of the keyring */
    struct jt_writer *writer;
    struct jt_reader *reader;
    struct jt_saver *saver;
    struct jt_pool *pool; /* for foreign hashes; NULL: they cannot be compared */
    struct jt_slice issuer;
    bool profile_cidaas;
    bool has_certificates; /* callers can show some: by TLS, or by a proxy's header at the start */
    struct jt_slice environment; /* of this installation; may be empty */
    uid_t uid;                   /* the server's own */
    _Atomic(const struct jt_settings *) settings;
    _Atomic uint64_t *issue_sequence; /* of the next token */
    uint64_t sequence_floor;          /* tokens below ended with a restore */
    struct jt_usage *usage;
    struct jt_throttle *throttle;
    struct jt_replays *replays;
    struct jt_verdicts *verdicts;
    struct jt_issuers *issuers;
    struct jt_limits *limits; /* for metrics */
    size_t nlocals;
    struct jt_local *const *locals; /* of all workers, for metrics */
    int64_t started_s;
    _Atomic int64_t cert_end_s;                     /* of the TLS certificate; 0: none */
    _Atomic uint64_t expiring[JT_EXPIRING_WINDOWS]; /* credentials; counted now and then */
    _Atomic uint64_t reminders[JT_REMINDER_KINDS];  /* that were told since the start */
    _Atomic bool draining;
    /*
     * A new master key, in three steps: written beside the old one, the data keys wrapped under it
     * in one change, put in its place; and the end, always. JT_E_UNSUPPORTED: the key is not a file
     * of ours. JT_E_BUSY: another rekey is under way.
     */
    struct {
        enum jt_err (*prepare)(void *ctx);
        enum jt_err (*put)(struct jt_change *chg, void *ctx);
        enum jt_err (*finish)(void *ctx);
        void (*end)(void *ctx);
        void *ctx;
    } rekey;
    struct jt_buf metadata; /* both discovery documents are this one text */
    void (*log)(void *ctx, int level, const char *message);
    void *log_ctx;
};

struct jt_local {
    struct jt_app *app;
    size_t index; /* of the worker, and its place among the epoch readers */
    struct jt_crypt *crypt;
    struct jt_checks *checks;
    struct jt_mailbox mailbox;
    struct jt_handover handover;        /* jobs of this event batch */
    struct jt_flow *later, **later_end; /* requests that wait for its end, oldest first */
    struct jt_keys keys;
    struct jt_counts counts;
    struct jt_usage_batch used;
    struct jt_reads reads; /* of the administration, from elsewhere */
    struct jt_metrics metrics;
    struct jt_buf text, jws; /* of what is being written; used within one step */
    uint64_t requests;       /* numbers answers that have no event */
    int64_t date_s;
    char date[JT_HTTP_DATE_SIZE];
};

JT_MUST enum jt_err jt_local_init(struct jt_local *l, struct jt_app *app, size_t index);
void jt_local_free(struct jt_local *l);

static inline const struct jt_settings *jt_settings_of(const struct jt_app *app)
{
    return atomic_load(&app->settings);
}

/* Writes the metadata document (RFC 8414) into app->metadata. */
JT_MUST enum jt_err jt_metadata_make(struct jt_app *app);

extern const struct jt_net_ops jt_flow_net_ops;

#endif
