/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks.h"

#include "discovery.h"

static enum jt_oauth_end get(struct jt_outbound *o, struct jt_slice url,
                             struct jt_outbound_answer *answer, struct jt_oauth_error *err)
{
    const struct jt_outbound_request r = {.url = url};
    const char *why = "";
    if (!jt_outbound_url_ok(url, true, &why)) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_ISSUER, "%.*s %s",
                             (int)(url.n < 300 ? url.n : 300), (const char *)url.p, why);
    }
    if (jt_outbound_ask(o, &r, answer, err) != JT_OAUTH_OK) {
        return err->end;
    }
    if (answer->status != 200) {
        (void)jt_oauth_fail(err, answer->status >= 500 ? JT_OAUTH_UNREACHABLE : JT_OAUTH_PROTOCOL,
                            JT_ABOUT_ISSUER, "%.*s answered with status %u", JT_FMT(url),
                            answer->status);
        err->status = answer->status;
        return err->end;
    }
    return JT_OAUTH_OK;
}

/* The keys are at url. */
static enum jt_oauth_end fetch_at(struct jt_outbound *o, struct jt_slice url,
                                  struct jt_keyset **out, struct jt_oauth_error *err)
{
    JT_AUTO(jt_outbound_answer_free) struct jt_outbound_answer answer = {0};
    const char *why = "";
    if (get(o, url, &answer, err) != JT_OAUTH_OK) {
        return err->end;
    }
    enum jt_err e = jt_keyset_read(jt_buf_slice(&answer.body), out, &why);
    return e == JT_OK ? JT_OAUTH_OK
                      : jt_oauth_fail(err, e == JT_E_NOMEM ? JT_OAUTH_FAILED : JT_OAUTH_PROTOCOL,
                                      JT_ABOUT_ISSUER, "%.*s %s", JT_FMT(url), why);
}

enum jt_oauth_end jt_jwks_fetch(struct jt_outbound *o, const struct jt_jwks_source *from,
                                struct jt_keyset **out, struct jt_oauth_error *err)
{
    JT_AUTO(jt_outbound_answer_free) struct jt_outbound_answer answer = {0};
    JT_AUTO(jt_issuer_free) struct jt_issuer issuer = {0};
    JT_AUTO(jt_buf_free) struct jt_buf url;
    jt_buf_init(&url, JT_OUTBOUND_URL_MAX);
    *err = (struct jt_oauth_error){0};
    if (from->uri.n > 0) {
        return fetch_at(o, from->uri, out, err);
    }
    jt_well_known_url(from->issuer, JT_WELL_KNOWN_OPENID, &url);
    if (!jt_buf_ok(&url)) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_ISSUER,
                             "the issuer's URL is too long, or out of memory");
    }
    if (get(o, jt_buf_slice(&url), &answer, err) != JT_OAUTH_OK ||
        jt_issuer_read(from->issuer, jt_buf_slice(&answer.body), &issuer, err) != JT_OAUTH_OK ||
        jt_issuer_offers(&issuer, JT_ENDPOINT_JWKS, err) != JT_OAUTH_OK) {
        return err->end;
    }
    return fetch_at(o, issuer.url[JT_ENDPOINT_JWKS], out, err);
}
