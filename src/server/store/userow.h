/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userow.h - how one credential was used: in small, as jt_usage keeps it. Private to the store.
 *
 * The hours are a ring: the newest is at hour % 24, and what is older than a day has been
 * overwritten. Callers stand with the last one first; they take room only as they come.
 * Owns:    its texts, in the table of agents that its owner has.
 * Threads: none of its own: whoever owns it locks.
 */
#ifndef JT_STORE_USEROW_H
#define JT_STORE_USEROW_H

#include "agent.h"

struct jt_row_caller {
    struct jt_addr address;
    int64_t last_s;
    struct jt_agent *agent; /* NULL: it said none */
};

struct jt_userow {
    uint32_t number;
    uint32_t hour; /* the newest one counted, since 1970 */
    int64_t first_s, last_s;
    uint64_t count;
    uint32_t hours[JT_USE_HOURS];
    uint8_t ncallers;
    bool changed; /* to be written down */
    struct jt_row_caller callers[];
};

/* NULL: out of memory. */
struct jt_userow *jt_userow_new(uint32_t number);
/* NULL-safe. */
void jt_userow_free(struct jt_userow *r, struct jt_agents *agents);
/* As it was written down. *r may move. */
void jt_userow_load(struct jt_userow **r, struct jt_agents *agents, const struct jt_use *use);
void jt_userow_tell(const struct jt_userow *r, struct jt_use *out);

/* Some uses from one address, within one hour. */
struct jt_seen {
    uint32_t number;
    int64_t first_s, last_s;
    uint64_t count;
    struct jt_addr address;
    uint8_t nagent;
    char agent[JT_AGENT_MAX];
};
/* *r may move. Without memory for one more caller, the one before it leaves. */
void jt_userow_add(struct jt_userow **r, struct jt_agents *agents, const struct jt_seen *seen);

#endif
