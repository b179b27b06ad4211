/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

void jt_show_value(struct jt_buf *b, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    int64_t i = 0;
    bool is = false;
    if (jt_jval_str(v, &s)) {
        jt_buf_put(b, s);
    } else if (jt_jval_int(v, &i)) {
        jt_buf_put_i64(b, i);
    } else if (jt_jval_bool(v, &is)) {
        jt_buf_puts(b, is ? "yes" : "no");
    } else if (v != NULL && jt_jval_type(v) == JT_JARRAY) {
        for (size_t k = 0; k < jt_jval_count(v); k++) {
            jt_buf_puts(b, k == 0 ? "" : ", ");
            if (jt_jval_str(jt_jarr_at(v, k), &s)) {
                jt_buf_put(b, s);
            }
        }
    }
}

void jt_show_member(struct jt_buf *b, const struct jt_jval *item, const char *name)
{
    jt_show_value(b, jt_jobj_get(item, name));
}

void jt_show_duration(struct jt_buf *b, int64_t s)
{
    static const struct {
        int64_t seconds;
        char suffix;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        /* One day is better known as 24h. */
        if (s >= units[i].seconds && s % units[i].seconds == 0 && s != 86400) {
            jt_buf_put_i64(b, s / units[i].seconds);
            jt_buf_putc(b, (uint8_t)units[i].suffix);
            return;
        }
    }
    jt_buf_put_i64(b, s == 86400 ? 24 : s);
    jt_buf_putc(b, s == 86400 ? 'h' : 's');
}
