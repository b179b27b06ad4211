/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - what an issuer answers, read strictly.
 *
 * Owns:    a document owns the slices; the caller frees it, after failure too.
 * Threads: values.
 * RFC:     6749 sections 5.1 and 5.2, 7662 section 2.2
 */
#ifndef JT_CLIENT_RESPONSE_H
#define JT_CLIENT_RESPONSE_H

#include "../core/json/json.h"
#include "error.h"

#define JT_ACCESS_TOKEN_MAX 16384u

struct jt_token_response {
    struct jt_slice access_token, token_type, scope; /* scope may be empty: as asked */
    int64_t expires_in_s;                            /* -1: not said */
};

/* place: words for people (jt_outbound_place). Of a 200. */
JT_MUST enum jt_oauth_end jt_token_response_read(struct jt_slice body, const char *place,
                                                 struct jt_json **doc,
                                                 struct jt_token_response *out,
                                                 struct jt_oauth_error *err);
JT_MUST enum jt_oauth_end jt_introspection_read(struct jt_slice body, const char *place,
                                                struct jt_json **doc, bool *out_active,
                                                struct jt_oauth_error *err);
/* Of any other status: never OK. retry_after_s: 0 when not said. */
JT_MUST enum jt_oauth_end jt_error_response_read(unsigned status, struct jt_slice body,
                                                 const char *place, int64_t retry_after_s,
                                                 struct jt_oauth_error *err);

/* What can be sent as a bearer: 1 to JT_ACCESS_TOKEN_MAX visible ASCII characters. */
bool jt_access_token_ok(struct jt_slice s);

#endif
