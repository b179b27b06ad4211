/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.c - credentials shown: jeton credential list, and lines for other commands.
 */
#include "credential.h"

#include "list.h"
#include "raw.h"
#include "when.h"

#define LINE_MAX_BYTES 65536
#define CALLERS_KEPT 4 /* by the server */

static bool is_text(const struct jt_jval *item, const char *name, const char *text)
{
    struct jt_slice s = {0};
    return jt_jval_str(jt_jobj_get(item, name), &s) && jt_slice_eq(s, jt_str(text));
}

void jt_credential_name(struct jt_buf *b, const struct jt_jval *credential)
{
    struct jt_slice label = {0};
    jt_show_member(b, credential, "credential_id");
    if (jt_jval_str(jt_jobj_get(credential, "label"), &label) && label.n > 0) {
        jt_buf_puts(b, " (");
        jt_buf_put(b, label);
        jt_buf_putc(b, ')');
    }
}

void jt_credential_path(struct jt_buf *b, const struct jt_args *args)
{
    jt_adm_path(b, "/admin/v1/clients/", args->operand);
    jt_buf_puts(b, "/credentials");
}

static void put_part(struct jt_buf *b, const char *before, struct jt_slice text)
{
    if (text.n > 0) {
        jt_buf_puts(b, before);
        jt_buf_put(b, text);
    }
}

static void put_time(struct jt_buf *b, const char *before, const struct jt_jval *c,
                     const char *name)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, 256);
    jt_show_when(&text, c, name);
    put_part(b, before, jt_buf_slice(&text));
}

/* With what is left of another server: its hash. */
static void show_kind(struct jt_buf *b, const struct jt_jval *c)
{
    struct jt_slice hash = {0};
    jt_show_member(b, c, "kind");
    if (jt_jval_str(jt_jobj_get(c, "hash"), &hash) && !jt_slice_eq(hash, JT_LIT("hmac-sha-256"))) {
        jt_buf_puts(b, " (");
        jt_buf_put(b, hash);
        jt_buf_putc(b, ')');
    }
}

#define NAME_SHOWN 40u /* a kid, a subject or a URL, in a table */

