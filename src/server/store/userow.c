/* SPDX-License-Identifier: Apache-2.0 */
#include "userow.h"

#include <stdlib.h>

#define HOUR_S 3600

struct jt_userow *jt_userow_new(uint32_t number)
{
    struct jt_userow *r = calloc(1, sizeof *r + sizeof r->callers[0]);
    if (r != NULL) {
        r->number = number;
    }
    return r;
}

void jt_userow_free(struct jt_userow *r, struct jt_agents *agents)
{
    for (size_t i = 0; r != NULL && i < r->ncallers; i++) {
        jt_agent_give(agents, r->callers[i].agent);
    }
    free(r);
}

/* Room for one more, at the end. The first one has its room from the start. */
static bool extend(struct jt_userow **r)
{
    size_t n = (size_t)(*r)->ncallers + 1;
    if (n > JT_USE_CALLERS) {
        return false;
    }
    struct jt_userow *more = n == 1 ? *r : realloc(*r, sizeof **r + n * sizeof(*r)->callers[0]);
    if (more == NULL) {
        return false;
    }
    *r = more;
    return true;
}

void jt_userow_load(struct jt_userow **r, struct jt_agents *agents, const struct jt_use *use)
{
    struct jt_userow *t = *r;
    t->first_s = use->first_s;
    t->last_s = use->last_s;
    t->count = use->count;
    t->hour = use->hour;
    memcpy(t->hours, use->hours, sizeof t->hours);
    for (size_t i = 0; i < use->ncallers && i < JT_USE_CALLERS && extend(&t); i++) {
        const struct jt_use_caller *c = &use->callers[i];
        t->callers[t->ncallers++] = (struct jt_row_caller){
            c->address, c->last_s, jt_agent_take(agents, jt_slice(c->agent, c->nagent))};
    }
    if (t->ncallers == 0) { /* written down before callers were */
        t->callers[t->ncallers++] = (struct jt_row_caller){use->address, use->last_s, NULL};
    }
    *r = t;
}

void jt_userow_tell(const struct jt_userow *r, struct jt_use *out)
{
    *out = (struct jt_use){.number = r->number,
                           .first_s = r->first_s,
                           .last_s = r->last_s,
                           .count = r->count,
                           .hour = r->hour,
                           .ncallers = r->ncallers};
    memcpy(out->hours, r->hours, sizeof out->hours);
    for (size_t i = 0; i < r->ncallers; i++) {
        struct jt_use_caller *c = &out->callers[i];
        struct jt_slice agent = jt_agent_text(r->callers[i].agent);
        c->address = r->callers[i].address;
        c->last_s = r->callers[i].last_s;
        c->nagent = (uint8_t)agent.n;
        if (agent.n > 0) {
            memcpy(c->agent, agent.p, agent.n);
        }
    }
    if (r->ncallers > 0) {
        out->address = r->callers[0].address;
    }
}

/* A day or more ahead of what is counted: the day before is over. A day or more behind: the clock
 * was ahead, and those hours never were. */
static void count_hour(struct jt_userow *r, int64_t at_s, uint64_t n)
{
    if (at_s < 0 || at_s / HOUR_S > UINT32_MAX) {
        return;
    }
    uint32_t hour = (uint32_t)(at_s / HOUR_S);
    uint32_t apart = hour > r->hour ? hour - r->hour : r->hour - hour;
    if (apart >= JT_USE_HOURS) {
        memset(r->hours, 0, sizeof r->hours);
        r->hour = hour;
    }
    while (r->hour < hour) {
        r->hour++;
        r->hours[r->hour % JT_USE_HOURS] = 0;
    }
    uint32_t *h = &r->hours[hour % JT_USE_HOURS];
    *h = n > UINT32_MAX - *h ? UINT32_MAX : *h + (uint32_t)n;
}

/* Where a caller of this age belongs, those with the last use first. */
static void settle(struct jt_userow *r, size_t i)
{
    for (; i > 0 && r->callers[i - 1].last_s <= r->callers[i].last_s; i--) {
        struct jt_row_caller c = r->callers[i];
        r->callers[i] = r->callers[i - 1];
        r->callers[i - 1] = c;
    }
}

static void note_caller(struct jt_userow **r, struct jt_agents *agents, const struct jt_seen *seen)
{
    struct jt_slice said = jt_slice(seen->agent, seen->nagent);
    size_t i = 0;
    while (i < (*r)->ncallers &&
           memcmp(&(*r)->callers[i].address, &seen->address, sizeof seen->address) != 0) {
        i++;
    }
    if (i == (*r)->ncallers && extend(r)) {
        (*r)->callers[(*r)->ncallers++] = (struct jt_row_caller){.address = seen->address};
    } else if (i == (*r)->ncallers) {
        i--; /* the one longest ago makes room, unless this one is older still */
        if ((*r)->callers[i].last_s > seen->last_s) {
            return;
        }
        (*r)->callers[i].address = seen->address;
    } else if ((*r)->callers[i].last_s > seen->last_s) {
        return;
    }
    struct jt_row_caller *c = &(*r)->callers[i];
    c->last_s = seen->last_s;
    if (!jt_slice_eq(jt_agent_text(c->agent), said)) {
        jt_agent_give(agents, c->agent);
        c->agent = jt_agent_take(agents, said);
    }
    settle(*r, i);
}

void jt_userow_add(struct jt_userow **r, struct jt_agents *agents, const struct jt_seen *seen)
{
    struct jt_userow *t = *r;
    t->first_s = t->count == 0 ? seen->first_s : t->first_s;
    t->last_s = seen->last_s > t->last_s ? seen->last_s : t->last_s;
    t->count += seen->count;
    count_hour(t, seen->last_s, seen->count);
    note_caller(r, agents, seen);
}
