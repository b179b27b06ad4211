/* SPDX-License-Identifier: Apache-2.0 */
#include "jw.h"

#include "../base/word.h"

static void separate(struct jt_jw *w)
{
    if (w->comma) {
        jt_buf_putc(w->b, ',');
    }
    w->comma = true;
}

void jt_jw_obj(struct jt_jw *w)
{
    separate(w);
    jt_buf_putc(w->b, '{');
    w->comma = false;
}

void jt_jw_end_obj(struct jt_jw *w)
{
    jt_buf_putc(w->b, '}');
    w->comma = true;
}

void jt_jw_arr(struct jt_jw *w)
{
    separate(w);
    jt_buf_putc(w->b, '[');
    w->comma = false;
}

void jt_jw_end_arr(struct jt_jw *w)
{
    jt_buf_putc(w->b, ']');
    w->comma = true;
}

/* Length of a well-formed character of more than one byte at s, or 0 (RFC 3629). */
static size_t utf8_len(struct jt_slice s)
{
    uint8_t c = s.p[0];
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || s.n < n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    uint8_t d = s.p[1];
    bool bad = (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) ||
               (c == 0xf4 && d > 0x8f);
    return bad ? 0 : n;
}

static void put_ascii(struct jt_buf *b, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        jt_buf_puts(b, "\\\"");
        return;
    case '\\':
        jt_buf_puts(b, "\\\\");
        return;
    case '\n':
        jt_buf_puts(b, "\\n");
        return;
    case '\r':
        jt_buf_puts(b, "\\r");
        return;
    case '\t':
        jt_buf_puts(b, "\\t");
        return;
    default:
        jt_buf_puts(b, "\\u00");
        jt_buf_putc(b, (uint8_t)hex[c >> 4]);
        jt_buf_putc(b, (uint8_t)hex[c & 15]);
    }
}

static bool plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* One character that is not plain; returns its length. */
static size_t put_special(struct jt_buf *b, struct jt_slice s)
{
    if (s.p[0] < 0x80) {
        put_ascii(b, s.p[0]);
        return 1;
    }
    size_t n = utf8_len(s);
    if (n == 0) {
        jt_buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD */
        return 1;
    }
    /* U+2028 and U+2029 end lines for some readers; C1 controls move terminals */
    if (n == 3 && s.p[0] == 0xe2 && s.p[1] == 0x80 && (s.p[2] == 0xa8 || s.p[2] == 0xa9)) {
        jt_buf_puts(b, s.p[2] == 0xa8 ? "\\u2028" : "\\u2029");
    } else if (n == 2 && s.p[0] == 0xc2 && s.p[1] < 0xa0) {
        put_ascii(b, s.p[1]);
    } else {
        jt_buf_put(b, jt_slice(s.p, n));
    }
    return n;
}

/* How many characters s begins with that are written as they are. Tokens are nothing else. */
static size_t plain_run(struct jt_slice s)
{
    size_t k = 0;
    for (; k + JT_WORD <= s.n; k += JT_WORD) {
        uint64_t x = jt_word_load(s.p + k);
        uint64_t odd = (x & JT_WORD_HIGH) | jt_word_below(x, 0x20) | jt_word_has(x, '"') |
                       jt_word_has(x, '\\') | jt_word_has(x, 0x7f);
        if (odd != 0) {
            break;
        }
    }
    while (k < s.n && plain(s.p[k])) {
        k++;
    }
    return k;
}

static void quoted(struct jt_buf *b, struct jt_slice s)
{
    jt_buf_putc(b, '"');
    while (s.n > 0) {
        size_t k = plain_run(s);
        jt_buf_put(b, jt_slice(s.p, k));
        s = jt_slice_from(s, k);
        if (s.n > 0) {
            s = jt_slice_from(s, put_special(b, s));
        }
    }
    jt_buf_putc(b, '"');
}

void jt_jw_key_slice(struct jt_jw *w, struct jt_slice name)
{
    separate(w);
    quoted(w->b, name);
    jt_buf_putc(w->b, ':');
    w->comma = false;
}

void jt_jw_name(struct jt_jw *w, struct jt_slice name)
{
    separate(w);
    jt_buf_putc(w->b, '"');
    jt_buf_put(w->b, name);
    jt_buf_put(w->b, JT_LIT("\":"));
    w->comma = false;
}

void jt_jw_str(struct jt_jw *w, struct jt_slice s)
{
    separate(w);
    quoted(w->b, s);
}

void jt_jw_int(struct jt_jw *w, int64_t v)
{
    separate(w);
    jt_buf_put_i64(w->b, v);
}

void jt_jw_bool(struct jt_jw *w, bool v)
{
    separate(w);
    jt_buf_puts(w->b, v ? "true" : "false");
}

void jt_jw_null(struct jt_jw *w)
{
    separate(w);
    jt_buf_puts(w->b, "null");
}

void jt_jw_raw(struct jt_jw *w, struct jt_slice json)
{
    separate(w);
    jt_buf_put(w->b, json);
}
