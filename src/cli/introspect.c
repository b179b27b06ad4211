/* SPDX-License-Identifier: Apache-2.0 */
/*
 * introspect.c - jeton introspect: whether an issuer holds a token to be active (RFC 7662).
 */
#include "../core/base/num.h"
#include "../server/config/env.h"
#include "asker.h"
#include "out.h"
#include "raw.h"

#define VALUE_MAX 65536
#define YEAR_9999_S 253402300799

static bool is_time(struct jt_slice name)
{
    return jt_slice_eq(name, JT_LIT("exp")) || jt_slice_eq(name, JT_LIT("iat")) ||
           jt_slice_eq(name, JT_LIT("nbf"));
}

/* One claim a line; what is no plain value stands as it came. */
static bool print_claim(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    const struct jt_slice *body = ctx;
    int64_t seconds = -1;
    char when[JT_RFC3339_SIZE];
    JT_AUTO(jt_buf_free) struct jt_buf text;
    JT_AUTO(jt_buf_free) struct jt_buf label;
    jt_buf_init(&text, VALUE_MAX);
    jt_buf_init(&label, 256);
    jt_safe_put(&label, name);
    jt_buf_putc(&label, 0);
    if (!jt_buf_ok(&label)) {
        return true; /* a name that long is nobody's claim; -o json shows it */
    }
    if (is_time(name) && jt_jval_int(value, &seconds) && seconds >= 0 && seconds <= YEAR_9999_S) {
        jt_fmt_rfc3339(seconds, when);
        jt_buf_puts(&text, when);
    } else if (jt_jval_type(value) == JT_JOBJECT || jt_jval_type(value) == JT_JREAL) {
        jt_raw_put(&text, jt_raw_member(*body, (const char *)label.p), JT_RAW_ONE_LINE);
    } else {
        jt_show_value(&text, value);
    }
    jt_card((const char *)label.p, jt_buf_slice(&text));
    return true;
}

static bool print_rest(struct jt_slice name, const struct jt_jval *value, void *ctx)
{
    return jt_slice_eq(name, JT_LIT("active")) || print_claim(name, value, ctx);
}

static void print(const struct jt_args *args, const struct jt_oauth_answer *answer, bool is_active)
{
    struct jt_slice body = jt_buf_slice(&answer->http.body);
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, body);
        return;
    }
    jt_card("active", is_active ? JT_LIT("yes") : JT_LIT("no"));
    (void)jt_jobj_each(jt_json_root(answer->doc), print_rest, &body);
}

/* The client that flags or environment name, or with --bearer the token on its own behalf. */
static enum jt_exit read_caller(struct jt_asker *a)
{
    const struct jt_args *args = a->args;
    if (!jt_args_has(args, "bearer")) {
        if (!jt_args_has(args, "client-id") && jt_env("JETON_CLIENT_ID") == NULL &&
            jt_env("OAUTH2_CLIENT_ID") == NULL) {
            jt_say_error("no client: --client-id ID or JETON_CLIENT_ID says who asks");
            jt_say_hint("--bearer lets the token ask about itself, if the issuer takes that");
            return JT_EXIT_USAGE;
        }
        return jt_asker_caller(a);
    }
    if (jt_args_has(args, "client-id") || jt_args_has(args, "secret-file")) {
        return jt_say_fail(JT_EXIT_USAGE, "--bearer asks with the token itself: leave out "
                                          "--client-id and --secret-file");
    }
    a->session.caller.bearer = jt_buf_slice(&a->token);
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_introspect(const struct jt_args *args)
{
    JT_AUTO(jt_asker_free) struct jt_asker a;
    JT_AUTO(jt_oauth_answer_free) struct jt_oauth_answer answer = {0};
    struct jt_oauth_error err = {0};
    bool is_active = false;
    jt_asker_init(&a, args);
    enum jt_exit code = jt_asker_token(&a);
    if (code == JT_EXIT_DONE) {
        code = read_caller(&a);
    }
    if (code == JT_EXIT_DONE) {
        code = jt_asker_connect(&a);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_oauth_introspect(&a.session, jt_buf_slice(&a.token), &answer, &is_active, &err) !=
        JT_OAUTH_OK) {
        return jt_asker_say(&a, &err);
    }
    print(args, &answer, is_active);
    if (!is_active) {
        jt_say_hint("over, revoked, not of this issuer, or not this caller's to ask about");
    }
    return is_active ? JT_EXIT_DONE : JT_EXIT_FAILED;
}
