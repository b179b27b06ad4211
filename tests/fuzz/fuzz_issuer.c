/* SPDX-License-Identifier: Apache-2.0 */
/* What a client reads of an issuer: metadata, token, introspection and error. */
#include "client/discovery.h"
#include "client/response.h"
#include "fuzz.h"

static void check_metadata(struct jt_slice in)
{
    const struct jt_slice name = JT_LIT("https://auth.example.com");
    const char *why = NULL;
    struct jt_issuer i = {0};
    struct jt_oauth_error err = {0};
    if (jt_issuer_read(name, in, &i, &err) == JT_OAUTH_OK) {
        for (size_t k = 0; k < JT_ENDPOINT_N; k++) {
            JT_ASSERT(i.url[k].n == 0 || jt_outbound_url_ok(i.url[k], false, &why));
        }
    } else {
        JT_ASSERT(err.end == JT_OAUTH_PROTOCOL && err.text[0] != '\0');
    }
    jt_issuer_free(&i);
}

static void check_answers(struct jt_slice in)
{
    struct jt_json *doc = NULL;
    struct jt_token_response token = {0};
    struct jt_oauth_error err = {0};
    bool is_active = false;
    if (jt_token_response_read(in, "x", &doc, &token, &err) == JT_OAUTH_OK) {
        JT_ASSERT(jt_access_token_ok(token.access_token) && token.expires_in_s >= -1);
    }
    jt_json_free(&doc);
    JT_ASSERT(jt_introspection_read(in, "x", &doc, &is_active, &err) == JT_OAUTH_OK || !is_active);
    jt_json_free(&doc);
    JT_ASSERT(jt_error_response_read(400, in, "x", 0, &err) != JT_OAUTH_OK);
    for (const char *p = err.text; *p != '\0'; p++) {
        JT_ASSERT(*p >= 0x20 &&
                  *p <= 0x7e); /* RFC 6749 section 5.2: nothing that moves a terminal */
    }
}

static void check_url(struct jt_slice in)
{
    const char *why = NULL;
    if (!jt_issuer_ok(in, &why)) {
        JT_ASSERT(why != NULL);
        return;
    }
    for (size_t k = 0; k < JT_WELL_KNOWN_N; k++) {
        struct jt_buf url;
        jt_buf_init(&url, (size_t)2 * JT_OUTBOUND_URL_MAX);
        jt_well_known_url(in, (enum jt_well_known)k, &url);
        JT_ASSERT(jt_buf_ok(&url));
        JT_ASSERT(url.n > JT_OUTBOUND_URL_MAX ||
                  jt_outbound_url_ok(jt_buf_slice(&url), true, &why));
        jt_buf_free(&url);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    check_metadata(in);
    check_answers(in);
    check_url(in);
    return 0;
}
