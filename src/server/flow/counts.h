/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counts.h - introspections, counted per caller, client, resource, result and minute.
 *
 * A bounded table of one worker, flushed each second as one event per row: introspection is
 * too frequent for an event each, unless audit.introspection says so.
 * Threads: one owner.
 */
#ifndef JT_FLOW_COUNTS_H
#define JT_FLOW_COUNTS_H

#include "../audit/writer.h"

#define JT_COUNTS_MAX 128
#define JT_COUNTS_TEXT 192

struct jt_count_row {
    uint64_t n;
    int64_t minute;
    bool active;
    struct jt_addr address;
    size_t caller_n, client_n, resource_n;
    char caller[64], client[64], resource[JT_COUNTS_TEXT];
};

struct jt_counts {
    size_t n;
    struct jt_count_row *rows; /* JT_COUNTS_MAX of them */
};

JT_MUST enum jt_err jt_counts_init(struct jt_counts *c);
void jt_counts_free(struct jt_counts *c);

struct jt_count_key {
    struct jt_slice caller, client, resource; /* longer text is cut */
    struct jt_addr address;                   /* of the first one in the row */
    bool active;
};
/* Adds one; a full table is flushed first. While the disk hangs nothing is flushed, as it would
 * pile up without bound; then what finds no room is not counted. */
void jt_counts_add(struct jt_counts *c, struct jt_writer *w, const struct jt_count_key *k,
                   int64_t now_us);
void jt_counts_flush(struct jt_counts *c, struct jt_writer *w, int64_t now_us);

#endif
