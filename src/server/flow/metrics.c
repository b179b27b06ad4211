/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the page that Prometheus reads. No label carries a client_id: their number is not
 * bounded by us.
 */
#include "metrics.h"

#include <inttypes.h>

#include "../../core/jose/alg.h"
#include "app.h"

static const char *const method_names[JT_METRIC_METHODS] = {"none",
                                                            "client_secret_basic",
                                                            "client_secret_post",
                                                            "private_key_jwt",
                                                            "tls_client_auth",
                                                            "self_signed_tls_client_auth",
                                                            "trust"};

enum jt_metric_method jt_metric_method(const char *name)
{
    for (int i = 1; name != NULL && i < JT_METRIC_METHODS; i++) {
        if (strcmp(name, method_names[i]) == 0) {
            return (enum jt_metric_method)i;
        }
    }
    return JT_METHOD_NONE;
}

/* The same counter of all workers. offset: of the counter in struct jt_metrics. */
static uint64_t total(const struct jt_app *app, size_t offset)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < app->nlocals; i++) {
        const char *base = (const char *)&app->locals[i]->metrics;
        sum += atomic_load_explicit((const _Atomic uint64_t *)(const void *)(base + offset),
                                    memory_order_relaxed);
    }
    return sum;
}

#define TOTAL(app, field) total((app), offsetof(struct jt_metrics, field))
#define TOTAL_AT(app, field, i)                                                                    \
    total((app), offsetof(struct jt_metrics, field) + (size_t)(i) * sizeof(_Atomic uint64_t))

static void head(struct jt_buf *b, const char *name, const char *type, const char *help)
{
    jt_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct jt_buf *b, const char *name, const char *type, const char *help, uint64_t v)
{
    head(b, name, type, help);
    jt_buf_printf(b, "%s %" PRIu64 "\n", name, v);
}

static void token_requests(const struct jt_app *app, struct jt_buf *b)
{
    head(b, "jeton_token_requests_total", "counter",
         "Token requests by client authentication method and result (issued, or the reason).");
    for (size_t m = 0; m < JT_METRIC_METHODS; m++) {
        for (size_t r = 0; r < JT_REASONS; r++) {
            uint64_t v = TOTAL_AT(app, token, m * JT_REASONS + r);
            if (v > 0 || (r == JT_R_NONE && m > 0)) {
                jt_buf_printf(b,
                              "jeton_token_requests_total{auth_method=\"%s\",result=\"%s\"} "
                              "%" PRIu64 "\n",
                              method_names[m],
                              r == JT_R_NONE ? "issued" : jt_reason_name_of((uint16_t)r), v);
            }
        }
    }
}

static void by_reason(const struct jt_app *app, struct jt_buf *b, const char *name,
                      const char *help, size_t offset)
{
    head(b, name, "counter", help);
    for (size_t r = 1; r < JT_REASONS; r++) {
        uint64_t v = total(app, offset + r * sizeof(_Atomic uint64_t));
        if (v > 0) {
            jt_buf_printf(b, "%s{reason=\"%s\"} %" PRIu64 "\n", name,
                          jt_reason_name_of((uint16_t)r), v);
        }
    }
}

static void introspections(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_introspection_requests_total";
    head(b, name, "counter", "Introspection requests by result.");
    jt_buf_printf(b, "%s{result=\"active\"} %" PRIu64 "\n", name,
                  TOTAL_AT(app, introspections, JT_INTROSPECT_IS_ACTIVE));
    jt_buf_printf(b, "%s{result=\"inactive\"} %" PRIu64 "\n", name,
                  TOTAL_AT(app, introspections, JT_INTROSPECT_INACTIVE));
    uint64_t refused = 0;
    for (size_t r = 1; r < JT_REASONS; r++) {
        refused += TOTAL_AT(app, introspections_refused, r);
    }
    jt_buf_printf(b, "%s{result=\"refused\"} %" PRIu64 "\n", name, refused);
}

static void verdicts(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_token_verifications_total";
    head(b, name, "counter", "JWTs that were asked about: signature verified, or known already.");
    jt_buf_printf(b, "%s{result=\"verified\"} %" PRIu64 "\n", name,
                  TOTAL_AT(app, verdicts, JT_VERDICT_VERIFIED));
    jt_buf_printf(b, "%s{result=\"known\"} %" PRIu64 "\n", name,
                  TOTAL_AT(app, verdicts, JT_VERDICT_KNOWN));
}

/* The lines of a histogram; label is "" or a label with a comma behind it. */
static void histogram(struct jt_buf *b, const char *name, const char *label,
                      const uint64_t counts[static JT_HISTOGRAM_BOUNDS + 1], uint64_t us)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < JT_HISTOGRAM_BOUNDS; i++) {
        sum += counts[i];
        jt_buf_printf(b, "%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", name, label,
                      jt_histogram_bounds[i].text, sum);
    }
    sum += counts[JT_HISTOGRAM_BOUNDS];
    jt_buf_printf(b, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, label, sum);
    struct jt_slice only = jt_str(label);
    only.n -= only.n > 0 ? 1 : 0; /* its comma */
    const char *open = only.n > 0 ? "{" : "";
    const char *close = only.n > 0 ? "}" : "";
    jt_buf_printf(b, "%s_sum%s%.*s%s %" PRIu64 ".%06" PRIu64 "\n", name, open, JT_FMT(only), close,
                  us / 1000000, us % 1000000);
    jt_buf_printf(b, "%s_count%s%.*s%s %" PRIu64 "\n", name, open, JT_FMT(only), close, sum);
}

