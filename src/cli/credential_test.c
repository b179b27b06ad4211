/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_test.c - jeton credential test: a token held against trust rules, as the server does.
 */
#include <stdio.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "../core/json/jw.h"
#include "../server/auth/trust_eval.h"
#include "../server/config/env.h"
#include "../server/issuers/network.h"
#include "../server/reason.h"
#include "input.h"
#include "list.h"
#include "when.h"

#define RULES_MAX 32u
#define FILE_MAX (RULES_MAX * JT_TRUST_RULE_MAX)
#define OUT_MAX ((size_t)4 * 1024 * 1024)

struct test {
    const struct jt_args *args;
    struct jt_trust_moment at;
    struct jt_network network;
    struct jt_arena arena;
    struct jt_trust_token token;
    struct jt_json *rules, *claims;
    struct jt_jw w; /* of the report */
    bool accepted;  /* by one of the rules */
    bool unchecked; /* a signature was not looked at */
};

/* ----- what was given ----- */

static enum jt_exit read_networks(struct test *t)
{
    const char *text = NULL;
    const char *why = "";
    for (size_t i = 0; (text = jt_args_next(t->args, "allow-network", &i)) != NULL;) {
        if (t->network.nnets == JT_NETWORK_NETS) {
            return jt_say_fail(JT_EXIT_USAGE, "--allow-network: at most %d networks",
                               JT_NETWORK_NETS);
        }
        if (jt_net_read(jt_str(text), &t->network.nets[t->network.nnets], &why) != JT_OK) {
            return jt_say_fail(JT_EXIT_USAGE, "--allow-network \"%.60s\" %s", text, why);
        }
        t->network.nnets++;
    }
    return JT_EXIT_DONE;
}

static enum jt_exit read_flags(struct test *t)
{
    const char *audience = jt_args_get(t->args, "audience");
    const char *issuer = jt_args_get(t->args, "issuer");
    const char *ca_file = jt_args_get(t->args, "ca-file");
    issuer = issuer != NULL ? issuer : jt_env("JETON_ISSUER");
    t->at.audience = jt_str(audience != NULL ? audience : issuer);
    t->at.now_s = jt_wall_s(&jt_clock_system);
    if (ca_file != NULL) {
        size_t n = strlen(ca_file);
        if (n >= sizeof t->network.ca_file) {
            return jt_say_fail(JT_EXIT_USAGE, "--ca-file: the path is too long");
        }
        memcpy(t->network.ca_file, ca_file, n + 1);
    }
    return jt_when_after(t->args, "now", &t->at.now_s) ? read_networks(t) : JT_EXIT_USAGE;
}

static enum jt_exit read_rules(struct test *t)
{
    static const struct jt_json_limits limits = {FILE_MAX, 9, 16384};
    const char *file = t->args->operands[0];
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, FILE_MAX);
    enum jt_exit code = jt_input_read_public(file, "the trust rule", &text);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (jt_json_parse(jt_buf_slice(&text), &limits, &t->rules) != JT_OK) {
        return jt_say_fail(JT_EXIT_USAGE, "\"%s\" is not JSON", file);
    }
    const struct jt_jval *root = jt_json_root(t->rules);
    bool is_array = jt_jval_type(root) == JT_JARRAY;
    if (is_array && (jt_jval_count(root) == 0 || jt_jval_count(root) > RULES_MAX)) {
        return jt_say_fail(JT_EXIT_USAGE, "\"%s\" has no rule, or more than %u", file, RULES_MAX);
    }
    return JT_EXIT_DONE;
}

static enum jt_exit read_token(struct test *t)
{
    const char *file = t->args->operands[1];
    JT_AUTO(jt_buf_free) struct jt_buf text;
    struct jt_slice kept = {0};
    jt_buf_init(&text, JT_JWS_MAX);
    enum jt_exit code = jt_input_read(file, "the token", &text);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (!jt_arena_copy(&t->arena, jt_buf_slice(&text), &kept)) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    enum jt_err e = jt_trust_token_read(kept, &t->arena, &t->claims, &t->token);
    const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
    if (e == JT_E_UNSUPPORTED) {
        return jt_say_fail(JT_EXIT_FAILED,
                           "the token in \"%s\" is signed with an algorithm that is not taken: "
                           "RS256, PS256, ES256 and EdDSA are",
                           name);
    }
    return e == JT_OK ? JT_EXIT_DONE
                      : jt_say_fail(JT_EXIT_USAGE,
                                    "\"%s\" is not a signed JWT in compact form (three parts with "
                                    "dots between them)",
                                    name);
}

/* ----- one rule ----- */

