/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reads.h - who has read what of the administration in the last minute, so that it is recorded once
 * and not each time: `jeton audit tail` asks each second.
 *
 * A small table of one worker. What finds no room makes the oldest leave, and is recorded: too much
 * is written down rather than too little.
 * Threads: one owner.
 */
#ifndef JT_FLOW_READS_H
#define JT_FLOW_READS_H

#include "../../core/crypt/crypt.h"

#define JT_READS_MAX 64
#define JT_READS_S 60

struct jt_reads {
    size_t next;
    struct {
        bool used;
        uint8_t what[JT_SHA256_SIZE];
        int64_t mono_s;
    } rows[JT_READS_MAX];
};

/* what: a hash of who and what. */
bool jt_reads_known(const struct jt_reads *r, const uint8_t what[static JT_SHA256_SIZE],
                    int64_t mono_s);
void jt_reads_note(struct jt_reads *r, const uint8_t what[static JT_SHA256_SIZE], int64_t mono_s);

#endif
