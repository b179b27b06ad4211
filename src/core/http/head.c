/* SPDX-License-Identifier: Apache-2.0 */
#include "head.h"

#include "field.h"

static const struct {
    const char *name;
    unsigned status;
    const char *text;
} faults[] = {{"ok", 0, "complete"},
              {"more", 0, "not complete yet"},
#define X(name, status, text) {#name, status, text},
              JT_HTTP_FAULTS(X)
#undef X
};

unsigned jt_http_fault_status(enum jt_http_fault f)
{
    return faults[f].status;
}

const char *jt_http_fault_name(enum jt_http_fault f)
{
    return faults[f].name;
}

const char *jt_http_fault_text(enum jt_http_fault f)
{
    return faults[f].text;
}

/* tchar of RFC 9110 section 5.6.2 */
bool jt_http_token_char(uint8_t c)
{
    static const uint8_t punctuation[] = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && memchr(punctuation, c, sizeof punctuation - 1) != NULL);
}

static bool is_token(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!jt_http_token_char(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

/*
 * One line ended by CRLF, without it. A CR or LF alone is a fault as soon as it is seen.
 */
static enum jt_http_fault next_line(struct jt_slice in, size_t *at, struct jt_slice *line)
{
    struct jt_slice rest = jt_slice_from(in, *at);
    size_t lf = jt_slice_find(rest, '\n');
    size_t cr = jt_slice_find(rest, '\r');
    if (lf == rest.n) {
        /* a CR may only be the last byte so far */
        return cr < rest.n && cr + 1 < rest.n ? JT_HTTP_BARE_CR_LF : JT_HTTP_MORE;
    }
    if (lf == 0 || cr != lf - 1) {
        return JT_HTTP_BARE_CR_LF;
    }
    *line = jt_slice(rest.p, cr);
    *at += lf + 1;
    return JT_HTTP_OK;
}

static enum jt_http_method method_of(struct jt_slice s)
{
    static const struct {
        struct jt_slice name;
        enum jt_http_method method;
    } all[] = {
        {JT_LIT_INIT("POST"), JT_POST},       {JT_LIT_INIT("GET"), JT_GET},
        {JT_LIT_INIT("HEAD"), JT_HEAD},       {JT_LIT_INIT("PUT"), JT_PUT},
        {JT_LIT_INIT("PATCH"), JT_PATCH},     {JT_LIT_INIT("DELETE"), JT_DELETE},
        {JT_LIT_INIT("OPTIONS"), JT_OPTIONS},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (jt_slice_eq(s, all[i].name)) {
            return all[i].method;
        }
    }
    return JT_METHOD_OTHER;
}

/* Visible ASCII that a URI may have (RFC 3986 section 2); no fragment. */
static bool target_char(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}' && c != '#';
}

static enum jt_http_fault read_target(struct jt_slice t, struct jt_http_head *h)
{
    h->target = t;
    if (t.n == 1 && t.p[0] == '*' && h->method == JT_OPTIONS) {
        h->path = t;
        return JT_HTTP_OK;
    }
    if (t.n == 0 || t.p[0] != '/') {
        return JT_HTTP_TARGET;
    }
    for (size_t i = 0; i < t.n; i++) {
        if (!target_char(t.p[i])) {
            return JT_HTTP_TARGET;
        }
    }
    size_t q = jt_slice_find(t, '?');
    h->path = jt_slice(t.p, q);
    h->has_query = q < t.n;
    h->query = jt_slice_from(t, q + 1);
    return JT_HTTP_OK;
}

static enum jt_http_fault read_line(struct jt_slice line, struct jt_http_head *h)
{
    size_t a = jt_slice_find(line, ' ');
    struct jt_slice rest = jt_slice_from(line, a + 1);
    size_t b = jt_slice_find(rest, ' ');
    struct jt_slice version = jt_slice_from(rest, b + 1);
    if (jt_slice_eq(line, JT_LIT("PRI * HTTP/2.0"))) {
        return JT_HTTP_UPGRADE;
    }
    if (a == line.n || b == rest.n || jt_slice_find(version, ' ') < version.n) {
        return JT_HTTP_LINE;
    }
    h->method_text = jt_slice(line.p, a);
    if (!is_token(h->method_text)) {
        return JT_HTTP_METHOD;
    }
    h->method = method_of(h->method_text);
    enum jt_http_fault f = read_target(jt_slice(rest.p, b), h);
    if (f != JT_HTTP_OK) {
        return f;
    }
    if (jt_slice_eq(version, JT_LIT("HTTP/1.1"))) {
        h->minor = 1;
        return JT_HTTP_OK;
    }
    if (jt_slice_eq(version, JT_LIT("HTTP/1.0"))) {
        h->minor = 0;
        return JT_HTTP_OK;
    }
    return version.n == 8 && jt_slice_starts(version, JT_LIT("HTTP/")) ? JT_HTTP_VERSION
                                                                       : JT_HTTP_LINE;
}

enum jt_http_fault jt_http_field_read(struct jt_slice line, struct jt_http_field *out)
{
    if (line.p[0] == ' ' || line.p[0] == '\t') {
        return JT_HTTP_FOLDED;
    }
    size_t colon = jt_slice_find(line, ':');
    out->name = jt_slice(line.p, colon);
    if (colon == line.n || !is_token(out->name)) {
        return JT_HTTP_FIELD_NAME;
    }
    out->value = jt_slice_trim(jt_slice_from(line, colon + 1));
    for (size_t i = 0; i < out->value.n; i++) {
        uint8_t c = out->value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return JT_HTTP_FIELD_VALUE;
        }
    }
    return JT_HTTP_OK;
}

static enum jt_http_fault read_fields(struct jt_slice in, size_t *at, struct jt_http_head *h)
{
    for (;;) {
        struct jt_slice line;
        enum jt_http_fault f = next_line(in, at, &line);
        if (f != JT_HTTP_OK) {
            return f;
        }
        if (line.n == 0) {
            return JT_HTTP_OK;
        }
        if (h->nfields == JT_HTTP_HEADERS_MAX) {
            return JT_HTTP_HEAD_FIELDS;
        }
        f = jt_http_field_read(line, &h->fields[h->nfields]);
        if (f != JT_HTTP_OK) {
            return f;
        }
        h->nfields++;
    }
}

enum jt_http_fault jt_http_head_read(struct jt_slice in, struct jt_http_head *head, size_t *head_n)
{
    struct jt_slice line = {0};
    size_t at = 0;
    size_t seen = in.n;
    if (in.n > JT_HTTP_HEAD_MAX) {
        in.n = JT_HTTP_HEAD_MAX; /* the body may be there already */
    }
    /* everything but the field array, which is written before it is read */
    memset(head, 0, offsetof(struct jt_http_head, fields));
    enum jt_http_fault f = next_line(in, &at, &line);
    if (f == JT_HTTP_OK) {
        f = read_line(line, head);
    }
    if (f == JT_HTTP_OK) {
        f = read_fields(in, &at, head);
    }
    if (f == JT_HTTP_MORE && seen >= JT_HTTP_HEAD_MAX) {
        return JT_HTTP_HEAD_SIZE;
    }
    if (f == JT_HTTP_OK) {
        f = jt_http_fields_known(head);
    }
    if (f == JT_HTTP_OK) {
        *head_n = at;
    }
    return f;
}

const struct jt_http_field *jt_http_field(const struct jt_http_head *head, struct jt_slice name)
{
    for (size_t i = 0; i < head->nfields; i++) {
        if (jt_slice_eq_nocase(head->fields[i].name, name)) {
            return &head->fields[i];
        }
    }
    return NULL;
}
