/* SPDX-License-Identifier: Apache-2.0 */
#include "reminders.h"

#include <stdlib.h>

#define CAP_FIRST 64u
#define DAY_S INT64_C(86400)

const uint32_t jt_expiring_days[JT_EXPIRING_WINDOWS] = {1, 7, 14, 30};

/* days 0: the place is free. */
struct entry {
    uint64_t id;
    int64_t ends_s;
    uint32_t days;
};

struct jt_reminders {
    size_t n, cap; /* cap is a power of two, at most three quarters full */
    struct entry *v;
};

enum jt_err jt_reminders_new(struct jt_reminders **out)
{
    struct jt_reminders *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return JT_E_NOMEM;
    }
    r->v = calloc(CAP_FIRST, sizeof *r->v);
    r->cap = CAP_FIRST;
    if (r->v == NULL) {
        free(r);
        return JT_E_NOMEM;
    }
    *out = r;
    return JT_OK;
}

void jt_reminders_free(struct jt_reminders **r)
{
    if (*r != NULL) {
        free((*r)->v);
        free(*r);
        *r = NULL;
    }
}

/* The kind is above the 60 bits of the rest. */
static uint64_t tagged(uint64_t kind, uint64_t rest)
{
    return kind << 60 | (rest & ((UINT64_C(1) << 60) - 1));
}

unsigned jt_reminder_kind(uint64_t id)
{
    return (unsigned)(id >> 60) % JT_REMINDER_KINDS;
}

uint64_t jt_reminder_of_credential(uint32_t number)
{
    return tagged(JT_REMIND_CREDENTIAL, number);
}

/* FNV-1a: there are a few kids, and we choose them. */
uint64_t jt_reminder_of_key(struct jt_slice kid)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < kid.n; i++) {
        h = (h ^ kid.p[i]) * UINT64_C(0x100000001b3);
    }
    return tagged(JT_REMIND_KEY, h);
}

uint64_t jt_reminder_of_certificate(void)
{
    return tagged(JT_REMIND_CERTIFICATE, 0);
}

uint32_t jt_reminder_window(int64_t left_s)
{
    for (size_t i = 0; left_s > 0 && i < JT_EXPIRING_WINDOWS; i++) {
        if (left_s <= jt_expiring_days[i] * DAY_S) {
            return jt_expiring_days[i];
        }
    }
    return 0;
}

static size_t home_of(uint64_t id, size_t cap)
{
    return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (cap - 1);
}

static struct entry *place(struct entry *v, size_t cap, uint64_t id)
{
    size_t i = home_of(id, cap);
    while (v[i].days != 0 && v[i].id != id) {
        i = (i + 1) & (cap - 1);
    }
    return &v[i];
}

uint32_t jt_reminders_due(const struct jt_reminders *r, uint64_t id, int64_t ends_s, int64_t now_s)
{
    uint32_t window = jt_reminder_window(ends_s - now_s);
    if (window == 0) {
        return 0;
    }
    const struct entry *e = place(r->v, r->cap, id);
    return e->days != 0 && e->ends_s == ends_s && e->days <= window ? 0 : window;
}

static bool grow(struct jt_reminders *r)
{
    if (r->n < r->cap / 4 * 3) {
        return true;
    }
    struct entry *v = calloc(r->cap * 2, sizeof *v);
    if (v == NULL) {
        return false;
    }
    for (size_t i = 0; i < r->cap; i++) {
        if (r->v[i].days != 0) {
            *place(v, r->cap * 2, r->v[i].id) = r->v[i];
        }
    }
    free(r->v);
    r->v = v;
    r->cap *= 2;
    return true;
}

enum jt_err jt_reminders_told(struct jt_reminders *r, uint64_t id, int64_t ends_s, uint32_t days)
{
    if (days == 0) {
        return JT_E_RANGE;
    }
    if (!grow(r)) {
        return JT_E_NOMEM;
    }
    struct entry *e = place(r->v, r->cap, id);
    r->n += e->days == 0 ? 1 : 0;
    *e = (struct entry){id, ends_s, days};
    return JT_OK;
}

enum jt_err jt_reminders_load(struct jt_reminders *r, const struct jt_reminder *was)
{
    enum jt_err e = jt_reminders_told(r, was->id, was->ends_s, was->days);
    return e == JT_E_RANGE ? JT_E_CORRUPT : e;
}

size_t jt_reminders_over(const struct jt_reminders *r, int64_t now_s, uint64_t *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < r->cap && n < max; i++) {
        if (r->v[i].days != 0 && r->v[i].ends_s <= now_s) {
            out[n++] = r->v[i].id;
        }
    }
    return n;
}

/* Those behind it move up, so that none stands beyond a free place from its own. */
void jt_reminders_forget(struct jt_reminders *r, uint64_t id)
{
    size_t mask = r->cap - 1;
    struct entry *e = place(r->v, r->cap, id);
    if (e->days == 0) {
        return;
    }
    size_t gap = (size_t)(e - r->v);
    for (size_t i = (gap + 1) & mask; r->v[i].days != 0; i = (i + 1) & mask) {
        if (((i - home_of(r->v[i].id, r->cap)) & mask) >= ((i - gap) & mask)) {
            r->v[gap] = r->v[i];
            gap = i;
        }
    }
    r->v[gap] = (struct entry){0, 0, 0};
    r->n--;
}

size_t jt_reminders_count(const struct jt_reminders *r)
{
    return r->n;
}
