/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include <stdio.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "../core/json/jw.h"
#include "show.h"

static int64_t now_s(void)
{
    return jt_wall_s(&jt_clock_system);
}

/* A date is its midnight (UTC). */
static bool read_time(struct jt_slice s, int64_t *out)
{
    char text[JT_RFC3339_SIZE];
    if (s.n != sizeof "2026-12-01" - 1) {
        return jt_parse_rfc3339(s, out) == JT_OK;
    }
    int n = snprintf(text, sizeof text, "%.*sT00:00:00Z", JT_FMT(s));
    return jt_parse_rfc3339(jt_slice(text, (size_t)n), out) == JT_OK;
}

static bool read_when(const struct jt_args *a, const char *flag, int sign, int64_t *out)
{
    const struct jt_slice ago = JT_LIT(" ago");
    const char *text = jt_args_get(a, flag);
    struct jt_slice s = jt_str(text);
    int64_t span = 0;
    if (text == NULL || read_time(s, out)) {
        return true;
    }
    if (s.n > ago.n && jt_slice_eq(jt_slice_from(s, s.n - ago.n), ago)) {
        s.n -= ago.n;
        sign = -1;
    }
    if (jt_parse_duration(s, &span) == JT_OK) {
        int64_t t = now_s() + sign * span;
        *out = t < 0 ? 0 : t;
        return true;
    }
    jt_say_error("--%s takes a time such as 2026-12-01T00:00:00Z (UTC), a date such as 2026-12-01, "
                 "or a duration %s such as 2h or 30d, not \"%.60s\"",
                 flag, sign > 0 ? "from now" : "before now", text);
    return false;
}

bool jt_when_after(const struct jt_args *a, const char *flag, int64_t *out)
{
    return read_when(a, flag, 1, out);
}

bool jt_when_before(const struct jt_args *a, const char *flag, int64_t *out)
{
    return read_when(a, flag, -1, out);
}

bool jt_when_write(const struct jt_args *a, const char *flag, const char *name, struct jt_jw *w)
{
    int64_t t = 0;
    char text[JT_RFC3339_SIZE];
    if (!jt_args_has(a, flag)) {
        return true;
    }
    if (!jt_when_after(a, flag, &t)) {
        return false;
    }
    jt_fmt_rfc3339(t, text);
    jt_jw_kstr(w, name, jt_str(text));
    return true;
}

bool jt_when_member(const struct jt_jval *item, const char *name, int64_t *out)
{
    struct jt_slice text = {0};
    return jt_jval_str(jt_jobj_get(item, name), &text) && jt_parse_rfc3339(text, out) == JT_OK;
}

/* A unit counts from two of it on: "36 h" says more than "1 day". Two of it less what the next
 * smaller unit rounds away count too, so that "in 2 h" is still "in 2 h" a second later. */
void jt_show_span(struct jt_buf *b, int64_t s)
{
    static const struct {
        int64_t seconds, from;
        const char *name;
    } units[] = {{86400, 172800, "days"}, {3600, 7200, "h"}, {60, 120, "min"}, {1, 0, "s"}};
    size_t i = 0;
    while (units[i].seconds > 1 && s + units[i + 1].seconds / 2 < units[i].from) {
        i++;
    }
    jt_buf_put_i64(b, (s + units[i].seconds / 2) / units[i].seconds);
    jt_buf_printf(b, " %s", units[i].name);
}

void jt_show_relative(struct jt_buf *b, int64_t when_s)
{
    int64_t d = when_s - now_s();
    if (d == 0) {
        jt_buf_puts(b, "now");
        return;
    }
    jt_buf_puts(b, d > 0 ? "in " : "");
    jt_show_span(b, d > 0 ? d : -d);
    jt_buf_puts(b, d > 0 ? "" : " ago");
}

void jt_show_when(struct jt_buf *b, const struct jt_jval *item, const char *name)
{
    int64_t t = 0;
    jt_show_member(b, item, name);
    if (jt_when_member(item, name, &t)) {
        jt_buf_puts(b, " (");
        jt_show_relative(b, t);
        jt_buf_puts(b, ")");
    }
}

void jt_show_last_used(struct jt_buf *b, const struct jt_jval *credential)
{
    int64_t t = 0;
    struct jt_slice from = {0};
    if (!jt_when_member(credential, "last_used", &t)) {
        jt_buf_puts(b, "never");
        return;
    }
    jt_show_relative(b, t);
    if (jt_jval_str(jt_jobj_get(credential, "last_used_from"), &from) && from.n > 0) {
        jt_buf_puts(b, " from ");
        jt_buf_put(b, from);
    }
}
