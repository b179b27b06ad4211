/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "../core/base/num.h"
#include "../core/json/jw.h"

#define LINE_MAX_BYTES 4096u

static const char *level_name(int level)
{
    if (level <= JT_LOG_ERROR) {
        return "error";
    }
    if (level == JT_LOG_WARNING) {
        return "warning";
    }
    return level <= JT_LOG_INFO ? "info" : "debug";
}

static void compose(const struct jt_log *l, int level, struct jt_slice message, struct jt_buf *b)
{
    char when[JT_RFC3339_SIZE];
    jt_fmt_rfc3339(jt_wall_s(l->clock), when);
    if (l->json) {
        struct jt_jw w = jt_jw(b);
        jt_jw_obj(&w);
        jt_jw_kstr(&w, "time", jt_str(when));
        jt_jw_kstr(&w, "level", jt_str(level_name(level)));
        jt_jw_kstr(&w, "message", message);
        jt_jw_end_obj(&w);
    } else {
        jt_buf_printf(b, "%s %-7s ", when, level_name(level));
        for (size_t i = 0; i < message.n; i++) {
            uint8_t c = message.p[i];
            jt_buf_putc(b, c < 0x20 || c == 0x7f ? '?' : c);
        }
    }
    jt_buf_putc(b, '\n');
}

/*
 * True: there was room for it. A pipe or socket whose reader does not read would stop the thread,
 * and with it a worker or the store, so nothing is written to one that is full. What is no longer
 * than PIPE_BUF goes in whole once poll(2) says that there is room (pipe(7)).
 */
static bool put(struct jt_slice line)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) {
        return false;
    }
    return write(STDERR_FILENO, line.p, line.n) == (ssize_t)line.n;
}

/* Shortened until it can be written at once: an escaped byte takes up to six. */
static bool write_line(const struct jt_log *l, int level, struct jt_slice message)
{
    for (;; message.n /= 2) {
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, PIPE_BUF);
        compose(l, level, message, &b);
        if (jt_buf_ok(&b)) {
            return put(jt_buf_slice(&b));
        }
        if (message.n == 0) {
            return false;
        }
    }
}

static bool write_missing(const struct jt_log *l, unsigned n)
{
    char text[80];
    int k = snprintf(text, sizeof text, "%u line%s of this log could not be written", n,
                     n == 1 ? "" : "s");
    return write_line(l, JT_LOG_WARNING, jt_slice(text, (size_t)k));
}

void jt_log_line(void *ctx, int level, const char *message)
{
    /* Of the process, as stderr is. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned missing;
    const struct jt_log *l = ctx;
    if (level > atomic_load_explicit(&l->level, memory_order_relaxed)) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    if (missing > 0 && write_missing(l, missing)) {
        missing = 0;
    }
    if (missing > 0 || !write_line(l, level, jt_str(message))) {
        missing++;
    }
    (void)pthread_mutex_unlock(&lock);
}

void jt_log(const struct jt_log *l, int level, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    jt_log_line((void *)(uintptr_t)l, level, text);
}
