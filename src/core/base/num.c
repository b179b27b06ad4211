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

/* n digits at p. */
static bool digits_at(const uint8_t *p, size_t n, int *out)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return false;
        }
        v = v * 10 + (p[i] - '0');
    }
    *out = v;
    return true;
}

enum jt_err jt_parse_rfc3339(struct jt_slice s, int64_t *out_s)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    struct tm tm = {0};
    struct tm back = {0};
    if (s.n != sizeof form - 1) {
        return JT_E_SYNTAX;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (form[i] != '0' && s.p[i] != (uint8_t)form[i]) {
            return JT_E_SYNTAX;
        }
    }
    if (!digits_at(s.p, 4, &tm.tm_year) || !digits_at(s.p + 5, 2, &tm.tm_mon) ||
        !digits_at(s.p + 8, 2, &tm.tm_mday) || !digits_at(s.p + 11, 2, &tm.tm_hour) ||
        !digits_at(s.p + 14, 2, &tm.tm_min) || !digits_at(s.p + 17, 2, &tm.tm_sec)) {
        return JT_E_SYNTAX;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    const struct tm said = tm;
    time_t t = timegm(&tm);
    /* timegm makes 31 February a day of March: what comes back must be what was said */
    if (t < 0 || gmtime_r(&t, &back) == NULL || back.tm_mon != said.tm_mon ||
        back.tm_mday != said.tm_mday || back.tm_hour != said.tm_hour ||
        back.tm_min != said.tm_min || back.tm_sec != said.tm_sec) {
        return JT_E_RANGE;
    }
    *out_s = (int64_t)t;
    return JT_OK;
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