/* The keys that the rule has, or that are fetched. NULL: *why says why not. */
static struct jt_keyset *keys_of(struct test *t, const struct jt_trust_rule *r,
                                 struct jt_oauth_error *err)
{
    struct jt_keyset *set = NULL;
    const char *why = "";
    const struct jt_jwks_source from = {r->issuer, r->jwks_uri};
    if (r->jwks.n > 0) {
        (void)!jt_keyset_read(r->jwks, &set, &why);
    } else if (jt_args_has(t->args, "no-fetch")) {
        t->unchecked = true;
        (void)jt_oauth_fail(err, JT_OAUTH_FAILED, JT_ABOUT_NOTHING,
                            "not fetched (--no-fetch), so the signature was not checked");
    } else {
        (void)jt_network_fetch(NULL, &from, &t->network, NULL, &set, err);
    }
    return set;
}

static const char *result_word(enum jt_finding_end end)
{
    return end == JT_FINDING_GOOD ? "ok" : end == JT_FINDING_BAD ? "wrong" : "not checked";
}

/* The reason that the server would write down. */
static enum jt_reason reason_of(const struct jt_finding *f)
{
    static const enum jt_reason reasons[] = {
        [JT_CHECK_TYP] = JT_R_ASSERTION_MALFORMED, [JT_CHECK_ALG] = JT_R_ASSERTION_ALG,
        [JT_CHECK_ISS] = JT_R_TRUST_RULE,          [JT_CHECK_AUD] = JT_R_ASSERTION_AUDIENCE,
        [JT_CHECK_EXP] = JT_R_ASSERTION_EXPIRED,   [JT_CHECK_LIFE] = JT_R_ASSERTION_LIFE,
        [JT_CHECK_IAT] = JT_R_ASSERTION_NOT_YET,   [JT_CHECK_NBF] = JT_R_ASSERTION_NOT_YET,
        [JT_CHECK_JTI] = JT_R_ASSERTION_JTI,       [JT_CHECK_MATCH] = JT_R_TRUST_CLAIMS,
        [JT_CHECK_KEYS] = JT_R_ASSERTION_KEY,      [JT_CHECK_SIGNATURE] = JT_R_ASSERTION_SIGNATURE};
    return f->check == JT_CHECK_KEYS && f->end == JT_FINDING_UNDECIDED ? JT_R_TRUST_KEYS
                                                                       : reasons[f->check];
}

static void write_finding(struct jt_jw *w, const struct jt_finding *f)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "claim", f->name);
    jt_jw_kstr(w, "result", jt_str(result_word(f->end)));
    if (f->end != JT_FINDING_GOOD) {
        jt_jw_kstr(w, "reason", jt_str(jt_reason_row(reason_of(f))->name));
    }
    jt_jw_kstr(w, "token", f->has);
    jt_jw_kstr(w, "rule", f->wants);
    jt_jw_end_obj(w);
}

/* What is wrong comes first: that is what one looks for. */
static void write_findings(struct jt_jw *w, const struct jt_findings *found)
{
    jt_jw_key(w, "findings");
    jt_jw_arr(w);
    for (int good = 0; good <= 1; good++) {
        for (size_t i = 0; i < found->n; i++) {
            if ((found->item[i].end == JT_FINDING_GOOD) == (good == 1)) {
                write_finding(w, &found->item[i]);
            }
        }
    }
    jt_jw_end_arr(w);
}

/* Signatures are looked at even where a claim is wrong: here one wants to know all. */
static void judge(struct test *t, const struct jt_trust_rule *r)
{
    struct jt_oauth_error err = {0};
    struct jt_findings found = {.arena = &t->arena, .says_all = true};
    jt_trust_evaluate(r, &t->token, &t->at, &found);
    struct jt_keyset *set = keys_of(t, r, &err);
    jt_trust_verify(&t->token, set, &found);
    bool good = jt_findings_good(&found);
    t->accepted = t->accepted || good;
    jt_jw_obj(&t->w);
    jt_jw_kstr(&t->w, "issuer", r->issuer);
    jt_jw_kbool(&t->w, "accepted", good);
    jt_jw_kstr(&t->w, "keys_from",
               r->jwks.n > 0 ? JT_LIT("rule")
                             : (r->jwks_uri.n > 0 ? JT_LIT("jwks_uri") : JT_LIT("issuer")));
    if (set == NULL) {
        jt_jw_kstr(&t->w, "keys_missing", jt_str(err.text));
    }
    write_findings(&t->w, &found);
    jt_jw_end_obj(&t->w);
    jt_keyset_release(&set);
}

static enum jt_exit judge_one(struct test *t, const struct jt_jval *v)
{
    struct jt_trust_rule r;
    struct jt_trust_why why = {0};
    if (jt_trust_rule_from(v, &t->arena, &r, &why) != JT_OK) {
        return jt_say_fail(JT_EXIT_USAGE, "\"%s\": %s", t->args->operands[0],
                           why.text[0] != '\0' ? why.text : "out of memory");
    }
    if (r.audience.n == 0 && t->at.audience.n == 0) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "the rule names no audience, so it is the server's issuer: say it with "
                           "--issuer URL, JETON_ISSUER or --audience");
    }
    judge(t, &r);
    return JT_EXIT_DONE;
}

