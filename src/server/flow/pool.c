/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS_MAX 4u
#define NICE 10 /* whatever else there is to do goes first */

struct jt_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct jt_work *head, *tail;          /* waiting */
    struct jt_work *running[THREADS_MAX]; /* NULL: that thread is idle */
    bool stop;
    const struct jt_clock *clock;
    struct jt_pool_stats stats;
    size_t nthreads;
    struct jt_pool_thread {
        struct jt_pool *pool;
        size_t index;
        pthread_t id;
    } threads[THREADS_MAX];
};

size_t jt_pool_threads(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    size_t n = (size_t)CPU_COUNT(&set) / 2;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

static void give_back(struct jt_work *w, enum jt_err result)
{
    struct jt_mailbox *reply = w->job.reply;
    w->job.result = result;
    jt_mailbox_put(reply, &w->job); /* from here on it is its owner's */
    jt_mailbox_wake(reply);
}

/* The next one, moved to running. NULL: the pool ends. */
static struct jt_work *take(struct jt_pool_thread *t)
{
    struct jt_pool *p = t->pool;
    (void)pthread_mutex_lock(&p->lock);
    while (p->head == NULL && !p->stop) {
        (void)pthread_cond_wait(&p->more, &p->lock);
    }
    struct jt_work *w = p->head;
    if (w != NULL) {
        p->head = w->next;
        p->tail = p->head == NULL ? NULL : p->tail;
        p->stats.waiting--;
        p->stats.running++;
        p->running[t->index] = w;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return w;
}

static void settle(struct jt_pool_thread *t, bool ran)
{
    struct jt_pool *p = t->pool;
    (void)pthread_mutex_lock(&p->lock);
    p->running[t->index] = NULL;
    p->stats.running--;
    p->stats.ran += ran ? 1 : 0;
    p->stats.late += ran ? 0 : 1;
    (void)pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
    struct jt_pool_thread *t = arg;
    struct jt_work *w = NULL;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread alone */
    while ((w = take(t)) != NULL) {
        bool in_time = jt_mono_us(t->pool->clock) < w->until_us;
        if (in_time) {
            w->run(w);
        }
        settle(t, in_time);
        give_back(w, in_time ? JT_OK : JT_E_BUSY);
    }
    return NULL;
}

static void release(struct jt_pool *p)
{
    (void)pthread_cond_destroy(&p->more);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

enum jt_err jt_pool_start(size_t threads, const struct jt_clock *clock, struct jt_pool **out)
{
    JT_ASSERT(threads > 0 && threads <= THREADS_MAX);
    struct jt_pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return JT_E_NOMEM;
    }
    p->clock = clock;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->more, NULL);
    for (size_t i = 0; i < threads; i++) {
        struct jt_pool_thread *t = &p->threads[i];
        *t = (struct jt_pool_thread){.pool = p, .index = i};
        if (pthread_create(&t->id, NULL, work, t) != 0) {
            jt_pool_stop(&p);
            return JT_E_IO;
        }
        p->nthreads = i + 1;
    }
    *out = p;
    return JT_OK;
}

struct counts {
    size_t client, prefix;
};

static void count(struct counts *n, const struct jt_work *other, const struct jt_work *w)
{
    struct jt_addr mine = jt_addr_prefix(&w->address);
    struct jt_addr theirs = jt_addr_prefix(&other->address);
    n->client += jt_slice_eq(other->client_id, w->client_id) ? 1 : 0;
    n->prefix += memcmp(mine.b, theirs.b, sizeof mine.b) == 0 ? 1 : 0;
}

/* The lock is held. */
static enum jt_pool_answer judge(struct jt_pool *p, const struct jt_work *w)
{
    struct counts n = {0};
    if (p->stop || p->stats.waiting >= JT_POOL_WAITING_MAX) {
        p->stats.full++;
        return JT_POOL_FULL;
    }
    for (const struct jt_work *o = p->head; o != NULL; o = o->next) {
        count(&n, o, w);
    }
    for (size_t i = 0; i < p->nthreads; i++) {
        if (p->running[i] != NULL) {
            count(&n, p->running[i], w);
        }
    }
    if (n.client >= JT_POOL_CLIENT_MAX) {
        p->stats.client_busy++;
        return JT_POOL_CLIENT_BUSY;
    }
    if (n.prefix >= JT_POOL_PREFIX_MAX) {
        p->stats.prefix_busy++;
        return JT_POOL_PREFIX_BUSY;
    }
    return JT_POOL_TAKEN;
}

enum jt_pool_answer jt_pool_submit(struct jt_pool *p, struct jt_work *w)
{
    (void)pthread_mutex_lock(&p->lock);
    enum jt_pool_answer a = judge(p, w);
    if (a == JT_POOL_TAKEN) {
        w->next = NULL;
        if (p->tail == NULL) {
            p->head = w;
        } else {
            p->tail->next = w;
        }
        p->tail = w;
        p->stats.waiting++;
        (void)pthread_cond_signal(&p->more);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return a;
}

void jt_pool_cancel(struct jt_pool *p)
{
    if (p == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    struct jt_work *w = p->head;
    p->head = p->tail = NULL;
    p->stop = true;
    p->stats.late += p->stats.waiting;
    p->stats.waiting = 0;
    (void)pthread_cond_broadcast(&p->more);
    (void)pthread_mutex_unlock(&p->lock);
    while (w != NULL) {
        struct jt_work *next = w->next;
        give_back(w, JT_E_BUSY);
        w = next;
    }
}

void jt_pool_stop(struct jt_pool **p)
{
    if (*p == NULL) {
        return;
    }
    jt_pool_cancel(*p);
    for (size_t i = 0; i < (*p)->nthreads; i++) {
        (void)pthread_join((*p)->threads[i].id, NULL);
    }
    release(*p);
    *p = NULL;
}

void jt_pool_stats(struct jt_pool *p, struct jt_pool_stats *out)
{
    (void)pthread_mutex_lock(&p->lock);
    *out = p->stats;
    (void)pthread_mutex_unlock(&p->lock);
}
