/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../core/http/uri.h"
#include "config/protect.h"
#include "dev.h"
#include "server.h"

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
    (void)signal(SIGXFSZ, SIG_IGN); /* a file at its greatest size is a full disk, not an end */
}

static bool is_wildcard(struct jt_slice host)
{
    return jt_slice_eq(host, JT_LIT("0.0.0.0")) || jt_slice_eq(host, JT_LIT("::"));
}

/* From configuration only, else from the first address: never from a request (threats: Host). */
static enum jt_err choose_issuer(struct jt_server *v)
{
    char text[JT_LISTEN_TEXT];
    struct jt_slice host = {0};
    uint16_t port = 0;
    if (v->config->issuer.n > 0) {
        v->app.issuer = v->config->issuer;
        return JT_OK;
    }
    jt_listener_text(&v->listeners[0], text);
    JT_TRY(jt_hostport_read(jt_str(text), &host, &port));
    if (is_wildcard(host)) {
        (void)snprintf(v->why, sizeof v->why,
                       "server.issuer is needed: %.*s is not an address that clients can use",
                       JT_FMT(host));
        return JT_E_RANGE;
    }
    (void)snprintf(v->issuer, sizeof v->issuer, "%s://%s", v->tls != NULL ? "https" : "http", text);
    v->app.issuer = jt_str(v->issuer);
    return JT_OK;
}

static enum jt_err open_tls(struct jt_server *v)
{
    if (v->how->dev == NULL) {
        JT_TRY(jt_server_open_tls(v, v->config, &v->tls));
        return jt_server_open_admin_tls(v, v->config, &v->admin_tls);
    }
    enum jt_err e = jt_dev_certificates(&v->state.dir, v->ca, v->cert);
    if (e != JT_OK) {
        (void)snprintf(v->why, sizeof v->why, "cannot make the certificates of jeton dev: %s",
                       jt_err_text(e));
        return e;
    }
    const struct jt_tls_opts o = {.cert_file = v->cert, .key_file = v->cert};
    JT_TRY(jt_tls_new(&o, &v->tls, v->why, sizeof v->why));
    if (v->config->nadmin_listen > 0 && jt_config_admin_cert(v->config).n == 0) {
        return jt_tls_new(&o, &v->admin_tls, v->why, sizeof v->why);
    }
    return jt_server_open_admin_tls(v, v->config, &v->admin_tls);
}

static void fill_app(struct jt_server *v)
{
    struct jt_app *a = &v->app;
    struct jt_state *s = &v->state;
    a->clock = &jt_clock_system;
    a->directory = s->directory;
    a->epochs = &s->epochs;
    a->keyring = &s->keyring;
    a->reference_key = jt_keyring_newest(&s->keyring, JT_DATA_KEY_REFERENCES)->key;
    a->writer = s->writer;
    a->reader = s->reader;
    a->saver = s->saver;
    a->profile_cidaas = v->config->profile_cidaas;
    a->has_certificates = v->tls != NULL || v->config->client_cert_header != 0;
    a->uid = geteuid();
    a->environment = v->config->environment;
    a->issue_sequence = &s->issue_sequence;
    a->sequence_floor = s->floor_start << 40;
    a->usage = s->usage;
    a->replays = s->replays;
    a->throttle = v->throttle;
    a->verdicts = v->verdicts;
    a->pool = v->pool;
    a->limits = v->limits;
    a->started_s = jt_wall_s(&jt_clock_system);
    atomic_store(&a->cert_end_s, jt_server_cert_end(v));
    a->rekey.prepare = jt_state_rekey_prepare;
    a->rekey.put = jt_state_rekey_put;
    a->rekey.finish = jt_state_rekey_finish;
    a->rekey.end = jt_state_rekey_end;
    a->rekey.ctx = s;
    a->log = jt_log_line;
    a->log_ctx = &v->log;
}

static enum jt_err open_limits(struct jt_server *v)
{
    const struct jt_config *c = v->config;
    struct jt_settings *s = jt_settings_new(c);
    if (s == NULL) {
        return JT_E_NOMEM;
    }
    atomic_store(&v->app.settings, s);
    JT_TRY(jt_server_read_admin_ca(v, c, s));
    JT_TRY(jt_throttle_new(&v->throttle));
    JT_TRY(jt_verdicts_new(&v->verdicts));
    JT_TRY(jt_pool_start(jt_pool_threads(), &jt_clock_system, &v->pool));
    JT_TRY(jt_server_open_issuers(v));
    return jt_limits_new((size_t)c->max_connections, (size_t)c->max_connections_per_address,
                         &v->limits);
}

