/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth.h"

#include "../core/base/b64.h"
#include "../core/http/uri.h"

#define FORM_MAX ((size_t)128 * 1024)
#define CREDENTIALS_MAX ((size_t)24 * 1024) /* of 4 KiB, each byte %XX, and the id */

void jt_form_put(struct jt_buf *form, const char *name, struct jt_slice value)
{
    if (value.n > 0) {
        jt_buf_puts(form, form->n > 0 ? "&" : "");
        jt_buf_printf(form, "%s=", name);
        jt_percent_encode(value, form);
    }
}

enum jt_oauth_end jt_oauth_authenticate(const struct jt_oauth_session *s, enum jt_endpoint which,
                                        struct jt_buf *authorization, struct jt_buf *form,
                                        struct jt_oauth_error *err)
{
    const struct jt_oauth_caller *caller = &s->caller;
    unsigned methods = s->issuer->methods[which];
    if (caller->bearer.n > 0) {
        if (!jt_access_token_ok(caller->bearer)) {
            return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_NOTHING,
                                 "the token has characters that no header can carry");
        }
        jt_buf_puts(authorization, "Bearer ");
        jt_buf_put(authorization, caller->bearer);
    } else if ((methods & JT_METHOD_BASIC) != 0) {
        JT_AUTO(jt_buf_free) struct jt_buf pair;
        jt_buf_init(&pair, CREDENTIALS_MAX);
        /* %20 rather than "+" for a blank: right for those too who decode percent signs only. */
        jt_percent_encode(caller->id, &pair);
        jt_buf_putc(&pair, ':');
        jt_percent_encode(caller->secret, &pair);
        jt_buf_puts(authorization, "Basic ");
        jt_b64_put(authorization, jt_buf_slice(&pair));
        authorization->failed = authorization->failed || !jt_buf_ok(&pair);
    } else if ((methods & JT_METHOD_POST) != 0) {
        jt_form_put(form, "client_id", caller->id);
        jt_form_put(form, "client_secret", caller->secret);
    } else {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_NOTHING,
                             "the issuer %.*s takes no client secrets: its metadata lists neither "
                             "client_secret_basic nor client_secret_post",
                             JT_FMT(s->issuer->name));
    }
    return jt_buf_ok(authorization) && jt_buf_ok(form)
               ? JT_OAUTH_OK
               : jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_NOTHING,
                               "client id, secret or parameters are too long");
}

/* Adds the caller to the form, and asks. OK: *out has a 200. */
static enum jt_oauth_end post(const struct jt_oauth_session *s, enum jt_endpoint which,
                              struct jt_buf *form, struct jt_outbound_answer *out,
                              struct jt_oauth_error *err)
{
    char place[JT_OUTBOUND_PLACE];
    JT_AUTO(jt_buf_free) struct jt_buf authorization;
    jt_buf_init(&authorization, 2 * CREDENTIALS_MAX);
    if (jt_issuer_offers(s->issuer, which, err) != JT_OAUTH_OK ||
        jt_oauth_authenticate(s, which, &authorization, form, err) != JT_OAUTH_OK) {
        return err->end;
    }
    const struct jt_outbound_request r = {.url = s->issuer->url[which],
                                          .authorization = jt_buf_slice(&authorization),
                                          .form = jt_buf_slice(form)};
    if (jt_outbound_ask(s->outbound, &r, out, err) != JT_OAUTH_OK) {
        return err->end;
    }
    if (out->status != 200) {
        jt_outbound_place(r.url, place);
        return jt_error_response_read(out->status, jt_buf_slice(&out->body), place,
                                      out->retry_after_s, err);
    }
    return JT_OAUTH_OK;
}

enum jt_oauth_end jt_oauth_token(const struct jt_oauth_session *s,
                                 const struct jt_token_params *params, struct jt_oauth_answer *out,
                                 struct jt_token_response *out_token, struct jt_oauth_error *err)
{
    char place[JT_OUTBOUND_PLACE];
    JT_AUTO(jt_buf_free) struct jt_buf form;
    jt_buf_init(&form, FORM_MAX);
    jt_form_put(&form, "grant_type", JT_LIT("client_credentials"));
    jt_form_put(&form, "scope", params->scope);
    jt_form_put(&form, "resource", params->resource);
    jt_form_put(&form, "audience", params->audience);
    *out = (struct jt_oauth_answer){0};
    if (post(s, JT_ENDPOINT_TOKEN, &form, &out->http, err) != JT_OAUTH_OK) {
        return err->end;
    }
    jt_outbound_place(s->issuer->url[JT_ENDPOINT_TOKEN], place);
    return jt_token_response_read(jt_buf_slice(&out->http.body), place, &out->doc, out_token, err);
}

enum jt_oauth_end jt_oauth_introspect(const struct jt_oauth_session *s, struct jt_slice token,
                                      struct jt_oauth_answer *out, bool *out_active,
                                      struct jt_oauth_error *err)
{
    char place[JT_OUTBOUND_PLACE];
    JT_AUTO(jt_buf_free) struct jt_buf form;
    jt_buf_init(&form, FORM_MAX);
    jt_form_put(&form, "token", token);
    *out = (struct jt_oauth_answer){0};
    if (post(s, JT_ENDPOINT_INTROSPECTION, &form, &out->http, err) != JT_OAUTH_OK) {
        return err->end;
    }
    jt_outbound_place(s->issuer->url[JT_ENDPOINT_INTROSPECTION], place);
    return jt_introspection_read(jt_buf_slice(&out->http.body), place, &out->doc, out_active, err);
}

enum jt_oauth_end jt_oauth_revoke(const struct jt_oauth_session *s, struct jt_slice token,
                                  struct jt_oauth_error *err)
{
    JT_AUTO(jt_outbound_answer_free) struct jt_outbound_answer answer = {0};
    JT_AUTO(jt_buf_free) struct jt_buf form;
    jt_buf_init(&form, FORM_MAX);
    jt_form_put(&form, "token", token);
    return post(s, JT_ENDPOINT_REVOCATION, &form, &answer, err);
}

void jt_oauth_answer_free(struct jt_oauth_answer *a)
{
    jt_json_free(&a->doc);
    jt_outbound_answer_free(&a->http);
}
