/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood.h - what strangers can cause is bounded: which refusals are recorded singly, and the
 * counts of the others.
 *
 * Up to 10 a second and address prefix are single events, and 1000 a second in all. Beyond that
 * they are counted per prefix, reason and minute in a table of fixed size; when it is full, per
 * reason alone.
 * Threads: the store thread.
 */
#ifndef JT_AUDIT_FLOOD_H
#define JT_AUDIT_FLOOD_H

#include "event.h"

#define JT_FLOOD_SINGLE 10 /* a second and prefix */
#define JT_FLOOD_SINGLE_ALL 1000

struct jt_flood;

JT_MUST enum jt_err jt_flood_new(struct jt_flood **out);
void jt_flood_free(struct jt_flood **f);
/* True: record it singly. False: it has been counted. mono_s: monotonic seconds; minute: since
 * 1970. */
bool jt_flood_single(struct jt_flood *f, const struct jt_addr *a, uint16_t reason, int64_t mono_s,
                     int64_t minute);
/*
 * Takes the next count whose minute is before `before` out of the table: its prefix, reason, minute
 * and number fill *e (count, address, time_us). False: none.
 */
bool jt_flood_take(struct jt_flood *f, int64_t before, struct jt_event *e, uint16_t *reason);
/* It could not be written: to be taken once more. */
void jt_flood_untake(struct jt_flood *f, const struct jt_event *e, uint16_t reason);

#endif