static void log_start(struct jt_server *v)
{
    for (size_t i = 0; i < v->nlisteners; i++) {
        const struct jt_listener *l = &v->listeners[i];
        char text[JT_LISTEN_TEXT];
        if (l->kind == JT_LISTEN_ADMIN) {
            continue;
        }
        jt_listener_text(l, text);
        jt_log(&v->log, JT_LOG_INFO, "listening on %s (%s%s)", text,
               l->kind == JT_LISTEN_METRICS     ? "metrics, plain HTTP"
               : l->kind == JT_LISTEN_ADMIN_TLS ? "administration, HTTPS"
               : v->tls != NULL                 ? "HTTPS"
               : l->proxies_only                ? "plain HTTP, trusted proxies only"
                                                : "plain HTTP, loopback only",
               l->inherited ? ", socket of the service manager" : "");
    }
    struct jt_protections p = {.n = 0};
    if (v->how->dev == NULL) { /* jeton dev prints what matters for it */
        jt_protections_of(v->config, &p);
    }
    for (size_t i = 0; i < p.n; i++) {
        jt_log(&v->log, JT_LOG_INFO, "%s %s: %s", p.items[i].name,
               jt_protection_name(p.items[i].state), p.items[i].detail);
    }
    size_t clients = jt_directory_count(v->state.directory, JT_OBJ_CLIENT);
    jt_log(&v->log, JT_LOG_INFO,
           "ready: jeton %s%s%.*s, issuer %.*s, data %s, %zu worker%s, %zu client%s", JT_VERSION,
           v->config->environment.n > 0 ? ", environment " : "", JT_FMT(v->config->environment),
           JT_FMT(v->app.issuer), v->state.dir.path, v->nthreads, v->nthreads == 1 ? "" : "s",
           clients, clients == 1 ? "" : "s");
}

static enum jt_err open_all(struct jt_server *v)
{
    const struct jt_boot_dev *dev = v->how->dev;
    JT_TRY(jt_datadir_open(v->config->data, &v->state.dir, v->why, sizeof v->why));
    JT_TRY(jt_state_open(&v->state, v->why, sizeof v->why));
    JT_TRY(open_tls(v));
    JT_TRY(jt_server_listen(v));
    JT_TRY(choose_issuer(v));
    JT_TRY(jt_state_complete(&v->state, v->app.issuer, v->why, sizeof v->why));
    JT_TRY(open_limits(v));
    fill_app(v);
    JT_TRY(jt_metadata_make(&v->app));
    JT_TRY(jt_state_restored_event(&v->state));
    const struct jt_event e = {.type = JT_EV_SERVER_STARTED, .detail = JT_LIT(JT_VERSION)};
    JT_TRY(jt_state_apply(&v->state, &e, NULL, NULL));
    if (dev != NULL) { /* before the workers: the directory has no other reader yet */
        JT_TRY(jt_dev_provision(&v->state, &v->app, dev, v->ca));
    }
    jt_server_keep(v);
    JT_TRY(jt_server_start_workers(v));
    log_start(v);
    jt_notify("READY=1\nMAINPID=%lld\nSTATUS=serving", (long long)getpid());
    return JT_OK;
}

/* The main thread: signals, and once a second the keys. */
static void run(struct jt_server *v, const sigset_t *set)
{
    const struct timespec second = {1, 0};
    for (;;) {
        int sig = sigtimedwait(set, NULL, &second);
        if (sig == SIGHUP) {
            jt_server_reload(v);
        } else if (sig == SIGTERM || sig == SIGINT) {
            jt_log(&v->log, JT_LOG_INFO, "%s: draining", sig == SIGTERM ? "SIGTERM" : "SIGINT");
            return;
        }
        jt_server_keep(v);
    }
}

static void close_all(struct jt_server *v, bool ran)
{
    atomic_store(&v->app.draining, true);
    jt_notify("STOPPING=1\nSTATUS=draining");
    jt_server_stop_workers(v);
    jt_pool_stop(&v->pool);
    if (ran) {
        const struct jt_event e = {.type = JT_EV_SERVER_STOPPED};
        if (jt_state_apply(&v->state, &e, NULL, NULL) != JT_OK) {
            jt_log(&v->log, JT_LOG_WARNING, "the stop could not be written to the audit log");
        }
    }
    jt_state_close(&v->state);
    if (ran) {
        jt_log(&v->log, JT_LOG_INFO, "stopped");
    }
    jt_server_free_workers(v);
    jt_issuers_free(&v->app.issuers);
    jt_server_unlisten(v);
    jt_limits_free(&v->limits);
    jt_throttle_free(&v->throttle);
    jt_verdicts_free(&v->verdicts);
    jt_tls_free(&v->tls);
    jt_tls_free(&v->admin_tls);
    jt_buf_free(&v->app.metadata);
    jt_settings_free(jt_settings_of(&v->app));
    jt_config_free(&v->reloaded);
}

int jt_boot_run(const struct jt_config *config, const struct jt_boot *how)
{
    struct jt_server *v = calloc(1, sizeof *v);
    sigset_t set;
    if (v == NULL) {
        (void)fprintf(stderr, "jeton: out of memory\n");
        return 1;
    }
    v->config = v->now = config;
    v->how = how;
    v->state.config = config;
    v->state.log = &v->log;
    v->state.is_dev = how->dev != NULL;
    v->state.dir.lock_fd = -1;
    v->stopped_fd = -1;
    v->log.json = config->log_json;
    v->log.clock = &jt_clock_system;
    atomic_store(&v->log.level, config->log_level);
    harden_process();
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread starts */
    enum jt_err e = jt_server_watch_stop(v);
    if (e == JT_OK) {
        e = open_all(v);
    }
    if (e == JT_OK) {
        run(v, &set);
    } else {
        (void)fprintf(stderr, "jeton: %s\n", v->why[0] != '\0' ? v->why : jt_err_text(e));
    }
    close_all(v, e == JT_OK);
    jt_server_stopped(v);
    if (how->dev != NULL && how->dev->temporary && v->state.dir.lock_fd >= 0) {
        jt_datadir_remove(&v->state.dir);
    }
    jt_datadir_close(&v->state.dir);
    free(v);
    return exit_code(e);
}
