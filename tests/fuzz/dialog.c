/* SPDX-License-Identifier: Apache-2.0 */
#include "dialog.h"

#include <stdio.h>

#include "core/base/b64.h"
#include "core/base/num.h"
#include "core/http/name.h"
#include "core/json/json.h"
#include "core/token/ref.h"
#include "fuzz.h"

#define BYTES_MAX 65536u /* of an input with its places filled */
#define NEXT "{next}"

void dialog_free(struct dialog *d)
{
    jt_buf_free(&d->bytes);
    jt_buf_free(&d->raw);
}

static void put_basic(struct jt_buf *b, const struct world_client *c)
{
    char plain[256];
    int n = snprintf(plain, sizeof plain, "%s:%s", c->id, c->secret);
    JT_ASSERT(n > 0 && (size_t)n < sizeof plain);
    jt_buf_puts(b, "Basic ");
    jt_b64_put(b, jt_slice(plain, (size_t)n));
}

/* {basic:…}, {secret:…}, {credential:…} */
static bool fill_client(struct dialog *d, const struct world *v, struct jt_slice name)
{
    size_t k = jt_slice_find(name, ':');
    struct jt_slice what = jt_slice(name.p, k);
    const struct world_client *c = world_client(v, jt_slice_from(name, k + 1));
    if (c == NULL) {
        return false;
    }
    if (jt_slice_eq(what, JT_LIT("credential"))) {
        jt_buf_puts(&d->bytes, c->credential);
        return true;
    }
    if (jt_slice_eq(what, JT_LIT("basic"))) {
        put_basic(&d->bytes, c);
    } else if (jt_slice_eq(what, JT_LIT("secret"))) {
        jt_buf_puts(&d->bytes, c->secret);
    } else {
        return false;
    }
    d->named[c - v->clients] = true;
    return true;
}

static bool fill(struct dialog *d, const struct world *v, struct jt_slice name)
{
    const struct {
        const char *name, *text;
    } all[] = {{"jwt", v->jwt}, {"opaque", v->opaque}, {"root", v->root},
               {"jti", v->jti}, {"ref", v->ref},       {"kid", v->kid}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (jt_slice_eq(name, jt_str(all[i].name))) {
            jt_buf_puts(&d->bytes, all[i].text);
            d->has_token = d->has_token || i < 2;
            d->has_root = d->has_root || i == 2;
            return true;
        }
    }
    return fill_client(d, v, name);
}

/* All places but {len}; returns where the first of those is, or SIZE_MAX. */
static size_t fill_places(struct dialog *d, const struct world *v, struct jt_slice in)
{
    size_t len_at = SIZE_MAX;
    while (in.n > 0) {
        size_t k = jt_slice_find(in, '{');
        jt_buf_put(&d->bytes, jt_slice(in.p, k));
        in = jt_slice_from(in, k);
        size_t end = jt_slice_find(in, '}');
        struct jt_slice name = end < in.n ? jt_slice(in.p + 1, end - 1) : jt_slice(NULL, 0);
        if (jt_slice_eq(name, JT_LIT("len")) && len_at == SIZE_MAX) {
            len_at = d->bytes.n;
        } else if (name.n == 0 || !fill(d, v, name)) {
            end = 0;
            jt_buf_put(&d->bytes, jt_slice(in.p, in.n > 0));
        }
        in = jt_slice_from(in, end + 1);
    }
    return len_at;
}

/* One request of the input; {len} is put in last, when the body is known. */
static void fill_part(struct dialog *d, const struct world *v, struct jt_slice part)
{
    char digits[24];
    size_t start = d->bytes.n;
    size_t at = fill_places(d, v, part);
    if (at == SIZE_MAX || !jt_buf_ok(&d->bytes)) {
        return;
    }
    struct jt_buf rest;
    struct jt_slice all = jt_slice_from(jt_buf_slice(&d->bytes), start);
    size_t body = jt_slice_from(all, find_text(all, "\r\n\r\n") + 4).n;
    (void)snprintf(digits, sizeof digits, "%zu", body);
    jt_buf_init(&rest, BYTES_MAX);
    jt_buf_put(&rest, jt_slice(d->bytes.p + at, d->bytes.n - at));
    d->bytes.n = at;
    jt_buf_puts(&d->bytes, digits);
    jt_buf_put(&d->bytes, jt_buf_slice(&rest));
    jt_buf_free(&rest);
}

