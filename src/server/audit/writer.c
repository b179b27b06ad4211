/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "batch.h"

#define SCRATCH_MAX 65536u
#define REPLAYS_LONGEST_S 90000 /* the longest life of an assertion, a day, and an hour */
#define MAILBOXES 66
#define WAIT_MS 1000
#define HANG_US 5000000
#define CHANGES_MAX 32 /* of one batch */

void jt_handover_add(struct jt_handover *h, struct jt_job *job)
{
    job->next = h->newest;
    h->newest = job;
    h->n++;
    if (h->oldest == NULL) {
        h->oldest = job;
    }
}

void jt_writer_submit_all(struct jt_writer *w, struct jt_handover *h)
{
    if (h->newest == NULL) {
        return;
    }
    struct jt_job *top = atomic_load(&w->inbox);
    do {
        h->oldest->next = top;
    } while (!atomic_compare_exchange_weak(&w->inbox, &top, h->newest));
    *h = (struct jt_handover){0};
    if (atomic_exchange(&w->asleep, false)) { /* only a sleeper is worth a system call */
        uint64_t one = 1;
        (void)!write(w->wake_fd, &one, sizeof one);
    }
}

void jt_writer_submit(struct jt_writer *w, struct jt_job *job)
{
    struct jt_handover h = {0};
    jt_handover_add(&h, job);
    jt_writer_submit_all(w, &h);
}

/* As long as a request is parked at most: until then all is well. */
bool jt_writer_hangs(const struct jt_writer *w)
{
    int64_t begun_us = atomic_load(&w->begun_us);
    return begun_us != 0 && jt_mono_us(w->o.clock) - begun_us > HANG_US;
}

void jt_writer_stats(const struct jt_writer *w, struct jt_writer_stats *out)
{
    *out = (struct jt_writer_stats){
        .commits = atomic_load(&w->commits),
        .events = atomic_load(&w->nevents_total),
        .counted = atomic_load(&w->counted),
        .failures = atomic_load(&w->failures),
        .unaudited = atomic_load(&w->unaudited),
        .disk_failing = atomic_load(&w->failing) || jt_writer_hangs(w),
        .degrade = atomic_load(&w->degrade),
    };
}

const struct jt_histogram *jt_writer_commits(const struct jt_writer *w, enum jt_commit which)
{
    return &w->times[which];
}

static void log_disk(struct jt_writer *w, enum jt_err e)
{
    bool was = atomic_exchange(&w->failing, e != JT_OK);
    if (e != JT_OK) {
        (void)atomic_fetch_add(&w->failures, 1);
    }
    if (was == (e != JT_OK)) {
        return;
    }
    if (e == JT_OK) {
        w->o.log(w->o.log_ctx, 6, "the audit log can be written again");
    } else if (w->o.on_failure == JT_AUDIT_DEGRADE) {
        w->o.log(w->o.log_ctx, 3,
                 e == JT_E_FULL ? "the disk is full: tokens are issued WITHOUT audit records"
                                : "the audit log cannot be written: tokens are issued "
                                  "WITHOUT audit records");
    } else {
        w->o.log(w->o.log_ctx, 3,
                 e == JT_E_FULL
                     ? "the disk is full: requests are answered with 503 until there "
                       "is space"
                     : "the audit log cannot be written: requests are answered with 503");
    }
}

/* A refusal that is one of too many is counted, and needs no disk. */
static bool counted(struct jt_writer *w, struct jt_job *job)
{
    int64_t minute = job->event.time_us / 60000000;
    if (!job->stranger || job->change != NULL ||
        jt_flood_single(w->flood, &job->event.address, job->reason_code,
                        jt_mono_us(w->o.clock) / 1000000, minute)) {
        return false;
    }
    job->receipt = (struct jt_receipt){.counted = true, .minute = minute};
    (void)atomic_fetch_add(&w->counted, 1);
    return true;
}

/* Pending changes first: their numbers are given already. */
static enum jt_err add_pending(struct jt_writer *w)
{
    for (struct jt_pending *p = w->pending_head; p != NULL; p = p->next) {
        if (p->has_event && !jt_batch_add(w, &p->event)) {
            return JT_E_NOMEM;
        }
    }
    return JT_OK;
}

/* Changes of an earlier batch that the log still lacks. */
static enum jt_err settle_earlier(struct jt_writer *w)
{
    if (w->pending_head == NULL) {
        return JT_OK;
    }
    w->nevents = 0;
    enum jt_err e = add_pending(w);
    if (e == JT_OK) {
        e = jt_batch_append(w);
    }
    w->nevents = 0;
    log_disk(w, e);
    if (e == JT_OK) {
        jt_batch_publish(w);
    }
    return e;
}

static void run_changes(struct jt_writer *w, struct jt_job *jobs)
{
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        j->result = JT_OK;
        j->receipt = (struct jt_receipt){0};
        if (j->change != NULL) {
            j->result = jt_batch_change(w, j);
        }
    }
}

