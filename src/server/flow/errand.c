/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand.c - who runs what a method of authentication needs done off the event loop.
 */
#include "../auth/errand.h"
#include "flow.h"
#include "hashing.h"

enum jt_next jt_errand_run(struct jt_flow *f, struct jt_errand *errand)
{
    switch (errand->kind) {
    case JT_ERRAND_HASH:
        return jt_hashing_run(f, errand);
    case JT_ERRAND_KEYS:
        return jt_errand_keys(f, errand);
    case JT_ERRAND_NONE:
        break;
    }
    return jt_fail(f, JT_R_INTERNAL);
}
