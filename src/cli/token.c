/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - jeton token: a token from any issuer, for a script to use.
 */
#include <stdio.h>

#include "asker.h"
#include "out.h"

static enum jt_exit read_params(const struct jt_args *args, struct jt_token_params *p)
{
    const char *from = "";
    p->scope = jt_str(jt_asker_value(args, "scope", "JETON_SCOPE", &from));
    p->audience = jt_str(jt_args_get(args, "audience"));
    if (jt_args_has(args, "resource") && p->audience.n > 0) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "--resource and --audience name the same thing: an issuer "
                           "takes one or the other");
    }
    if (p->audience.n == 0) {
        p->resource = jt_str(jt_asker_value(args, "resource", "JETON_RESOURCE", &from));
    }
    if (p->scope.n > 4096 || p->resource.n > 4096 || p->audience.n > 4096) {
        return jt_say_fail(JT_EXIT_USAGE, "scope or resource is longer than 4096 bytes");
    }
    if (jt_args_has(args, "header") && args->output != JT_OUT_TABLE) {
        return jt_say_fail(JT_EXIT_USAGE, "--header prints a line of HTTP: leave out -o");
    }
    return JT_EXIT_DONE;
}

static void print(const struct jt_args *args, const struct jt_oauth_answer *answer,
                  const struct jt_token_response *token)
{
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, jt_buf_slice(&answer->http.body));
        return;
    }
    (void)printf("%s%.*s\n", jt_args_has(args, "header") ? "Authorization: Bearer " : "",
                 JT_FMT(token->access_token));
}

enum jt_exit jt_cmd_token(const struct jt_args *args)
{
    JT_AUTO(jt_asker_free) struct jt_asker a;
    JT_AUTO(jt_oauth_answer_free) struct jt_oauth_answer answer = {0};
    struct jt_token_params params = {0};
    struct jt_token_response token = {0};
    struct jt_oauth_error err = {0};
    jt_asker_init(&a, args);
    enum jt_exit code = read_params(args, &params);
    if (code == JT_EXIT_DONE) {
        code = jt_asker_caller(&a);
    }
    if (code == JT_EXIT_DONE) {
        code = jt_asker_connect(&a);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_oauth_token(&a.session, &params, &answer, &token, &err) != JT_OAUTH_OK) {
        return jt_asker_say(&a, &err);
    }
    print(args, &answer, &token);
    return JT_EXIT_DONE;
}
