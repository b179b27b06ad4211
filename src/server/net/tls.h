/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS on a socket: TLS 1.2 and 1.3 with AEAD and forward secrecy only, ALPN http/1.1.
 *
 * Every caller is asked for a certificate and none must have one. Whatever one shows is taken, and
 * means nothing but that it has the key: who vouches for it is decided where it is used. A
 * certificate is shown in every handshake anew: tickets that stand for one are ignored. The only
 * file beside core/crypt that includes OpenSSL. Threads: a jt_tls is shared by all workers; a
 * jt_tls_conn belongs to its connection's worker. RFC:     8446, 9325
 */
#ifndef JT_NET_TLS_H
#define JT_NET_TLS_H

#include <stdbool.h>

#include "../../core/base/err.h"
#include "../../core/base/slice.h"
#include "../../core/crypt/peer.h"

struct jt_tls;
struct jt_tls_conn;

enum jt_io { JT_IO_OK = 0, JT_IO_WANT_READ, JT_IO_WANT_WRITE, JT_IO_EOF, JT_IO_ERROR };

struct jt_tls_opts {
    const char *cert_file, *key_file;
};

/* why: caller's room for a sentence on failure. Loads the files, and checks that they fit. */
JT_MUST enum jt_err jt_tls_new(const struct jt_tls_opts *o, struct jt_tls **out, char *why,
                               size_t why_n);
void jt_tls_free(struct jt_tls **t);
/* When its certificate ends, seconds since 1970; 0: unknown. */
int64_t jt_tls_not_after(const struct jt_tls *t);

/* NULL: out of memory. fd stays the caller's. */
struct jt_tls_conn *jt_tls_conn_new(struct jt_tls *t, int fd);
void jt_tls_conn_free(struct jt_tls_conn **c);
enum jt_io jt_tls_handshake(struct jt_tls_conn *c);
/* The certificate shown in the handshake, the connection's; NULL: none. */
const struct jt_peer_cert *jt_tls_conn_peer(const struct jt_tls_conn *c);
enum jt_io jt_tls_read(struct jt_tls_conn *c, uint8_t *p, size_t n, size_t *got);
/* After a read: may there be more, in the socket or already taken from it? If not, an edge will
 * say. */
bool jt_tls_more(const struct jt_tls_conn *c);
enum jt_io jt_tls_write(struct jt_tls_conn *c, struct jt_slice s, size_t *put);
/* Sends close_notify if it can at once; does not wait. */
void jt_tls_bye(struct jt_tls_conn *c);

#endif
