/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "batch.h"

enum jt_err jt_mailbox_init(struct jt_mailbox *m)
{
    atomic_store(&m->top, NULL);
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return m->fd < 0 ? JT_E_IO : JT_OK;
}

void jt_mailbox_close(struct jt_mailbox *m)
{
    if (m->fd >= 0) {
        (void)close(m->fd);
        m->fd = -1;
    }
}

void jt_mailbox_put(struct jt_mailbox *m, struct jt_job *job)
{
    struct jt_job *top = atomic_load(&m->top);
    do {
        job->next = top;
    } while (!atomic_compare_exchange_weak(&m->top, &top, job));
}

void jt_mailbox_wake(struct jt_mailbox *m)
{
    uint64_t one = 1;
    (void)!write(m->fd, &one, sizeof one);
}

struct jt_job *jt_job_reverse(struct jt_job *list)
{
    struct jt_job *first = NULL;
    while (list != NULL) {
        struct jt_job *next = list->next;
        list->next = first;
        first = list;
        list = next;
    }
    return first;
}

struct jt_job *jt_mailbox_take(struct jt_mailbox *m)
{
    uint64_t n = 0;
    (void)!read(m->fd, &n, sizeof n);
    return jt_job_reverse(atomic_exchange(&m->top, NULL));
}

static void woken(struct jt_job *job)
{
    (void)job;
}

enum jt_err jt_mailbox_wait(struct jt_mailbox *m, struct jt_writer *w, struct jt_job *job)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    job->reply = m;
    job->done = woken;
    jt_writer_submit(w, job);
    while (jt_mailbox_take(m) == NULL) {
        (void)poll(&p, 1, 1000);
    }
    return job->result;
}
