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
#include "../audit/writer.h"
#include "../net/net.h"
#include "../store/directory.h"
#include "../store/keyring.h"
#include "counts.h"
#include "keys.h"
#include "reader.h"

struct jt_app {
    const struct jt_clock *clock;
    struct jt_directory *directory;
    struct jt_epochs *epochs;
    const struct jt_keyring *keyring;
    const uint8_t *reference_key; /* of the keyring */
    struct jt_writer *writer;
    struct jt_reader *reader;
    struct jt_slice issuer;
    bool profile_cidaas;
    bool introspection_each;
    int64_t token_lifetime_s, token_max_lifetime_s, jwks_max_age_s;
    enum jt_alg token_alg;
    uid_t uid; /* the server's own */
    _Atomic uint64_t issue_sequence;
    struct jt_buf metadata; /* both discovery documents are this one text */
    void (*log)(void *ctx, int level, const char *message);
    void *log_ctx;
};

struct jt_local {
    struct jt_app *app;
    size_t index; /* of the worker, and its place among the epoch readers */
    struct jt_crypt *crypt;
    struct jt_mailbox mailbox;
    struct jt_handover handover; /* jobs of this event batch */
    struct jt_keys keys;
    struct jt_counts counts;
    uint64_t requests; /* numbers answers that have no event */
    int64_t date_s;
    char date[JT_HTTP_DATE_SIZE];
};

JT_MUST enum jt_err jt_local_init(struct jt_local *l, struct jt_app *app, size_t index);
void jt_local_free(struct jt_local *l);

/* Writes the metadata document (RFC 8414) into app->metadata. */
JT_MUST enum jt_err jt_metadata_make(struct jt_app *app);

extern const struct jt_net_ops jt_flow_net_ops;

#endif
