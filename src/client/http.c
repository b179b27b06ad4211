/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "guard.h"
#include "why.h"

#define CA_PATH_MAX 4096
#define HEADER_MAX ((size_t)48 * 1024)

struct jt_outbound {
    struct jt_libcurl curl;
    CURL *handle;
    char *ca_file;              /* NULL: the system's CAs */
    char *cert_file, *key_file; /* NULL: no certificate */
    int64_t timeout_s, deadline_us;
    size_t body_max;
    struct jt_guarding guarding; /* of a guarded handle */
};

/* One request under way. */
struct transfer {
    struct jt_outbound_answer *answer;
    size_t head_n;
    bool is_head_whole;
    enum jt_limit over;
    char location[JT_OUTBOUND_PLACE];
};

static enum jt_oauth_end readable(const char *file, const char *what, enum jt_oauth_about about,
                                  struct jt_oauth_error *err)
{
    int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file != NULL && fd < 0) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, about, "cannot read the %s file %.500s: %s",
                             what, file, strerrordesc_np(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return JT_OAUTH_OK;
}

/* False: out of memory. */
static bool keep(char **out, const char *file)
{
    *out = file == NULL ? NULL : strndup(file, CA_PATH_MAX);
    return (*out == NULL) == (file == NULL);
}

static enum jt_oauth_end check_files(const struct jt_outbound_opts *opts,
                                     struct jt_oauth_error *err)
{
    if (readable(opts->ca_file, "CA", JT_ABOUT_CA_FILE, err) != JT_OAUTH_OK ||
        readable(opts->cert_file, "certificate", JT_ABOUT_CERTIFICATE, err) != JT_OAUTH_OK) {
        return err->end;
    }
    return readable(opts->key_file, "private key", JT_ABOUT_CERTIFICATE, err);
}

enum jt_oauth_end jt_outbound_open(const struct jt_outbound_opts *opts, struct jt_outbound **out,
                                   struct jt_oauth_error *err)
{
    const char *why = "";
    if (check_files(opts, err) != JT_OAUTH_OK) {
        return err->end;
    }
    JT_AUTO(jt_outbound_close) struct jt_outbound *o = calloc(1, sizeof *o);
    if (o == NULL) {
        return jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING, "out of memory");
    }
    if (jt_libcurl_load(&o->curl, &why) != JT_OK) {
        return jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING,
                             "cannot load libcurl, which asks over the network (package libcurl4): "
                             "%.300s",
                             why);
    }
    o->handle = o->curl.easy_init();
    if (o->handle == NULL || !keep(&o->ca_file, opts->ca_file) ||
        !keep(&o->cert_file, opts->cert_file) || !keep(&o->key_file, opts->key_file)) {
        return jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING, "out of memory");
    }
    o->timeout_s = opts->timeout_s;
    o->body_max = opts->body_max > 0 ? opts->body_max : JT_OUTBOUND_BODY_MAX;
    o->guarding.guard = opts->guard;
    jt_outbound_again(o);
    *out = o;
    o = NULL;
    return JT_OAUTH_OK;
}

void jt_outbound_again(struct jt_outbound *o)
{
    o->deadline_us = jt_mono_us(&jt_clock_system) + o->timeout_s * 1000000;
}

void jt_outbound_close(struct jt_outbound **o)
{
    if (*o != NULL) {
        if ((*o)->handle != NULL) {
            (*o)->curl.easy_cleanup((*o)->handle);
        }
        free((*o)->ca_file);
        free((*o)->cert_file);
        free((*o)->key_file);
        free(*o);
        *o = NULL;
    }
}

void jt_outbound_answer_free(struct jt_outbound_answer *a)
{
    jt_buf_free(&a->body);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    jt_buf_put(&t->answer->body, jt_slice(p, size * n));
    if (!jt_buf_ok(&t->answer->body)) {
        t->over = JT_LIMIT_BODY;
        return 0;
    }
    return size * n;
}

