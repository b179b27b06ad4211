/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "../core/json/jw.h"
#include "credential.h"
#include "credential_new.h"
#include "list.h"
#include "networks.h"
#include "secret.h"
#include "when.h"

#define BODY_MAX ((size_t)512 * 1024)

/* AUDIENCE=SCOPE,SCOPE: an audience may have "=" in its query, so the last one parts them. */
static bool write_grant(struct jt_jw *w, const char *value)
{
    const char *equals = strrchr(value, '=');
    if (equals == NULL || equals == value || equals[1] == '\0') {
        jt_say_error("--allow takes AUDIENCE=SCOPE,SCOPE, not \"%.80s\"", value);
        return false;
    }
    jt_jw_obj(w);
    jt_jw_kstr(w, "resource", jt_slice(value, (size_t)(equals - value)));
    jt_jw_key(w, "scopes");
    jt_jw_arr(w);
    for (struct jt_slice rest = jt_str(equals + 1); rest.n > 0;) {
        size_t k = jt_slice_find(rest, ',');
        if (k == 0 || k + 1 == rest.n) {
            jt_say_error("--allow has an empty scope in \"%.80s\"", value);
            return false;
        }
        jt_jw_str(w, jt_slice(rest.p, k));
        rest = jt_slice_from(rest, k + 1);
    }
    jt_jw_end_arr(w);
    jt_jw_end_obj(w);
    return true;
}

bool jt_client_put_rotation(const struct jt_args *args, struct jt_jw *w)
{
    const char *rotation = jt_args_get(args, "rotation");
    int64_t every = 0;
    if (!jt_args_duration(args, "rotate-every", 0, &every)) {
        return false;
    }
    if (rotation != NULL) {
        jt_jw_kstr(w, "rotation", jt_str(rotation));
    }
    if (jt_args_has(args, "rotate-every")) {
        jt_jw_kint(w, "rotate_every", every);
    }
    return true;
}

static enum jt_exit write_new(const struct jt_args *args, struct jt_buf *body)
{
    struct jt_jw w = jt_jw(body);
    const char *value = NULL;
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "name", jt_str(args->operand));
    if ((value = jt_args_get(args, "id")) != NULL) {
        jt_jw_kstr(&w, "client_id", jt_str(value));
    }
    if ((value = jt_args_get(args, "owner")) != NULL) {
        jt_jw_kstr(&w, "owner", jt_str(value));
    }
    jt_jw_key(&w, "grants");
    jt_jw_arr(&w);
    for (size_t i = 0; (value = jt_args_next(args, "allow", &i)) != NULL;) {
        if (!write_grant(&w, value)) {
            return JT_EXIT_USAGE;
        }
    }
    jt_jw_end_arr(&w);
    if ((value = jt_args_get(args, "label")) != NULL) {
        jt_jw_kstr(&w, "label", jt_str(value));
    }
    if (!jt_networks_write(args, &w) || !jt_client_put_rotation(args, &w) ||
        !jt_when_write(args, "expires", "expires", &w)) {
        return JT_EXIT_USAGE;
    }
    enum jt_exit code = jt_credential_secret_write(args, &w);
    jt_jw_end_obj(&w);
    return code;
}

static void show_grants(struct jt_buf *cell, const struct jt_jval *item)
{
    const struct jt_jval *grants = jt_jobj_get(item, "grants");
    for (size_t i = 0; i < jt_jval_count(grants); i++) {
        jt_buf_puts(cell, i == 0 ? "" : "; ");
        jt_show_member(cell, jt_jarr_at(grants, i), "resource");
        jt_buf_puts(cell, ": ");
        jt_show_member(cell, jt_jarr_at(grants, i), "scopes");
    }
}

static void show_state(struct jt_buf *cell, const struct jt_jval *item)
{
    bool enabled = false;
    if (jt_jval_bool(jt_jobj_get(item, "enabled"), &enabled)) {
        jt_buf_puts(cell, enabled ? "enabled" : "disabled");
    }
}

static void print_grants(const struct jt_jval *grants)
{
    for (size_t i = 0; i < jt_jval_count(grants); i++) {
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, BODY_MAX);
        jt_show_member(&line, jt_jarr_at(grants, i), "resource");
        jt_buf_puts(&line, "  ");
        jt_show_member(&line, jt_jarr_at(grants, i), "scopes");
        jt_card(i == 0 ? "may have" : NULL, jt_buf_slice(&line));
    }
}

static void print_credentials(const struct jt_jval *credentials)
{
    for (size_t i = 0; i < jt_jval_count(credentials); i++) {
        JT_AUTO(jt_buf_free) struct jt_buf line;
        jt_buf_init(&line, BODY_MAX);
        jt_credential_line(&line, jt_jarr_at(credentials, i));
        jt_card(i == 0 ? "credentials" : NULL, jt_buf_slice(&line));
    }
}

