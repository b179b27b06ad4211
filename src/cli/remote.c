/* SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include "../server/config/env.h"
#include "asker.h"
#include "input.h"

#define AUTHORIZATION_MAX (JT_ACCESS_TOKEN_MAX + 16)
#define DAY_S 86400

/* The one conversation of this process. */
static struct {
    bool is_open;
    struct jt_asker asker; /* gets tokens, if a client's id and secret are there */
    bool is_client;        /* they are */
    struct jt_outbound *outbound;
    struct jt_buf authorization; /* empty: the certificate says who asks */
    struct jt_slice server;
    const char *cert, *token_file;
} remote;

/* What stands for a value: the flag, or the variable. */
static const char *value_of(const struct jt_args *args, const char *flag, const char *variable)
{
    const char *from = "";
    return jt_asker_value(args, flag, variable, &from);
}

bool jt_remote_is(const struct jt_args *args)
{
    if (jt_args_has(args, "server")) {
        return true;
    }
    return !jt_args_has(args, "socket") && !jt_args_has(args, "data") &&
           jt_env("JETON_SERVER") != NULL;
}

void jt_remote_close(void)
{
    if (remote.is_open) {
        jt_asker_free(&remote.asker);
        jt_outbound_close(&remote.outbound);
        jt_buf_free(&remote.authorization);
        remote.is_open = false;
    }
}

static enum jt_exit read_server(const struct jt_args *args)
{
    const char *why = "";
    const char *flag = jt_args_get(args, "server");
    const char *url = flag != NULL ? flag : jt_env("JETON_SERVER");
    struct jt_slice s = jt_str(url);
    while (s.n > 0 && s.p[s.n - 1] == '/') {
        s.n--;
    }
    remote.server = s;
    if (flag != NULL && (jt_args_has(args, "socket") || jt_args_has(args, "data"))) {
        return jt_say_fail(JT_EXIT_USAGE, "--server and --%s name different servers: give one",
                           jt_args_has(args, "socket") ? "socket" : "data");
    }
    if (jt_slice_find(s, '?') < s.n || !jt_outbound_url_ok(s, false, &why)) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "%s: \"%.300s\" is not the https:// URL of an admin.listen, such as "
                           "https://auth.example.com:9443",
                           flag != NULL ? "--server" : "JETON_SERVER", url);
    }
    return JT_EXIT_DONE;
}

static enum jt_exit set_token(struct jt_slice token)
{
    jt_buf_reset(&remote.authorization);
    jt_buf_puts(&remote.authorization, "Bearer ");
    jt_buf_put(&remote.authorization, token);
    return jt_access_token_ok(token) && jt_buf_ok(&remote.authorization)
               ? JT_EXIT_DONE
               : jt_say_fail(JT_EXIT_USAGE,
                             "that is not a token: a token is one word of at most %u characters",
                             JT_ACCESS_TOKEN_MAX);
}

static enum jt_exit read_token(const char *file)
{
    JT_AUTO(jt_buf_free) struct jt_buf token;
    jt_buf_init(&token, JT_ACCESS_TOKEN_MAX);
    enum jt_exit code = jt_input_read(file, "the token", &token);
    return code == JT_EXIT_DONE ? set_token(jt_buf_slice(&token)) : code;
}

/* A token for the server's own resource, with all that the client was granted of it. */
static enum jt_exit fetch_token(void)
{
    JT_AUTO(jt_oauth_answer_free) struct jt_oauth_answer answer = {0};
    struct jt_token_response token = {0};
    struct jt_oauth_error err = {0};
    struct jt_asker *a = &remote.asker;
    enum jt_exit code = a->outbound == NULL ? jt_asker_connect(a) : JT_EXIT_DONE;
    if (code != JT_EXIT_DONE) {
        return code;
    }
    jt_outbound_again(a->outbound);
    const struct jt_token_params params = {.resource = a->issuer.name};
    if (jt_oauth_token(&a->session, &params, &answer, &token, &err) != JT_OAUTH_OK) {
        code = jt_asker_say(a, &err);
        if (strcmp(err.error, "invalid_target") == 0) {
            jt_say_hint("on the server: jeton grant add %.*s %.*s jeton:read",
                        JT_FMT(a->session.caller.id), JT_FMT(a->issuer.name));
        }
        return code;
    }
    return set_token(token.access_token);
}

