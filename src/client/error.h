/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - how asking an issuer can end, and what went wrong in words.
 *
 * The text says what happened and where. What a person can do about it (flags, variables) is told
 * by the caller, who knows where the values came from: `about` names the value in question.
 * The text may hold what a stranger sent: escape it before it reaches a terminal.
 */
#ifndef JT_CLIENT_ERROR_H
#define JT_CLIENT_ERROR_H

#include "../core/base/err.h"
#include "../core/base/slice.h"

enum jt_oauth_end {
    JT_OAUTH_OK = 0,
    JT_OAUTH_CONFIG,      /* what the caller gave cannot be used */
    JT_OAUTH_UNREACHABLE, /* no answer, not in time, or "later" (502, 503, 504) */
    JT_OAUTH_REFUSED,     /* the issuer said no (RFC 6749 section 5.2) */
    JT_OAUTH_PROTOCOL,    /* an answer that an issuer must not give */
    JT_OAUTH_FAILED,      /* on this side: memory, libcurl */
};

enum jt_oauth_about {
    JT_ABOUT_NOTHING = 0,
    JT_ABOUT_ISSUER,    /* its URL */
    JT_ABOUT_CA_FILE,   /* it was named and is wrong */
    JT_ABOUT_SYSTEM_CA, /* none was named, and the system's do not know the issuer's CA */
    JT_ABOUT_TIMEOUT,
    JT_ABOUT_CLIENT,      /* client_id and secret */
    JT_ABOUT_CERTIFICATE, /* the client's own, and its key */
    JT_ABOUT_ADDRESS,     /* a guard did not let it through */
};

struct jt_oauth_error {
    enum jt_oauth_end end;
    enum jt_oauth_about about;
    unsigned status;       /* of HTTP; 0: there was no answer */
    int64_t retry_after_s; /* 0: not said */
    char error[64];        /* of RFC 6749 section 5.2; empty: none */
    char ref[65];          /* error_ref of a Jeton; empty: none */
    char text[1200];
};

/* Fills *err but for error and ref, which it empties; returns end. */
enum jt_oauth_end jt_oauth_fail(struct jt_oauth_error *err, enum jt_oauth_end end,
                                enum jt_oauth_about about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "; try again in 5 s" for the end of a text, or nothing for 0. */
#define JT_OAUTH_WAIT_TEXT 64
void jt_oauth_wait_text(int64_t seconds, char out[static JT_OAUTH_WAIT_TEXT]);

#endif
