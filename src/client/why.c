/* SPDX-License-Identifier: Apache-2.0 */
#include "why.h"

#include "http.h"

/* What OpenSSL says of a chain that ends in no CA it was told to trust (x509_vfy.h): no issuer,
 * no signature to check, self-signed alone or on top, no first certificate. */
static bool is_unknown_ca(long verify)
{
    return verify == 2 || (verify >= 18 && verify <= 21);
}

static enum jt_oauth_end certificate(const struct jt_why *w, const char *place, const char *detail,
                                     struct jt_oauth_error *err)
{
    if (!is_unknown_ca(w->verify)) {
        return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING,
                             "the TLS certificate of %s is not good: %s", place, detail);
    }
    if (w->ca_file == NULL) {
        return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_SYSTEM_CA,
                             "the TLS certificate of %s is of no CA that this system trusts, and "
                             "no CA file was named (%s)",
                             place, detail);
    }
    return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_CA_FILE,
                         "the TLS certificate of %s is of no CA in %.500s (%s)", place, w->ca_file,
                         detail);
}

static enum jt_oauth_end too_large(const struct jt_why *w, const char *place,
                                   struct jt_oauth_error *err)
{
    if (w->over == JT_LIMIT_HEAD) {
        return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_NOTHING,
                             "the head of %s's answer is over 64 KiB", place);
    }
    bool is_mib = w->body_max >= (size_t)1024 * 1024;
    return jt_oauth_fail(
        err, JT_OAUTH_PROTOCOL, JT_ABOUT_NOTHING, "the answer of %s is larger than %zu %s", place,
        is_mib ? w->body_max / 1024 / 1024 : w->body_max / 1024, is_mib ? "MiB" : "KiB");
}

/* All addresses of the host were refused. */
static enum jt_oauth_end not_let_through(const struct jt_why *w, const char *place,
                                         struct jt_oauth_error *err)
{
    char address[JT_ADDR_TEXT];
    jt_addr_text(&w->guarding->refused_address, address);
    return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_ADDRESS,
                         "%s is at %s, which is not an address of the public Internet", place,
                         address);
}

/* What the rest of the codes means. */
static const struct {
    CURLcode code;
    enum jt_oauth_end end;
    enum jt_oauth_about about;
    const char *before, *after; /* the place stands between */
} rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, JT_OAUTH_UNREACHABLE, JT_ABOUT_ISSUER, "cannot find the host ",
     ""},
    {CURLE_COULDNT_RESOLVE_PROXY, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING,
     "cannot find the proxy that the environment (https_proxy, all_proxy) names for ", ""},
    {CURLE_COULDNT_CONNECT, JT_OAUTH_UNREACHABLE, JT_ABOUT_ISSUER, "cannot connect to ", ""},
    {CURLE_SSL_CERTPROBLEM, JT_OAUTH_CONFIG, JT_ABOUT_CERTIFICATE,
     "the client certificate, or its key, cannot be used for ", ""},
    {CURLE_SSL_CONNECT_ERROR, JT_OAUTH_UNREACHABLE, JT_ABOUT_ISSUER, "TLS with ", " failed"},
    {CURLE_GOT_NOTHING, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "", " closed without an answer"},
    {CURLE_PARTIAL_FILE, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "",
     " closed without a whole answer"},
    {CURLE_RECV_ERROR, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "the connection to ", " broke"},
    {CURLE_SEND_ERROR, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "the connection to ", " broke"},
    {CURLE_WEIRD_SERVER_REPLY, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER, "",
     " does not speak HTTP as it should"},
    {CURLE_UNSUPPORTED_PROTOCOL, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER, "",
     " does not speak HTTP as it should"},
    {CURLE_ABORTED_BY_CALLBACK, JT_OAUTH_FAILED, JT_ABOUT_NOTHING, "the server stops, so ",
     " is not asked"},
    /* libcurl says so of a header line over 100 KiB, too */
    {CURLE_OUT_OF_MEMORY, JT_OAUTH_FAILED, JT_ABOUT_NOTHING,
     "out of memory, or a line over 100 KiB in the head of ", "'s answer"},
};

enum jt_oauth_end jt_why_fail(const struct jt_why *w, struct jt_oauth_error *err)
{
    char place[JT_OUTBOUND_PLACE];
    const char *detail = w->detail[0] != '\0' ? w->detail : w->curl->easy_strerror(w->code);
    jt_outbound_place(w->url, place);
    if (w->over != JT_LIMIT_NONE) {
        return too_large(w, place, err);
    }
    if (w->code == CURLE_COULDNT_CONNECT && w->guarding->refused) {
        return not_let_through(w, place, err);
    }
    if (w->code == CURLE_PEER_FAILED_VERIFICATION) {
        return certificate(w, place, detail, err);
    }
    if (w->code == CURLE_SSL_CACERT_BADFILE) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_CA_FILE,
                             "the CA file %.500s has no certificate in PEM form",
                             w->ca_file != NULL ? w->ca_file : "of this system");
    }
    if (w->code == CURLE_OPERATION_TIMEDOUT) {
        return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_TIMEOUT,
                             "%s did not answer within %lld s", place, (long long)w->timeout_s);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == w->code) {
            return jt_oauth_fail(err, rows[i].end, rows[i].about, "%s%s%s: %s", rows[i].before,
                                 place, rows[i].after, detail);
        }
    }
    return jt_oauth_fail(err, JT_OAUTH_UNREACHABLE, JT_ABOUT_NOTHING, "asking %s failed: %s", place,
                         detail);
}

enum jt_oauth_end jt_why_redirect(struct jt_slice url, unsigned status, struct jt_slice location,
                                  struct jt_oauth_error *err)
{
    char place[JT_OUTBOUND_PLACE];
    jt_outbound_place(url, place);
    return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER,
                         "%s answered %.*s with a redirect (status %u)%s%.*s, which is never "
                         "followed: it would carry secrets elsewhere",
                         place, JT_FMT(url), status, location.n > 0 ? " to " : "",
                         JT_FMT(location));
}
