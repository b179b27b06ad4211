/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expire.c - once a second: opaque tokens and revocations whose time is over leave, a bounded
 * number at a time; now and then used assertions that are over, and the uses of credentials are
 * written down.
 */
#include "batch.h"

#include "../../core/base/num.h"

#define LOOK 20000u /* objects looked at in one second */
#define PAGE 512u
#define DROPS_MAX 2000u
#define USES_MAX 1000u
#define USES_EVERY_US 5000000

/*
 * A revocation stays on for a while: should the clock be set back, by less than what makes it
 * distrusted or after a real jump, the token that it ends has its time once more.
 */
#define REVOKED_LONGER_S 3600

/* Longer than the table in memory keeps them. */
#define REPLAYS_LONGER_S 180
#define REPLAYS_TAIL_S 600 /* for what one pass leaves to the next */

static bool is_over(const struct jt_object *o, int64_t now_s)
{
    return o->kind == JT_OBJ_TOKEN
               ? ((const struct jt_opaque *)o)->expires_s <= now_s
               : ((const struct jt_revocation *)o)->expires_s <= now_s - REVOKED_LONGER_S;
}

/* What of one kind is over, from *cursor on. */
struct search {
    enum jt_object_kind kind;
    uint64_t *cursor;
    int64_t now_s;
};

static enum jt_err drop_over(struct jt_change *chg, void *ctx)
{
    const struct search *s = ctx;
    const struct jt_object *page[PAGE];
    size_t drops = 0;
    for (size_t seen = 0; seen < LOOK && drops < DROPS_MAX; seen += PAGE) {
        size_t n = jt_change_page(chg, s->kind, s->cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            if (is_over(page[i], s->now_s)) {
                JT_TRY(jt_change_drop(chg, s->kind, page[i]->name));
                drops++;
            }
        }
        if (n < PAGE) {
            *s->cursor = 0; /* around again */
            break;
        }
    }
    return JT_OK;
}

static bool run(struct jt_writer *w, jt_change_fn fn, void *ctx)
{
    struct jt_job job = {.change = fn, .ctx = ctx};
    if (jt_batch_change(w, &job) != JT_OK) {
        (void)atomic_fetch_add(&w->failures, 1);
        return false;
    }
    jt_batch_publish(w);
    return true;
}

/* Rows of assertions that ended a while ago; where that fails they leave later. */
static void drop_replays(struct jt_writer *w, int64_t now_s)
{
    struct jt_store *s = w->o.store;
    uint8_t until[8];
    int64_t until_s = now_s - REPLAYS_LONGER_S;
    if (w->replays_last_s == 0 || s->ops->begin(s) != JT_OK) {
        return;
    }
    jt_put_be64(until, (uint64_t)until_s);
    if (s->ops->remove(s, JT_OBJ_REPLAY, jt_slice(until, sizeof until)) != JT_OK) {
        s->ops->rollback(s);
    } else if (s->ops->commit(s, NULL, 0) != JT_OK) {
        (void)atomic_fetch_add(&w->failures, 1);
    } else if (until_s > w->replays_last_s + REPLAYS_TAIL_S) {
        w->replays_last_s = 0; /* the last one has left */
    }
}

void jt_expire(struct jt_writer *w)
{
    int64_t now_s = jt_wall_s(w->o.clock);
    struct search tokens = {JT_OBJ_TOKEN, &w->token_cursor, now_s};
    struct search revocations = {JT_OBJ_REVOCATION, &w->revocation_cursor, now_s};
    /* where that fails they are over all the same, and met again on the next way around */
    if (jt_directory_count(w->o.directory, JT_OBJ_TOKEN) > 0) {
        (void)run(w, drop_over, &tokens);
    }
    if (jt_directory_count(w->o.directory, JT_OBJ_REVOCATION) > 0) {
        (void)run(w, drop_over, &revocations);
    }
    drop_replays(w, now_s);
}

struct uses {
    size_t n;
    struct jt_use v[USES_MAX];
};

static enum jt_err put_uses(struct jt_change *chg, void *ctx)
{
    const struct uses *u = ctx;
    for (size_t i = 0; i < u->n; i++) {
        char digits[JT_U64_DIGITS];
        struct jt_use use = u->v[i];
        use.o = (struct jt_object){.kind = JT_OBJ_USE, .name = jt_fmt_u64(use.number, digits)};
        JT_TRY(jt_change_put_copy(chg, &use.o));
    }
    return JT_OK;
}

void jt_write_uses(struct jt_writer *w, bool at_stop)
{
    static struct uses uses; /* the store thread is the only one */
    int64_t now = jt_mono_us(w->o.clock);
    if (w->o.usage == NULL || (!at_stop && now < w->uses_us)) {
        return;
    }
    bool written = true;
    do {
        uses.n = jt_usage_take(w->o.usage, uses.v, USES_MAX);
        written = uses.n == 0 || run(w, put_uses, &uses);
    } while (written && at_stop && uses.n == USES_MAX);
    if (!written) {
        jt_usage_untake(w->o.usage, uses.v, uses.n); /* the disk is full or gone: in 5 s again */
    }
    w->uses_us = uses.n == USES_MAX && written ? now : now + USES_EVERY_US;
}
