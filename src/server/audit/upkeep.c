/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upkeep.c - once a second: counted refusals of past minutes become events, and events that are
 * too old or too many leave, a few thousand at a time.
 */
#include "batch.h"

#define SECOND_US 1000000
#define DAY_US (INT64_C(86400) * SECOND_US)
#define DRIFT_MAX_US (60 * (int64_t)SECOND_US)
#define PRUNE_ROWS 5000u
#define COUNTS_AT_ONCE 512u

/* Some of them; true: there may be more, and all is well. */
static bool write_some_counts(struct jt_writer *w, int64_t before)
{
    static struct jt_event events[COUNTS_AT_ONCE]; /* the store thread is the only one */
    static uint16_t reasons[COUNTS_AT_ONCE];
    size_t n = 0;
    bool added = true;
    w->nevents = 0;
    while (n < COUNTS_AT_ONCE && added &&
           jt_flood_take(w->flood, before, &events[n], &reasons[n])) {
        events[n].reason = jt_str(w->o.reason_name(reasons[n]));
        added = jt_batch_add(w, &events[n++]);
    }
    bool written = added && jt_batch_append(w) == JT_OK;
    for (size_t i = 0; i < n && !written; i++) {
        jt_flood_untake(w->flood, &events[i], reasons[i]);
    }
    if (!written) {
        (void)atomic_fetch_add(&w->failures, 1);
    }
    w->nevents = 0;
    return written && n == COUNTS_AT_ONCE;
}

static void write_counts(struct jt_writer *w, bool at_stop)
{
    int64_t minute = jt_wall_us(w->o.clock) / (60 * (int64_t)SECOND_US);
    if (atomic_load(&w->failing)) {
        return; /* they stay in their table until the disk is back */
    }
    while (write_some_counts(w, at_stop ? INT64_MAX : minute) && at_stop) {
    }
}

/*
 * A revocation that left too early, because the clock was ahead for a while, would bring its token
 * back. But a start after a long stop is no fault: a day of agreement is trusted too.
 */
bool jt_writer_clock_trusted(const struct jt_writer *w)
{
    int64_t wall = jt_wall_us(w->o.clock) - w->start_wall_us;
    int64_t mono = jt_mono_us(w->o.clock) - w->start_mono_us;
    int64_t drift = wall > mono ? wall - mono : mono - wall;
    bool near = w->last_event_us == 0 || w->start_wall_us - w->last_event_us <= DAY_US;
    return drift <= DRIFT_MAX_US && (near || mono >= DAY_US);
}

/* The first event that is young enough to stay; ends the scan there. */
struct horizon {
    int64_t cutoff_us;
    uint64_t keep_from;
};

static enum jt_err look(void *ctx, const struct jt_event *e)
{
    struct horizon *h = ctx;
    if (e->time_us >= h->cutoff_us) {
        return JT_E_BUSY; /* found */
    }
    h->keep_from = e->seq + 1;
    return JT_OK;
}

static uint64_t too_old(struct jt_writer *w, const struct jt_audit_info *info)
{
    struct jt_store *s = w->o.store;
    struct horizon h = {jt_wall_us(w->o.clock) - w->o.retain_s * SECOND_US, 0};
    if (w->o.retain_s == 0 || info->first_time_us >= h.cutoff_us || !jt_writer_clock_trusted(w)) {
        return 0;
    }
    const struct jt_audit_query q = {.from_seq = info->first_seq, .scan = PRUNE_ROWS};
    uint64_t next = 0;
    enum jt_err e = s->ops->audit_read(s, &q, look, &h, &next);
    return e == JT_OK || e == JT_E_BUSY ? h.keep_from : 0;
}

static uint64_t too_many(const struct jt_writer *w, const struct jt_audit_info *info)
{
    bool over = w->o.max_bytes > 0 && info->bytes > w->o.max_bytes &&
                info->last_seq - info->first_seq > PRUNE_ROWS;
    return over ? info->first_seq + PRUNE_ROWS : 0;
}

static void prune(struct jt_writer *w)
{
    struct jt_store *s = w->o.store;
    struct jt_audit_info info = {0};
    size_t removed = 0;
    if (s->ops->audit_info(s, &info) != JT_OK || info.last_seq == 0) {
        return;
    }
    uint64_t a = too_old(w, &info);
    uint64_t b = too_many(w, &info);
    uint64_t keep = a > b ? a : b;
    keep = keep > info.last_seq ? info.last_seq : keep; /* the chain's end stays */
    if (keep <= info.first_seq || s->ops->audit_prune(s, keep, PRUNE_ROWS, &removed) != JT_OK ||
        removed == 0) {
        return;
    }
    struct jt_event e = {.type = JT_EV_AUDIT_PRUNED,
                         .time_us = jt_wall_us(w->o.clock),
                         .count = removed,
                         .reason = a >= b ? JT_LIT("retain") : JT_LIT("max_size")};
    w->nevents = 0;
    if (!jt_batch_add(w, &e) || jt_batch_append(w) != JT_OK) {
        (void)atomic_fetch_add(&w->failures, 1);
    }
    w->nevents = 0;
}

/* Said once: until it is over, tokens and revocations pile up, and no key changes by itself. */
static bool trust_clock(struct jt_writer *w)
{
    bool trusted = jt_writer_clock_trusted(w);
    if (trusted != w->distrusted) {
        return trusted;
    }
    w->distrusted = !trusted;
    w->o.log(w->o.log_ctx, trusted ? 6 : 4,
             trusted ? "the clock is trusted again: what was due is pruned and retired now"
                     : "the clock jumped by over 60 s since the start: nothing is pruned or "
                       "retired until it jumps back; if it is right now, a restart ends the wait");
    return trusted;
}

void jt_upkeep(struct jt_writer *w, bool at_stop)
{
    int64_t now = jt_mono_us(w->o.clock);
    if (!at_stop && now < w->upkeep_us) {
        return;
    }
    w->upkeep_us = now + SECOND_US;
    if (w->pending_head != NULL) {
        return; /* their numbers are given: nothing may come before them */
    }
    write_counts(w, at_stop);
    jt_write_uses(w, at_stop);
    if (!at_stop) {
        if (trust_clock(w)) {
            jt_expire(w);
        }
        prune(w);
    }
}
