/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuers.h - the keys of other issuers, fetched when they are needed and kept for all workers.
 *
 * A worker asks and never waits: it gets a set, or is told that asking the issuer would help and
 * hands in a wait, which is called back when the issuer has answered or failed. Whoever waits for
 * the same issuer waits for the same fetch.
 *
 * A set is good for 10 minutes; then it is refreshed behind the back of those who use it, after an
 * hour before they do, and when that fails it is used on, for 24 hours since it came. An error or
 * an empty set never takes its place. After any fetch an issuer is left in peace for 30 s, so that
 * tokens that name unknown keys cause no storm; all issuers together are asked 10 times a minute,
 * 20 at once. Nothing is kept over a restart.
 *
 * Limits:  JT_ISSUERS_MAX issuers, the one used longest ago makes room; JT_ISSUERS_QUEUE fetches
 *          that wait. Fetching: network.h.
 * Owns:    its sets (others hold references), and up to four threads, which begin with the first
 *          fetch.
 * Threads: any, but for new and free.
 */
#ifndef JT_ISSUERS_ISSUERS_H
#define JT_ISSUERS_ISSUERS_H

#include "../../client/jwks.h"
#include "../../core/base/clock.h"
#include "network.h"

#define JT_ISSUERS_MAX 1024u
#define JT_ISSUERS_QUEUE 64u
#define JT_ISSUERS_FETCHERS 4u
#define JT_ISSUERS_COOL_US INT64_C(30000000)
#define JT_ISSUERS_FRESH_US INT64_C(600000000)   /* refreshed behind the back */
#define JT_ISSUERS_OLD_US INT64_C(3600000000)    /* refreshed before it is used */
#define JT_ISSUERS_STALE_US INT64_C(86400000000) /* gone */
#define JT_ISSUERS_BURST 20
#define JT_ISSUERS_EVERY_US INT64_C(6000000) /* one more fetch may be made */
#define JT_ISSUERS_WHY 300u

struct jt_issuers;

/* How keys come: over the network, but in tests. */
struct jt_issuers_fetch {
    enum jt_oauth_end (*run)(void *ctx, const struct jt_jwks_source *from,
                             const struct jt_network *network, const atomic_bool *stop,
                             struct jt_keyset **out, struct jt_oauth_error *err);
    void *ctx;
};

struct jt_issuers_opts {
    const struct jt_clock *clock;
    struct jt_issuers_fetch fetch; /* run NULL: jt_network_fetch */
    void (*log)(void *ctx, int level, const char *message);
    void *log_ctx;
};

JT_MUST enum jt_err jt_issuers_new(const struct jt_issuers_opts *opts, struct jt_issuers **out);
/* Which networks may be reached, and by which CAs: from the next fetch on. */
void jt_issuers_configure(struct jt_issuers *i, const struct jt_network *network);
/* No fetch begins any more, those under way are given up, and all who wait are called. Before the
 * workers drain. */
void jt_issuers_stop(struct jt_issuers *i);
/* NULL-safe; nobody waits any more. */
void jt_issuers_free(struct jt_issuers **i);

enum jt_keys_state {
    JT_KEYS_UNDECIDED = 0,
    JT_KEYS_HAVE, /* a set; when it has no such key, the issuer has none, as of half a minute ago */
    JT_KEYS_ASK,  /* wait, and then look again with asked set */
    JT_KEYS_NONE, /* not to be had now: no verdict is possible */
};

struct jt_keys_want {
    struct jt_jwks_source from;
    struct jt_slice kid; /* empty: any */
    enum jt_alg alg;
    bool asked; /* after a wait: JT_KEYS_ASK is no answer any more */
};

struct jt_keys_answer {
    enum jt_keys_state state;
    struct jt_keyset *set;    /* JT_KEYS_HAVE: release it */
    char why[JT_ISSUERS_WHY]; /* JT_KEYS_NONE: a sentence part */
};

void jt_issuers_keys(struct jt_issuers *i, const struct jt_keys_want *want,
                     struct jt_keys_answer *out);

struct jt_keys_wait {
    struct jt_keys_wait *next;
    void (*done)(struct jt_keys_wait *w); /* on a thread of the issuers: pass it on */
    void *ctx;
};

/* True: w->done will be called once. False: there is nothing to wait for (the issuer answered just
 * now, the budget is used up, too many wait, the server stops); look again with asked set. */
JT_MUST bool jt_issuers_wait(struct jt_issuers *i, const struct jt_jwks_source *from,
                             struct jt_keys_wait *w);

struct jt_issuers_counts {
    uint64_t fetched, failed; /* fetches since the start */
    size_t known;             /* issuers with keys */
};
struct jt_issuers_counts jt_issuers_counts(struct jt_issuers *i);

#endif
