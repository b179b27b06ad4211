/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - one non-blocking connection of the driver, with TLS or without.
 */
#ifndef STORM_LINK_H
#define STORM_LINK_H

#include "storm.h"

enum link_io { LINK_OK = 0, LINK_WAIT, LINK_END, LINK_FAIL };

struct link {
    int fd; /* -1: there is none */
    SSL *ssl;
    bool connected; /* TCP is; TLS perhaps not yet */
    bool ready;     /* for bytes of HTTP */
};

/* No certificate is checked: what is measured is the server, not who it is. */
SSL_CTX *link_context(void);
/* ctx NULL: plain. source: host order. tag: what epoll says when it is ready. */
bool link_open(struct link *l, int epfd, const struct storm_options *o, uint32_t source,
               SSL_CTX *ctx, void *tag);
/* Goes on with TCP and TLS: LINK_OK once it is ready. */
enum link_io link_step(struct link *l);
enum link_io link_write(struct link *l, const void *p, size_t n, size_t *put);
enum link_io link_read(struct link *l, void *p, size_t n, size_t *got);
/* reset: RST in place of FIN, which also leaves no TIME_WAIT behind. */
void link_close(struct link *l, bool reset);

#endif
