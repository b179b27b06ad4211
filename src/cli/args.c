/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "../core/base/num.h"
#include "../core/http/name.h"
#include "../server/config/suggest.h"

struct reading {
    struct jt_args *a;
    size_t argc, i;
    const char *const *argv;
    char *err;
};

__attribute__((format(printf, 2, 3))) static enum jt_args_end wrong(struct reading *r,
                                                                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->err, JT_ARGS_ERROR, fmt, ap);
    va_end(ap);
    return JT_ARGS_WRONG;
}

static const struct jt_flag *find(const struct jt_command *c, struct jt_slice name)
{
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            if (jt_slice_eq(jt_str(f->name), name)) {
                return f;
            }
        }
    }
    return NULL;
}

/* The name of operand i as the command shows it, without brackets and dots; empty when it takes no
 * such operand. */
struct operand {
    struct jt_slice name;
    bool is_optional;
};

static struct operand operand_at(const struct jt_command *c, size_t i)
{
    struct jt_slice rest = jt_str(c->operand);
    struct jt_slice name = {0};
    const struct jt_slice dots = JT_LIT("...");
    bool repeats = false;
    bool is_optional = false;
    for (size_t k = 0; k <= i && !repeats; k++) {
        if (!jt_slice_next_word(&rest, &name)) {
            return (struct operand){0};
        }
        is_optional = name.p[0] == '[';
        name = is_optional ? jt_slice(name.p + 1, name.n - 2) : name;
        repeats = name.n > dots.n && jt_slice_eq(jt_slice_from(name, name.n - dots.n), dots);
        name.n -= repeats ? dots.n : 0;
    }
    return (struct operand){name, is_optional};
}

/* Is it the name of an operand: --client where CLIENT stands without a flag? */
static bool is_operand(const struct jt_command *c, struct jt_slice name)
{
    struct jt_slice o = {0};
    for (size_t i = 0; i < JT_OPERANDS_MAX && (o = operand_at(c, i).name).n > 0; i++) {
        if (o.n == name.n && strncasecmp((const char *)o.p, (const char *)name.p, o.n) == 0) {
            return true;
        }
    }
    return false;
}

static enum jt_args_end unknown_flag(struct reading *r, struct jt_slice name)
{
    struct jt_suggest s = jt_suggest(name);
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    if (is_operand(r->a->command, name)) {
        const struct jt_command *c = r->a->command;
        return wrong(r, "unknown flag --%.60s: it stands without a flag, jeton %s%s%s %s",
                     (const char *)name.p, c->noun == NULL ? "" : c->noun,
                     c->noun == NULL ? "" : " ", c->verb, c->operand);
    }
    for (size_t i = 0; (f = jt_command_flags(r->a->command, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            jt_suggest_offer(&s, jt_str(f->name));
        }
    }
    if (jt_suggest_found(&s)) {
        return wrong(r, "unknown flag --%.60s (did you mean --%.*s?)", (const char *)name.p,
                     JT_FMT(s.best));
    }
    return wrong(r, "unknown flag --%.60s", (const char *)name.p);
}

static enum jt_args_end read_output(struct reading *r, const char *value)
{
    static const struct jt_slice names[] = {JT_LIT_INIT("table"), JT_LIT_INIT("json"),
                                            JT_LIT_INIT("jsonl")};
    struct jt_suggest s = jt_suggest(jt_str(value));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jt_slice_eq(names[i], jt_str(value))) {
            r->a->output = (enum jt_output)i;
            return JT_ARGS_RUN;
        }
        jt_suggest_offer(&s, names[i]);
    }
    if (jt_suggest_found(&s)) {
        return wrong(r, "-o takes table, json or jsonl, not \"%.60s\" (did you mean \"%.*s\"?)",
                     value, JT_FMT(s.best));
    }
    return wrong(r, "-o takes table, json or jsonl, not \"%.60s\"", value);
}

static enum jt_args_end add(struct reading *r, const struct jt_flag *f, const char *value)
{
    const char *dashes = f->name[1] == '\0' ? "-" : "--";
    struct jt_args *a = r->a;
    if (!f->repeats && jt_args_has(a, f->name)) {
        return wrong(r, "%s%s is given twice", dashes, f->name);
    }
    if (a->n == JT_ARGS_MAX) {
        return wrong(r, "more than %d flags", JT_ARGS_MAX);
    }
    if (!jt_utf8_ok(jt_str(value))) {
        return wrong(r, "the value of %s%s is not UTF-8 text", dashes, f->name);
    }
    a->given[a->n].flag = f;
    a->given[a->n].value = value;
    a->n++;
    return strcmp(f->name, "o") == 0 ? read_output(r, value) : JT_ARGS_RUN;
}

/* name up to "=" or the end; the value stands behind it or is the next word. */
static enum jt_args_end read_flag(struct reading *r, const char *word)
{
    struct jt_slice name = jt_str(word);
    size_t k = jt_slice_find(name, '=');
    const char *value = k < name.n ? word + k + 1 : NULL;
    name.n = k;
    const struct jt_flag *f = find(r->a->command, name);
    if (f == NULL) {
        char copy[64];
        (void)snprintf(copy, sizeof copy, "%.*s", (int)(k < 60 ? k : 60), word);
        return unknown_flag(r, jt_str(copy));
    }
    const char *dashes = f->name[1] == '\0' ? "-" : "--";
    if (f->takes == NULL) {
        return value == NULL ? add(r, f, "") : wrong(r, "%s%s takes no value", dashes, f->name);
    }
    if (value == NULL) {
        if (r->i == r->argc) {
            return wrong(r, "%s%s needs a value: %s", dashes, f->name, f->takes);
        }
        value = r->argv[r->i++];
    }
    return add(r, f, value);
}

