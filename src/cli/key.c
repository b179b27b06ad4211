/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.c - jeton key: the signing keys, and their life.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../core/base/arena.h"
#include "../core/json/jw.h"
#include "adm.h"
#include "confirm.h"
#include "list.h"
#include "raw.h"
#include "when.h"

#define KEYS "/admin/v1/keys"
#define KEYS_MAX ((size_t)1000) /* one page: keys are few, and old ones leave */
#define ALL_KEYS JT_LIT(KEYS "?limit=1000")
#define ALGS_MAX 16

/* Where a state stands in the list: what signs, what will, what did. */
static int rank_of(const struct jt_jval *key)
{
    static const char *const states[] = {"active", "published", "retiring", "revoked"};
    struct jt_slice state = {0};
    int i = 0;
    (void)jt_jval_str(jt_jobj_get(key, "state"), &state);
    while (i < (int)(sizeof states / sizeof states[0]) && !jt_slice_eq(state, jt_str(states[i]))) {
        i++;
    }
    return i;
}

/* By algorithm, then by state, then by time. */
static int order(const void *a, const void *b)
{
    static const char *const members[] = {"alg", "signs_from"};
    const struct jt_jval *const *x = a;
    const struct jt_jval *const *y = b;
    struct jt_slice s[2][2] = {{{0}}};
    for (size_t i = 0; i < 2; i++) {
        (void)jt_jval_str(jt_jobj_get(*x, members[i]), &s[i][0]);
        (void)jt_jval_str(jt_jobj_get(*y, members[i]), &s[i][1]);
    }
    int by_alg = jt_slice_cmp(s[0][0], s[0][1]);
    int by_state = rank_of(*x) - rank_of(*y);
    return by_alg != 0 ? by_alg : by_state != 0 ? by_state : jt_slice_cmp(s[1][0], s[1][1]);
}

static enum jt_exit print_table(const struct jt_jval *keys)
{
    static const struct jt_column columns[] = {{"KID", "kid", NULL, false},
                                               {"ALG", "alg", NULL, false},
                                               {"STATE", "state", NULL, false},
                                               {"SIGNS FROM", "signs_from", NULL, false},
                                               {"PUBLISHED UNTIL", "published_until", NULL, false}};
    size_t n = jt_jval_count(keys);
    JT_AUTO(jt_arena_free) struct jt_arena arena;
    JT_AUTO(jt_table_free)
    struct jt_table *table = jt_table_new(columns, sizeof columns / sizeof columns[0]);
    jt_arena_init(&arena, 2 * KEYS_MAX * sizeof(void *));
    const struct jt_jval **sorted = jt_arena_array(&arena, KEYS_MAX, sizeof(void *));
    bool ok = table != NULL && sorted != NULL && n <= KEYS_MAX;
    for (size_t i = 0; ok && i < n; i++) {
        sorted[i] = jt_jarr_at(keys, i);
    }
    if (ok && n > 0) {
        qsort(sorted, n, sizeof(void *), order);
    }
    for (size_t i = 0; ok && i < n; i++) {
        ok = jt_table_add(table, sorted[i]);
    }
    if (!ok) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    if (!jt_table_print(table)) {
        return jt_say_fail(JT_EXIT_FAILED, "out of memory");
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_key_list(const struct jt_args *args)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = jt_adm_get(args, ALL_KEYS, &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output != JT_OUT_TABLE) {
        jt_list_json(args->output, jt_raw_member(reply.body, "items"));
        return code;
    }
    return print_table(jt_jobj_get(reply.value, "items"));
}

/* PEM is lines of text; nothing else in it reaches the terminal. */
static enum jt_exit print_pem(const struct jt_jval *key)
{
    struct jt_slice rest = {0};
    if (!jt_jval_str(jt_jobj_get(key, "pem"), &rest)) {
        return jt_say_fail(JT_EXIT_FAILED, "the server's answer has no PEM");
    }
    JT_AUTO(jt_buf_free) struct jt_buf out;
    jt_buf_init(&out, 65536);
    while (rest.n > 0) {
        size_t k = jt_slice_find(rest, '\n');
        jt_safe_put(&out, jt_slice(rest.p, k));
        jt_buf_putc(&out, '\n');
        rest = jt_slice_from(rest, k + 1);
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    return JT_EXIT_DONE;
}

static void print_key(const struct jt_jval *key)
{
    static const struct {
        const char *label, *name;
    } times[] = {{"created", "created"},
                 {"signs from", "signs_from"},
                 {"published until", "published_until"}};
    jt_card_member("key", key, "kid");
    jt_card_member("algorithm", key, "alg");
    jt_card_member("state", key, "state");
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf when;
        jt_buf_init(&when, 256);
        jt_show_when(&when, key, times[i].name);
        jt_card(times[i].label, jt_buf_slice(&when));
    }
}

static void path_of(struct jt_buf *path, const struct jt_args *args, const char *verb)
{
    jt_adm_path(path, KEYS "/", args->operand);
    jt_buf_puts(path, verb);
}

enum jt_exit jt_cmd_key_show(const struct jt_args *args)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    bool is_pem = jt_args_has(args, "pem");
    jt_buf_init(&path, 4096);
    if (is_pem && args->output != JT_OUT_TABLE) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "--pem and -o exclude each other; -o json has the PEM too");
    }
    path_of(&path, args, "");
    enum jt_exit code = jt_adm_get(args, jt_buf_slice(&path), &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply.body);
        return code;
    }
    if (is_pem) {
        return print_pem(reply.value);
    }
    print_key(reply.value);
    jt_say_hint("with --pem it prints the public key");
    return code;
}

