/* SPDX-License-Identifier: Apache-2.0 */
#include "usage.h"

#include <pthread.h>
#include <stdlib.h>

/* A place in the table; number 0 is free. */
struct place {
    uint32_t number; /* of its row, so that a search need not look there */
    struct jt_userow *row;
};

#define GONE 4096u /* forgotten ones that are remembered: far more than go in a few seconds */

struct jt_usage {
    pthread_mutex_t lock;
    size_t n, cap;    /* cap is a power of two, at most three quarters full */
    size_t nchanged;  /* rows to be taken */
    size_t take_from; /* where the next take begins to look */
    struct place *rows;
    struct jt_agents *agents;
    size_t ngone; /* where the next one goes */
    uint32_t gone[GONE];
};

#define CAP_FIRST 64u
#define HOUR_S 3600

enum jt_err jt_usage_new(struct jt_usage **out)
{
    struct jt_usage *u = calloc(1, sizeof *u);
    if (u == NULL) {
        return JT_E_NOMEM;
    }
    u->rows = calloc(CAP_FIRST, sizeof *u->rows);
    if (u->rows == NULL || jt_agents_new(&u->agents) != JT_OK) {
        free(u->rows);
        free(u);
        return JT_E_NOMEM;
    }
    u->cap = CAP_FIRST;
    (void)pthread_mutex_init(&u->lock, NULL);
    *out = u;
    return JT_OK;
}

void jt_usage_free(struct jt_usage **u)
{
    if (*u != NULL) {
        (void)pthread_mutex_destroy(&(*u)->lock);
        for (size_t i = 0; i < (*u)->cap; i++) {
            jt_userow_free((*u)->rows[i].row, (*u)->agents);
        }
        jt_agents_free(&(*u)->agents);
        free((*u)->rows);
        free(*u);
        *u = NULL;
    }
}

/* Numbers are our own and count up: spreading them is enough. */
static size_t home_of(uint32_t number, size_t cap)
{
    return (size_t)(number * UINT32_C(2654435761)) & (cap - 1);
}

static struct place *place(struct place *rows, size_t cap, uint32_t number)
{
    size_t i = home_of(number, cap);
    while (rows[i].number != 0 && rows[i].number != number) {
        i = (i + 1) & (cap - 1);
    }
    return &rows[i];
}

static bool grow(struct jt_usage *u)
{
    if (u->n < u->cap / 4 * 3) {
        return true;
    }
    struct place *rows = calloc(u->cap * 2, sizeof *rows);
    if (rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < u->cap; i++) {
        if (u->rows[i].number != 0) {
            *place(rows, u->cap * 2, u->rows[i].number) = u->rows[i];
        }
    }
    free(u->rows);
    u->rows = rows;
    u->cap *= 2;
    return true;
}

static bool is_gone(const struct jt_usage *u, uint32_t number)
{
    for (size_t i = 0; i < GONE && i < u->ngone; i++) {
        if (u->gone[i] == number) {
            return true;
        }
    }
    return false;
}

/* Where a credential is, with a row made if need be; NULL: out of memory. Locked. */
static struct place *row_of(struct jt_usage *u, uint32_t number)
{
    if (!grow(u)) {
        return NULL;
    }
    struct place *p = place(u->rows, u->cap, number);
    if (p->number == 0) {
        p->row = jt_userow_new(number);
        if (p->row == NULL) {
            return NULL;
        }
        p->number = number;
        u->n++;
    }
    return p;
}

enum jt_err jt_usage_load(struct jt_usage *u, const struct jt_use *use)
{
    struct place *p = use->number == 0 ? NULL : row_of(u, use->number);
    if (p == NULL) {
        return use->number == 0 ? JT_E_CORRUPT : JT_E_NOMEM;
    }
    jt_userow_load(&p->row, u->agents, use);
    return JT_OK;
}

bool jt_usage_get(struct jt_usage *u, uint32_t credential, struct jt_use *out)
{
    (void)pthread_mutex_lock(&u->lock);
    const struct place *p = place(u->rows, u->cap, credential);
    bool found = credential != 0 && p->number == credential;
    if (found) {
        jt_userow_tell(p->row, out);
    }
    (void)pthread_mutex_unlock(&u->lock);
    return found;
}

size_t jt_usage_take(struct jt_usage *u, struct jt_use *out, size_t max)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&u->lock);
    size_t next = u->take_from & (u->cap - 1);
    for (size_t i = 0; i < u->cap && n < max && u->nchanged > 0; i++) {
        struct jt_userow *r = u->rows[(u->take_from + i) & (u->cap - 1)].row;
        if (r != NULL && r->changed) {
            r->changed = false;
            u->nchanged--;
            jt_userow_tell(r, &out[n++]);
            next = (u->take_from + i + 1) & (u->cap - 1);
        }
    }
    u->take_from = next;
    (void)pthread_mutex_unlock(&u->lock);
    return n;
}

