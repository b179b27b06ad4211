/* SPDX-License-Identifier: Apache-2.0 */
#include "asker.h"

#include <stdio.h>
#include <unistd.h>

#include "../server/config/env.h"
#include "input.h"

#define CLIENT_ID_MAX 255u

void jt_asker_init(struct jt_asker *a, const struct jt_args *args)
{
    *a = (struct jt_asker){.args = args, .secret_flag = "secret-file"};
    jt_buf_init(&a->secret, JT_INPUT_SECRET_MAX);
    jt_buf_init(&a->token, JT_ACCESS_TOKEN_MAX);
}

void jt_asker_free(struct jt_asker *a)
{
    jt_outbound_close(&a->outbound);
    jt_issuer_free(&a->issuer);
    jt_buf_free(&a->secret);
    jt_buf_free(&a->token);
}

const char *jt_asker_value(const struct jt_args *args, const char *flag, const char *variable,
                           const char **from)
{
    const char *value = jt_args_get(args, flag);
    *from = value != NULL ? flag : variable;
    return value != NULL ? value : jt_env(variable);
}

/* Before the name of a flag or variable. */
static const char *dashes(const struct jt_asker *a, const char *flag)
{
    return jt_args_has(a->args, flag) ? "--" : "";
}

/* RFC 6749 appendix A.1: visible ASCII and blanks. */
static bool client_id_ok(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e) {
            return false;
        }
    }
    return s.n > 0 && s.n <= CLIENT_ID_MAX;
}

static enum jt_exit read_id(struct jt_asker *a)
{
    const char *id = jt_asker_value(a->args, "client-id", "JETON_CLIENT_ID", &a->id_from);
    if (id == NULL) {
        a->id_from = "OAUTH2_CLIENT_ID";
        id = jt_env(a->id_from);
    }
    if (id == NULL) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "no client: --client-id ID or JETON_CLIENT_ID says who asks");
    }
    if (!client_id_ok(jt_str(id))) {
        return jt_say_fail(
            JT_EXIT_USAGE,
            "%s%s: a client id has 1 to %u characters of ASCII, no control characters",
            dashes(a, "client-id"), a->id_from, CLIENT_ID_MAX);
    }
    a->session.caller.id = jt_str(id);
    return JT_EXIT_DONE;
}

static enum jt_exit take_secret(struct jt_asker *a, const char *variable)
{
    a->secret_from = variable;
    jt_buf_puts(&a->secret, jt_env(variable));
    return jt_buf_ok(&a->secret) ? JT_EXIT_DONE
                                 : jt_say_fail(JT_EXIT_USAGE, "%s is longer than %u bytes",
                                               variable, JT_INPUT_SECRET_MAX);
}

static enum jt_exit read_secret(struct jt_asker *a)
{
    const char *file = jt_args_get(a->args, a->secret_flag);
    const char *variable = jt_env("JETON_CLIENT_SECRET");
    const char *variable_file = jt_env("JETON_CLIENT_SECRET_FILE");
    if (file != NULL) {
        char what[64];
        a->secret_from = a->secret_flag;
        (void)snprintf(what, sizeof what, "the client secret (--%s)", a->secret_flag);
        return jt_input_read(file, what, &a->secret);
    }
    if (variable != NULL && variable_file != NULL) {
        return jt_say_fail(JT_EXIT_USAGE, "JETON_CLIENT_SECRET and JETON_CLIENT_SECRET_FILE are "
                                          "both set: unset one of them");
    }
    if (variable_file != NULL) {
        a->secret_from = "JETON_CLIENT_SECRET_FILE";
        return jt_input_read(variable_file, "the client secret (JETON_CLIENT_SECRET_FILE)",
                             &a->secret);
    }
    if (variable != NULL) {
        return take_secret(a, "JETON_CLIENT_SECRET");
    }
    if (jt_env("OAUTH2_CLIENT_SECRET") != NULL) {
        return take_secret(a, "OAUTH2_CLIENT_SECRET");
    }
    return jt_say_fail(JT_EXIT_USAGE,
                       "no client secret: --%s FILE (- is standard input), JETON_CLIENT_SECRET or "
                       "JETON_CLIENT_SECRET_FILE",
                       a->secret_flag);
}

enum jt_exit jt_asker_caller(struct jt_asker *a)
{
    enum jt_exit code = read_id(a);
    if (code == JT_EXIT_DONE) {
        code = read_secret(a);
    }
    a->session.caller.secret = jt_buf_slice(&a->secret);
    return code;
}

