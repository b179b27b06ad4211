/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.c - jeton why: what a token request would get, without making one.
 */
#include "../core/http/cidr.h"
#include "../core/json/jw.h"
#include "adm.h"
#include "out.h"
#include "raw.h"

#define BODY_MAX ((size_t)512 * 1024)

/* Operands: CLIENT AUDIENCE [SCOPE...]; AUDIENCE "-": the request names none. */
static bool write_question(const struct jt_args *args, struct jt_buf *body)
{
    const char *from = jt_args_get(args, "from");
    struct jt_addr address = {0};
    if (from != NULL && jt_addr_read(jt_str(from), &address) != JT_OK) {
        jt_say_error("--from takes an address such as 10.0.3.7 or 2001:db8::1, not \"%.60s\"",
                     from);
        return false;
    }
    struct jt_jw w = jt_jw(body);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "client_id", jt_str(args->operand));
    if (strcmp(args->operands[1], "-") != 0) {
        jt_jw_kstr(&w, "resource", jt_str(args->operands[1]));
    }
    jt_jw_key(&w, "scopes");
    jt_jw_arr(&w);
    for (size_t i = 2; i < args->noperands; i++) {
        jt_jw_str(&w, jt_str(args->operands[i]));
    }
    jt_jw_end_arr(&w);
    if (from != NULL) {
        jt_jw_kstr(&w, "address", jt_str(from));
    }
    jt_jw_end_obj(&w);
    return true;
}

/* One claim a line; strings without their quotes. */
static void print_claims(const struct jt_adm_reply *reply)
{
    const struct jt_jval *claims = jt_jobj_get(reply->value, "claims");
    struct jt_raw_walk walk = jt_raw_walk(jt_raw_member(reply->body, "claims"));
    struct jt_raw_item item = {0};
    for (bool is_first = true; claims != NULL && jt_raw_next(&walk, &item); is_first = false) {
        char name[64];
        JT_AUTO(jt_buf_free) struct jt_buf line;
        struct jt_slice text = {0};
        jt_buf_init(&line, BODY_MAX);
        int n = item.name.n < sizeof name ? (int)item.name.n : (int)sizeof name - 1;
        memcpy(name, item.name.p, (size_t)n);
        name[n] = '\0';
        jt_buf_printf(&line, "%-9s ", name);
        if (jt_jval_str(jt_jobj_get(claims, name), &text)) {
            jt_buf_put(&line, text);
        } else {
            jt_raw_put(&line, item.value, JT_RAW_ONE_LINE);
        }
        jt_card(is_first ? "claims" : NULL, jt_buf_slice(&line));
    }
}

static void print_needs(const struct jt_jval *needs)
{
    struct jt_slice what = {0};
    for (size_t i = 0; i < jt_jval_count(needs); i++) {
        if (jt_jval_str(jt_jarr_at(needs, i), &what)) {
            jt_card("needs", jt_slice_eq(what, JT_LIT("certificate"))
                                 ? JT_LIT("a client certificate on the connection")
                                 : what);
        }
    }
}

static void print_answer(const struct jt_adm_reply *reply)
{
    static const struct {
        const char *label, *name;
    } rows[] = {
        {"decision", "decision"}, {"reason", "reason"},     {"why", "explanation"},
        {"what to do", "advice"}, {"resource", "resource"}, {"scope", "scope"},
        {"algorithm", "alg"},     {"format", "format"},     {"credential", "credential_id"}};
    int64_t seconds = 0;
    const struct jt_jval *needs = jt_jobj_get(reply->value, "needs");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        jt_card_member(rows[i].label, reply->value, rows[i].name);
    }
    if (needs != NULL) {
        print_needs(needs);
    }
    if (jt_jval_int(jt_jobj_get(reply->value, "expires_in"), &seconds)) {
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, 64);
        jt_show_duration(&b, seconds);
        jt_card("lifetime", jt_buf_slice(&b));
    }
    print_claims(reply);
}

enum jt_exit jt_cmd_why(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf body;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&body, BODY_MAX);
    if (!write_question(args, &body)) {
        return JT_EXIT_USAGE;
    }
    enum jt_exit code = jt_adm_post(args, JT_LIT("/admin/v1/why"), jt_buf_slice(&body), &reply);
    if (code == JT_EXIT_DONE && args->output == JT_OUT_TABLE) {
        print_answer(&reply);
    } else if (code == JT_EXIT_DONE) {
        jt_out_json(args->output, reply.body);
    }
    return code;
}
