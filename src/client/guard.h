/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - which addresses a guarded request may connect to.
 *
 * libcurl asks for each socket before it connects it, so that what is checked is the address that
 * is used: a name that changes its mind between a check and a connection (DNS rebinding) gains
 * nothing. Inside the client layer only.
 */
#ifndef JT_CLIENT_GUARD_H
#define JT_CLIENT_GUARD_H

#include "http.h"
#include "libcurl.h"

struct jt_guarding {
    const struct jt_outbound_guard *guard; /* NULL: not guarded */
    bool refused;                          /* an address was, during the last request */
    struct jt_addr refused_address;
};

/* Sets the options of a handle; g is kept. */
CURLcode jt_guard_set(const struct jt_libcurl *curl, CURL *handle, struct jt_guarding *g);

#endif
