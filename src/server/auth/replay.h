/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - assertions that were used: each is good once, until its own end.
 *
 * The table decides, in memory, which of many uses of one assertion is the first; its row is on
 * disk before the answer leaves (jt_job.replay), and a start reads the rows back. 24 bytes an
 * entry; bounded in all and for each client, so that nobody can fill it for the others.
 * Threads: any; a mutex per stripe.
 * RFC:     7523 section 3 (7), 9700 section 2.5
 */
#ifndef JT_AUTH_REPLAY_H
#define JT_AUTH_REPLAY_H

#include "../store/object.h"

struct jt_replays;

/* Names one assertion: who made it, and its jti. */
struct jt_replay_id {
    bool used; /* false: nothing to remember */
    uint8_t id[JT_REPLAY_ID];
    uint16_t bucket; /* of the client, for its share */
    int64_t expires_s;
};

#define JT_REPLAYS_MAX (1u << 22)        /* in all */
#define JT_REPLAYS_CLIENT_MAX (1u << 19) /* of the clients of one bucket */

JT_MUST enum jt_err jt_replays_new(struct jt_replays **out);
void jt_replays_free(struct jt_replays **r);
/* The hash of issuer and jti, and the client's share. */
JT_MUST enum jt_err jt_replay_name(struct jt_crypt *c, struct jt_slice client_id,
                                   struct jt_slice issuer, struct jt_slice jti, int64_t expires_s,
                                   struct jt_replay_id *out);
/*
 * The first use: JT_OK, and from now on JT_E_CONFLICT. JT_E_LIMIT: there is no room for one more.
 * before_s: what expired before that may be forgotten; 0: the clock is not trusted, forget nothing.
 */
JT_MUST enum jt_err jt_replays_claim(struct jt_replays *r, const struct jt_replay_id *id,
                                     int64_t before_s);
/* While loading: a row. The share of its client is not known any more, and not counted. */
JT_MUST enum jt_err jt_replays_load(struct jt_replays *r, const struct jt_replay *row);
size_t jt_replays_count(const struct jt_replays *r);

#endif
