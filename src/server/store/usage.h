/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage.h - when each credential was last used, from where, by which program, and how often.
 *
 * Workers gather in a jt_usage_batch of their own and merge it about once a second; the store
 * thread writes down what changed. A crash loses the last seconds of counting, never a token.
 * Threads: jt_usage: any, a mutex inside. A batch: its worker.
 */
#ifndef JT_STORE_USAGE_H
#define JT_STORE_USAGE_H

#include "userow.h"

struct jt_usage;

JT_MUST enum jt_err jt_usage_new(struct jt_usage **out);
void jt_usage_free(struct jt_usage **u);
/* While loading. */
JT_MUST enum jt_err jt_usage_load(struct jt_usage *u, const struct jt_use *use);
/* False: never used. */
bool jt_usage_get(struct jt_usage *u, uint32_t credential, struct jt_use *out);
/* Up to max that changed since they were taken last. */
size_t jt_usage_take(struct jt_usage *u, struct jt_use *out, size_t max);
/* They could not be written: to be taken once more. */
void jt_usage_untake(struct jt_usage *u, const struct jt_use *taken, size_t n);

/* Its credential is gone, and its number is never given out again. What a worker merges late is
 * ignored. */
void jt_usage_forget(struct jt_usage *u, uint32_t credential);
/* Numbers of known ones, after *cursor (from 0) in no order; a return below max is the end. */
size_t jt_usage_page(struct jt_usage *u, size_t *cursor, uint32_t *out, size_t max);

#define JT_USAGE_BATCH 64
struct jt_usage_batch {
    size_t n;
    struct jt_seen v[JT_USAGE_BATCH];
};
/* Who proves itself. */
struct jt_usage_from {
    const struct jt_addr *address;
    struct jt_slice agent; /* as it was said; may be empty */
};
/* One successful proof. A full batch is merged first. */
void jt_usage_add(struct jt_usage_batch *b, struct jt_usage *u, uint32_t credential, int64_t now_s,
                  const struct jt_usage_from *from);
/* Merges and empties the batch. */
void jt_usage_merge(struct jt_usage_batch *b, struct jt_usage *u);

/* How often it was used in the running hour and the 23 before it. */
uint64_t jt_use_in_day(const struct jt_use *use, int64_t now_s);

#endif