static void put_name(struct jt_buf *b, const struct jt_jval *c, size_t most)
{
    static const struct {
        const char *object, *member;
    } rows[] = {{"jwk", "kid"},     {"certificate", "subject"}, {"trust", "issuer"},
                {"tls", "subject"}, {"tls", "san_dns"},         {"tls", "san_uri"},
                {"tls", "san_ip"},  {"tls", "san_email"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf text;
        jt_buf_init(&text, LINE_MAX_BYTES);
        jt_show_member(&text, jt_jobj_get(c, rows[i].object), rows[i].member);
        if (text.n > 0) {
            jt_buf_put(b, jt_slice(text.p, text.n < most ? text.n : most));
            jt_buf_puts(b, text.n > most ? "..." : "");
            return;
        }
    }
}

void jt_credential_show_name(struct jt_buf *b, const struct jt_jval *credential)
{
    put_name(b, credential, LINE_MAX_BYTES);
}

static void show_name(struct jt_buf *cell, const struct jt_jval *item)
{
    put_name(cell, item, NAME_SHOWN);
}

void jt_credential_line(struct jt_buf *b, const struct jt_jval *c)
{
    JT_AUTO(jt_buf_free) struct jt_buf part;
    jt_buf_init(&part, LINE_MAX_BYTES);
    jt_show_member(b, c, "credential_id");
    jt_buf_puts(b, "  ");
    show_kind(&part, c);
    jt_buf_put(b, jt_buf_slice(&part));
    for (size_t i = part.n; i < sizeof "secret" - 1; i++) {
        jt_buf_putc(b, ' ');
    }
    jt_buf_reset(&part);
    jt_show_member(&part, c, "state");
    put_part(b, "  ", jt_buf_slice(&part));
    for (size_t i = part.n; i < sizeof "retiring" - 1; i++) {
        jt_buf_putc(b, ' ');
    }
    jt_buf_reset(&part);
    jt_show_member(&part, c, "label");
    put_part(b, "  ", jt_buf_slice(&part));
    jt_buf_puts(b, part.n > 0 ? ", " : "  ");
    bool is_used = jt_jobj_get(c, "last_used") != NULL;
    jt_buf_puts(b, is_used ? "used " : "never used");
    if (is_used) {
        jt_show_last_used(b, c);
    }
    if (is_text(c, "state", "pending")) {
        put_time(b, ", from ", c, "not_before");
    }
    put_time(b, is_text(c, "state", "expired") ? ", expired " : ", until ", c, "expires");
    jt_buf_reset(&part);
    jt_show_member(&part, c, "networks");
    put_part(b, ", only from ", jt_buf_slice(&part));
    jt_buf_reset(&part);
    show_name(&part, c);
    put_part(b, ", ", jt_buf_slice(&part));
}

static void show_minute(struct jt_buf *cell, const struct jt_jval *item, const char *name,
                        const char *otherwise)
{
    struct jt_slice s = {0};
    bool is_time = jt_jval_str(jt_jobj_get(item, name), &s) && s.n > 16;
    if (is_time) { /* 2026-11-25T10:00:00Z as 2026-11-25 10:00Z */
        jt_buf_put(cell, jt_slice(s.p, 10));
        jt_buf_putc(cell, ' ');
        jt_buf_put(cell, jt_slice(s.p + 11, 5));
        jt_buf_putc(cell, 'Z');
    } else {
        jt_buf_puts(cell, otherwise);
    }
}

/* "6 (2)": in all, and in the last 24 hours. */
static void show_uses(struct jt_buf *cell, const struct jt_jval *item)
{
    jt_show_member(cell, item, "uses");
    if (jt_jobj_get(item, "uses_24h") != NULL) {
        jt_buf_puts(cell, " (");
        jt_show_member(cell, item, "uses_24h");
        jt_buf_putc(cell, ')');
    }
}

static void show_expires(struct jt_buf *cell, const struct jt_jval *item)
{
    int64_t t = 0;
    show_minute(cell, item, "expires", "never");
    if (jt_when_member(item, "expires", &t)) {
        jt_buf_puts(cell, " (");
        jt_show_relative(cell, t);
        jt_buf_putc(cell, ')');
    }
}

/* What took over from a retiring credential: the newest active one of its label. NULL: none. */
static const struct jt_jval *successor_of(const struct jt_jval *items, const struct jt_jval *old)
{
    const struct jt_jval *best = NULL;
    struct jt_slice label = {0};
    struct jt_slice other = {0};
    int64_t best_s = -1;
    int64_t made = 0;
    (void)jt_jval_str(jt_jobj_get(old, "label"), &label);
    for (size_t i = 0; i < jt_jval_count(items); i++) {
        const struct jt_jval *c = jt_jarr_at(items, i);
        other = jt_slice(NULL, 0);
        (void)jt_jval_str(jt_jobj_get(c, "label"), &other);
        if (is_text(c, "state", "active") && jt_slice_eq(label, other) &&
            jt_when_member(c, "created", &made) && made > best_s) {
            best = c;
            best_s = made;
        }
    }
    return best;
}

/* Who used it since then, the last one first: "4 s ago from 10.0.3.7 (curl/8)". */
static void put_callers(struct jt_buf *b, const struct jt_jval *old, int64_t since)
{
    const struct jt_jval *callers = jt_jobj_get(old, "callers");
    int64_t used = 0;
    for (size_t i = 0; i < jt_jval_count(callers); i++) {
        const struct jt_jval *c = jt_jarr_at(callers, i);
        struct jt_slice agent = {0};
        if (!jt_when_member(c, "last_used", &used) || used < since) {
            continue;
        }
        jt_buf_puts(b, b->n > 0 ? ", " : "");
        jt_show_relative(b, used);
        jt_buf_puts(b, " from ");
        jt_show_member(b, c, "address");
        if (jt_jval_str(jt_jobj_get(c, "agent"), &agent) && agent.n > 0) {
            put_part(b, " (", agent);
            jt_buf_putc(b, ')');
        }
    }
    if (jt_jval_count(callers) == CALLERS_KEPT && used >= since) {
        jt_buf_puts(b, ", and perhaps from others before");
    }
}

/*
 * Whether a retiring credential can go. It can when its successor is in use and it has not been
 * used since the successor was made; a successor nobody uses yet proves nothing.
 */
static void hint(const struct jt_args *args, const struct jt_jval *items, const struct jt_jval *old)
{
    JT_AUTO(jt_buf_free) struct jt_buf name;
    JT_AUTO(jt_buf_free) struct jt_buf use;
    JT_AUTO(jt_buf_free) struct jt_buf end;
    const struct jt_jval *successor = successor_of(items, old);
    int64_t used = -1;
    int64_t made = 0;
    int64_t ends = 0;
    struct jt_slice id = {0};
    jt_buf_init(&name, 1024);
    jt_buf_init(&use, 1024);
    jt_buf_init(&end, 64);
    jt_credential_name(&name, old);
    bool is_used = jt_when_member(old, "last_used", &used);
    jt_show_last_used(&use, old);
    if (jt_when_member(old, "expires", &ends)) {
        jt_show_relative(&end, ends);
    }
    struct jt_slice n = jt_buf_slice(&name);
    struct jt_slice u = jt_buf_slice(&use);
    struct jt_slice e = end.n > 0 ? jt_buf_slice(&end) : JT_LIT("at no set time");
    if (successor == NULL) {
        jt_say_hint("%.*s ends %.*s and no active credential has its label; last used: %.*s",
                    JT_FMT(n), JT_FMT(e), JT_FMT(u));
        return;
    }
    (void)jt_when_member(successor, "created", &made);
    (void)jt_jval_str(jt_jobj_get(successor, "credential_id"), &id);
    if (is_used && used >= made) {
        jt_buf_reset(&use);
        put_callers(&use, old, made);
        jt_say_hint("%.*s still used: %.*s; it ends %.*s", JT_FMT(n), JT_FMT(jt_buf_slice(&use)),
                    JT_FMT(e));
    } else if (jt_jobj_get(successor, "last_used") == NULL) {
        jt_say_hint("%.*s not used since its successor %.*s was made, but that is not used yet "
                    "either: keep it; it ends %.*s",
                    JT_FMT(n), JT_FMT(id), JT_FMT(e));
    } else {
        jt_buf_reset(&use);
        jt_show_when(&use, is_used ? old : successor, is_used ? "last_used" : "created");
        (void)jt_jval_str(jt_jobj_get(old, "credential_id"), &id);
        jt_say_hint("safe to retire: %.*s not used since %.*s; jeton credential revoke %s %.*s",
                    JT_FMT(n), JT_FMT(jt_buf_slice(&use)), args->operand, JT_FMT(id));
    }
}

void jt_credential_hint_environment(const struct jt_jval *credential)
{
    JT_AUTO(jt_buf_free) struct jt_buf name;
    struct jt_slice here = {0};
    jt_buf_init(&name, 1024);
    jt_credential_name(&name, credential);
    if (jt_jval_str(jt_jobj_get(credential, "refused_in"), &here)) {
        jt_say_hint("%.*s is refused here: this server is %.*s (server.environment), and the label "
                    "names another environment",
                    JT_FMT(jt_buf_slice(&name)), JT_FMT(here));
    }
}

static void hint_begin(const struct jt_jval *credential)
{
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, 1024);
    jt_credential_name(&line, credential);
    put_time(&line, " is not good yet: it begins ", credential, "not_before");
    jt_say_hint("%.*s", JT_FMT(jt_buf_slice(&line)));
}

