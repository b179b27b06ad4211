/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num.h - numbers read strictly and written fast.
 *
 * Reading takes decimal digits only: no sign, no space, no leading zero but "0",
 * nothing after the last digit, nothing over the stated maximum.
 */
#ifndef JT_BASE_NUM_H
#define JT_BASE_NUM_H

#include "err.h"
#include "slice.h"

#define JT_U64_DIGITS 20

/* *out untouched on failure. JT_E_SYNTAX, or JT_E_RANGE over max. */
JT_MUST enum jt_err jt_parse_u64(struct jt_slice s, uint64_t max, uint64_t *out);

/*
 * "0s", "30m", "24h", "90d", or a bare number of seconds, as *out seconds.
 * At most 100 years.
 */
JT_MUST enum jt_err jt_parse_duration(struct jt_slice s, int64_t *out_s);

/* Decimal digits of v in d, without NUL. */
struct jt_slice jt_fmt_u64(uint64_t v, char d[static JT_U64_DIGITS]);

/* "2026-11-24T09:30:00Z" (RFC 3339) of seconds since the epoch, NUL-terminated. */
#define JT_RFC3339_SIZE 32
void jt_fmt_rfc3339(int64_t unix_s, char out[static JT_RFC3339_SIZE]);
/* "2026-11-24T09:30:00Z" back into seconds since the epoch: UTC only, no fractions, 1970 to 9999.
 */
JT_MUST enum jt_err jt_parse_rfc3339(struct jt_slice s, int64_t *out_s);
/* "Tue, 24 Nov 2026 09:30:00 GMT" (RFC 9110 section 5.6.7), NUL-terminated. */
#define JT_HTTP_DATE_SIZE 32
void jt_fmt_http_date(int64_t unix_s, char out[static JT_HTTP_DATE_SIZE]);

/* The value of a hexadecimal digit; -1: it is none. */
static inline int jt_hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t l = jt_ascii_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Big-endian words, for records whose bytes are hashed. */
static inline void jt_put_be64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--) {
        p[i] = (uint8_t)(v & 0xff);
        v >>= 8;
    }
}

static inline uint64_t jt_get_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static inline void jt_put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 3; i >= 0; i--) {
        p[i] = (uint8_t)(v & 0xff);
        v >>= 8;
    }
}

static inline uint32_t jt_get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
