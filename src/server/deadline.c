/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline.c - the stop ends within a bounded time, also when the disk hangs: then no thread that
 * waits for it comes back, not even to learn that it should stop. Nothing is lost by ending: what
 * was acknowledged is on disk, and what was not was never promised.
 */
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server.h"

#define STOP_MAX_US 25000000 /* the drain has 10 s of it; below TimeoutStopSec of our unit */
#define LOOK_MS 500

/* Asked to, whether or not the main thread has come to know. */
static bool stopping(const struct jt_server *v)
{
    sigset_t waiting;
    return atomic_load(&v->app.draining) ||
           (sigpending(&waiting) == 0 &&
            (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1));
}

static void *watch(void *arg)
{
    struct jt_server *v = arg;
    struct pollfd done = {.fd = v->stopped_fd, .events = POLLIN};
    int64_t since_us = 0;
    while (poll(&done, 1, LOOK_MS) <= 0) {
        int64_t now_us = jt_mono_us(&jt_clock_system);
        if (!stopping(v)) {
            continue;
        }
        since_us = since_us == 0 ? now_us : since_us;
        if (now_us - since_us >= STOP_MAX_US) {
            jt_log(
                &v->log, JT_LOG_ERROR,
                "the stop took over 25 s, most likely because the disk does not answer, and ends "
                "here: some requests were not answered; all that was acknowledged is on disk");
            _exit(1);
        }
    }
    return NULL;
}

enum jt_err jt_server_watch_stop(struct jt_server *v)
{
    v->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    v->watching = v->stopped_fd >= 0 && pthread_create(&v->stop_watch, NULL, watch, v) == 0;
    return v->watching ? JT_OK : JT_E_IO;
}

void jt_server_stopped(struct jt_server *v)
{
    uint64_t one = 1;
    if (v->watching) {
        (void)!write(v->stopped_fd, &one, sizeof one);
        (void)pthread_join(v->stop_watch, NULL);
    }
    if (v->stopped_fd >= 0) {
        (void)close(v->stopped_fd);
    }
}
