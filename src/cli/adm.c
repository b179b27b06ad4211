/* SPDX-License-Identifier: Apache-2.0 */
#include "adm.h"

#include "../core/http/response.h"
#include "../core/http/uri.h"
#include "remote.h"
#include "sock.h"

#define REQUEST_MAX ((size_t)1024 * 1024)

static enum jt_exit compose(const struct jt_adm_request *r, struct jt_buf *out)
{
    jt_buf_printf(out, "%s ", r->method);
    jt_buf_put(out, r->path);
    jt_buf_puts(out, " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                     "Connection: close\r\n");
    if (r->if_match.n > 0) {
        jt_buf_puts(out, "If-Match: ");
        jt_buf_put(out, r->if_match);
        jt_buf_puts(out, "\r\n");
    }
    if (r->content_type != NULL) {
        jt_buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->content_type,
                      r->body.n);
    }
    jt_buf_puts(out, "\r\n");
    jt_buf_put(out, r->body);
    return jt_buf_ok(out) ? JT_EXIT_DONE
                          : jt_say_fail(JT_EXIT_USAGE, "the request would be too large");
}

static enum jt_exit read_body(struct jt_adm_reply *r)
{
    static const struct jt_json_limits limits = {JT_ADM_REPLY_MAX, 16, 1000000};
    if (r->body.n == 0) {
        return JT_EXIT_DONE;
    }
    if (jt_json_parse(r->body, &limits, &r->doc) != JT_OK) {
        return jt_say_fail(JT_EXIT_FAILED,
                           "the server's answer (status %u) is not the JSON it should be",
                           r->status);
    }
    r->value = jt_json_root(r->doc);
    return JT_EXIT_DONE;
}

static enum jt_exit call_here(const struct jt_args *args, const struct jt_adm_request *request,
                              struct jt_adm_reply *out)
{
    JT_AUTO(jt_buf_free) struct jt_buf bytes;
    jt_buf_init(&bytes, REQUEST_MAX);
    enum jt_exit code = compose(request, &bytes);
    struct jt_http_reply reply = {0};
    if (code == JT_EXIT_DONE) {
        code = jt_sock_exchange(args, jt_buf_slice(&bytes), &out->bytes, &reply);
    }
    if (code == JT_EXIT_DONE) {
        out->status = reply.status;
        out->etag = reply.etag;
        out->body = jt_slice_from(jt_buf_slice(&out->bytes), reply.head_n);
    }
    return code;
}

enum jt_exit jt_adm_call(const struct jt_args *args, const struct jt_adm_request *request,
                         struct jt_adm_reply *out)
{
    *out = (struct jt_adm_reply){0};
    jt_buf_init(&out->bytes, JT_ADM_REPLY_MAX);
    enum jt_exit code =
        jt_remote_is(args) ? jt_remote_call(args, request, out) : call_here(args, request, out);
    return code == JT_EXIT_DONE ? read_body(out) : code;
}

static enum jt_exit exit_of(unsigned status)
{
    static const struct {
        unsigned status;
        enum jt_exit code;
    } rows[] = {{400, JT_EXIT_USAGE},   {422, JT_EXIT_USAGE},     {401, JT_EXIT_DENIED},
                {403, JT_EXIT_DENIED},  {404, JT_EXIT_NOT_FOUND}, {409, JT_EXIT_CONFLICT},
                {412, JT_EXIT_CONFLICT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return rows[i].code;
        }
    }
    return JT_EXIT_FAILED;
}

/* What else is wrong with the request, beyond the sentence said already. */
static void say_rest(const struct jt_jval *problem, struct jt_slice said)
{
    const struct jt_jval *errors = jt_jobj_get(problem, "errors");
    for (size_t i = 0; i < jt_jval_count(errors); i++) {
        struct jt_slice detail = {0};
        if (jt_jval_str(jt_jobj_get(jt_jarr_at(errors, i), "detail"), &detail) &&
            !jt_slice_eq(detail, said)) {
            jt_say_hint("also: %.*s", JT_FMT(detail));
        }
    }
}

/* Says the problem (RFC 9457) that the server answered with. */
static void say_problem(const struct jt_adm_reply *r)
{
    struct jt_slice text = {0};
    struct jt_slice code = {0};
    if (!jt_jval_str(jt_jobj_get(r->value, "detail"), &text) &&
        !jt_jval_str(jt_jobj_get(r->value, "title"), &text)) {
        jt_say_error("the server refused with status %u (%s)", r->status,
                     jt_http_status_text(r->status));
        return;
    }
    if (jt_jval_str(jt_jobj_get(r->value, "code"), &code)) {
        jt_say_error("%.*s [%.*s]", JT_FMT(text), JT_FMT(code));
    } else {
        jt_say_error("%.*s", JT_FMT(text));
    }
    say_rest(r->value, text);
    if (r->status == 401 || r->status == 403) {
        jt_remote_say_who();
    }
    if (jt_jval_str(jt_jobj_get(r->value, "error_ref"), &code)) {
        jt_say_hint("reference %.*s; on the server: jeton explain %.*s", JT_FMT(code),
                    JT_FMT(code));
    }
}

enum jt_exit jt_adm_judge(const struct jt_adm_reply *r)
{
    if (r->status >= 200 && r->status <= 299) {
        return r->value != NULL || r->status == 204
                   ? JT_EXIT_DONE
                   : jt_say_fail(JT_EXIT_FAILED, "the server's answer is empty");
    }
    say_problem(r);
    return exit_of(r->status);
}

enum jt_exit jt_adm_ask(const struct jt_args *args, const struct jt_adm_request *request,
                        struct jt_adm_reply *out)
{
    enum jt_exit code = jt_adm_call(args, request, out);
    return code == JT_EXIT_DONE ? jt_adm_judge(out) : code;
}

enum jt_exit jt_adm_get(const struct jt_args *args, struct jt_slice path, struct jt_adm_reply *out)
{
    struct jt_adm_request request = {.method = "GET", .path = path};
    return jt_adm_ask(args, &request, out);
}

enum jt_exit jt_adm_post(const struct jt_args *args, struct jt_slice path, struct jt_slice body,
                         struct jt_adm_reply *out)
{
    struct jt_adm_request request = {
        .method = "POST", .path = path, .content_type = "application/json", .body = body};
    return jt_adm_ask(args, &request, out);
}

void jt_adm_reply_free(struct jt_adm_reply *r)
{
    jt_json_free(&r->doc);
    jt_buf_free(&r->bytes);
}

void jt_adm_path(struct jt_buf *b, const char *prefix, const char *name)
{
    jt_buf_puts(b, prefix);
    jt_percent_encode(jt_str(name), b);
}

void jt_adm_query(struct jt_buf *b, const char *name, struct jt_slice value)
{
    if (value.n > 0) {
        bool is_first = jt_slice_find(jt_buf_slice(b), '?') == b->n;
        jt_buf_printf(b, "%c%s=", is_first ? '?' : '&', name);
        jt_percent_encode(value, b);
    }
}