static enum jt_err add_plain(struct jt_writer *w, struct jt_job *jobs)
{
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        if (j->change == NULL && j->result == JT_OK && j->event.type != JT_EV_NONE &&
            !counted(w, j) && !jt_batch_add(w, &j->event)) {
            return JT_E_NOMEM;
        }
    }
    return JT_OK;
}

/* What each job of the batch is told. */
static void conclude(struct jt_writer *w, struct jt_job *jobs, enum jt_err disk)
{
    for (struct jt_pending *p = w->pending_head; p != NULL; p = p->next) {
        if (p->job != NULL) {
            p->job->result = disk;
            p->job->receipt = (struct jt_receipt){.seq = p->has_event ? p->event.seq : 0,
                                                  .on_disk = disk == JT_OK};
            p->job = NULL;
        }
    }
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        if (j->change != NULL || j->result != JT_OK || j->event.type == JT_EV_NONE ||
            j->receipt.counted) {
            continue;
        }
        if (disk == JT_OK) {
            j->receipt = (struct jt_receipt){.seq = j->event.seq, .on_disk = true};
        } else if (w->o.on_failure == JT_AUDIT_DEGRADE && j->opaque == NULL && j->replay == NULL) {
            j->receipt = (struct jt_receipt){.unaudited = true};
            (void)atomic_fetch_add(&w->unaudited, 1);
        } else {
            j->result = disk;
        }
    }
}

static void mail(struct jt_job *jobs)
{
    struct jt_mailbox *boxes[MAILBOXES];
    size_t n = 0;
    while (jobs != NULL) {
        struct jt_job *next = jobs->next;
        struct jt_mailbox *to = jobs->reply;
        if (to == NULL) {
            jobs->free_fn(jobs);
        } else {
            size_t i = 0;
            while (i < n && boxes[i] != to) {
                i++;
            }
            if (i == n && n < MAILBOXES) {
                boxes[n++] = to;
            }
            jt_mailbox_put(to, jobs);
        }
        jobs = next;
    }
    for (size_t i = 0; i < n; i++) {
        jt_mailbox_wake(boxes[i]);
    }
}

static void fail_all(struct jt_writer *w, struct jt_job *jobs, enum jt_err e)
{
    for (struct jt_job *j = jobs; j != NULL; j = j->next) {
        j->result = e;
        j->receipt = (struct jt_receipt){0};
        if (j->change == NULL && j->opaque == NULL && j->replay == NULL &&
            w->o.on_failure == JT_AUDIT_DEGRADE) {
            j->result = JT_OK;
            j->receipt.unaudited = true;
            (void)atomic_fetch_add(&w->unaudited, 1);
        }
    }
}

static void begin_turn(struct jt_writer *w)
{
    atomic_store(&w->begun_us, jt_mono_us(w->o.clock));
}

static void end_turn(struct jt_writer *w)
{
    if (jt_writer_hangs(w)) {
        w->o.log(w->o.log_ctx, 4,
                 "the disk did not answer for over 5 s: requests were answered with 503");
    }
    atomic_store(&w->begun_us, 0);
}

static void run_batch(struct jt_writer *w, struct jt_job *jobs)
{
    enum jt_err e = settle_earlier(w);
    if (e != JT_OK) {
        fail_all(w, jobs, e);
        mail(jobs);
        return;
    }
    run_changes(w, jobs);
    jt_batch_tokens_write(w, jobs);
    w->nevents = 0;
    e = add_pending(w);
    if (e == JT_OK) {
        e = add_plain(w, jobs);
    }
    bool tried = w->nevents > 0;
    if (e == JT_OK) {
        e = jt_batch_append(w);
    }
    w->nevents = 0;
    if (tried) {
        log_disk(w, e);
    }
    conclude(w, jobs, e);
    if (e == JT_OK) {
        jt_batch_publish(w);
    }
    jt_batch_tokens_end(w, jobs, e == JT_OK);
    mail(jobs);
    (void)jt_epoch_reclaim(w->o.epochs);
}

/*
 * The next batch: what was held, then what came. Each change costs a transaction, so when there are
 * very many the others of the batch would wait too long: the rest is held, in its order.
 */
static struct jt_job *next_batch(struct jt_writer *w)
{
    struct jt_job **end = &w->held;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = jt_job_reverse(atomic_exchange(&w->inbox, NULL));
    struct jt_job *jobs = w->held;
    w->held = NULL;
    struct jt_job **held = &w->held;
    size_t changes = 0;
    for (struct jt_job **at = &jobs; *at != NULL;) {
        struct jt_job *j = *at;
        if (j->change == NULL || ++changes <= CHANGES_MAX) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        j->next = NULL;
        *held = j;
        held = &j->next;
    }
    return jobs;
}

static void sleep_until_work(struct jt_writer *w)
{
    struct pollfd p = {.fd = w->wake_fd, .events = POLLIN};
    uint64_t n = 0;
    atomic_store(&w->asleep, true);
    if (atomic_load(&w->inbox) == NULL && !atomic_load(&w->stop)) {
        (void)poll(&p, 1, WAIT_MS);
    }
    atomic_store(&w->asleep, false);
    (void)!read(w->wake_fd, &n, sizeof n);
}