static void fill_all(struct dialog *d, const struct world *v, struct jt_slice in)
{
    while (in.n > 0) {
        size_t k = find_text(in, NEXT);
        fill_part(d, v, jt_slice(in.p, k));
        in = jt_slice_from(in, k + strlen(NEXT));
    }
}

/* The body of a request whose head was read; *used: its bytes. */
static enum jt_http_fault read_body(const struct jt_http_head *h, struct jt_slice rest,
                                    size_t *used)
{
    struct jt_chunked c = {0};
    if (!h->chunked) {
        *used = (size_t)h->length;
        return rest.n >= h->length ? JT_HTTP_OK : JT_HTTP_MORE;
    }
    JT_AUTO(jt_buf_free) struct jt_buf area;
    jt_buf_init(&area, BYTES_MAX);
    jt_buf_put(&area, rest);
    enum jt_http_fault f = rest.n == 0 ? JT_HTTP_MORE : jt_chunked_read(&c, area.p, rest.n);
    *used = c.read;
    return f;
}

/* What a server that has all bytes at once would see: the requests that must be answered. */
static void expect_answers(struct dialog *d)
{
    static struct jt_http_head h;
    struct jt_slice in = jt_buf_slice(&d->bytes);
    bool open = true;
    d->n = 0;
    while (open && in.n > 0 && d->n < DIALOG_REQUESTS_MAX) {
        size_t head_n = 0;
        size_t body_n = 0;
        enum jt_http_fault f = jt_http_head_read(in, &h, &head_n);
        if (f == JT_HTTP_OK) {
            f = read_body(&h, jt_slice_from(in, head_n), &body_n);
        }
        if (f == JT_HTTP_MORE) {
            return;
        }
        d->methods[d->n] = h.method; /* known before a fault behind it */
        d->readable[d->n++] = f == JT_HTTP_OK;
        open = f == JT_HTTP_OK && h.keep_alive;
        in = jt_slice_from(in, head_n + body_n);
    }
}

bool dialog_run(struct dialog *d, struct world *v, enum jt_listener_kind to, struct jt_slice input,
                size_t step)
{
    *d = (struct dialog){.n = 0};
    jt_buf_init(&d->bytes, BYTES_MAX);
    jt_buf_init(&d->raw, 64u << 20);
    fill_all(d, v, input);
    if (!jt_buf_ok(&d->bytes)) {
        return false;
    }
    expect_answers(d);
    if (d->n == DIALOG_REQUESTS_MAX) {
        return false;
    }
    world_send(v, to, jt_buf_slice(&d->bytes), step, &d->raw);
    return true;
}

/* A line off the front, without its CR LF. */
static struct jt_slice take_line(struct jt_slice *in)
{
    struct jt_slice line = jt_slice(in->p, find_text(*in, "\r\n"));
    JT_ASSERT(line.n < in->n);
    *in = jt_slice_from(*in, line.n + 2);
    for (size_t i = 0; i < line.n; i++) {
        JT_ASSERT(line.p[i] >= 0x20 && line.p[i] < 0x7f);
    }
    return line;
}

/* HTTP/1.1 NNN TEXT (RFC 9112 section 4) */
static unsigned read_status(struct jt_slice line)
{
    uint64_t status = 0;
    JT_ASSERT(line.n > 13 && jt_slice_starts(line, JT_LIT("HTTP/1.1 ")) && line.p[12] == ' ');
    JT_ASSERT(jt_parse_u64(jt_slice(line.p + 9, 3), 599, &status) == JT_OK && status >= 100);
    return (unsigned)status;
}