/* The value when the line is a header of this name. */
static bool header_is(struct jt_slice line, struct jt_slice name, struct jt_slice *value)
{
    size_t k = jt_slice_find(line, ':');
    if (k == line.n || !jt_slice_eq_nocase(jt_slice(line.p, k), name)) {
        return false;
    }
    struct jt_slice v = jt_slice_from(line, k + 1);
    while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t')) {
        v = jt_slice_from(v, 1);
    }
    while (v.n > 0 && (v.p[v.n - 1] <= ' ')) {
        v.n--;
    }
    *value = v;
    return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    struct jt_slice value = {0};
    struct jt_slice line = jt_slice(p, size * n);
    uint64_t seconds = 0;
    t->head_n += line.n;
    t->is_head_whole = line.n > 0 && (line.p[0] == '\r' || line.p[0] == '\n');
    if (t->head_n > JT_OUTBOUND_HEAD_MAX) {
        t->over = JT_LIMIT_HEAD;
        return 0;
    }
    if (header_is(line, JT_LIT("retry-after"), &value) &&
        jt_parse_u64(value, 86400, &seconds) == JT_OK) {
        t->answer->retry_after_s = (int64_t)seconds;
    } else if (header_is(line, JT_LIT("etag"), &value) && value.n < sizeof t->answer->etag) {
        (void)snprintf(t->answer->etag, sizeof t->answer->etag, "%.*s", JT_FMT(value));
    } else if (header_is(line, JT_LIT("location"), &value)) {
        (void)snprintf(t->location, sizeof t->location, "%.*s",
                       (int)(value.n < 200 ? value.n : 200), (const char *)value.p);
    }
    return line.n;
}

/* libcurl remembers the first refusal, so that a forgotten protection is never silent. */
struct options {
    const struct jt_outbound *o;
    CURLcode code;
};

static void set_long(struct options *s, CURLoption option, long value)
{
    CURLcode c = s->o->curl.easy_setopt(s->o->handle, option, value);
    s->code = s->code == CURLE_OK ? c : s->code;
}

static void set_pointer(struct options *s, CURLoption option, const void *value)
{
    CURLcode c = s->o->curl.easy_setopt(s->o->handle, option, value);
    s->code = s->code == CURLE_OK ? c : s->code;
}

