/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <stdlib.h>

#include "../../core/base/rand.h"
#include "siphash.h"

#define SLOTS_FIRST 64u

struct jt_agent {
    struct jt_agent *next;
    uint64_t hash;
    uint32_t users;
    uint8_t n;
    char text[];
};

struct jt_agents {
    struct jt_sip_key key; /* callers choose the texts */
    size_t n, nslots;      /* a power of two */
    struct jt_agent **slots;
};

size_t jt_agent_clean(struct jt_slice said, char out[static JT_AGENT_MAX])
{
    size_t n = said.n < JT_AGENT_MAX ? said.n : JT_AGENT_MAX;
    for (size_t i = 0; i < n; i++) {
        out[i] = said.p[i] >= 0x20 && said.p[i] < 0x7f ? (char)said.p[i] : '?';
    }
    return n;
}

enum jt_err jt_agents_new(struct jt_agents **out)
{
    struct jt_agents *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return JT_E_NOMEM;
    }
    a->nslots = SLOTS_FIRST;
    a->slots = calloc(a->nslots, sizeof(struct jt_agent *));
    enum jt_err e = a->slots == NULL ? JT_E_NOMEM : jt_random(&a->key, sizeof a->key);
    if (e != JT_OK) {
        jt_agents_free(&a);
        return e;
    }
    *out = a;
    return JT_OK;
}

void jt_agents_free(struct jt_agents **a)
{
    if (*a == NULL) {
        return;
    }
    for (size_t i = 0; (*a)->slots != NULL && i < (*a)->nslots; i++) {
        while ((*a)->slots[i] != NULL) {
            struct jt_agent *next = (*a)->slots[i]->next;
            free((*a)->slots[i]);
            (*a)->slots[i] = next;
        }
    }
    free((*a)->slots);
    free(*a);
    *a = NULL;
}

/* Chains only become longer when there is no memory for more of them. */
static void grow(struct jt_agents *a)
{
    if (a->n < a->nslots) {
        return;
    }
    struct jt_agent **slots = calloc(a->nslots * 2, sizeof(struct jt_agent *));
    if (slots == NULL) {
        return;
    }
    for (size_t i = 0; i < a->nslots; i++) {
        while (a->slots[i] != NULL) {
            struct jt_agent *one = a->slots[i];
            a->slots[i] = one->next;
            struct jt_agent **slot = &slots[one->hash & (a->nslots * 2 - 1)];
            one->next = *slot;
            *slot = one;
        }
    }
    free(a->slots);
    a->slots = slots;
    a->nslots *= 2;
}

struct jt_slice jt_agent_text(const struct jt_agent *agent)
{
    return agent == NULL ? jt_slice(NULL, 0) : jt_slice(agent->text, agent->n);
}

struct jt_agent *jt_agent_take(struct jt_agents *a, struct jt_slice text)
{
    if (text.n == 0 || text.n > JT_AGENT_MAX) {
        return NULL;
    }
    uint64_t h = jt_siphash(&a->key, text);
    for (struct jt_agent *one = a->slots[h & (a->nslots - 1)]; one != NULL; one = one->next) {
        if (one->hash == h && jt_slice_eq(jt_agent_text(one), text)) {
            one->users++;
            return one;
        }
    }
    struct jt_agent *made = malloc(sizeof *made + text.n);
    if (made == NULL) {
        return NULL;
    }
    grow(a);
    struct jt_agent **slot = &a->slots[h & (a->nslots - 1)];
    *made = (struct jt_agent){.next = *slot, .hash = h, .users = 1, .n = (uint8_t)text.n};
    memcpy(made->text, text.p, text.n);
    *slot = made;
    a->n++;
    return made;
}

void jt_agent_give(struct jt_agents *a, struct jt_agent *agent)
{
    if (agent == NULL || --agent->users > 0) {
        return;
    }
    struct jt_agent **at = &a->slots[agent->hash & (a->nslots - 1)];
    while (*at != agent) {
        at = &(*at)->next;
    }
    *at = agent->next;
    a->n--;
    free(agent);
}

size_t jt_agents_count(const struct jt_agents *a)
{
    return a->n;
}