static void print_rotation(const struct jt_jval *client)
{
    JT_AUTO(jt_buf_free) struct jt_buf line;
    int64_t every = 0;
    jt_buf_init(&line, 128);
    jt_show_member(&line, client, "rotation");
    if (jt_jval_int(jt_jobj_get(client, "rotate_every"), &every)) {
        jt_buf_puts(&line, " every ");
        jt_show_duration(&line, every);
    }
    jt_card("rotation", jt_buf_slice(&line));
}

static void print_card(const struct jt_jval *client)
{
    JT_AUTO(jt_buf_free) struct jt_buf state;
    jt_buf_init(&state, 64);
    show_state(&state, client);
    jt_card_member("client", client, "client_id");
    jt_card_member("name", client, "name");
    jt_card_member("owner", client, "owner");
    jt_card("state", jt_buf_slice(&state));
    jt_card_member("only from", client, "networks");
    jt_card_member("compatible with", client, "compat");
    print_rotation(client);
    print_grants(jt_jobj_get(client, "grants"));
    print_credentials(jt_jobj_get(client, "credentials"));
    jt_card_member("created", client, "created");
    jt_card_member("updated", client, "updated");
    jt_card_member("version", client, "version");
}

void jt_client_print(const struct jt_args *args, const struct jt_adm_reply *reply)
{
    if (args->output == JT_OUT_TABLE) {
        print_card(reply->value);
    } else {
        jt_out_json(args->output, reply->body);
    }
}

/* What was given with flags beside the names. */
static void print_given(const struct jt_args *args, const struct jt_jval *client)
{
    const struct jt_jval *first = jt_jarr_at(jt_jobj_get(client, "credentials"), 0);
    JT_AUTO(jt_buf_free) struct jt_buf when;
    jt_buf_init(&when, 256);
    jt_show_when(&when, first, "expires");
    jt_card_member("label", first, "label");
    jt_card("good until", jt_buf_slice(&when));
    jt_card_member("only from", client, "networks");
    if (jt_args_has(args, "rotation") || jt_args_has(args, "rotate-every")) {
        print_rotation(client);
    }
}

static void print_new(const struct jt_args *args, const struct jt_adm_reply *reply,
                      const struct jt_secret_file *f)
{
    if (args->output != JT_OUT_TABLE) {
        jt_secret_json(args, reply, f);
    } else if (jt_jobj_get(reply->value, "credential_id") != NULL) {
        jt_secret_card(reply, f);
    } else {
        jt_card_member("client", reply->value, "client_id");
    }
    if (args->output == JT_OUT_TABLE) {
        jt_card_member("name", reply->value, "name");
        jt_card_member("owner", reply->value, "owner");
        print_given(args, reply->value);
        print_grants(jt_jobj_get(reply->value, "grants"));
        jt_secret_hint(reply, f);
    }
    if (args->output == JT_OUT_TABLE && jt_jval_count(jt_jobj_get(reply->value, "grants")) == 0) {
        jt_say_hint("it may not have any token yet: nothing was given with --allow");
    }
}

static enum jt_exit create(const struct jt_args *args, struct jt_slice body,
                           struct jt_secret_file *f)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = jt_adm_post(args, JT_LIT("/admin/v1/clients"), body, &reply);
    if (code == JT_EXIT_DONE) {
        code = jt_secret_keep(f, &reply, "the client was created");
    }
    if (code == JT_EXIT_DONE) {
        print_new(args, &reply, f);
    }
    return code;
}

enum jt_exit jt_cmd_client_create(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_secret_discard) struct jt_secret_file f = {NULL, -1};
    jt_buf_init(&body, BODY_MAX);
    enum jt_exit code = write_new(args, &body);
    if (code == JT_EXIT_DONE) {
        code = jt_secret_open(args, &f);
    }
    return code == JT_EXIT_DONE ? create(args, jt_buf_slice(&body), &f) : code;
}

enum jt_exit jt_cmd_client_list(const struct jt_args *args)
{
    static const struct jt_column columns[] = {{"CLIENT", "client_id", NULL, false},
                                               {"NAME", "name", NULL, true},
                                               {"OWNER", "owner", NULL, true},
                                               {"STATE", NULL, show_state, false},
                                               {"MAY HAVE", NULL, show_grants, true}};
    struct jt_list list = {.path = JT_LIT("/admin/v1/clients"),
                           .columns = columns,
                           .ncolumns = sizeof columns / sizeof columns[0],
                           .empty = "there is no client yet; jeton client create makes one"};
    return jt_list_run(args, &list);
}

enum jt_exit jt_cmd_client_show(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    jt_adm_path(&path, "/admin/v1/clients/", args->operand);
    enum jt_exit code = jt_adm_get(args, jt_buf_slice(&path), &reply);
    if (code == JT_EXIT_DONE) {
        jt_client_print(args, &reply);
    }
    return code;
}
