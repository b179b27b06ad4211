/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include "../base/word.h"

bool jt_scope_name_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < 0x21 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return s.n >= 1 && s.n <= 128;
}

static bool alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool jt_client_id_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!alnum(c) && (i == 0 || (c != '.' && c != '_' && c != '~' && c != '-'))) {
            return false;
        }
    }
    return s.n >= 1 && s.n <= 64;
}

/*
 * The next character of UTF-8, its length in *len; -1 when malformed: overlong, a surrogate,
 * over U+10FFFF, cut, or NUL.
 */
static int32_t next_char(struct jt_slice s, size_t *len)
{
    uint8_t c = s.p[0];
    if (c < 0x80) {
        *len = 1;
        return c == 0 ? -1 : c;
    }
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || s.n < n) {
        return -1;
    }
    int32_t v = n == 4 ? c & 7 : n == 3 ? c & 15 : c & 31;
    for (size_t i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80) {
            return -1;
        }
        v = v << 6 | (s.p[i] & 0x3f);
    }
    if ((n == 3 && v < 0x800) || (n == 4 && v < 0x10000) || v > 0x10ffff ||
        (v >= 0xd800 && v <= 0xdfff)) {
        return -1;
    }
    *len = n;
    return v;
}

bool jt_utf8_ok(struct jt_slice s)
{
    while (s.n > 0) {
        size_t len = 0;
        if (s.n >= JT_WORD) {
            uint64_t x = jt_word_load(s.p);
            if (((x & JT_WORD_HIGH) | jt_word_below(x, 1)) == 0) {
                s = jt_slice_from(s, JT_WORD); /* eight of ASCII, none of them NUL */
                continue;
            }
        }
        if (next_char(s, &len) < 0) {
            return false;
        }
        s = jt_slice_from(s, len);
    }
    return true;
}

static bool displayable(int32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool line = c == 0x2028 || c == 0x2029;
    bool direction = c == 0x200e || c == 0x200f || c == 0x61c || (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069);
    return !control && !line && !direction && c != 0xfeff;
}

bool jt_display_text_ok(struct jt_slice s, size_t max)
{
    if (s.n > max) {
        return false;
    }
    while (s.n > 0) {
        size_t len = 0;
        int32_t c = next_char(s, &len);
        if (c < 0 || !displayable(c)) {
            return false;
        }
        s = jt_slice_from(s, len);
    }
    return true;
}
