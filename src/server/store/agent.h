/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.h - names of callers' programs (User-Agent), each kept once for all that say it: a million
 * clients of one library take one text.
 *
 * Owns:    a text lives as long as somebody has taken it.
 * Threads: none of its own: whoever owns the table locks.
 * RFC:     9110 section 10.1.5
 */
#ifndef JT_STORE_AGENT_H
#define JT_STORE_AGENT_H

#include "object.h"

struct jt_agents;
struct jt_agent;

/* What is recorded of a User-Agent: its first characters, each one that is not printable ASCII as
 * "?", so that no terminal obeys it. Returns how many. */
size_t jt_agent_clean(struct jt_slice said, char out[static JT_AGENT_MAX]);

JT_MUST enum jt_err jt_agents_new(struct jt_agents **out);
/* NULL-safe; the texts go with it. */
void jt_agents_free(struct jt_agents **a);
/* The kept text, made if need be; NULL: it is empty, or there is no memory. */
struct jt_agent *jt_agent_take(struct jt_agents *a, struct jt_slice text);
/* One user less. NULL-safe. */
void jt_agent_give(struct jt_agents *a, struct jt_agent *agent);
/* Empty of NULL. */
struct jt_slice jt_agent_text(const struct jt_agent *agent);
size_t jt_agents_count(const struct jt_agents *a);

#endif
