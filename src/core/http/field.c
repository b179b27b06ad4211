/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include "../base/num.h"
#include "cidr.h"

/* What has been seen so far. */
struct seen {
    struct jt_http_head *h;
    bool host, encoding, content_type, expect, close, keep;
};

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool name_char(uint8_t c)
{
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == '~';
}

/* host, [v6], and :port behind either (RFC 9110 section 7.2); nothing is derived from it. */
static bool host_ok(struct jt_slice v)
{
    bool v6 = v.n > 0 && v.p[0] == '[';
    size_t end = v6 ? jt_slice_find(v, ']') : jt_slice_find(v, ':');
    struct jt_slice port = jt_slice_from(v, v6 ? end + 1 : end);
    struct jt_addr a;
    if (v6 && (end == v.n || jt_addr_read(jt_slice(v.p + 1, end - 1), &a) != JT_OK)) {
        return false;
    }
    for (size_t i = 0; i < end && !v6; i++) {
        if (!name_char(v.p[i])) {
            return false;
        }
    }
    for (size_t i = 1; i < port.n; i++) {
        if (!digit(port.p[i])) {
            return false;
        }
    }
    return port.n == 0 || (end > 0 && port.n <= sizeof ":65535" - 1 && port.p[0] == ':');
}

static enum jt_http_fault on_host(struct seen *s, struct jt_slice v)
{
    if (s->host || !host_ok(v)) {
        return JT_HTTP_HOST;
    }
    s->host = true;
    s->h->host = v;
    return JT_HTTP_OK;
}

static enum jt_http_fault on_length(struct seen *s, struct jt_slice v)
{
    if (s->h->has_length || jt_parse_u64(v, INT64_MAX, &s->h->length) != JT_OK) {
        return JT_HTTP_LENGTH;
    }
    s->h->has_length = true;
    return JT_HTTP_OK;
}

static enum jt_http_fault on_encoding(struct seen *s, struct jt_slice v)
{
    if (s->encoding || s->h->minor == 0 || !jt_slice_eq_nocase(v, JT_LIT("chunked"))) {
        return JT_HTTP_ENCODING;
    }
    s->encoding = true;
    s->h->chunked = true;
    return JT_HTTP_OK;
}

static enum jt_http_fault on_type(struct seen *s, struct jt_slice v)
{
    if (s->content_type) {
        return JT_HTTP_REPEATED;
    }
    s->content_type = true;
    s->h->content_type = v;
    return JT_HTTP_OK;
}

static enum jt_http_fault on_authorization(struct seen *s, struct jt_slice v)
{
    if (s->h->has_authorization) {
        return JT_HTTP_REPEATED;
    }
    s->h->has_authorization = true;
    s->h->authorization = v;
    return JT_HTTP_OK;
}

static enum jt_http_fault on_expect(struct seen *s, struct jt_slice v)
{
    if (s->expect) {
        return JT_HTTP_REPEATED;
    }
    s->expect = true;
    if (!jt_slice_eq_nocase(v, JT_LIT("100-continue"))) {
        return JT_HTTP_EXPECT;
    }
    s->h->expect_continue = s->h->minor == 1; /* RFC 9110 section 10.1.1 */
    return JT_HTTP_OK;
}

/* RFC 9110 section 8.4: who decodes it in front would see another body than we do. */
static enum jt_http_fault on_coding(struct seen *s, struct jt_slice v)
{
    (void)s;
    return jt_slice_eq_nocase(v, JT_LIT("identity")) ? JT_HTTP_OK : JT_HTTP_CODING;
}

/* A list of options; only two matter (RFC 9112 section 9.3). */
static enum jt_http_fault on_connection(struct seen *s, struct jt_slice v)
{
    while (v.n > 0) {
        size_t k = jt_slice_find(v, ',');
        struct jt_slice item = jt_slice_trim(jt_slice(v.p, k));
        s->close = s->close || jt_slice_eq_nocase(item, JT_LIT("close"));
        s->keep = s->keep || jt_slice_eq_nocase(item, JT_LIT("keep-alive"));
        v = jt_slice_from(v, k + 1);
    }
    return JT_HTTP_OK;
}

static enum jt_http_fault on_agent(struct seen *s, struct jt_slice v)
{
    s->h->user_agent = v;
    return JT_HTTP_OK;
}

static const struct {
    struct jt_slice name;
    enum jt_http_fault (*on)(struct seen *s, struct jt_slice v);
} known[] = {
    {JT_LIT_INIT("host"), on_host},
    {JT_LIT_INIT("content-length"), on_length},
    {JT_LIT_INIT("transfer-encoding"), on_encoding},
    {JT_LIT_INIT("content-type"), on_type},
    {JT_LIT_INIT("authorization"), on_authorization},
    {JT_LIT_INIT("expect"), on_expect},
    {JT_LIT_INIT("connection"), on_connection},
    {JT_LIT_INIT("content-encoding"), on_coding},
    {JT_LIT_INIT("user-agent"), on_agent},
};

static enum jt_http_fault on_field(struct seen *s, const struct jt_http_field *f)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (jt_slice_eq_nocase(f->name, known[i].name)) {
            return known[i].on(s, f->value);
        }
    }
    return JT_HTTP_OK;
}

enum jt_http_fault jt_http_fields_known(struct jt_http_head *h)
{
    struct seen s = {.h = h};
    for (size_t i = 0; i < h->nfields; i++) {
        enum jt_http_fault f = on_field(&s, &h->fields[i]);
        if (f != JT_HTTP_OK) {
            return f;
        }
    }
    if ((h->minor == 1 && !s.host) || (s.host && h->host.n == 0 && h->minor == 1)) {
        return JT_HTTP_HOST;
    }
    if (h->chunked && h->has_length) {
        return JT_HTTP_LENGTH_AND_ENCODING; /* RFC 9112 section 6.1: the mark of smuggling */
    }
    if (h->length > JT_HTTP_BODY_MAX) {
        return JT_HTTP_BODY_SIZE;
    }
    h->keep_alive = !s.close && (h->minor == 1 || s.keep);
    return JT_HTTP_OK;
}
