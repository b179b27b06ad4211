/* SPDX-License-Identifier: Apache-2.0 */
#include "reads.h"

#include <string.h>

bool jt_reads_known(const struct jt_reads *r, const uint8_t what[static JT_SHA256_SIZE],
                    int64_t mono_s)
{
    for (size_t i = 0; i < JT_READS_MAX; i++) {
        if (r->rows[i].used && mono_s - r->rows[i].mono_s < JT_READS_S &&
            memcmp(r->rows[i].what, what, JT_SHA256_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

void jt_reads_note(struct jt_reads *r, const uint8_t what[static JT_SHA256_SIZE], int64_t mono_s)
{
    r->rows[r->next].used = true;
    r->rows[r->next].mono_s = mono_s;
    memcpy(r->rows[r->next].what, what, JT_SHA256_SIZE);
    r->next = (r->next + 1) % JT_READS_MAX;
}
