/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orphans.h - uses of credentials that are no more: what earlier versions kept, and what a worker
 * counted while its client was deleted and the server ended.
 *
 * Threads: before there are any.
 */
#ifndef JT_STORE_ORPHANS_H
#define JT_STORE_ORPHANS_H

#include "directory.h"
#include "store.h"
#include "usage.h"

/* Forgets and removes them; inside begin ... commit. */
JT_MUST enum jt_err jt_usage_drop_orphans(struct jt_usage *u, const struct jt_directory *d,
                                          struct jt_store *s);

#endif
