/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when.h - times as people write and read them: RFC 3339 (UTC), or so long from now or ago.
 */
#ifndef JT_CLI_WHEN_H
#define JT_CLI_WHEN_H

#include "../core/json/json.h"
#include "args.h"

/* A time flag in seconds since 1970: "2026-12-01T00:00:00Z", or a duration, counted from now into
 * the future or the past. *out stays when not given. False, with an error said, otherwise. */
bool jt_when_after(const struct jt_args *a, const char *flag, int64_t *out);
bool jt_when_before(const struct jt_args *a, const char *flag, int64_t *out);

/* A time to come, written as the member when its flag is given; false with an error
 * said. */
struct jt_jw;
bool jt_when_write(const struct jt_args *a, const char *flag, const char *name, struct jt_jw *w);

/* A member that is a time, in seconds; false when it is absent. */
bool jt_when_member(const struct jt_jval *item, const char *name, int64_t *out);
/* "12 s", "5 min", "3 h", "12 days": how long seconds are, rounded. */
void jt_show_span(struct jt_buf *b, int64_t seconds);
/* "12 s ago", "in 3 h", "now". */
void jt_show_relative(struct jt_buf *b, int64_t when_s);
/* "2026-11-26T10:00:00Z (in 24 h)"; the member alone when it is not a time; nothing when absent. */
void jt_show_when(struct jt_buf *b, const struct jt_jval *item, const char *name);
/* "12 s ago from 10.0.3.7", or "never": last_used and last_used_from. */
void jt_show_last_used(struct jt_buf *b, const struct jt_jval *credential);

#endif
