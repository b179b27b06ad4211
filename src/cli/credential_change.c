/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_change.c - jeton credential add, rotate and revoke.
 */
#include "../core/json/jw.h"
#include "confirm.h"
#include "credential.h"
#include "credential_new.h"
#include "networks.h"
#include "out.h"
#include "secret.h"
#include "when.h"

#define BODY_MAX 65536

static void write_label(const struct jt_args *args, struct jt_jw *w)
{
    const char *label = jt_args_get(args, "label");
    if (label != NULL) {
        jt_jw_kstr(w, "label", jt_str(label));
    }
}

/* What became of the ones before. */
static void print_replaced(const struct jt_jval *replaced)
{
    for (size_t i = 0; i < jt_jval_count(replaced); i++) {
        const struct jt_jval *c = jt_jarr_at(replaced, i);
        struct jt_slice state = {0};
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, 4096);
        jt_show_member(&line, c, "credential_id");
        (void)jt_jval_str(jt_jobj_get(c, "state"), &state);
        if (jt_slice_eq(state, JT_LIT("revoked"))) {
            jt_buf_puts(&line, "  revoked now, with its tokens");
        } else {
            jt_buf_puts(&line, "  ");
            jt_buf_put(&line, state);
            jt_buf_puts(&line, ", good until ");
            jt_show_when(&line, c, "expires");
        }
        jt_card(i == 0 ? "replaces" : NULL, jt_buf_slice(&line));
    }
}

static void print_new(const struct jt_args *args, const struct jt_adm_reply *reply,
                      const struct jt_secret_file *f)
{
    if (args->output != JT_OUT_TABLE) {
        jt_secret_json(args, reply, f);
        return;
    }
    JT_AUTO(jt_buf_free) struct jt_buf when;
    jt_buf_init(&when, 256);
    jt_secret_card(reply, f);
    jt_card_member("kind", reply->value, "kind");
    jt_credential_show_name(&when, reply->value);
    jt_card("name", jt_buf_slice(&when));
    jt_buf_reset(&when);
    jt_card_member("label", reply->value, "label");
    jt_card_member("only from", reply->value, "networks");
    jt_show_when(&when, reply->value, "not_before");
    jt_card("good from", jt_buf_slice(&when));
    jt_buf_reset(&when);
    jt_show_when(&when, reply->value, "expires");
    jt_card("good until", jt_buf_slice(&when));
    print_replaced(jt_jobj_get(reply->value, "replaced"));
    jt_secret_hint(reply, f);
    jt_credential_hint_environment(reply->value);
    const struct jt_jval *replaced = jt_jobj_get(reply->value, "replaced");
    if (replaced != NULL && jt_jval_count(replaced) == 0) {
        jt_say_hint("nothing ends: the client had no credential with this label in use; jeton "
                    "credential list %s shows what it has",
                    args->operand);
    }
}

static enum jt_exit make(const struct jt_args *args, const char *verb, struct jt_slice body,
                         struct jt_secret_file *f)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    jt_credential_path(&path, args);
    jt_buf_puts(&path, verb);
    enum jt_exit code = jt_secret_open(args, f);
    if (code == JT_EXIT_DONE) {
        code = jt_adm_post(args, jt_buf_slice(&path), body, &reply);
    }
    if (code == JT_EXIT_DONE) {
        code = jt_secret_keep(f, &reply, "the credential was made");
    }
    if (code == JT_EXIT_DONE) {
        print_new(args, &reply, f);
    }
    return code;
}

/* What all new credentials begin with. */
static enum jt_exit begin(const struct jt_args *args, bool kind_needed, struct jt_jw *w)
{
    if (jt_args_has(args, "secret-out") && !jt_credential_kind_is_secret(args, kind_needed)) {
        return jt_say_fail(JT_EXIT_USAGE, "--secret-out is for a secret, and none is made");
    }
    write_label(args, w);
    return jt_credential_kind_write(args, kind_needed, w);
}

enum jt_exit jt_cmd_credential_add(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_secret_discard) struct jt_secret_file f = {NULL, -1};
    jt_buf_init(&body, BODY_MAX);
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    enum jt_exit code = begin(args, true, &w);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (!jt_when_write(args, "not-before", "not_before", &w) ||
        !jt_when_write(args, "expires", "expires", &w) || !jt_networks_write(args, &w)) {
        return JT_EXIT_USAGE;
    }
    jt_jw_end_obj(&w);
    return make(args, "", jt_buf_slice(&body), &f);
}

enum jt_exit jt_cmd_credential_rotate(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_secret_discard) struct jt_secret_file f = {NULL, -1};
    int64_t overlap = 0;
    jt_buf_init(&body, BODY_MAX);
    if (jt_args_has(args, "now") && jt_args_has(args, "overlap")) {
        return jt_say_fail(JT_EXIT_USAGE, "--now and --overlap exclude each other");
    }
    struct jt_jw w = jt_jw(&body);
    jt_jw_obj(&w);
    enum jt_exit code = begin(args, false, &w);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (!jt_args_duration(args, "overlap", 0, &overlap) ||
        !jt_when_write(args, "expires", "expires", &w)) {
        return JT_EXIT_USAGE;
    }
    if (jt_args_has(args, "overlap")) {
        jt_jw_kint(&w, "overlap", overlap);
    }
    if (jt_args_has(args, "now")) {
        jt_jw_kbool(&w, "now", true);
    }
    jt_jw_end_obj(&w);
    return make(args, "/rotate", jt_buf_slice(&body), &f);
}

/* A thief may have replaced it by one of his own. */
static void say_made(const struct jt_args *args, const struct jt_jval *credential)
{
    const struct jt_jval *made = jt_jobj_get(credential, "made");
    JT_AUTO(jt_buf_free) struct jt_buf ids;
    jt_buf_init(&ids, 1024);
    jt_show_member(&ids, credential, "made");
    if (jt_jval_count(made) > 0) {
        jt_say_hint("the client made %.*s by it, which still %s; if it had leaked, that may be "
                    "somebody else's: jeton credential rotate %s --now ends all of them",
                    JT_FMT(jt_buf_slice(&ids)), jt_jval_count(made) == 1 ? "stands" : "stand",
                    args->operand);
    }
}

enum jt_exit jt_cmd_credential_revoke(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    const char *id = args->operands[1];
    jt_buf_init(&path, 4096);
    jt_credential_path(&path, args);
    jt_adm_path(&path, "/", id);
    jt_buf_puts(&path, "/revoke");
    enum jt_exit code = jt_confirm(args, "Revoke credential %.80s of client %.80s, with its tokens",
                                   id, args->operand);
    if (code == JT_EXIT_DONE) {
        code = jt_adm_post(args, jt_buf_slice(&path), JT_LIT("{}"), &reply);
    }
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply.body);
        return code;
    }
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, BODY_MAX);
    jt_credential_line(&line, reply.value);
    jt_card("client", jt_str(args->operand));
    jt_card("credential", jt_buf_slice(&line));
    say_made(args, reply.value);
    return code;
}
