/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../core/http/uri.h"
#include "dev.h"
#include "state.h"

#define WORKERS_MAX 64
#define WHY_MAX 1024

struct thread {
    pthread_t id;
    bool started;
    struct jt_worker *worker;
    struct jt_local local;
};

struct server {
    const struct jt_config *config;
    struct jt_log log;
    struct jt_state state;
    struct jt_app app;
    struct jt_tls *tls;
    struct jt_limits *limits;
    struct jt_throttle *throttle;
    struct jt_settings settings;
    size_t nlisteners;
    struct jt_listener listeners[JT_LISTEN_MAX + 1];
    size_t nthreads;
    struct thread *threads;
    char issuer[600];
    char cert[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
    char why[WHY_MAX];
};

static int exit_code(enum jt_err e)
{
    if (e == JT_OK) {
        return 0;
    }
    if (e == JT_E_CONFLICT) {
        return 6;
    }
    return e == JT_E_SYNTAX || e == JT_E_RANGE || e == JT_E_LIMIT || e == JT_E_PERM ? 2 : 1;
}

/* Secrets are in this memory: no core file, no debugger of another process of the same user. */
static void harden_process(void)
{
    struct rlimit files = {0};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit none = {0, 0};
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
#endif
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

static size_t worker_count(const struct jt_config *c)
{
    cpu_set_t set;
    if (c->workers > 0) {
        return c->workers < WORKERS_MAX ? (size_t)c->workers : WORKERS_MAX;
    }
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

static bool is_wildcard(struct jt_slice host)
{
    return jt_slice_eq(host, JT_LIT("0.0.0.0")) || jt_slice_eq(host, JT_LIT("::"));
}

/* From configuration only, else from the first address: never from a request (threats: Host). */
static enum jt_err choose_issuer(struct server *v)
{
    struct jt_slice host = {0};
    uint16_t port = 0;
    if (v->config->issuer.n > 0) {
        v->app.issuer = v->config->issuer;
        return JT_OK;
    }
    JT_TRY(jt_hostport_read(v->config->listen[0], &host, &port));
    if (is_wildcard(host)) {
        (void)snprintf(v->why, sizeof v->why,
                       "server.issuer is needed: %.*s is not an address that clients can use",
                       JT_FMT(host));
        return JT_E_RANGE;
    }
    bool v6 = jt_slice_find(host, ':') < host.n;
    (void)snprintf(v->issuer, sizeof v->issuer, "%s://%s%.*s%s:%u",
                   v->tls != NULL ? "https" : "http", v6 ? "[" : "", JT_FMT(host), v6 ? "]" : "",
                   (unsigned)v->listeners[0].port);
    v->app.issuer = jt_str(v->issuer);
    return JT_OK;
}

static enum jt_err open_tls(struct server *v, const struct jt_boot_dev *dev)
{
    const struct jt_config *c = v->config;
    if (dev != NULL) {
        enum jt_err e = jt_dev_certificates(&v->state.dir, v->ca, v->cert);
        if (e != JT_OK) {
            (void)snprintf(v->why, sizeof v->why, "cannot make the certificates of jeton dev: %s",
                           jt_err_text(e));
            return e;
        }
        return jt_tls_new(v->cert, v->cert, &v->tls, v->why, sizeof v->why);
    }
    if (c->tls_cert.n == 0) {
        return JT_OK;
    }
    (void)snprintf(v->cert, sizeof v->cert, "%.*s", JT_FMT(c->tls_cert));
    (void)snprintf(v->key, sizeof v->key, "%.*s", JT_FMT(c->tls_key));
    enum jt_err e = jt_tls_new(v->cert, v->key, &v->tls, v->why, sizeof v->why);
    return e == JT_E_CRYPTO ? JT_E_RANGE : e;
}

static enum jt_err open_listeners(struct server *v)
{
    const struct jt_config *c = v->config;
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_listener *l = &v->listeners[v->nlisteners];
        JT_TRY(jt_listen_tcp(c->listen[i], l, v->why, sizeof v->why));
        l->tls = v->tls;
        v->nlisteners++;
    }
    char path[PATH_MAX];
    if (!jt_datadir_file(&v->state.dir, "admin.sock", path)) {
        return JT_E_LIMIT;
    }
    JT_TRY(jt_listen_unix(path, &v->listeners[v->nlisteners], v->why, sizeof v->why));
    v->nlisteners++;
    return JT_OK;
}

static void fill_app(struct server *v)
{
    const struct jt_config *c = v->config;
    struct jt_app *a = &v->app;
    struct jt_state *s = &v->state;
    a->clock = &jt_clock_system;
    a->directory = s->directory;
    a->epochs = &s->epochs;
    a->keyring = &s->keyring;
    a->reference_key = jt_keyring_newest(&s->keyring, JT_DATA_KEY_REFERENCES)->key;
    a->writer = s->writer;
    a->reader = s->reader;
    a->profile_cidaas = c->profile_cidaas;
    a->uid = geteuid();
    a->issue_sequence = &s->issue_sequence;
    a->sequence_floor = s->floor_start << 40;
    a->usage = s->usage;
    a->throttle = v->throttle;
    a->limits = v->limits;
    a->started_s = jt_wall_s(&jt_clock_system);
    a->rekey.prepare = jt_state_rekey_prepare;
    a->rekey.put = jt_state_rekey_put;
    a->rekey.finish = jt_state_rekey_finish;
    a->rekey.end = jt_state_rekey_end;
    a->rekey.ctx = s;
    atomic_store(&a->settings, &v->settings);
    a->log = jt_log_line;
    a->log_ctx = &v->log;
}

static void *worker_main(void *arg)
{
    jt_worker_run(arg);
    return NULL;
}

static enum jt_err start_one(struct server *v, size_t i, const struct jt_net_opts *o)
{
    struct thread *t = &v->threads[i];
    v->nthreads = i + 1;
    JT_TRY(jt_local_init(&t->local, &v->app, i));
    JT_TRY(jt_worker_new(o, i, t->local.mailbox.fd, &t->local, &t->worker));
    if (pthread_create(&t->id, NULL, worker_main, t->worker) != 0) {
        return JT_E_IO;
    }
    t->started = true;
    return JT_OK;
}

static enum jt_err start_workers(struct server *v)
{
    const struct jt_config *c = v->config;
    JT_TRY(jt_limits_new((size_t)c->max_connections, (size_t)c->max_connections_per_address,
                         &v->limits));
    const struct jt_net_opts o = {
        .ops = &jt_flow_net_ops,
        .app = &v->app,
        .clock = &jt_clock_system,
        .times = &jt_net_times_default,
        .listeners = v->listeners,
        .nlisteners = v->nlisteners,
        .limits = v->limits,
    };
    size_t n = worker_count(c);
    v->threads = calloc(n, sizeof *v->threads);
    if (v->threads == NULL) {
        return JT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        enum jt_err e = start_one(v, i, &o);
        if (e != JT_OK) {
            (void)snprintf(v->why, sizeof v->why, "cannot start worker %zu: %s", i, jt_err_text(e));
            return e;
        }
    }
    return JT_OK;
}

static void stop_workers(struct server *v)
{
    for (size_t i = 0; i < v->nthreads; i++) {
        if (v->threads[i].started) {
            jt_worker_drain(v->threads[i].worker);
        }
    }
    for (size_t i = 0; i < v->nthreads; i++) {
        struct thread *t = &v->threads[i];
        if (t->started) {
            (void)pthread_join(t->id, NULL);
            jt_counts_flush(&t->local.counts, v->app.writer, jt_wall_us(&jt_clock_system));
        }
        jt_epoch_announce(&v->state.epochs, i, JT_EPOCH_OFFLINE);
    }
}

static void free_workers(struct server *v)
{
    for (size_t i = 0; i < v->nthreads; i++) {
        jt_worker_free(&v->threads[i].worker);
        jt_local_free(&v->threads[i].local);
    }
    free(v->threads);
    v->threads = NULL;
    v->nthreads = 0;
}

static void log_start(struct server *v)
{
    for (size_t i = 0; i < v->config->nlisten; i++) {
        jt_log(&v->log, JT_LOG_INFO, "listening on %.*s (%s)", JT_FMT(v->config->listen[i]),
               v->tls != NULL ? "HTTPS" : "plain HTTP, loopback only");
    }
    jt_log(&v->log, JT_LOG_INFO,
           "issuer %.*s, data %s, %zu worker%s, audit.on_failure %s, %zu client%s, ready",
           JT_FMT(v->app.issuer), v->state.dir.path, v->nthreads, v->nthreads == 1 ? "" : "s",
           v->config->audit_degrade ? "degrade" : "block",
           jt_directory_count(v->state.directory, JT_OBJ_CLIENT),
           jt_directory_count(v->state.directory, JT_OBJ_CLIENT) == 1 ? "" : "s");
}

static enum jt_err open_all(struct server *v, const struct jt_boot_dev *dev)
{
    JT_TRY(jt_datadir_open(v->config->data, &v->state.dir, v->why, sizeof v->why));
    JT_TRY(jt_state_open(&v->state, v->why, sizeof v->why));
    JT_TRY(open_tls(v, dev));
    JT_TRY(open_listeners(v));
    JT_TRY(choose_issuer(v));
    JT_TRY(jt_state_complete(&v->state, v->app.issuer, v->why, sizeof v->why));
    JT_TRY(jt_throttle_new(&v->throttle));
    v->settings = (struct jt_settings){.token_lifetime_s = v->config->token_lifetime_s, .token_max_lifetime_s = v->config->token_max_lifetime_s, .jwks_max_age_s = v->config->jwks_max_age_s, .publish_wait_s = v->config->publish_wait_s, .token_alg = v->config->token_alg, .introspection_each = v->config->audit_introspection_each};
    fill_app(v);
    JT_TRY(jt_metadata_make(&v->app));
    const struct jt_event e = {.type = JT_EV_SERVER_STARTED, .detail = JT_LIT(JT_VERSION)};
    JT_TRY(jt_state_apply(&v->state, &e, NULL, NULL));
    if (dev != NULL) { /* before the workers: the directory has no other reader yet */
        JT_TRY(jt_dev_provision(&v->state, &v->app, dev, v->ca));
    }
    JT_TRY(start_workers(v));
    log_start(v);
    return JT_OK;
}

static void wait_for_signal(const struct server *v, const sigset_t *set)
{
    int sig = 0;
    while (sigwait(set, &sig) != 0 || sig == SIGHUP) {
        if (sig == SIGHUP) {
            jt_log(&v->log, JT_LOG_WARNING,
                   "SIGHUP: nothing to reload; restart to change settings");
        }
    }
    jt_log(&v->log, JT_LOG_INFO, "%s: draining", sig == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void close_all(struct server *v, bool ran)
{
    stop_workers(v);
    for (size_t i = 0; i < v->nlisteners; i++) {
        jt_listener_close(&v->listeners[i]);
    }
    if (ran) {
        const struct jt_event e = {.type = JT_EV_SERVER_STOPPED};
        if (jt_state_apply(&v->state, &e, NULL, NULL) != JT_OK) {
            jt_log(&v->log, JT_LOG_WARNING, "the stop could not be written to the audit log");
        }
    }
    jt_state_close(&v->state);
    free_workers(v);
    char socket[PATH_MAX];
    if (v->nlisteners > v->config->nlisten &&
        jt_datadir_file(&v->state.dir, "admin.sock", socket)) {
        (void)unlink(socket);
    }
    jt_limits_free(&v->limits);
    jt_throttle_free(&v->throttle);
    jt_tls_free(&v->tls);
    jt_buf_free(&v->app.metadata);
}

int jt_boot_run(const struct jt_config *config, const struct jt_boot_dev *dev)
{
    struct server *v = calloc(1, sizeof *v);
    sigset_t set;
    if (v == NULL) {
        (void)fprintf(stderr, "jeton: out of memory\n");
        return 1;
    }
    v->config = config;
    v->state.config = config;
    v->state.log = &v->log;
    v->state.dir.lock_fd = -1;
    v->log = (struct jt_log){config->log_level, config->log_json, &jt_clock_system};
    harden_process();
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread starts */
    enum jt_err e = open_all(v, dev);
    if (e == JT_OK) {
        wait_for_signal(v, &set);
    } else {
        (void)fprintf(stderr, "jeton: %s\n", v->why[0] != '\0' ? v->why : jt_err_text(e));
    }
    close_all(v, e == JT_OK);
    if (dev != NULL && dev->temporary && v->state.dir.lock_fd >= 0) {
        jt_datadir_remove(&v->state.dir);
    }
    jt_datadir_close(&v->state.dir);
    free(v);
    return exit_code(e);
}
