/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

#include "../core/base/err.h"

bool jt_rune_next(struct jt_slice *rest, uint32_t *out)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    uint8_t first = rest->p[0];
    *out = first;
    for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
        if ((first & forms[k].mask) != forms[k].lead || rest->n <= k) {
            continue;
        }
        uint32_t r = first & (uint8_t)~forms[k].mask;
        bool ok = true;
        for (size_t i = 1; i <= k; i++) {
            ok = ok && (rest->p[i] & 0xc0) == 0x80;
            r = r << 6 | (rest->p[i] & 0x3fu);
        }
        if (ok && r >= forms[k].least && r <= 0x10ffff && (r < 0xd800 || r > 0xdfff)) {
            *rest = jt_slice_from(*rest, k + 1);
            *out = r;
            return true;
        }
    }
    *rest = jt_slice_from(*rest, 1);
    return false;
}

bool jt_rune_is_unsafe(uint32_t r)
{
    return r < 0x20 || (r >= 0x7f && r < 0xa0) ||         /* C0, DEL, C1 */
           r == 0x61c || r == 0x200e || r == 0x200f ||    /* direction marks */
           (r >= 0x2028 && r <= 0x202e) ||                /* line ends, embeddings, overrides */
           (r >= 0x2066 && r <= 0x2069) || r == 0xfeff || /* isolates, byte order mark */
           (r >= 0xe0000 && r <= 0xe007f);                /* invisible tags */
}

void jt_safe_put(struct jt_buf *b, struct jt_slice s)
{
    while (s.n > 0) {
        struct jt_slice before = s;
        uint32_t r = 0;
        bool ok = jt_rune_next(&s, &r);
        if (!ok || (r < 0x80 && jt_rune_is_unsafe(r))) {
            jt_buf_printf(b, "\\x%02x", (unsigned)r);
        } else if (jt_rune_is_unsafe(r)) {
            jt_buf_printf(b, "\\u{%x}", (unsigned)r);
        } else {
            jt_buf_put(b, jt_slice(before.p, before.n - s.n));
        }
    }
}

__attribute__((format(printf, 2, 0))) static void say(const char *before, const char *fmt,
                                                      va_list ap)
{
    char text[4096] = "";
    (void)vsnprintf(text, sizeof text, fmt, ap);
    JT_AUTO(jt_buf_free) struct jt_buf safe;
    jt_buf_init(&safe, 8 * sizeof text);
    jt_safe_put(&safe, jt_str(text));
    jt_buf_putc(&safe, '\n');
    (void)fflush(stdout);
    (void)fputs(before, stderr);
    (void)fwrite(safe.p, 1, safe.n, stderr);
}

void jt_say_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("jeton: ", fmt, ap);
    va_end(ap);
}

void jt_say_hint(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("hint: ", fmt, ap);
    va_end(ap);
}

enum jt_exit jt_say_fail(enum jt_exit code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("jeton: ", fmt, ap);
    va_end(ap);
    return code;
}