/*
 * Token over client over certificate; a certificate is shown in any case. A proof that flags name
 * is the only one: what the environment has beside it does not count.
 */
static enum jt_exit prove(const struct jt_args *args)
{
    bool is_client = jt_args_has(args, "client-id") || jt_args_has(args, "client-secret-file");
    bool is_named =
        is_client || jt_args_has(args, "token-file") || jt_args_has(args, "client-cert");
    const char *file = is_named ? jt_args_get(args, "token-file") : jt_env("JETON_TOKEN_FILE");
    const char *id = is_client   ? value_of(args, "client-id", "JETON_CLIENT_ID")
                     : !is_named ? jt_env("JETON_CLIENT_ID")
                                 : NULL;
    if (file != NULL && is_client) {
        return jt_say_fail(JT_EXIT_USAGE, "--token-file and --%s exclude each other",
                           jt_args_has(args, "client-id") ? "client-id" : "client-secret-file");
    }
    if (file != NULL) {
        remote.token_file = file;
        return read_token(file);
    }
    if (id != NULL) {
        remote.is_client = true;
        enum jt_exit code = jt_asker_caller(&remote.asker);
        return code == JT_EXIT_DONE ? fetch_token() : code;
    }
    return remote.cert != NULL
               ? JT_EXIT_DONE
               : jt_say_fail(JT_EXIT_USAGE,
                             "say who asks: --client-cert FILE --client-key FILE, --token-file "
                             "FILE, or --client-id ID --client-secret-file FILE --issuer URL");
}

static enum jt_exit say(const struct jt_args *args, const struct jt_oauth_error *err)
{
    struct jt_asker a = {.args = args, .issuer_from = "server"};
    if (err->about != JT_ABOUT_ISSUER) {
        return jt_asker_say(&a, err);
    }
    struct jt_oauth_error plain = *err;
    plain.about = JT_ABOUT_NOTHING;
    enum jt_exit code = jt_asker_say(&a, &plain);
    jt_say_hint("--server or JETON_SERVER is the address of admin.listen, not that of the issuer");
    return code;
}

static enum jt_exit connect(const struct jt_args *args)
{
    struct jt_oauth_error err = {0};
    const char *key = value_of(args, "client-key", "JETON_CLIENT_KEY");
    struct jt_outbound_opts opts = {
        .ca_file = value_of(args, "ca-file", "JETON_CA_FILE"),
        .timeout_s = JT_OUTBOUND_TIMEOUT_S,
        .cert_file = remote.cert,
        .key_file = key != NULL ? key : remote.cert,
        .body_max = JT_ADM_REPLY_MAX,
    };
    if (remote.cert == NULL && key != NULL) {
        return jt_say_fail(JT_EXIT_USAGE, "a client key needs its certificate: --client-cert FILE");
    }
    if (!jt_args_duration(args, "timeout", 1, &opts.timeout_s)) {
        return JT_EXIT_USAGE;
    }
    opts.timeout_s = opts.timeout_s > DAY_S ? DAY_S : opts.timeout_s;
    return jt_outbound_open(&opts, &remote.outbound, &err) == JT_OAUTH_OK ? JT_EXIT_DONE
                                                                          : say(args, &err);
}

static enum jt_exit begin(const struct jt_args *args)
{
    if (remote.is_open) {
        jt_outbound_again(remote.outbound);
        return JT_EXIT_DONE;
    }
    jt_asker_init(&remote.asker, args);
    remote.asker.secret_flag = "client-secret-file";
    jt_buf_init(&remote.authorization, AUTHORIZATION_MAX);
    remote.is_open = true;
    remote.cert = value_of(args, "client-cert", "JETON_CLIENT_CERT");
    enum jt_exit code = read_server(args);
    if (code == JT_EXIT_DONE) {
        code = connect(args);
    }
    code = code == JT_EXIT_DONE ? prove(args) : code;
    if (code != JT_EXIT_DONE) {
        jt_remote_close();
    }
    return code;
}

