/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

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

void jt_log_line(void *ctx, int level, const char *message)
{
    const struct jt_log *l = ctx;
    if (level > atomic_load_explicit(&l->level, memory_order_relaxed)) {
        return;
    }
    char when[JT_RFC3339_SIZE];
    jt_fmt_rfc3339(jt_wall_s(l->clock), when);
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, LINE_MAX_BYTES * 2);
    struct jt_jw w = jt_jw(&b);
    if (l->json) {
        jt_jw_obj(&w);
        jt_jw_kstr(&w, "time", jt_str(when));
        jt_jw_kstr(&w, "level", jt_str(level_name(level)));
        jt_jw_kstr(&w, "message", jt_str(message));
        jt_jw_end_obj(&w);
    } else {
        jt_buf_printf(&b, "%s %-7s ", when, level_name(level));
        for (const char *p = message; *p != '\0'; p++) {
            jt_buf_putc(&b, (uint8_t)*p < 0x20 || *p == 0x7f ? '?' : (uint8_t)*p);
        }
    }
    jt_buf_putc(&b, '\n');
    if (jt_buf_ok(&b)) {
        (void)!write(STDERR_FILENO, b.p, b.n);
    }
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
