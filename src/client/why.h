/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.h - what libcurl's codes mean to a person.
 *
 * Inside the client layer only.
 */
#ifndef JT_CLIENT_WHY_H
#define JT_CLIENT_WHY_H

#include "error.h"
#include "guard.h"
#include "libcurl.h"

enum jt_limit { JT_LIMIT_NONE = 0, JT_LIMIT_HEAD, JT_LIMIT_BODY };

struct jt_why {
    const struct jt_libcurl *curl;
    struct jt_slice url;
    const char *ca_file; /* NULL: the system's */
    int64_t timeout_s;
    size_t body_max;
    const struct jt_guarding *guarding;
    const char *detail; /* libcurl's own words; "" when it has none */
    CURLcode code;
    enum jt_limit over; /* the limit that ended it */
    long verify;        /* X509_V_ERR_…; 0: none */
};

/* code is not CURLE_OK. */
enum jt_oauth_end jt_why_fail(const struct jt_why *w, struct jt_oauth_error *err);
enum jt_oauth_end jt_why_redirect(struct jt_slice url, unsigned status, struct jt_slice location,
                                  struct jt_oauth_error *err);

#endif