struct fields {
    unsigned date, id, length, nosniff;
    uint64_t body;
};

static void read_field(struct jt_slice line, struct dialog_answer *a, struct fields *f)
{
    static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    size_t k = jt_slice_find(line, ':');
    struct jt_slice name = jt_slice(line.p, k);
    struct jt_slice value = jt_slice_from(line, k + 2);
    JT_ASSERT(k > 0 && k + 1 < line.n && line.p[k + 1] == ' ' && value.n > 0);
    for (size_t i = 0; i < k; i++) {
        JT_ASSERT(strchr(token, name.p[i]) != NULL);
    }
    f->date += jt_slice_eq(name, JT_LIT("Date"));
    f->nosniff += jt_slice_eq(name, JT_LIT("X-Content-Type-Options"));
    if (jt_slice_eq(name, JT_LIT("X-Request-Id"))) {
        f->id++;
        JT_ASSERT(value.n == JT_REF_LEN);
    } else if (jt_slice_eq(name, JT_LIT("Content-Length"))) {
        f->length++;
        JT_ASSERT(jt_parse_u64(value, JT_ANSWER_MAX, &f->body) == JT_OK);
    } else if (jt_slice_eq(name, JT_LIT("Content-Type"))) {
        JT_ASSERT(a->content_type.n == 0);
        a->content_type = value;
    }
}

struct jt_json *dialog_json(const struct dialog_answer *a)
{
    static const struct jt_json_limits limits = {JT_ANSWER_MAX, 64, 1u << 20};
    struct jt_json *doc = NULL;
    if (!a->is_json || a->body.n == 0 || jt_json_parse(a->body, &limits, &doc) != JT_OK) {
        return NULL;
    }
    return doc;
}

static void check_body(struct dialog_answer *a)
{
    a->is_json = jt_slice_eq(a->content_type, JT_LIT("application/json")) ||
                 jt_slice_eq(a->content_type, JT_LIT("application/problem+json")) ||
                 jt_slice_eq(a->content_type, JT_LIT("application/jwk-set+json"));
    JT_ASSERT(jt_utf8_ok(a->body));
    if (a->is_json && a->body.n > 0) {
        struct jt_json *doc = dialog_json(a);
        JT_ASSERT(doc != NULL);
        jt_json_free(&doc);
    }
}

/* One answer off the front of *in. */
static void read_answer(struct jt_slice *in, struct dialog_answer *a, bool head_only)
{
    struct fields f = {0};
    struct jt_slice line = {0};
    struct jt_slice all = *in;
    *a = (struct dialog_answer){.status = read_status(take_line(in))};
    while ((line = take_line(in)).n > 0) {
        read_field(line, a, &f);
    }
    a->head = jt_slice(all.p, all.n - in->n);
    bool is_bare = a->status == 204 || a->status == 304; /* RFC 9110 section 8.6 */
    JT_ASSERT(f.date == 1 && f.id == 1 && f.nosniff == 1 && f.length == (is_bare ? 0 : 1));
    f.body = head_only ? 0 : f.body;
    JT_ASSERT(in->n >= f.body);
    a->body = jt_slice(in->p, f.body);
    *in = jt_slice_from(*in, f.body);
    check_body(a);
}

void dialog_check(struct dialog *d)
{
    static const struct jt_slice go_on = JT_LIT_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    struct jt_slice in = jt_buf_slice(&d->raw);
    for (d->nanswers = 0; in.n > 0; d->nanswers++) {
        if (jt_slice_starts(in, go_on)) {
            in = jt_slice_from(in, go_on.n);
        }
        if (in.n == 0) {
            break; /* it was told to go on, and did not */
        }
        JT_ASSERT(d->nanswers < d->n);
        bool head_only = d->methods[d->nanswers] == JT_HEAD;
        read_answer(&in, &d->answers[d->nanswers], head_only);
        JT_ASSERT(d->readable[d->nanswers] || d->answers[d->nanswers].status >= 400);
    }
    JT_ASSERT(d->nanswers == d->n);
}
