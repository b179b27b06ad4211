/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdlib.h>

#include "../../core/base/rand.h"
#include "siphash.h"

#define SLOTS 4096u

struct jt_profiles {
    struct jt_sip_key key;
    size_t n;
    struct jt_profile *slots[SLOTS]; /* chains */
};

enum jt_err jt_profiles_new(struct jt_profiles **out)
{
    struct jt_profiles *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_random(&p->key, sizeof p->key);
    if (e != JT_OK) {
        free(p);
        return e;
    }
    *out = p;
    return JT_OK;
}

void jt_profiles_free(struct jt_profiles **p)
{
    if (*p == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        while ((*p)->slots[i] != NULL) {
            struct jt_profile *next = (*p)->slots[i]->next;
            free((*p)->slots[i]);
            (*p)->slots[i] = next;
        }
    }
    free(*p);
    *p = NULL;
}

size_t jt_profiles_count(const struct jt_profiles *p)
{
    return p->n;
}

static uint64_t hash_of(const struct jt_profiles *p, const struct jt_profile *like)
{
    uint64_t h = jt_siphash(&p->key, like->client_id);
    h = h * 31 + jt_siphash(&p->key, like->audience);
    h = h * 31 + jt_siphash(&p->key, like->scope);
    return h * 31 + jt_siphash(&p->key, like->cnf);
}

static bool same(const struct jt_profile *a, const struct jt_profile *b)
{
    return jt_slice_eq(a->client_id, b->client_id) && jt_slice_eq(a->audience, b->audience) &&
           jt_slice_eq(a->scope, b->scope) && jt_slice_eq(a->cnf, b->cnf);
}

static struct jt_slice put(uint8_t **at, struct jt_slice s)
{
    uint8_t *p = *at;
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    *at += s.n;
    return jt_slice(p, s.n);
}

static struct jt_profile *make(const struct jt_profile *like)
{
    struct jt_profile *p =
        calloc(1, sizeof *p + like->client_id.n + like->audience.n + like->scope.n + like->cnf.n);
    if (p != NULL) {
        uint8_t *at = (uint8_t *)(p + 1);
        p->client_id = put(&at, like->client_id);
        p->audience = put(&at, like->audience);
        p->scope = put(&at, like->scope);
        p->cnf = put(&at, like->cnf);
    }
    return p;
}

const struct jt_profile *jt_profile_take(struct jt_profiles *home, const struct jt_profile *like)
{
    uint64_t h = hash_of(home, like);
    struct jt_profile **slot = &home->slots[h % SLOTS];
    for (struct jt_profile *p = *slot; p != NULL; p = p->next) {
        if (p->hash == h && same(p, like)) {
            p->users++;
            return p;
        }
    }
    struct jt_profile *p = make(like);
    if (p != NULL) {
        p->hash = h;
        p->home = home;
        p->users = 1;
        p->next = *slot;
        *slot = p;
        home->n++;
    }
    return p;
}

void jt_profile_give(const struct jt_profile *profile)
{
    struct jt_profile *mine = (struct jt_profile *)(uintptr_t)profile;
    if (mine == NULL || mine->home == NULL || --mine->users > 0) {
        return;
    }
    struct jt_profile **at = &mine->home->slots[mine->hash % SLOTS];
    while (*at != mine) {
        at = &(*at)->next;
    }
    *at = mine->next;
    mine->home->n--;
    free(mine);
}