static void durations(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_token_request_duration_seconds";
    uint64_t counts[JT_HISTOGRAM_BOUNDS + 1];
    for (size_t i = 0; i <= JT_HISTOGRAM_BOUNDS; i++) {
        counts[i] = TOTAL_AT(app, token_requests.buckets, i);
    }
    head(b, name, "histogram", "From a whole token request to its answer, the disk included.");
    histogram(b, name, "", counts, TOTAL(app, token_requests.sum_us));
}

static void commits(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_store_op_duration_seconds";
    static const char *const labels[JT_COMMITS] = {"op=\"commit_audit\",", "op=\"commit_state\","};
    head(b, name, "histogram", "Commits, each with its fsync.");
    for (int op = 0; op < JT_COMMITS; op++) {
        const struct jt_histogram *h = jt_writer_commits(app->writer, (enum jt_commit)op);
        uint64_t counts[JT_HISTOGRAM_BOUNDS + 1];
        for (size_t i = 0; i <= JT_HISTOGRAM_BOUNDS; i++) {
            counts[i] = atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
        }
        histogram(b, name, labels[op], counts,
                  atomic_load_explicit(&h->sum_us, memory_order_relaxed));
    }
    one(b, "jeton_audit_queue_depth", "gauge", "Requests that wait for the disk.",
        TOTAL(app, running));
}

static void limits(const struct jt_app *app, struct jt_buf *b)
{
    head(b, "jeton_rate_limited_total", "counter", "Requests refused with 429, by rule.");
    jt_buf_printf(b, "jeton_rate_limited_total{rule=\"failures_client_address\"} %" PRIu64 "\n",
                  TOTAL(app, limited_client));
    jt_buf_printf(b, "jeton_rate_limited_total{rule=\"failures_prefix\"} %" PRIu64 "\n",
                  TOTAL(app, limited_prefix));
    one(b, "jeton_ip_denied_total", "counter",
        "Right proofs from an address outside the client's or credential's networks.",
        TOTAL(app, network_denied));
    one(b, "jeton_connections", "gauge", "Connections that are open.",
        app->limits == NULL ? 0 : jt_limits_count(app->limits));
}

static void hashes(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_hash_refused_total";
    struct jt_pool_stats s = {0};
    if (app->pool != NULL) {
        jt_pool_stats(app->pool, &s);
    }
    one(b, "jeton_hash_queue_depth", "gauge",
        "Secrets that wait to be compared with imported hashes.", s.waiting);
    one(b, "jeton_hash_running", "gauge", "Secrets that are being compared with imported hashes.",
        s.running);
    one(b, "jeton_hashes_compared_total", "counter", "Comparisons with imported hashes.",
        TOTAL(app, hashes));
    head(b, name, "counter", "Secrets not compared with imported hashes, by the limit.");
    jt_buf_printf(b, "%s{rule=\"client\"} %" PRIu64 "\n", name, s.client_busy);
    jt_buf_printf(b, "%s{rule=\"prefix\"} %" PRIu64 "\n", name, s.prefix_busy);
    jt_buf_printf(b, "%s{rule=\"queue\"} %" PRIu64 "\n", name, s.full);
    jt_buf_printf(b, "%s{rule=\"late\"} %" PRIu64 "\n", name, s.late);
}

/* Assertions that are remembered, and keys of other issuers. */
static void assertions(const struct jt_app *app, struct jt_buf *b)
{
    struct jt_issuers_counts n = {0};
    if (app->issuers != NULL) {
        n = jt_issuers_counts(app->issuers);
    }
    one(b, "jeton_replay_cache_entries", "gauge",
        "Used assertions that are remembered until they end.",
        app->replays == NULL ? 0 : jt_replays_count(app->replays));
    one(b, "jeton_issuer_keys", "gauge", "Other issuers whose keys are at hand.", n.known);
    head(b, "jeton_issuer_fetches_total", "counter", "Fetches of other issuers' keys, by result.");
    jt_buf_printf(b, "jeton_issuer_fetches_total{result=\"ok\"} %" PRIu64 "\n", n.fetched);
    jt_buf_printf(b, "jeton_issuer_fetches_total{result=\"failed\"} %" PRIu64 "\n", n.failed);
}