/* Perhaps an operand: the id of a key may begin so. */
static enum jt_args_end unknown_short(struct reading *r, const char *word)
{
    return r->a->command->operand == NULL
               ? wrong(r, "unknown flag -%.60s", word)
               : wrong(r, "unknown flag -%.60s (if it is none, put -- before it)", word);
}

static enum jt_args_end read_short(struct reading *r, const char *word)
{
    const struct jt_flag *f = find(r->a->command, jt_slice(word, 1));
    if (f == NULL) {
        struct jt_slice s = jt_str(word);
        return find(r->a->command, jt_slice(word, jt_slice_find(s, '='))) != NULL
                   ? wrong(r, "unknown flag -%.60s (did you mean --%.60s?)", word, word)
                   : unknown_short(r, word);
    }
    if (word[1] == '\0' || word[1] == '=') {
        return read_flag(r, word);
    }
    return f->takes == NULL ? unknown_short(r, word) : add(r, f, word + 1);
}

static enum jt_args_end one_too_many(struct reading *r, const char *word)
{
    const struct jt_command *c = r->a->command;
    if (c->operand == NULL) {
        return wrong(r, "\"%.60s\" is one word too many: this command takes flags only", word);
    }
    if (r->a->noperands == 1) {
        return wrong(r, "\"%.60s\" is one word too many: there is already %.*s \"%.60s\"", word,
                     JT_FMT(operand_at(c, 0).name), r->a->operand);
    }
    return wrong(r, "\"%.60s\" is one word too many: jeton %s%s%s %s", word,
                 c->noun == NULL ? "" : c->noun, c->noun == NULL ? "" : " ", c->verb, c->operand);
}

static enum jt_args_end read_operand(struct reading *r, const char *word)
{
    struct jt_args *a = r->a;
    struct operand o = operand_at(a->command, a->noperands);
    if (o.name.n == 0) {
        return one_too_many(r, word);
    }
    if (a->noperands == JT_OPERANDS_MAX) {
        return wrong(r, "more than %d words; use several commands", JT_OPERANDS_MAX);
    }
    if (word[0] == '\0' || !jt_utf8_ok(jt_str(word))) {
        return wrong(r, "%.*s is %s", JT_FMT(o.name), word[0] == '\0' ? "empty" : "not UTF-8 text");
    }
    a->operands[a->noperands++] = word;
    a->operand = a->operands[0];
    return JT_ARGS_RUN;
}

static enum jt_args_end check_operands(struct reading *r)
{
    const struct jt_command *c = r->a->command;
    struct operand o = operand_at(c, r->a->noperands);
    /* One that repeats is there when it is there once. */
    bool has_it = r->a->noperands > 0 && o.name.p == operand_at(c, r->a->noperands - 1).name.p;
    if (o.name.n == 0 || o.is_optional || has_it) {
        return JT_ARGS_RUN;
    }
    return wrong(r, "%.*s is missing: jeton %s%s%s %s", JT_FMT(o.name),
                 c->noun == NULL ? "" : c->noun, c->noun == NULL ? "" : " ", c->verb, c->operand);
}

/* The kid of a signing key (RFC 7638) may begin with "-", and no flag is so long. */
static bool is_thumbprint(const char *word)
{
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return strlen(word) == 43 && strspn(word, base64url) == 43;
}

static enum jt_args_end read_word(struct reading *r, bool *only_operands)
{
    const char *word = r->argv[r->i++];
    if (*only_operands || word[0] != '-' || word[1] == '\0' || is_thumbprint(word)) {
        return read_operand(r, word);
    }
    if (strcmp(word, "--") == 0) {
        *only_operands = true;
        return JT_ARGS_RUN;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return JT_ARGS_HELP;
    }
    return word[1] == '-' ? read_flag(r, word + 2) : read_short(r, word + 1);
}

enum jt_args_end jt_args_read(const struct jt_command *command, size_t argc,
                              const char *const *argv, struct jt_args *out,
                              char err[static JT_ARGS_ERROR])
{
    *out = (struct jt_args){.command = command};
    struct reading r = {out, argc, 0, argv, err};
    err[0] = '\0';
    for (bool only_operands = false; r.i < argc;) {
        enum jt_args_end end = read_word(&r, &only_operands);
        if (end != JT_ARGS_RUN) {
            return end;
        }
    }
    return check_operands(&r);
}

const char *jt_args_next(const struct jt_args *a, const char *name, size_t *i)
{
    while (*i < a->n) {
        size_t k = (*i)++;
        if (strcmp(a->given[k].flag->name, name) == 0) {
            return a->given[k].value;
        }
    }
    return NULL;
}

const char *jt_args_get(const struct jt_args *a, const char *name)
{
    size_t i = 0;
    return jt_args_next(a, name, &i);
}

bool jt_args_has(const struct jt_args *a, const char *name)
{
    return jt_args_get(a, name) != NULL;
}

bool jt_args_duration(const struct jt_args *a, const char *name, int64_t lowest, int64_t *out)
{
    const char *text = jt_args_get(a, name);
    int64_t v = 0;
    if (text == NULL) {
        return true;
    }
    if (jt_parse_duration(jt_str(text), &v) != JT_OK || v < lowest) {
        jt_say_error("--%s takes a duration such as 30s, 15m, 24h or 90d%s, not \"%.60s\"", name,
                     lowest > 0 ? " above zero" : "", text);
        return false;
    }
    *out = v;
    return true;
}
