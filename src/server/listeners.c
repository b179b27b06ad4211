/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listeners.c - where the server listens.
 *
 * The service manager may hand over listening sockets (sd_listen_fds(3)): they take the place of
 * server.listen, one named "metrics" that of metrics.listen, and one named "admin" that of
 * admin.listen. What must not be plain HTTP in the open holds for them too.
 */
#include <stdio.h>
#include <unistd.h>

#include "../core/base/num.h"
#include "../core/http/uri.h"
#include "config/env.h"
#include "server.h"

#define FIRST_FD 3

/* How many sockets are ours; 0: none. The variables are for this process alone. */
static size_t inherited_count(void)
{
    const char *pid = jt_env("LISTEN_PID");
    const char *fds = jt_env("LISTEN_FDS");
    uint64_t p = 0;
    uint64_t n = 0;
    if (pid == NULL || fds == NULL || jt_parse_u64(jt_str(pid), INT32_MAX, &p) != JT_OK ||
        p != (uint64_t)getpid() || jt_parse_u64(jt_str(fds), JT_LISTEN_MAX, &n) != JT_OK) {
        return 0;
    }
    return (size_t)n;
}

/* The i-th name of LISTEN_FDNAMES, separated by colons. */
static struct jt_slice inherited_name(size_t i)
{
    struct jt_slice rest = jt_str(jt_env("LISTEN_FDNAMES"));
    for (;;) {
        size_t k = jt_slice_find(rest, ':');
        if (i == 0 || k == rest.n) {
            return i == 0 ? jt_slice(rest.p, k) : jt_slice(NULL, 0);
        }
        rest = jt_slice_from(rest, k + 1);
        i--;
    }
}

/* Plain HTTP may be spoken on loopback, or by trusted proxies. */
static enum jt_err guard(struct jt_server *v, struct jt_listener *l)
{
    char text[JT_LISTEN_TEXT];
    struct jt_slice host = {0};
    uint16_t port = 0;
    jt_listener_text(l, text);
    atomic_store(&l->tls, v->tls);
    if (v->tls != NULL ||
        (jt_hostport_read(jt_str(text), &host, &port) == JT_OK && jt_host_is_loopback(host))) {
        return JT_OK;
    }
    l->proxies_only = true;
    if (v->config->ntrusted > 0) {
        return JT_OK;
    }
    (void)snprintf(v->why, sizeof v->why,
                   "%s would be plain HTTP in the open: give server.tls_cert and server.tls_key, "
                   "or name the proxies in front in server.trusted_proxies",
                   text);
    return JT_E_PERM;
}

static struct jt_listener *next(struct jt_server *v)
{
    return &v->listeners[v->nlisteners];
}

/* Which of the special listeners have a socket already. */
struct given {
    bool metrics, admin;
};

/* The administration from elsewhere: TLS, always. */
static enum jt_err make_admin(struct jt_server *v, struct jt_listener *l)
{
    if (v->admin_tls == NULL) {
        (void)snprintf(v->why, sizeof v->why,
                       "the service manager gives a socket named admin: it needs admin.listen");
        return JT_E_PERM;
    }
    l->kind = JT_LISTEN_ADMIN_TLS;
    atomic_store(&l->tls, v->admin_tls);
    return JT_OK;
}

static enum jt_err take_inherited(struct jt_server *v, size_t n, struct given *given)
{
    for (size_t i = 0; i < n; i++) {
        struct jt_listener *l = next(v);
        JT_TRY(jt_listen_inherited(FIRST_FD + (int)i, l, v->why, sizeof v->why));
        v->nlisteners++;
        if (jt_slice_eq(inherited_name(i), JT_LIT("metrics"))) {
            l->kind = JT_LISTEN_METRICS;
            given->metrics = true;
            continue;
        }
        if (jt_slice_eq(inherited_name(i), JT_LIT("admin"))) {
            JT_TRY(make_admin(v, l));
            given->admin = true;
            continue;
        }
        v->inherited = true;
        JT_TRY(guard(v, l));
    }
    return JT_OK;
}

static enum jt_err open_own(struct jt_server *v)
{
    for (size_t i = 0; i < v->config->nlisten; i++) {
        struct jt_listener *l = next(v);
        JT_TRY(jt_listen_tcp(v->config->listen[i], l, v->why, sizeof v->why));
        v->nlisteners++;
        JT_TRY(guard(v, l));
    }
    return JT_OK;
}

static enum jt_err open_admin(struct jt_server *v)
{
    for (size_t i = 0; i < v->config->nadmin_listen; i++) {
        struct jt_listener *l = next(v);
        JT_TRY(jt_listen_tcp(v->config->admin_listen[i], l, v->why, sizeof v->why));
        v->nlisteners++;
        JT_TRY(make_admin(v, l));
    }
    return JT_OK;
}

enum jt_err jt_server_listen(struct jt_server *v)
{
    char path[PATH_MAX];
    struct given given = {0};
    JT_TRY(take_inherited(v, inherited_count(), &given));
    if (!v->inherited) {
        JT_TRY(open_own(v));
    }
    if (v->config->metrics_listen.n > 0 && !given.metrics) {
        struct jt_listener *l = next(v);
        JT_TRY(jt_listen_tcp(v->config->metrics_listen, l, v->why, sizeof v->why));
        l->kind = JT_LISTEN_METRICS;
        v->nlisteners++;
    }
    if (!given.admin) {
        JT_TRY(open_admin(v));
    }
    if (!jt_datadir_file(&v->state.dir, "admin.sock", path)) {
        return JT_E_LIMIT;
    }
    JT_TRY(jt_listen_unix(path, next(v), v->why, sizeof v->why));
    v->nlisteners++;
    return JT_OK;
}

void jt_server_unlisten(struct jt_server *v)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < v->nlisteners; i++) {
        bool ours = v->listeners[i].kind == JT_LISTEN_ADMIN;
        jt_listener_close(&v->listeners[i]);
        if (ours && jt_datadir_file(&v->state.dir, "admin.sock", path)) {
            (void)unlink(path);
        }
    }
}