static CURLcode protect(struct jt_outbound *o, bool is_loopback)
{
    struct options s = {o, CURLE_OK};
    set_pointer(&s, CURLOPT_PROTOCOLS_STR, is_loopback ? "http,https" : "https");
    set_long(&s, CURLOPT_FOLLOWLOCATION, 0);
    set_long(&s, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_long(&s, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_long(&s, CURLOPT_SSL_VERIFYPEER, 1);
    set_long(&s, CURLOPT_SSL_VERIFYHOST, 2);
    set_long(&s, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set_long(&s, CURLOPT_HTTP09_ALLOWED, 0);
    set_long(&s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    set_long(&s, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    set_long(&s, CURLOPT_NOSIGNAL, 1);
    if (o->ca_file != NULL) {
        set_pointer(&s, CURLOPT_CAINFO, o->ca_file);
    }
    if (o->ca_file != NULL && o->guarding.guard == NULL) {
        set_pointer(&s, CURLOPT_CAPATH, NULL); /* otherwise the system's count as well */
    }
    if (o->cert_file != NULL) {
        set_pointer(&s, CURLOPT_SSLCERT, o->cert_file);
        set_pointer(&s, CURLOPT_SSLKEY, o->key_file);
        set_pointer(&s, CURLOPT_KEYPASSWD, ""); /* otherwise it would ask on the terminal */
    }
    if (is_loopback) {
        set_pointer(&s, CURLOPT_NOPROXY, "*");
    }
    if (o->guarding.guard != NULL && s.code == CURLE_OK) {
        s.code = jt_guard_set(&o->curl, o->handle, &o->guarding);
    }
    return s.code;
}

/* http.h: libcurl keeps the functions and the places, and copies texts but not the form. */
static CURLcode describe(const struct jt_outbound *o, const struct jt_outbound_request *r,
                         const char *url, struct curl_slist *headers, struct transfer *t)
{
    struct options s = {o, CURLE_OK};
    int64_t left_ms = (o->deadline_us - jt_mono_us(&jt_clock_system)) / 1000;
    set_pointer(&s, CURLOPT_URL, url);
    set_long(&s, CURLOPT_TIMEOUT_MS, left_ms < 1 ? 1 : (long)left_ms);
    set_pointer(&s, CURLOPT_HTTPHEADER, headers);
    set_pointer(&s, CURLOPT_USERAGENT, "jeton/" JT_VERSION);
    struct jt_slice body = r->form.n > 0 ? r->form : r->body;
    if (r->form.n > 0 || r->content_type != NULL) {
        set_long(&s, CURLOPT_POSTFIELDSIZE, (long)body.n);
        set_pointer(&s, CURLOPT_POSTFIELDS, body.n > 0 ? (const char *)body.p : "");
    }
    if (r->method != NULL) {
        set_pointer(&s, CURLOPT_CUSTOMREQUEST, r->method);
    }
    CURLcode c = o->curl.easy_setopt(o->handle, CURLOPT_WRITEFUNCTION, on_body);
    s.code = s.code == CURLE_OK ? c : s.code;
    c = o->curl.easy_setopt(o->handle, CURLOPT_HEADERFUNCTION, on_header);
    s.code = s.code == CURLE_OK ? c : s.code;
    set_pointer(&s, CURLOPT_WRITEDATA, t);
    set_pointer(&s, CURLOPT_HEADERDATA, t);
    return s.code;
}

static enum jt_oauth_end perform(struct jt_outbound *o, const struct jt_outbound_request *r,
                                 const char *url, struct curl_slist *headers, struct transfer *t,
                                 struct jt_oauth_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct jt_why why = {.curl = &o->curl,
                         .url = r->url,
                         .ca_file = o->ca_file,
                         .body_max = o->body_max,
                         .timeout_s = o->timeout_s,
                         .guarding = &o->guarding,
                         .detail = detail};
    o->curl.easy_reset(o->handle); /* keeps the connection */
    why.code = o->curl.easy_setopt(o->handle, CURLOPT_ERRORBUFFER, detail);
    if (why.code == CURLE_OK) {
        why.code = protect(o, jt_outbound_is_loopback(r->url));
    }
    if (why.code == CURLE_OK) {
        why.code = describe(o, r, url, headers, t);
    }
    if (why.code != CURLE_OK) {
        return jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING,
                             "this libcurl is too old or lacks TLS: %s",
                             o->curl.easy_strerror(why.code));
    }
    why.code = o->curl.easy_perform(o->handle);
    long status = 0;
    (void)o->curl.easy_getinfo(o->handle, CURLINFO_SSL_VERIFYRESULT, &why.verify);
    (void)o->curl.easy_getinfo(o->handle, CURLINFO_RESPONSE_CODE, &status);
    why.over = t->over;
    if (why.code == CURLE_OK && !t->is_head_whole) {
        why.code = CURLE_PARTIAL_FILE; /* libcurl is content with half a head */
    }
    if (why.code != CURLE_OK) {
        return jt_why_fail(&why, err);
    }
    t->answer->status = (unsigned)status;
    return JT_OAUTH_OK;
}

/* Headers of a request: a list of our own, because libcurl's would leave copies of the secret
 * behind. */
struct headers {
    struct curl_slist v[5];
    size_t n;
    struct jt_buf text[3];
};

static void headers_free(struct headers *h)
{
    for (size_t i = 0; i < sizeof h->text / sizeof h->text[0]; i++) {
        jt_buf_free(&h->text[i]);
    }
}

static void add_header(struct headers *h, char *line)
{
    if (h->n > 0) {
        h->v[h->n - 1].next = &h->v[h->n];
    }
    h->v[h->n++] = (struct curl_slist){line, NULL};
}

/* Nothing when the value is empty. False: too long. */
static bool put_header(struct headers *h, size_t i, const char *name, struct jt_slice value)
{
    struct jt_buf *b = &h->text[i];
    jt_buf_init(b, HEADER_MAX);
    if (value.n == 0) {
        return true;
    }
    jt_buf_puts(b, name);
    jt_buf_put(b, value);
    jt_buf_putc(b, 0);
    if (jt_buf_ok(b)) {
        add_header(h, (char *)b->p);
    }
    return jt_buf_ok(b);
}

static bool write_headers(struct headers *h, const struct jt_outbound_request *r)
{
    static char accept[] = "Accept: application/json";
    static char expect[] =
        "Expect:"; /* not sent: it costs a round trip, and old servers a second */
    const char *type = r->form.n > 0 ? "application/x-www-form-urlencoded" : r->content_type;
    add_header(h, accept);
    if (type != NULL) {
        add_header(h, expect);
    }
    bool ok = put_header(h, 0, "Content-Type: ", jt_str(type));
    ok = put_header(h, 1, "If-Match: ", r->if_match) && ok;
    return put_header(h, 2, "Authorization: ", r->authorization) && ok;
}

enum jt_oauth_end jt_outbound_ask(struct jt_outbound *o, const struct jt_outbound_request *request,
                                  struct jt_outbound_answer *out, struct jt_oauth_error *err)
{
    struct transfer t = {.answer = out};
    char url[JT_OUTBOUND_URL_MAX + 1];
    JT_AUTO(headers_free) struct headers headers = {.n = 0};
    *out = (struct jt_outbound_answer){0};
    jt_buf_init(&out->body, o->body_max);
    if (!write_headers(&headers, request) || request->url.n >= sizeof url) {
        return jt_oauth_fail(err, JT_OAUTH_CONFIG, JT_ABOUT_NOTHING, "the request is too large");
    }
    (void)snprintf(url, sizeof url, "%.*s", JT_FMT(request->url));
    enum jt_oauth_end e = perform(o, request, url, headers.v, &t, err);
    if (e == JT_OAUTH_OK && out->status >= 300 && out->status <= 399) {
        return jt_why_redirect(request->url, out->status, jt_str(t.location), err);
    }
    return e;
}
