/* SPDX-License-Identifier: Apache-2.0 */
#include "num.h"

#include <stdio.h>
#include <time.h>

enum jt_err jt_parse_u64(struct jt_slice s, uint64_t max, uint64_t *out)
{
    if (s.n == 0 || (s.n > 1 && s.p[0] == '0')) {
        return JT_E_SYNTAX;
    }
    uint64_t v = 0;
    bool over = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return JT_E_SYNTAX;
        }
        uint64_t d = (uint64_t)(s.p[i] - '0');
        over = over || v > (UINT64_MAX - d) / 10;
        v = over ? 0 : v * 10 + d;
    }
    if (over || v > max) {
        return JT_E_RANGE;
    }
    *out = v;
    return JT_OK;
}

enum jt_err jt_parse_duration(struct jt_slice s, int64_t *out_s)
{
    static const struct {
        uint8_t suffix;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const uint64_t century = UINT64_C(100) * 366 * 86400;
    uint64_t unit = 1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (s.n > 0 && s.p[s.n - 1] == units[i].suffix) {
            unit = units[i].seconds;
            s.n--;
            break;
        }
    }
    uint64_t v = 0;
    JT_TRY(jt_parse_u64(s, century / unit, &v));
    *out_s = (int64_t)(v * unit);
    return JT_OK;
}

struct jt_slice jt_fmt_u64(uint64_t v, char d[static JT_U64_DIGITS])
{
    size_t i = JT_U64_DIGITS;
    do {
        d[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    memmove(d, d + i, JT_U64_DIGITS - i);
    return jt_slice(d, JT_U64_DIGITS - i);
}

void jt_fmt_rfc3339(int64_t unix_s, char out[static JT_RFC3339_SIZE])
{
    struct tm tm = {0};
    time_t t = (time_t)unix_s;
    out[0] = '\0';
    if (gmtime_r(&t, &tm) != NULL) {
        (void)strftime(out, JT_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

void jt_fmt_http_date(int64_t unix_s, char out[static JT_HTTP_DATE_SIZE])
{
    /* strftime would take the names from the locale; the header has its own. */
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm = {0};
    time_t t = (time_t)unix_s;
    out[0] = '\0';
    if (gmtime_r(&t, &tm) != NULL) {
        (void)snprintf(out, JT_HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[tm.tm_wday % 7], tm.tm_mday % 100, months[tm.tm_mon % 12],
                       (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100,
                       tm.tm_sec % 100);
    }
}