static enum jt_exit print_table(const struct jt_args *args, const struct jt_jval *items)
{
    static const struct jt_column columns[] = {
        {"ID", "credential_id", NULL, false},   {"KIND", NULL, show_kind, false},
        {"LABEL", "label", NULL, false},        {"STATE", "state", NULL, false},
        {"EXPIRES", NULL, show_expires, false}, {"LAST USED", NULL, jt_show_last_used, false},
        {"BY", "last_used_agent", NULL, false}, {"USES (24H)", NULL, show_uses, false},
        {"NAME", NULL, show_name, false}};
    enum jt_exit code = jt_list_table(items, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; code == JT_EXIT_DONE && i < jt_jval_count(items); i++) {
        jt_credential_hint_environment(jt_jarr_at(items, i));
        if (is_text(jt_jarr_at(items, i), "state", "pending")) {
            hint_begin(jt_jarr_at(items, i));
        }
        if (is_text(jt_jarr_at(items, i), "state", "retiring")) {
            hint(args, items, jt_jarr_at(items, i));
        }
    }
    if (jt_jval_count(items) == 0) {
        jt_say_hint("client %s has no credential; jeton credential add %s --secret makes one",
                    args->operand, args->operand);
    }
    return code;
}

enum jt_exit jt_cmd_credential_list(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    jt_credential_path(&path, args);
    enum jt_exit code = jt_adm_get(args, jt_buf_slice(&path), &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output == JT_OUT_TABLE) {
        return print_table(args, jt_jobj_get(reply.value, "items"));
    }
    jt_list_json(args->output, jt_raw_member(reply.body, "items"));
    return JT_EXIT_DONE;
}
