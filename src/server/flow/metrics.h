/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - what one worker counts, for /metrics in the Prometheus text format.
 *
 * Threads: counted by its worker alone, read by any.
 */
#ifndef JT_FLOW_METRICS_H
#define JT_FLOW_METRICS_H

#include <stdatomic.h>

#include "../../core/base/buf.h"
#include "../histogram.h"
#include "../reason.h"

enum jt_metric_method {
    JT_METHOD_NONE = 0,
    JT_METHOD_BASIC,
    JT_METHOD_POST,
    JT_METHOD_PRIVATE_KEY_JWT,
    JT_METHOD_TLS,
    JT_METHOD_SELF_SIGNED_TLS,
    JT_METHOD_TRUST,
    JT_METRIC_METHODS
};
enum { JT_INTROSPECT_INACTIVE = 0, JT_INTROSPECT_IS_ACTIVE, JT_INTROSPECT_RESULTS };
enum { JT_VERDICT_VERIFIED = 0, JT_VERDICT_KNOWN, JT_VERDICT_WAYS };

struct jt_metrics {
    _Atomic uint64_t token[JT_METRIC_METHODS][JT_REASONS]; /* [..][JT_R_NONE]: issued */
    _Atomic uint64_t auth_failures[JT_REASONS];
    _Atomic uint64_t introspections[JT_INTROSPECT_RESULTS];
    _Atomic uint64_t introspections_refused[JT_REASONS];
    _Atomic uint64_t verdicts[JT_VERDICT_WAYS]; /* signatures of tokens that were asked about */
    _Atomic uint64_t revocations;
    _Atomic uint64_t limited_client, limited_prefix; /* by the throttle of failures */
    _Atomic uint64_t network_denied;
    _Atomic uint64_t hashes; /* foreign ones that were compared */
    struct jt_histogram token_requests;
    _Atomic uint64_t running; /* requests that wait for the disk, as of the last event batch */
};

/* One more; the owner is the only one who writes, so no locked instruction is needed. */
static inline void jt_count(_Atomic uint64_t *c)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

enum jt_metric_method jt_metric_method(const char *name);

struct jt_app;
/* The whole page, appended. */
void jt_metrics_write(const struct jt_app *app, struct jt_buf *out);

#endif
