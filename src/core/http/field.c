/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include "../base/num.h"

/* What has been seen so far. */
struct seen {
    struct jt_http_head *h;
    bool host, encoding, content_type, expect, close, keep;
};

/* host or host:port, or [v6]: what may stand in a Host header; nothing is derived from it. */
static bool host_ok(struct jt_slice v)
{
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']' || c == '~';
        if (!ok) {
            return false;
        }
    }
    return true;
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