struct algs {
    size_t n;
    struct jt_slice names[ALGS_MAX];
};

/* The algorithms that have an active key, each once. */
static void read_algs(const struct jt_jval *keys, struct algs *out)
{
    for (size_t i = 0; i < jt_jval_count(keys); i++) {
        struct jt_slice state = {0};
        struct jt_slice alg = {0};
        bool is_known = !jt_jval_str(jt_jobj_get(jt_jarr_at(keys, i), "state"), &state) ||
                        !jt_slice_eq(state, JT_LIT("active")) ||
                        !jt_jval_str(jt_jobj_get(jt_jarr_at(keys, i), "alg"), &alg);
        for (size_t k = 0; k < out->n; k++) {
            is_known = is_known || jt_slice_eq(out->names[k], alg);
        }
        if (!is_known && out->n < ALGS_MAX) {
            out->names[out->n++] = alg;
        }
    }
}

/* The new key joins a card or the JSON list. */
static void print_rotated(const struct jt_args *args, const struct jt_adm_reply *reply, size_t i)
{
    if (args->output != JT_OUT_TABLE) {
        jt_out_element(args->output, i, reply->body);
        return;
    }
    (void)fputs(i == 0 ? "" : "\n", stdout);
    print_key(reply->value);
}

/* Every algorithm gets its try; the first failure is the one that counts. */
static enum jt_exit rotate(const struct jt_args *args, const struct algs *algs)
{
    enum jt_exit result = JT_EXIT_DONE;
    size_t n = 0;
    for (size_t i = 0; i < algs->n; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf body;
        JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
        jt_buf_init(&body, 4096);
        struct jt_jw w = jt_jw(&body);
        jt_jw_obj(&w);
        jt_jw_kstr(&w, "alg", algs->names[i]);
        jt_jw_end_obj(&w);
        enum jt_exit code = jt_adm_post(args, JT_LIT(KEYS "/rotate"), jt_buf_slice(&body), &reply);
        if (code == JT_EXIT_DONE) {
            print_rotated(args, &reply, n++);
        } else if (result == JT_EXIT_DONE) {
            result = code;
        }
    }
    if (n > 0 || result == JT_EXIT_DONE) {
        jt_out_end(args->output, n);
    }
    return result;
}

enum jt_exit jt_cmd_key_rotate(const struct jt_args *args)
{
    struct algs algs = {0};
    if (jt_args_has(args, "alg")) {
        algs = (struct algs){1, {jt_str(jt_args_get(args, "alg"))}};
        return rotate(args, &algs);
    }
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = jt_adm_get(args, ALL_KEYS, &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    read_algs(jt_jobj_get(reply.value, "items"), &algs);
    return algs.n > 0
               ? rotate(args, &algs)
               : jt_say_fail(JT_EXIT_NOT_FOUND, "no key is active; name an algorithm with --alg");
}

static enum jt_exit end_key(const struct jt_args *args, const char *verb)
{
    JT_AUTO(jt_buf_free) struct jt_buf path;
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    jt_buf_init(&path, 4096);
    path_of(&path, args, verb);
    enum jt_exit code = jt_adm_post(args, jt_buf_slice(&path), JT_LIT("{}"), &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply.body);
        return code;
    }
    jt_card_member("key", reply.value, "kid");
    jt_card_member("state", reply.value, "state");
    jt_card_member("signs now", reply.value, "next");
    return code;
}

enum jt_exit jt_cmd_key_retire(const struct jt_args *args)
{
    return end_key(args, "/retire");
}

enum jt_exit jt_cmd_key_revoke(const struct jt_args *args)
{
    enum jt_exit code =
        jt_confirm(args, "Revoke key %.80s: every token it signed stops being good", args->operand);
    return code == JT_EXIT_DONE ? end_key(args, "/revoke") : code;
}

enum jt_exit jt_cmd_rekey(const struct jt_args *args)
{
    JT_AUTO(jt_adm_reply_free) struct jt_adm_reply reply = {0};
    enum jt_exit code = jt_adm_post(args, JT_LIT("/admin/v1/rekey"), JT_LIT("{}"), &reply);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (args->output != JT_OUT_TABLE) {
        jt_out_json(args->output, reply.body);
        return code;
    }
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, 256);
    jt_show_member(&line, reply.value, "data_keys");
    jt_buf_puts(&line, ", wrapped under a new master key");
    jt_card("data keys", jt_buf_slice(&line));
    return code;
}
