/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reminders.h - ends to come, and which of them were told: 30, 14, 7 and 1 days before.
 *
 * Each threshold is told once for a thing and its end, across restarts too; when the end moves, it
 * starts anew. What is within several thresholds at once gets the nearest. An entry leaves when its
 * end is over.
 * Threads: the owner's, which is the main thread.
 */
#ifndef JT_STORE_REMINDERS_H
#define JT_STORE_REMINDERS_H

#include "object.h"

struct jt_reminders;

JT_MUST enum jt_err jt_reminders_new(struct jt_reminders **out);
/* NULL-safe. */
void jt_reminders_free(struct jt_reminders **r);

/* What ends. The numbers of credentials are their own; signing keys go by a hash of the kid. */
uint64_t jt_reminder_of_credential(uint32_t number);
uint64_t jt_reminder_of_key(struct jt_slice kid);
uint64_t jt_reminder_of_certificate(void);

/* Which of these three an id is of. */
enum { JT_REMIND_CREDENTIAL = 0, JT_REMIND_KEY, JT_REMIND_CERTIFICATE, JT_REMINDER_KINDS };
unsigned jt_reminder_kind(uint64_t id);

/* The thresholds, as the metrics show them. */
#define JT_EXPIRING_WINDOWS 4u
extern const uint32_t jt_expiring_days[JT_EXPIRING_WINDOWS];

/* The smallest threshold, in days, that an end after left_s lies within; 0: none. */
uint32_t jt_reminder_window(int64_t left_s);
/* The threshold that is to be told now; 0: none. */
uint32_t jt_reminders_due(const struct jt_reminders *r, uint64_t id, int64_t ends_s, int64_t now_s);
/* As it was told, or read from the store. */
JT_MUST enum jt_err jt_reminders_told(struct jt_reminders *r, uint64_t id, int64_t ends_s,
                                      uint32_t days);
JT_MUST enum jt_err jt_reminders_load(struct jt_reminders *r, const struct jt_reminder *was);
/* Those whose end is over, at most max. */
size_t jt_reminders_over(const struct jt_reminders *r, int64_t now_s, uint64_t *out, size_t max);
void jt_reminders_forget(struct jt_reminders *r, uint64_t id);
size_t jt_reminders_count(const struct jt_reminders *r);

#endif
