/* SPDX-License-Identifier: Apache-2.0 */
#include "b64.h"

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char b32_alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

size_t jt_b64url_encode(struct jt_slice s, char *out)
{
    char *o = out;
    size_t i = 0;
    for (; i + 3 <= s.n; i += 3) {
        uint32_t v = (uint32_t)s.p[i] << 16 | (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];
        *o++ = url_alphabet[v >> 18];
        *o++ = url_alphabet[v >> 12 & 63];
        *o++ = url_alphabet[v >> 6 & 63];
        *o++ = url_alphabet[v & 63];
    }
    if (s.n - i == 1) {
        *o++ = url_alphabet[s.p[i] >> 2];
        *o++ = url_alphabet[(s.p[i] & 3) << 4];
    } else if (s.n - i == 2) {
        uint32_t v = (uint32_t)s.p[i] << 8 | s.p[i + 1];
        *o++ = url_alphabet[v >> 10];
        *o++ = url_alphabet[v >> 4 & 63];
        *o++ = url_alphabet[(v & 15) << 2];
    }
    return (size_t)(o - out);
}

void jt_b64url_put(struct jt_buf *b, struct jt_slice s)
{
    size_t n = JT_B64URL_LEN(s.n);
    if (jt_buf_reserve(b, n)) {
        b->n += jt_b64url_encode(s, (char *)b->p + b->n);
    }
}

void jt_b64_bare_put(struct jt_buf *b, struct jt_slice s)
{
    size_t start = b->n;
    jt_b64url_put(b, s);
    for (size_t i = start; i < b->n; i++) {
        b->p[i] = b->p[i] == '-' ? '+' : b->p[i] == '_' ? '/' : b->p[i];
    }
}

void jt_b64_put(struct jt_buf *b, struct jt_slice s)
{
    if (!jt_buf_reserve(b, (s.n + 2) / 3 * 4)) {
        return;
    }
    jt_b64_bare_put(b, s);
    for (size_t left = s.n % 3; left != 0 && left < 3; left++) {
        jt_buf_putc(b, '=');
    }
}

/* Value of a character, or 64. c62 and c63 are the two that alphabets differ in. */
static uint32_t value(uint8_t c, uint8_t c62, uint8_t c63)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a' + 26);
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0' + 52);
    }
    return c == c62 ? 62 : c == c63 ? 63 : 64;
}

static enum jt_err decode(struct jt_slice s, const uint8_t c62c63[2], uint8_t *out, size_t *out_n)
{
    if (s.n % 4 == 1) {
        return JT_E_SYNTAX;
    }
    size_t o = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint32_t v = value(s.p[i], c62c63[0], c62c63[1]);
        if (v == 64) {
            return JT_E_SYNTAX;
        }
        acc = (acc << 6 | v) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[o++] = (uint8_t)(acc >> bits & 0xff);
        }
    }
    if ((acc & ((1u << bits) - 1)) != 0) {
        return JT_E_SYNTAX; /* unused bits: a second text for the same value */
    }
    *out_n = o;
    return JT_OK;
}

enum jt_err jt_b64url_decode(struct jt_slice s, uint8_t *out, size_t *out_n)
{
    return decode(s, (const uint8_t[2]){'-', '_'}, out, out_n);
}

enum jt_err jt_b64_bare_decode(struct jt_slice s, uint8_t *out, size_t *out_n)
{
    return decode(s, (const uint8_t[2]){'+', '/'}, out, out_n);
}

enum jt_err jt_b64_decode(struct jt_slice s, uint8_t *out, size_t *out_n)
{
    if (s.n % 4 != 0) {
        return JT_E_SYNTAX;
    }
    if (s.n > 0 && s.p[s.n - 1] == '=') {
        s.n -= s.p[s.n - 2] == '=' ? 2 : 1;
    }
    return jt_b64_bare_decode(s, out, out_n);
}

size_t jt_b32_encode(struct jt_slice s, char *out)
{
    size_t o = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        acc = (acc << 8 | s.p[i]) & 0xffff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out[o++] = b32_alphabet[acc >> bits & 31];
        }
    }
    if (bits > 0) {
        out[o++] = b32_alphabet[acc << (5 - bits) & 31];
    }
    return o;
}

enum jt_err jt_b32_decode(struct jt_slice s, uint8_t *out, size_t *out_n)
{
    static const bool whole[8] = {true, false, true, false, true, true, false, true};
    if (!whole[s.n % 8]) {
        return JT_E_SYNTAX;
    }
    size_t o = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = jt_ascii_lower(s.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'))) {
            return JT_E_SYNTAX;
        }
        acc = (acc << 5 | (uint32_t)(c >= 'a' ? c - 'a' : c - '2' + 26)) & 0xffff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[o++] = (uint8_t)(acc >> bits & 0xff);
        }
    }
    if ((acc & ((1u << bits) - 1)) != 0) {
        return JT_E_SYNTAX;
    }
    *out_n = o;
    return JT_OK;
}