static enum jt_exit judge_all(struct test *t)
{
    const struct jt_jval *root = jt_json_root(t->rules);
    bool is_array = jt_jval_type(root) == JT_JARRAY;
    char now[JT_RFC3339_SIZE];
    enum jt_exit code = JT_EXIT_DONE;
    jt_fmt_rfc3339(t->at.now_s, now);
    jt_jw_obj(&t->w);
    jt_jw_kstr(&t->w, "now", jt_str(now));
    jt_jw_key(&t->w, "rules");
    jt_jw_arr(&t->w);
    for (size_t i = 0; i < (is_array ? jt_jval_count(root) : 1) && code == JT_EXIT_DONE; i++) {
        code = judge_one(t, is_array ? jt_jarr_at(root, i) : root);
    }
    jt_jw_end_arr(&t->w);
    jt_jw_kbool(&t->w, "accepted", t->accepted);
    jt_jw_end_obj(&t->w);
    return code;
}

/* ----- told ----- */

/* "no: aud (assertion_audience), sub (trust_claims)" */
static void print_accepted(const struct jt_jval *rule)
{
    JT_AUTO(jt_buf_free) struct jt_buf line;
    const struct jt_jval *findings = jt_jobj_get(rule, "findings");
    const char *before = ": ";
    jt_buf_init(&line, OUT_MAX);
    jt_show_member(&line, rule, "accepted");
    for (size_t i = 0; i < jt_jval_count(findings); i++) {
        const struct jt_jval *f = jt_jarr_at(findings, i);
        if (jt_jobj_get(f, "reason") == NULL) {
            continue;
        }
        jt_buf_puts(&line, before);
        jt_show_member(&line, f, "claim");
        jt_buf_puts(&line, " (");
        jt_show_member(&line, f, "reason");
        jt_buf_putc(&line, ')');
        before = ", ";
    }
    jt_card("accepted", jt_buf_slice(&line));
}

static enum jt_exit print_table(struct jt_slice report)
{
    static const struct jt_json_limits limits = {OUT_MAX, 8, 65536};
    static const struct jt_column columns[] = {{"CLAIM", "claim", NULL, false},
                                               {"RESULT", "result", NULL, false},
                                               {"TOKEN HAS", "token", NULL, true},
                                               {"RULE WANTS", "rule", NULL, true}};
    struct jt_json *doc = NULL;
    enum jt_exit code = JT_EXIT_DONE;
    if (jt_json_parse(report, &limits, &doc) != JT_OK) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    const struct jt_jval *rules = jt_jobj_get(jt_json_root(doc), "rules");
    for (size_t i = 0; i < jt_jval_count(rules) && code == JT_EXIT_DONE; i++) {
        const struct jt_jval *rule = jt_jarr_at(rules, i);
        if (i > 0) {
            (void)fputc('\n', stdout);
        }
        print_accepted(rule);
        jt_card_member("issuer", rule, "issuer");
        jt_card_member("keys from", rule, "keys_from");
        jt_card_member("keys", rule, "keys_missing");
        code = jt_list_table(jt_jobj_get(rule, "findings"), columns,
                             sizeof columns / sizeof columns[0]);
    }
    jt_json_free(&doc);
    return code;
}

static enum jt_exit tell(const struct test *t, struct jt_slice report)
{
    enum jt_exit code = JT_EXIT_DONE;
    if (t->args->output == JT_OUT_TABLE) {
        code = print_table(report);
    } else {
        jt_out_json(t->args->output, report);
    }
    if (code == JT_EXIT_DONE && t->accepted) {
        jt_say_hint("the server would accept this token, unless it was used before");
    } else if (code == JT_EXIT_DONE && t->unchecked) {
        jt_say_hint("without --no-fetch the signature is checked too");
    }
    return code != JT_EXIT_DONE ? code : t->accepted ? JT_EXIT_DONE : JT_EXIT_FAILED;
}

static void end(struct test *t)
{
    jt_json_free(&t->rules);
    jt_json_free(&t->claims);
    jt_arena_free(&t->arena);
}

enum jt_exit jt_cmd_credential_test(const struct jt_args *args)
{
    struct test t = {.args = args};
    JT_AUTO(jt_buf_free) struct jt_buf report;
    jt_buf_init(&report, OUT_MAX);
    jt_arena_init(&t.arena, RULES_MAX * JT_TRUST_ARENA);
    t.w = jt_jw(&report);
    enum jt_exit code = read_flags(&t);
    code = code == JT_EXIT_DONE ? read_rules(&t) : code;
    code = code == JT_EXIT_DONE ? read_token(&t) : code;
    code = code == JT_EXIT_DONE ? judge_all(&t) : code;
    if (code == JT_EXIT_DONE && !jt_buf_ok(&report)) {
        code = jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    code = code == JT_EXIT_DONE ? tell(&t, jt_buf_slice(&report)) : code;
    end(&t);
    return code;
}
