/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl.h - libcurl, loaded when something is to be asked over the network and never before:
 * it and what it needs cost 8 MiB, and the server asks nobody but issuers of trust rules.
 *
 * Owns:    nothing; once loaded it stays until the process ends.
 * Threads: any; each CURL handle belongs to one at a time.
 */
#ifndef JT_CLIENT_LIBCURL_H
#define JT_CLIENT_LIBCURL_H

#include <curl/curl.h>

#include "../core/base/err.h"

struct jt_libcurl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    void (*easy_reset)(CURL *h);
    CURLcode (*easy_setopt)(CURL *h, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *h);
    CURLcode (*easy_getinfo)(CURL *h, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *h);
    const char *(*easy_strerror)(CURLcode code);
};

/* JT_E_NOTFOUND: *why says what is missing, until the next call of dlerror. */
JT_MUST enum jt_err jt_libcurl_load(struct jt_libcurl *out, const char **why);

#endif
