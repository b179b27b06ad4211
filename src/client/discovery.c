/* SPDX-License-Identifier: Apache-2.0 */
#include "discovery.h"

#include "../core/http/uri.h"

static const struct {
    const char *url, *methods; /* NULL: it has none */
} members[JT_ENDPOINT_N] = {
    [JT_ENDPOINT_TOKEN] = {"token_endpoint", "token_endpoint_auth_methods_supported"},
    [JT_ENDPOINT_INTROSPECTION] = {"introspection_endpoint",
                                   "introspection_endpoint_auth_methods_supported"},
    [JT_ENDPOINT_REVOCATION] = {"revocation_endpoint",
                                "revocation_endpoint_auth_methods_supported"},
    [JT_ENDPOINT_JWKS] = {"jwks_uri", NULL},
};

bool jt_issuer_ok(struct jt_slice issuer, const char **why)
{
    if (!jt_outbound_url_ok(issuer, true, why)) {
        return false;
    }
    if (jt_slice_find(issuer, '?') < issuer.n) { /* RFC 8414 section 2 */
        *why = "has a query";
        return false;
    }
    return true;
}

void jt_well_known_url(struct jt_slice issuer, enum jt_well_known which, struct jt_buf *out)
{
    struct jt_uri u = {0};
    if (issuer.n > 0 && issuer.p[issuer.n - 1] == '/') {
        issuer.n--;
    }
    if (jt_uri_read(issuer, &u) != JT_OK) {
        out->failed = true;
        return;
    }
    if (which == JT_WELL_KNOWN_OPENID) { /* behind the path */
        jt_buf_put(out, issuer);
        jt_buf_puts(out, "/.well-known/openid-configuration");
        return;
    }
    /* between host and path: RFC 8414 section 3.1 */
    jt_buf_put(out, jt_slice(issuer.p, issuer.n - u.path.n));
    jt_buf_puts(out, "/.well-known/oauth-authorization-server");
    jt_buf_put(out, u.path);
}

/* What is listed and known here. Without a list it is Basic (RFC 8414 section 2), and for other
 * endpoints what the token endpoint has. */
static unsigned methods_of(const struct jt_jval *root, const char *name, unsigned otherwise)
{
    const struct jt_jval *list = name == NULL ? NULL : jt_jobj_get(root, name);
    struct jt_slice s = {0};
    unsigned set = 0;
    if (jt_jval_type(list) != JT_JARRAY) {
        return otherwise;
    }
    for (size_t i = 0; i < jt_jval_count(list); i++) {
        if (!jt_jval_str(jt_jarr_at(list, i), &s)) {
            continue;
        }
        set |= jt_slice_eq(s, JT_LIT("client_secret_basic")) ? JT_METHOD_BASIC : 0;
        set |= jt_slice_eq(s, JT_LIT("client_secret_post")) ? JT_METHOD_POST : 0;
    }
    return set;
}

static enum jt_oauth_end read_endpoint(struct jt_issuer *i, const struct jt_jval *root,
                                       enum jt_endpoint k, struct jt_oauth_error *err)
{
    const struct jt_jval *v = jt_jobj_get(root, members[k].url);
    const char *why = "is not a text";
    i->methods[k] =
        methods_of(root, members[k].methods,
                   k == JT_ENDPOINT_TOKEN ? JT_METHOD_BASIC : i->methods[JT_ENDPOINT_TOKEN]);
    if (jt_jval_type(v) == JT_JNULL) {
        return JT_OAUTH_OK;
    }
    struct jt_slice url = {0};
    bool is_text = jt_jval_str(v, &url);
    /* A document from elsewhere must not name a service of this machine. */
    if (!is_text || !jt_outbound_url_ok(url, jt_outbound_is_loopback(i->name), &why)) {
        return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_NOTHING,
                             "the metadata of %.*s cannot be used: its %s%s%.*s %s",
                             JT_FMT(i->name), members[k].url, is_text ? " " : "",
                             (int)(url.n < 300 ? url.n : 300), (const char *)url.p, why);
    }
    i->url[k] = url;
    return JT_OAUTH_OK;
}

