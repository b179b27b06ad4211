/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - what the operator reads while the server runs: one line each on stderr, JSON or text.
 *
 * Not the audit log. Never a secret, never a token. Nothing waits for who reads it: what a full
 * pipe does not take is left out, and the next line that goes through is preceded by how many those
 * were. Threads: any; a line is one write of at most PIPE_BUF bytes.
 */
#ifndef JT_SERVER_LOG_H
#define JT_SERVER_LOG_H

#include <stdatomic.h>

#include "../core/base/clock.h"
#include "../core/base/slice.h"

enum { JT_LOG_ERROR = 3, JT_LOG_WARNING = 4, JT_LOG_INFO = 6, JT_LOG_DEBUG = 7 };

struct jt_log {
    _Atomic int level; /* lines above it are left out; may change while it is used */
    bool json;
    const struct jt_clock *clock;
};

void jt_log(const struct jt_log *l, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same as a callback: ctx is a struct jt_log. */
void jt_log_line(void *ctx, int level, const char *message);

#endif
