/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - all parts of a running server, for the files that put it together.
 *
 * Threads: the main thread's.
 */
#ifndef JT_SERVER_SERVER_H
#define JT_SERVER_SERVER_H

#include <pthread.h>

#include "boot.h"
#include "state.h"

#define JT_WORKERS_MAX 64
/* Both lists of addresses, the Unix socket, and that of metrics. */
#define JT_LISTENERS_MAX (2 * JT_LISTEN_MAX + 2)

struct jt_worker_thread {
    pthread_t id;
    bool started;
    struct jt_worker *worker;
    struct jt_local local;
};

/* The round of remind.c over all clients. Times are monotonic. */
struct jt_remind {
    bool walking; /* a round is under way, as far as cursor */
    int64_t began_us;
    uint64_t cursor;
    uint64_t expiring[JT_EXPIRING_WINDOWS]; /* counted so far */
    int64_t minute_us;                      /* since when told counts */
    size_t told, budget;                    /* in that minute; left for this second */
};

struct jt_server {
    const struct jt_config *config; /* as it started */
    const struct jt_config *now;    /* as it was read last */
    struct jt_config reloaded;      /* now points here after a reload */
    const struct jt_boot *how;
    struct jt_log log;
    struct jt_state state;
    struct jt_app app;
    struct jt_tls *tls;
    struct jt_tls *admin_tls; /* of admin.listen; NULL: there is none */
    struct jt_limits *limits;
    struct jt_throttle *throttle;
    struct jt_verdicts *verdicts;
    struct jt_pool *pool;
    size_t nlisteners;
    struct jt_listener listeners[JT_LISTENERS_MAX];
    bool inherited; /* listening sockets came from the service manager */
    size_t nthreads;
    struct jt_worker_thread *threads;
    struct jt_local *locals[JT_WORKERS_MAX];
    pthread_t stop_watch;
    bool watching;
    int stopped_fd;    /* an eventfd; -1: none */
    bool keys_failing; /* said already */
    struct jt_remind remind;
    char issuer[600];
    char cert[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
    char why[1400]; /* a sentence about what failed */
};

/* listeners.c: the addresses of the configuration, or the service manager's sockets in their place;
 * the administration's socket; that of metrics. */
JT_MUST enum jt_err jt_server_listen(struct jt_server *v);
void jt_server_unlisten(struct jt_server *v);

/* workers.c */
JT_MUST enum jt_err jt_server_start_workers(struct jt_server *v);
void jt_server_stop_workers(struct jt_server *v);
void jt_server_free_workers(struct jt_server *v);

/* deadline.c: from now on a stop ends within 25 s, if need be by ending the process. */
JT_MUST enum jt_err jt_server_watch_stop(struct jt_server *v);
/* All is closed. */
void jt_server_stopped(struct jt_server *v);

/* reload.c: settings of a configuration; NULL: out of memory. */
struct jt_settings *jt_settings_new(const struct jt_config *c);
/* NULL-safe. */
void jt_settings_free(const struct jt_settings *s);
/* Reads the CAs of admin.client_ca into s. */
JT_MUST enum jt_err jt_server_read_admin_ca(struct jt_server *v, const struct jt_config *c,
                                            struct jt_settings *s);
JT_MUST enum jt_err jt_server_open_tls(struct jt_server *v, const struct jt_config *c,
                                       struct jt_tls **out);
/* When the first of the certificates in use ends; 0: there is none. */
int64_t jt_server_cert_end(const struct jt_server *v);
/* The same for admin.listen. */
JT_MUST enum jt_err jt_server_open_admin_tls(struct jt_server *v, const struct jt_config *c,
                                             struct jt_tls **out);
/* SIGHUP: takes over what may change while it runs, all of it or nothing. */
void jt_server_reload(struct jt_server *v);

/* trust.c: where the keys of other issuers may be fetched. */
void jt_server_trust(struct jt_server *v, const struct jt_config *c);
JT_MUST enum jt_err jt_server_open_issuers(struct jt_server *v);

/* keeper.c: about once a second: signing keys whose time has come, and what ends soon. */
void jt_server_keep(struct jt_server *v);
/* remind.c: a part of that. */
void jt_server_remind(struct jt_server *v);

/* notify.c: a line for the service manager (sd_notify(3)); nothing without NOTIFY_SOCKET. */
void jt_notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