void jt_usage_untake(struct jt_usage *u, const struct jt_use *taken, size_t n)
{
    (void)pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < n; i++) {
        struct jt_userow *r = place(u->rows, u->cap, taken[i].number)->row;
        if (r != NULL && !r->changed) {
            r->changed = true;
            u->nchanged++;
        }
    }
    (void)pthread_mutex_unlock(&u->lock);
}

/* Rows behind it move up, so that none stands beyond a free place from its own. */
static void close_gap(struct jt_usage *u, size_t gap)
{
    size_t mask = u->cap - 1;
    for (size_t i = (gap + 1) & mask; u->rows[i].number != 0; i = (i + 1) & mask) {
        if (((i - home_of(u->rows[i].number, u->cap)) & mask) >= ((i - gap) & mask)) {
            u->rows[gap] = u->rows[i];
            gap = i;
        }
    }
    u->rows[gap] = (struct place){0};
}

void jt_usage_forget(struct jt_usage *u, uint32_t credential)
{
    (void)pthread_mutex_lock(&u->lock);
    struct place *p = place(u->rows, u->cap, credential);
    if (p->number != 0) {
        u->nchanged -= p->row->changed ? 1 : 0;
        u->n--;
        jt_userow_free(p->row, u->agents);
        close_gap(u, (size_t)(p - u->rows));
    }
    u->gone[u->ngone++ % GONE] = credential;
    (void)pthread_mutex_unlock(&u->lock);
}

size_t jt_usage_page(struct jt_usage *u, size_t *cursor, uint32_t *out, size_t max)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&u->lock);
    for (; *cursor < u->cap && n < max; (*cursor)++) {
        if (u->rows[*cursor].number != 0) {
            out[n++] = u->rows[*cursor].number;
        }
    }
    (void)pthread_mutex_unlock(&u->lock);
    return n;
}

static void add(struct jt_usage *u, const struct jt_seen *seen)
{
    if (place(u->rows, u->cap, seen->number)->number == 0 && is_gone(u, seen->number)) {
        return;
    }
    struct place *p = row_of(u, seen->number);
    if (p == NULL) {
        return; /* a count less; the token's event is in the log */
    }
    jt_userow_add(&p->row, u->agents, seen);
    u->nchanged += p->row->changed ? 0 : 1;
    p->row->changed = true;
}

void jt_usage_merge(struct jt_usage_batch *b, struct jt_usage *u)
{
    if (b->n == 0) {
        return;
    }
    (void)pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < b->n; i++) {
        add(u, &b->v[i]);
    }
    (void)pthread_mutex_unlock(&u->lock);
    b->n = 0;
}

static bool is_same(const struct jt_seen *a, const struct jt_seen *b)
{
    return a->number == b->number && a->last_s / HOUR_S == b->last_s / HOUR_S &&
           memcmp(&a->address, &b->address, sizeof a->address) == 0 && a->nagent == b->nagent &&
           memcmp(a->agent, b->agent, a->nagent) == 0;
}

void jt_usage_add(struct jt_usage_batch *b, struct jt_usage *u, uint32_t credential, int64_t now_s,
                  const struct jt_usage_from *from)
{
    struct jt_seen seen = {.number = credential,
                           .first_s = now_s,
                           .last_s = now_s,
                           .count = 1,
                           .address = *from->address};
    seen.nagent = (uint8_t)jt_agent_clean(from->agent, seen.agent);
    for (size_t i = b->n; i > 0; i--) { /* the same one again is the usual case */
        struct jt_seen *before = &b->v[i - 1];
        if (is_same(before, &seen)) {
            before->count++;
            before->last_s = now_s;
            return;
        }
    }
    if (b->n == JT_USAGE_BATCH) {
        jt_usage_merge(b, u);
    }
    b->v[b->n++] = seen;
}

uint64_t jt_use_in_day(const struct jt_use *use, int64_t now_s)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < JT_USE_HOURS && i <= use->hour; i++) {
        int64_t hour = (int64_t)use->hour - i;
        bool in_day = hour <= now_s / HOUR_S && hour > now_s / HOUR_S - (int64_t)JT_USE_HOURS;
        sum += in_day ? use->hours[hour % (int64_t)JT_USE_HOURS] : 0;
    }
    return sum;
}