static void refused(const struct jt_app *app, struct jt_buf *b)
{
    static const char name[] = "jeton_connections_refused_total";
    struct jt_limits_counts n = {0};
    if (app->limits != NULL) {
        n = jt_limits_counts(app->limits);
    }
    head(b, name, "counter", "Connections closed at once, by the limit that was reached.");
    jt_buf_printf(b, "%s{rule=\"max_connections\"} %" PRIu64 "\n", name, n.full);
    jt_buf_printf(b, "%s{rule=\"max_connections_per_address\"} %" PRIu64 "\n", name,
                  n.address_full);
    one(b, "jeton_accept_pauses_total", "counter",
        "Times that accepting stopped for want of descriptors or memory.", n.pauses);
}

static void disk(const struct jt_app *app, struct jt_buf *b)
{
    struct jt_writer_stats s;
    jt_writer_stats(app->writer, &s);
    one(b, "jeton_store_up", "gauge", "1 while the disk takes what is written.",
        s.disk_failing ? 0 : 1);
    one(b, "jeton_audit_events_total", "counter", "Events written to the audit log.", s.events);
    one(b, "jeton_audit_commits_total", "counter", "Commits of the audit log.", s.commits);
    one(b, "jeton_audit_failures_total", "counter", "Commits that failed.", s.failures);
    one(b, "jeton_audit_counted_total", "counter",
        "Refusals counted with others of their minute and not recorded singly.", s.counted);
    one(b, "jeton_audit_dropped_total", "counter",
        "Answers that left without a record (audit.on_failure: degrade).", s.unaudited);
}

/* Counted by the keeper: a walk over all clients is nothing for an event loop. */
static void expiring(const struct jt_app *app, struct jt_buf *b)
{
    static const char *const kinds[JT_REMINDER_KINDS] = {"credential", "key", "certificate"};
    head(b, "jeton_client_secrets_expiring", "gauge",
         "Credentials that end soon, replaced ones aside.");
    for (size_t w = 0; w < JT_EXPIRING_WINDOWS; w++) {
        jt_buf_printf(b, "jeton_client_secrets_expiring{within=\"%" PRIu32 "d\"} %" PRIu64 "\n",
                      jt_expiring_days[w], atomic_load(&app->expiring[w]));
    }
    head(b, "jeton_reminders_total", "counter",
         "Reminders of an end to come (credential.expiring and others), by what ends.");
    for (size_t i = 0; i < JT_REMINDER_KINDS; i++) {
        jt_buf_printf(b, "jeton_reminders_total{kind=\"%s\"} %" PRIu64 "\n", kinds[i],
                      atomic_load(&app->reminders[i]));
    }
}

static void keys(const struct jt_app *app, struct jt_buf *b)
{
    const struct jt_object *page[JT_KEYS_STORED_MAX];
    uint64_t cursor = 0;
    int64_t every = jt_settings_of(app)->rotate_every_s;
    size_t n =
        jt_directory_page(app->directory, JT_OBJ_SIGNING_KEY, &cursor, page, JT_KEYS_STORED_MAX);
    head(b, "jeton_signing_key_not_after_timestamp_seconds", "gauge",
         "When a signing key is to be replaced (keys.rotate_every); 0: never.");
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *k = (const struct jt_signing_key *)page[i];
        if (k->state == JT_KEYSTATE_ACTIVE) {
            jt_buf_printf(b,
                          "jeton_signing_key_not_after_timestamp_seconds{kid=\"%.*s\",alg=\"%s\"} "
                          "%" PRId64 "\n",
                          JT_FMT(k->o.name), jt_alg_name(k->alg),
                          every == 0 ? 0 : k->signs_s + every);
        }
    }
    int64_t end = atomic_load(&app->cert_end_s);
    one(b, "jeton_tls_cert_not_after_timestamp_seconds", "gauge",
        "When the TLS certificate ends; 0: there is none.", end > 0 ? (uint64_t)end : 0);
}

void jt_metrics_write(const struct jt_app *app, struct jt_buf *b)
{
    head(b, "jeton_build_info", "gauge", "The version that runs.");
    jt_buf_printf(b, "jeton_build_info{version=\"%s\"} 1\n", JT_VERSION);
    one(b, "jeton_start_time_seconds", "gauge", "When the server started.",
        (uint64_t)app->started_s);
    token_requests(app, b);
    durations(app, b);
    by_reason(app, b, "jeton_client_auth_failures_total", "Failed client authentications.",
              offsetof(struct jt_metrics, auth_failures));
    introspections(app, b);
    verdicts(app, b);
    one(b, "jeton_revocations_total", "counter", "Revocations, by clients and by administrators.",
        TOTAL(app, revocations));
    limits(app, b);
    hashes(app, b);
    assertions(app, b);
    refused(app, b);
    disk(app, b);
    commits(app, b);
    keys(app, b);
    expiring(app, b);
    one(b, "jeton_clients", "gauge", "Clients there are.",
        jt_directory_count(app->directory, JT_OBJ_CLIENT));
    one(b, "jeton_opaque_tokens", "gauge", "Opaque tokens that have not ended.",
        jt_directory_count(app->directory, JT_OBJ_TOKEN));
    one(b, "jeton_revoked_tokens", "gauge", "Tokens revoked before their time.",
        jt_directory_count(app->directory, JT_OBJ_REVOCATION));
}