enum jt_oauth_end jt_issuer_read(struct jt_slice issuer, struct jt_slice body,
                                 struct jt_issuer *out, struct jt_oauth_error *err)
{
    static const struct jt_json_limits limits = {JT_OUTBOUND_BODY_MAX, 16, 10000};
    struct jt_slice said = {0};
    *out = (struct jt_issuer){.name = issuer};
    if (jt_json_parse(body, &limits, &out->doc) != JT_OK ||
        jt_jval_type(jt_json_root(out->doc)) != JT_JOBJECT) {
        return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER,
                             "the metadata of %.*s is not a JSON object", JT_FMT(issuer));
    }
    const struct jt_jval *root = jt_json_root(out->doc);
    if (!jt_jval_str(jt_jobj_get(root, "issuer"), &said)) {
        return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER,
                             "the metadata of %.*s names no issuer", JT_FMT(issuer));
    }
    if (!jt_slice_eq(said, issuer)) {
        return jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_ISSUER,
                             "asked for the issuer %.*s, but its metadata says %.*s; they must be "
                             "the same (RFC 8414 section 3.3)",
                             JT_FMT(issuer), (int)(said.n < 300 ? said.n : 300),
                             (const char *)said.p);
    }
    for (size_t k = 0; k < JT_ENDPOINT_N; k++) {
        if (read_endpoint(out, root, (enum jt_endpoint)k, err) != JT_OAUTH_OK) {
            return err->end;
        }
    }
    return JT_OAUTH_OK;
}

/* Another program's page, its way elsewhere, or nothing: the document may be at the other place. */
static bool is_no_document(const struct jt_outbound_answer *a)
{
    struct jt_slice s = jt_buf_slice(&a->body);
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\t')) {
        s = jt_slice_from(s, 1);
    }
    return (a->status >= 300 && a->status <= 499) ||
           (a->status <= 299 && (s.n == 0 || s.p[0] != '{'));
}

static enum jt_oauth_end ask_at(struct jt_outbound *o, enum jt_well_known which,
                                struct jt_issuer *out, struct jt_outbound_answer *answer,
                                struct jt_oauth_error *err)
{
    JT_AUTO(jt_buf_free) struct jt_buf url;
    jt_buf_init(&url, JT_OUTBOUND_URL_MAX);
    jt_well_known_url(out->name, which, &url);
    if (!jt_buf_ok(&url)) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_ISSUER, "the issuer's URL is too long");
    }
    const struct jt_outbound_request r = {.url = jt_buf_slice(&url)};
    if (jt_outbound_ask(o, &r, answer, err) != JT_OAUTH_OK) {
        return err->end;
    }
    if (answer->status == 200 && !is_no_document(answer)) {
        return jt_issuer_read(out->name, jt_buf_slice(&answer->body), out, err);
    }
    char wait[JT_OAUTH_WAIT_TEXT];
    enum jt_oauth_end end = answer->status >= 500 ? JT_OAUTH_UNREACHABLE : JT_OAUTH_PROTOCOL;
    jt_oauth_wait_text(answer->retry_after_s, wait);
    (void)jt_oauth_fail(
        err, end, JT_ABOUT_ISSUER, "%.*s has no metadata of an issuer: status %u%s%s%s",
        JT_FMT(r.url), answer->status, answer->status == 200 ? ", but not a JSON object" : "",
        which == JT_WELL_KNOWN_OPENID ? "; nor has /.well-known/oauth-authorization-server" : "",
        wait);
    err->status = answer->status;
    err->retry_after_s = answer->retry_after_s;
    return end;
}

enum jt_oauth_end jt_issuer_discover(struct jt_outbound *o, struct jt_slice issuer,
                                     struct jt_issuer *out, struct jt_oauth_error *err)
{
    enum jt_oauth_end end = JT_OAUTH_OK;
    for (size_t which = 0; which < JT_WELL_KNOWN_N; which++) {
        JT_AUTO(jt_outbound_answer_free) struct jt_outbound_answer answer = {0};
        *out = (struct jt_issuer){.name = issuer};
        end = ask_at(o, (enum jt_well_known)which, out, &answer, err);
        if (end == JT_OAUTH_OK || answer.status == 0 || !is_no_document(&answer)) {
            return end;
        }
    }
    return end;
}

void jt_issuer_free(struct jt_issuer *i)
{
    jt_json_free(&i->doc);
}

enum jt_oauth_end jt_issuer_offers(const struct jt_issuer *i, enum jt_endpoint which,
                                   struct jt_oauth_error *err)
{
    return i->url[which].n > 0
               ? JT_OAUTH_OK
               : jt_oauth_fail(err, JT_OAUTH_PROTOCOL, JT_ABOUT_NOTHING,
                               "the metadata of %.*s has no %s: this issuer does not offer it",
                               JT_FMT(i->name), members[which].url);
}