enum jt_exit jt_asker_token(struct jt_asker *a)
{
    const char *from = "";
    const char *operand = a->args->operand;
    const char *file = jt_asker_value(a->args, "secret-file", "JETON_CLIENT_SECRET_FILE", &from);
    bool is_stdin = operand == NULL || strcmp(operand, "-") == 0;
    enum jt_exit code = JT_EXIT_DONE;
    if (is_stdin && file != NULL && strcmp(file, "-") == 0) {
        return jt_say_fail(JT_EXIT_USAGE, "token and secret cannot both come from standard input: "
                                          "put the secret into a file or JETON_CLIENT_SECRET");
    }
    if (operand == NULL && isatty(STDIN_FILENO)) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "no token: name it, or pipe it in (jeton token | jeton %s -)",
                           a->args->command->verb);
    }
    if (is_stdin) {
        code = jt_input_read("-", "the token", &a->token);
    } else {
        jt_buf_puts(&a->token, operand);
    }
    if (code == JT_EXIT_DONE &&
        !(jt_buf_ok(&a->token) && jt_access_token_ok(jt_buf_slice(&a->token)))) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "that is not a token: a token is one word of at most %u characters",
                           JT_ACCESS_TOKEN_MAX);
    }
    return code;
}

static enum jt_exit read_issuer(struct jt_asker *a, struct jt_slice *out)
{
    const char *why = "";
    const char *url = jt_asker_value(a->args, "issuer", "JETON_ISSUER", &a->issuer_from);
    if (url == NULL) {
        return jt_say_fail(JT_EXIT_USAGE, "no issuer: --issuer URL or JETON_ISSUER says whom to "
                                          "ask, such as https://auth.example.com");
    }
    *out = jt_str(url);
    if (!jt_issuer_ok(*out, &why)) {
        return jt_say_fail(JT_EXIT_USAGE, "%s%s: the issuer \"%.300s\" %s", dashes(a, "issuer"),
                           a->issuer_from, url, why);
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_asker_connect(struct jt_asker *a)
{
    struct jt_oauth_error err = {0};
    struct jt_slice issuer = {0};
    const char *from = "";
    struct jt_outbound_opts opts = {.ca_file =
                                        jt_asker_value(a->args, "ca-file", "JETON_CA_FILE", &from),
                                    .timeout_s = JT_OUTBOUND_TIMEOUT_S};
    if (!jt_args_duration(a->args, "timeout", 1, &opts.timeout_s)) {
        return JT_EXIT_USAGE;
    }
    opts.timeout_s = opts.timeout_s > 86400 ? 86400 : opts.timeout_s;
    enum jt_exit code = read_issuer(a, &issuer);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_outbound_open(&opts, &a->outbound, &err) != JT_OAUTH_OK ||
        jt_issuer_discover(a->outbound, issuer, &a->issuer, &err) != JT_OAUTH_OK) {
        return jt_asker_say(a, &err);
    }
    a->session.outbound = a->outbound;
    a->session.issuer = &a->issuer;
    return JT_EXIT_DONE;
}

static void hint(const struct jt_asker *a, enum jt_oauth_about about)
{
    switch (about) {
    case JT_ABOUT_ISSUER:
        jt_say_hint("the issuer's URL comes from %s%s", dashes(a, "issuer"), a->issuer_from);
        return;
    case JT_ABOUT_CA_FILE:
        jt_say_hint("--ca-file FILE or JETON_CA_FILE must name the certificate, in PEM, of the CA "
                    "that the issuer's certificate is of; jeton dev prints where its own is");
        return;
    case JT_ABOUT_SYSTEM_CA:
        jt_say_hint("name the CA's certificate, in PEM: --ca-file FILE or JETON_CA_FILE; jeton dev "
                    "prints where its own is");
        return;
    case JT_ABOUT_TIMEOUT:
        jt_say_hint("--timeout DURATION waits longer");
        return;
    case JT_ABOUT_CLIENT:
        if (a->secret_from != NULL) {
            jt_say_hint("the client id comes from %s%s, the secret from %s%s",
                        dashes(a, "client-id"), a->id_from, dashes(a, a->secret_flag),
                        a->secret_from);
        }
        return;
    case JT_ABOUT_CERTIFICATE:
        jt_say_hint("--client-cert FILE and --client-key FILE name both, in PEM, the key without a "
                    "passphrase");
        return;
    case JT_ABOUT_ADDRESS:
    case JT_ABOUT_NOTHING:
    default:
        return;
    }
}

enum jt_exit jt_asker_say(const struct jt_asker *a, const struct jt_oauth_error *err)
{
    jt_say_error("%s", err->text);
    hint(a, err->about);
    switch (err->end) {
    case JT_OAUTH_OK:
        return JT_EXIT_DONE;
    case JT_OAUTH_CONFIG:
        return JT_EXIT_USAGE;
    case JT_OAUTH_UNREACHABLE:
        return JT_EXIT_UNREACHABLE;
    case JT_OAUTH_REFUSED:
    case JT_OAUTH_PROTOCOL:
    case JT_OAUTH_FAILED:
    default:
        return JT_EXIT_FAILED;
    }
}
