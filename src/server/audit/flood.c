/* SPDX-License-Identifier: Apache-2.0 */
#include "flood.h"

#include <stdlib.h>

#include "../../core/base/rand.h"
#include "../store/siphash.h"

#define RATES 4096u  /* places, 4 to a set */
#define COUNTS 4096u /* rows */
#define WAYS 4u

struct rate {
    struct jt_addr prefix;
    int64_t second;
    unsigned n;
};

struct count {
    struct jt_addr prefix; /* all zero in the rows for everybody else */
    int64_t minute;
    uint64_t n; /* 0: free */
    uint16_t reason;
};

struct jt_flood {
    struct jt_sip_key key;
    int64_t second; /* of `all` */
    unsigned all;
    size_t ncounts;
    struct rate rates[RATES];
    struct count counts[COUNTS];
};

enum jt_err jt_flood_new(struct jt_flood **out)
{
    struct jt_flood *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_random(&f->key, sizeof f->key);
    if (e != JT_OK) {
        free(f);
        return e;
    }
    *out = f;
    return JT_OK;
}

void jt_flood_free(struct jt_flood **f)
{
    free(*f);
    *f = NULL;
}

static bool same(const struct jt_addr *a, const struct jt_addr *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* The prefix's own place, else the one of its set that was used longest ago. */
static struct rate *rate_of(struct jt_flood *f, const struct jt_addr *prefix)
{
    uint64_t h = jt_siphash(&f->key, jt_slice(prefix->b, sizeof prefix->b));
    struct rate *set = &f->rates[h % (RATES / WAYS) * WAYS];
    struct rate *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].n > 0 && same(&set[i].prefix, prefix)) {
            return &set[i];
        }
        oldest = set[i].second < oldest->second ? &set[i] : oldest;
    }
    *oldest = (struct rate){.prefix = *prefix};
    return oldest;
}

static bool within_rate(struct jt_flood *f, const struct jt_addr *prefix, int64_t mono_s)
{
    struct rate *r = rate_of(f, prefix);
    if (r->second != mono_s) {
        r->second = mono_s;
        r->n = 0;
    }
    if (f->second != mono_s) {
        f->second = mono_s;
        f->all = 0;
    }
    r->n += r->n <= JT_FLOOD_SINGLE ? 1 : 0;
    if (r->n > JT_FLOOD_SINGLE || f->all >= JT_FLOOD_SINGLE_ALL) {
        return false;
    }
    f->all++;
    return true;
}

/* Linear, from a hashed start; rows are only freed minute by minute. */
static struct count *count_of(struct jt_flood *f, const struct jt_addr *prefix, uint16_t reason,
                              int64_t minute)
{
    uint64_t h = jt_siphash(&f->key, jt_slice(prefix->b, sizeof prefix->b)) + reason;
    struct count *unused = NULL;
    for (size_t i = 0; i < 64; i++) {
        struct count *c = &f->counts[(h + i) % COUNTS];
        if (c->n == 0) {
            unused = unused == NULL ? c : unused;
        } else if (c->minute == minute && c->reason == reason && same(&c->prefix, prefix)) {
            return c;
        }
    }
    if (unused != NULL) {
        *unused = (struct count){.prefix = *prefix, .minute = minute, .reason = reason};
        f->ncounts++;
    }
    return unused;
}

static void count(struct jt_flood *f, const struct jt_addr *prefix, uint16_t reason, int64_t minute,
                  uint64_t n)
{
    static const struct jt_addr everybody = {{0}};
    struct count *c = f->ncounts < COUNTS / 2 ? count_of(f, prefix, reason, minute) : NULL;
    if (c == NULL) {
        c = count_of(f, &everybody, reason, minute);
    }
    if (c != NULL) {
        c->n += n;
    }
}

bool jt_flood_single(struct jt_flood *f, const struct jt_addr *a, uint16_t reason, int64_t mono_s,
                     int64_t minute)
{
    struct jt_addr prefix = jt_addr_prefix(a);
    if (within_rate(f, &prefix, mono_s)) {
        return true;
    }
    count(f, &prefix, reason, minute, 1);
    return false;
}

bool jt_flood_take(struct jt_flood *f, int64_t before, struct jt_event *e, uint16_t *reason)
{
    for (size_t i = 0; i < COUNTS && f->ncounts > 0; i++) {
        struct count *c = &f->counts[i];
        if (c->n > 0 && c->minute < before) {
            *e = (struct jt_event){.type = JT_EV_DENIALS_COUNTED,
                                   .time_us = c->minute * 60000000,
                                   .count = c->n,
                                   .address = c->prefix};
            *reason = c->reason;
            c->n = 0;
            f->ncounts--;
            return true;
        }
    }
    return false;
}

void jt_flood_untake(struct jt_flood *f, const struct jt_event *e, uint16_t reason)
{
    count(f, &e->address, reason, e->time_us / 60000000, e->count);
}