static enum jt_exit ask(const struct jt_args *args, const struct jt_adm_request *r,
                        struct jt_outbound_answer *answer)
{
    struct jt_oauth_error err = {0};
    JT_AUTO(jt_buf_free) struct jt_buf url;
    jt_buf_init(&url, JT_OUTBOUND_URL_MAX);
    jt_buf_put(&url, remote.server);
    jt_buf_put(&url, r->path);
    if (!jt_buf_ok(&url)) {
        return jt_say_fail(JT_EXIT_USAGE, "the request would be too large");
    }
    const struct jt_outbound_request request = {
        .url = jt_buf_slice(&url),
        .authorization = jt_buf_slice(&remote.authorization),
        .method = r->method,
        .content_type = r->content_type,
        .body = r->body,
        .if_match = r->if_match,
    };
    return jt_outbound_ask(remote.outbound, &request, answer, &err) == JT_OAUTH_OK
               ? JT_EXIT_DONE
               : say(args, &err);
}

/* Everything that the administration refuses is a problem (RFC 9457). */
static enum jt_exit check_kind(const struct jt_outbound_answer *answer)
{
    if (answer->status < 400 ||
        jt_slice_starts(jt_buf_slice(&answer->body), JT_LIT("{\"type\":"))) {
        return JT_EXIT_DONE;
    }
    jt_say_error("what answers at %.*s is not the administration of a jeton: status %u",
                 JT_FMT(remote.server), answer->status);
    jt_say_hint("--server or JETON_SERVER is the address of admin.listen, not that of the issuer");
    return JT_EXIT_FAILED;
}

static enum jt_exit take(struct jt_outbound_answer *answer, struct jt_adm_reply *out)
{
    size_t n = answer->body.n;
    jt_buf_free(&out->bytes);
    out->bytes = answer->body;
    answer->body = (struct jt_buf){0};
    out->bytes.max += sizeof answer->etag;
    jt_buf_puts(&out->bytes, answer->etag);
    out->status = answer->status;
    out->body = jt_slice(out->bytes.p, n);
    out->etag = jt_slice_from(jt_buf_slice(&out->bytes), n);
    return jt_buf_ok(&out->bytes) ? JT_EXIT_DONE : jt_say_fail(JT_EXIT_FAILED, "out of memory");
}

void jt_remote_say_who(void)
{
    if (!remote.is_open) {
        return;
    }
    if (remote.is_client) {
        jt_say_hint("asked as client %.*s", JT_FMT(remote.asker.session.caller.id));
    } else if (remote.token_file != NULL) {
        jt_say_hint("asked with the token in %s", remote.token_file);
    } else {
        jt_say_hint("asked with the certificate in %s", remote.cert);
    }
}

enum jt_exit jt_remote_call(const struct jt_args *args, const struct jt_adm_request *request,
                            struct jt_adm_reply *out)
{
    JT_AUTO(jt_outbound_answer_free) struct jt_outbound_answer answer = {0};
    bool is_first = !remote.is_open;
    enum jt_exit code = begin(args);
    if (code == JT_EXIT_DONE) {
        code = ask(args, request, &answer);
    }
    if (code == JT_EXIT_DONE && answer.status == 401 && remote.is_client && !is_first) {
        code = fetch_token(); /* it was good before: a command that goes on for hours */
        jt_outbound_answer_free(&answer);
        code = code == JT_EXIT_DONE ? ask(args, request, &answer) : code;
    }
    code = code == JT_EXIT_DONE ? check_kind(&answer) : code;
    return code == JT_EXIT_DONE ? take(&answer, out) : code;
}
