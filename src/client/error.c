/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

enum jt_oauth_end jt_oauth_fail(struct jt_oauth_error *err, enum jt_oauth_end end,
                                enum jt_oauth_about about, const char *fmt, ...)
{
    va_list ap;
    *err = (struct jt_oauth_error){.end = end, .about = about};
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return end;
}

void jt_oauth_wait_text(int64_t seconds, char out[static JT_OAUTH_WAIT_TEXT])
{
    out[0] = '\0';
    if (seconds > 0) {
        (void)snprintf(out, JT_OAUTH_WAIT_TEXT, "; try again in %lld s", (long long)seconds);
    }
}
