/* SPDX-License-Identifier: Apache-2.0 */
/*
 * siphash.h - SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash for tables whose names
 * strangers choose.
 */
#ifndef JT_STORE_SIPHASH_H
#define JT_STORE_SIPHASH_H

#include "../../core/base/slice.h"

struct jt_sip_key {
    uint64_t k0, k1;
};

uint64_t jt_siphash(const struct jt_sip_key *key, struct jt_slice in);

#endif
