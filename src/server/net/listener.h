/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - listening sockets, one per address, shared by all workers.
 *
 * No SO_REUSEPORT: a port in use is an error, and a drain loses nothing that is queued.
 */
#ifndef JT_NET_LISTENER_H
#define JT_NET_LISTENER_H

#include <stdatomic.h>

#include "../../core/base/err.h"
#include "../../core/base/slice.h"
#include "tls.h"

enum jt_listener_kind {
    JT_LISTEN_PUBLIC = 0,
    JT_LISTEN_ADMIN, /* the Unix socket */
    JT_LISTEN_METRICS,
    JT_LISTEN_ADMIN_TLS, /* the administration from elsewhere */
};
/* Is it for the administration, from here or from elsewhere? */
static inline bool jt_listen_is_admin(enum jt_listener_kind k)
{
    return k == JT_LISTEN_ADMIN || k == JT_LISTEN_ADMIN_TLS;
}

struct jt_listener {
    int fd;
    enum jt_listener_kind kind;
    _Atomic(struct jt_tls *)
        tls;           /* NULL: plain; borrowed; replaced when certificates are read again */
    bool proxies_only; /* plain HTTP in the open: for trusted proxies alone */
    bool inherited;    /* from the service manager: its socket file is not ours */
    uint16_t port;     /* the real one, where 0 was asked */
};

/* address: "127.0.0.1:8443" or "[::]:8443" (IPv6 only). why: room for a sentence. JT_E_CONFLICT: in
 * use. */
JT_MUST enum jt_err jt_listen_tcp(struct jt_slice address, struct jt_listener *out, char *why,
                                  size_t why_n);
/*
 * A Unix socket, mode 0600. The caller holds the data directory's lock, so a file that is there is
 * stale and replaced. JT_E_LIMIT: the path is over 107 bytes.
 */
JT_MUST enum jt_err jt_listen_unix(const char *path, struct jt_listener *out, char *why,
                                   size_t why_n);
/* A socket that listens already (systemd's LISTEN_FDS). Refused: not a listening stream socket. */
JT_MUST enum jt_err jt_listen_inherited(int fd, struct jt_listener *out, char *why, size_t why_n);
/* Its own address, "127.0.0.1:8443", NUL-terminated. */
#define JT_LISTEN_TEXT 64
void jt_listener_text(const struct jt_listener *l, char out[static JT_LISTEN_TEXT]);
void jt_listener_close(struct jt_listener *l);

#endif
