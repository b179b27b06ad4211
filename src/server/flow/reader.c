/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <pthread.h>
#include <stdlib.h>

#define WAITING_MAX 64

struct jt_reader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct jt_read *head, *tail;
    size_t waiting;
    bool stop;
    struct jt_store *audit;
    struct jt_crypt *crypt;
};

static struct jt_read *next_read(struct jt_reader *r)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->head == NULL && !r->stop) {
        (void)pthread_cond_wait(&r->more, &r->lock);
    }
    struct jt_read *x = r->head;
    if (x != NULL) {
        r->head = x->next;
        r->tail = r->head == NULL ? NULL : r->tail;
        r->waiting--;
    }
    (void)pthread_mutex_unlock(&r->lock);
    return x;
}

static void *run(void *arg)
{
    struct jt_reader *r = arg;
    struct jt_read *x = NULL;
    while ((x = next_read(r)) != NULL) {
        struct jt_mailbox *reply = x->job.reply;
        x->run(x, r->audit, r->crypt);
        jt_mailbox_put(reply, &x->job);
        jt_mailbox_wake(reply);
    }
    return NULL;
}

static void release(struct jt_reader *r)
{
    if (r->audit != NULL) {
        r->audit->ops->close(&r->audit);
    }
    jt_crypt_free(&r->crypt);
    (void)pthread_cond_destroy(&r->more);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

enum jt_err jt_reader_start(struct jt_store *audit, struct jt_reader **out)
{
    struct jt_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return JT_E_NOMEM;
    }
    r->audit = audit;
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->more, NULL);
    enum jt_err e = jt_crypt_new(&r->crypt);
    if (e == JT_OK && pthread_create(&r->thread, NULL, run, r) != 0) {
        e = JT_E_IO;
    }
    if (e != JT_OK) {
        r->audit = NULL; /* stays the caller's */
        release(r);
        return e;
    }
    *out = r;
    return JT_OK;
}

bool jt_reader_submit(struct jt_reader *r, struct jt_read *read)
{
    (void)pthread_mutex_lock(&r->lock);
    bool room = r->waiting < WAITING_MAX && !r->stop;
    if (room) {
        read->next = NULL;
        if (r->tail == NULL) {
            r->head = read;
        } else {
            r->tail->next = read;
        }
        r->tail = read;
        r->waiting++;
        (void)pthread_cond_signal(&r->more);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return room;
}

void jt_reader_stop(struct jt_reader **r)
{
    if (*r == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&(*r)->lock);
    (*r)->stop = true;
    (void)pthread_cond_signal(&(*r)->more);
    (void)pthread_mutex_unlock(&(*r)->lock);
    (void)pthread_join((*r)->thread, NULL);
    release(*r);
    *r = NULL;
}
