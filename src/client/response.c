/* SPDX-License-Identifier: Apache-2.0 */
#include "response.h"

#include <stdio.h>

#include "../core/http/name.h"

#define EXPIRES_MAX ((int64_t)100 * 366 * 86400)

static const struct jt_json_limits limits = {(size_t)1024 * 1024, 16, 10000};

static enum jt_oauth_end wrong(struct jt_oauth_error *err, const char *place, const char *what)
{
    return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_NOTHING,
                         "the answer of %s cannot be used: %s", place, what);
}

static bool read_object(struct jt_slice body, struct jt_json **doc)
{
    return jt_json_parse(body, &limits, doc) == JT_OK &&
           jt_jval_type(jt_json_root(*doc)) == JT_JOBJECT;
}

bool jt_access_token_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f) {
            return false;
        }
    }
    return s.n > 0 && s.n <= JT_ACCESS_TOKEN_MAX;
}

static bool scope_ok(struct jt_slice list)
{
    struct jt_slice word = {0};
    while (jt_slice_next_word(&list, &word)) {
        if (!jt_scope_name_ok(word)) {
            return false;
        }
    }
    return true;
}

/* Absent, or null, which some issuers write for it. */
static bool is_absent(const struct jt_jval *v)
{
    return jt_jval_type(v) == JT_JNULL;
}

/* NULL, or what is wrong. */
static const char *read_token(const struct jt_jval *root, struct jt_token_response *out)
{
    const struct jt_jval *expires = jt_jobj_get(root, "expires_in");
    const struct jt_jval *scope = jt_jobj_get(root, "scope");
    *out = (struct jt_token_response){.expires_in_s = -1};
    if (!jt_jval_str(jt_jobj_get(root, "access_token"), &out->access_token)) {
        return "it has no access_token";
    }
    if (!jt_access_token_ok(out->access_token)) {
        return "its access_token is empty, too long, or has characters that no header can carry";
    }
    if (!jt_jval_str(jt_jobj_get(root, "token_type"), &out->token_type)) {
        return "it has no token_type";
    }
    if (!jt_slice_eq_nocase(out->token_type, JT_LIT("Bearer"))) {
        return "its token_type is not Bearer";
    }
    if (!is_absent(expires) && (!jt_jval_int(expires, &out->expires_in_s) ||
                                out->expires_in_s < 0 || out->expires_in_s > EXPIRES_MAX)) {
        return "its expires_in is not a number of seconds";
    }
    if (!is_absent(scope) && (!jt_jval_str(scope, &out->scope) || !scope_ok(out->scope))) {
        return "its scope is not a list of scopes";
    }
    return NULL;
}

enum jt_oauth_end jt_token_response_read(struct jt_slice body, const char *place,
                                         struct jt_json **doc, struct jt_token_response *out,
                                         struct jt_oauth_error *err)
{
    if (!read_object(body, doc)) {
        return wrong(err, place, "it is not a JSON object");
    }
    const char *what = read_token(jt_json_root(*doc), out);
    return what == NULL ? JT_OAUTH_OK : wrong(err, place, what);
}

enum jt_oauth_end jt_introspection_read(struct jt_slice body, const char *place,
                                        struct jt_json **doc, bool *out_active,
                                        struct jt_oauth_error *err)
{
    bool active = false;
    if (!read_object(body, doc)) {
        return wrong(err, place, "it is not a JSON object");
    }
    if (!jt_jval_bool(jt_jobj_get(jt_json_root(*doc), "active"), &active)) {
        return wrong(err, place, "its member active is not true or false");
    }
    *out_active = active;
    return JT_OAUTH_OK;
}

/* RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E. */
static bool error_text_ok(struct jt_slice s, size_t max)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == '"' || s.p[i] == '\\') {
            return false;
        }
    }
    return s.n > 0 && s.n <= max;
}

static bool ref_ok(struct jt_slice s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == 0 || memchr(allowed, s.p[i], sizeof allowed - 1) == NULL) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 64;
}

/* A member that is text of the form wanted; empty otherwise. */
static struct jt_slice member(const struct jt_jval *root, const char *name,
                              bool (*ok)(struct jt_slice s, size_t max), size_t max)
{
    struct jt_slice s = {0};
    return jt_jval_str(jt_jobj_get(root, name), &s) && ok(s, max) ? s : jt_slice(NULL, 0);
}

static bool ref_text_ok(struct jt_slice s, size_t max)
{
    return s.n <= max && ref_ok(s);
}

static enum jt_oauth_end end_of(unsigned status, bool is_oauth)
{
    if (status == 502 || status == 503 || status == 504) {
        return JT_OAUTH_UNREACHABLE;
    }
    return is_oauth ? JT_OAUTH_REFUSED : JT_OAUTH_PROTOCOL;
}

static void refusal(const struct jt_jval *root, struct jt_slice error, const char *wait,
                    enum jt_oauth_end end, struct jt_oauth_error *err)
{
    struct jt_slice description = member(root, "error_description", error_text_ok, 512);
    struct jt_slice ref = member(root, "error_ref", ref_text_ok, sizeof err->ref - 1);
    bool says = description.n > 0;
    char reference[200] = "";
    if (ref.n > 0) {
        (void)snprintf(reference, sizeof reference,
                       ", reference %.*s; its administrator can run: jeton explain %.*s",
                       JT_FMT(ref), JT_FMT(ref));
    }
    (void)jt_oauth_fail(err, end, JT_ABOUT_NOTHING, "the issuer %s: %.*s%s%.*s%s%s%s",
                        end == JT_OAUTH_UNREACHABLE ? "cannot answer now" : "refused",
                        JT_FMT(error), says ? " (" : "", JT_FMT(description), says ? ")" : "", wait,
                        reference);
    (void)snprintf(err->error, sizeof err->error, "%.*s", JT_FMT(error));
    (void)snprintf(err->ref, sizeof err->ref, "%.*s", JT_FMT(ref));
    if (jt_slice_eq(error, JT_LIT("invalid_client"))) {
        err->about = JT_ABOUT_CLIENT;
    }
}

enum jt_oauth_end jt_error_response_read(unsigned status, struct jt_slice body, const char *place,
                                         int64_t retry_after_s, struct jt_oauth_error *err)
{
    struct jt_json *doc = NULL;
    char wait[JT_OAUTH_WAIT_TEXT];
    bool is_object = read_object(body, &doc);
    const struct jt_jval *root = is_object ? jt_json_root(doc) : NULL;
    struct jt_slice error = member(root, "error", error_text_ok, sizeof err->error - 1);
    enum jt_oauth_end end = end_of(status, status >= 400 && error.n > 0);
    jt_oauth_wait_text(retry_after_s, wait);
    if (status >= 400 && error.n > 0) {
        refusal(root, error, wait, end, err);
    } else {
        (void)jt_oauth_fail(err, end, JT_ABOUT_NOTHING,
                            "%s answered with status %u, without an error of OAuth%s", place,
                            status, wait);
    }
    err->status = status;
    err->retry_after_s = retry_after_s;
    jt_json_free(&doc);
    return end;
}