static void *run(void *arg)
{
    struct jt_writer *w = arg;
    for (;;) {
        begin_turn(w);
        struct jt_job *jobs = next_batch(w);
        if (jobs != NULL) {
            run_batch(w, jobs);
        } else if (atomic_load(&w->stop)) {
            break;
        } else {
            (void)settle_earlier(w);
            (void)jt_epoch_reclaim(w->o.epochs);
            end_turn(w);
            sleep_until_work(w);
            begin_turn(w);
        }
        jt_upkeep(w, false);
        end_turn(w);
    }
    (void)settle_earlier(w);
    jt_upkeep(w, true);
    return NULL;
}

/* Events that reached jeton.db but not the log, when the server last ended. */
static enum jt_err replay_one(void *ctx, const struct jt_event *e)
{
    struct jt_writer *w = ctx;
    struct jt_event copy = *e;
    if (copy.seq > w->last_seq + 1) {
        return JT_E_CORRUPT; /* the two databases are not of the same time */
    }
    /* one whose number another event has was refused, and is in effect all the same: a new number
     */
    w->nevents = 0;
    if (!jt_batch_add(w, &copy)) {
        return JT_E_NOMEM;
    }
    enum jt_err err = jt_batch_append(w);
    w->nevents = 0;
    return err;
}

static uint32_t highest_credential(const struct jt_directory *d)
{
    const struct jt_object *page[64];
    uint64_t cursor = 0;
    uint32_t max = 0;
    size_t n = 0;
    do {
        n = jt_directory_page(d, JT_OBJ_CLIENT, &cursor, page, 64);
        for (size_t i = 0; i < n; i++) {
            const struct jt_client *c = (const struct jt_client *)page[i];
            for (size_t k = 0; k < c->ncredentials; k++) {
                max = c->credentials[k].number > max ? c->credentials[k].number : max;
            }
        }
    } while (n == 64);
    return max;
}

static void release(struct jt_writer *w)
{
    while (w->pending_head != NULL) {
        struct jt_pending *p = w->pending_head;
        w->pending_head = p->next;
        jt_pending_free(p);
    }
    jt_flood_free(&w->flood);
    jt_crypt_free(&w->crypt);
    jt_buf_free(&w->scratch);
    free(w->events);
    if (w->wake_fd >= 0) {
        (void)close(w->wake_fd);
    }
    free(w);
}

static enum jt_err prepare(struct jt_writer *w)
{
    struct jt_store *s = w->o.store;
    struct jt_audit_info info = {0};
    JT_TRY(jt_crypt_new(&w->crypt));
    JT_TRY(jt_flood_new(&w->flood));
    JT_TRY(s->ops->audit_info(s, &info));
    w->last_seq = info.last_seq;
    w->last_event_us = info.last_time_us;
    memcpy(w->last_hash, info.last_hash, sizeof w->last_hash);
    w->start_wall_us = jt_wall_us(w->o.clock);
    w->replays_last_s = w->o.has_replays ? w->start_wall_us / 1000000 + REPLAYS_LONGEST_S : 0;
    w->start_mono_us = jt_mono_us(w->o.clock);
    w->distrusted = !jt_writer_clock_trusted(w);
    if (w->distrusted) {
        w->o.log(w->o.log_ctx, 4,
                 "the clock is over 24 h ahead of the last audit event: nothing is pruned or "
                 "retired for a day; if the clock is right, a restart ends the wait");
    }
    if (w->start_wall_us < w->last_event_us - 60 * INT64_C(1000000)) {
        w->o.log(
            w->o.log_ctx, 4,
            "the clock is over a minute behind the last audit event: while it is wrong, tokens "
            "that were over count again");
    }
    uint32_t highest = highest_credential(w->o.directory);
    w->next_credential = (highest > w->o.credential_floor ? highest : w->o.credential_floor) + 1;
    return s->ops->outbox(s, replay_one, w);
}

enum jt_err jt_writer_start(const struct jt_writer_opts *o, struct jt_writer **out)
{
    struct jt_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return JT_E_NOMEM;
    }
    w->o = *o;
    atomic_store(&w->degrade, o->on_failure == JT_AUDIT_DEGRADE);
    jt_buf_init(&w->scratch, SCRATCH_MAX);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum jt_err e = w->wake_fd < 0 ? JT_E_IO : prepare(w);
    if (e == JT_OK && pthread_create(&w->thread, NULL, run, w) != 0) {
        e = JT_E_IO;
    }
    if (e != JT_OK) {
        release(w);
        return e;
    }
    *out = w;
    return JT_OK;
}

void jt_writer_stop(struct jt_writer **w)
{
    uint64_t one = 1;
    atomic_store(&(*w)->stop, true);
    (void)!write((*w)->wake_fd, &one, sizeof one);
    (void)pthread_join((*w)->thread, NULL);
    release(*w);
    *w = NULL;
}
