/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests to an issuer, or to a server's administration, over HTTPS, one after the other,
 * within one deadline.
 *
 * TLS 1.2 at least, certificate and host name always verified; plain HTTP to loopback only. No
 * redirect is followed, nothing is decompressed, nothing is stored. The proxy variables of curl
 * (https_proxy, no_proxy) count, but never for loopback.
 * Limits:  JT_OUTBOUND_URL_MAX, _HEAD_MAX and _BODY_MAX bytes (or body_max); the time given to
 * open. Owns:    a handle its connections; an answer its body, which is wiped when freed. Threads:
 * one a handle.
 */
#ifndef JT_CLIENT_HTTP_H
#define JT_CLIENT_HTTP_H

#include <stdatomic.h>

#include "../core/base/buf.h"
#include "../core/http/cidr.h"
#include "error.h"

#define JT_OUTBOUND_URL_MAX 2048u
#define JT_OUTBOUND_HEAD_MAX ((size_t)64 * 1024)
#define JT_OUTBOUND_BODY_MAX ((size_t)1024 * 1024)
#define JT_OUTBOUND_TIMEOUT_S 30

struct jt_outbound;

/*
 * For URLs that somebody else chose. No proxy is asked, and an address is looked at when a
 * connection to it is to be made, whatever name led there: it must be out in the Internet (reach.h)
 * or of one of these networks. The CAs of ca_file count besides the system's.
 */
struct jt_outbound_guard {
    const struct jt_net *nets;
    size_t nnets;
    const atomic_bool *stop; /* set: give up; NULL: never */
};

struct jt_outbound_opts {
    const char *ca_file; /* PEM; these CAs and no others. NULL: the system's */
    int64_t timeout_s;   /* for all requests together */
    const char *cert_file,
        *key_file;   /* PEM: how the client proves itself in TLS; NULL: not at all */
    size_t body_max; /* of an answer; 0: JT_OUTBOUND_BODY_MAX */
    const struct jt_outbound_guard *guard; /* NULL: none; outlives the handle */
};

JT_MUST enum jt_oauth_end jt_outbound_open(const struct jt_outbound_opts *opts,
                                           struct jt_outbound **out, struct jt_oauth_error *err);
void jt_outbound_close(struct jt_outbound **o);
/* The time given to open begins anew. */
void jt_outbound_again(struct jt_outbound *o);

struct jt_outbound_request {
    struct jt_slice url;
    struct jt_slice authorization; /* value of the header; empty: none */
    struct jt_slice form;          /* posted as application/x-www-form-urlencoded; empty: GET */
    /* Of the administration, in place of a form: */
    const char *method;       /* NULL: GET, or POST of the form */
    const char *content_type; /* of body; NULL: there is none */
    struct jt_slice body;
    struct jt_slice if_match; /* empty: no If-Match */
};

struct jt_outbound_answer {
    unsigned status; /* never 1xx or 3xx */
    struct jt_buf body;
    int64_t retry_after_s; /* 0: not said, or a date */
    char etag[64];         /* "" when there is none, or a longer one */
};

/* OK: an answer is in *out, whatever its status. Free *out in any case. */
JT_MUST enum jt_oauth_end jt_outbound_ask(struct jt_outbound *o,
                                          const struct jt_outbound_request *request,
                                          struct jt_outbound_answer *out,
                                          struct jt_oauth_error *err);
void jt_outbound_answer_free(struct jt_outbound_answer *a);

/* An absolute URL that may be asked: https, or http to a loopback host if allow_http; no user,
 * no fragment. False: *why is a sentence part. */
bool jt_outbound_url_ok(struct jt_slice url, bool allow_http, const char **why);
bool jt_outbound_is_loopback(struct jt_slice url);
/* "auth.example.com", "[::1]:8443": where a URL leads, for words to people. */
#define JT_OUTBOUND_PLACE 300
void jt_outbound_place(struct jt_slice url, char out[static JT_OUTBOUND_PLACE]);

#endif
