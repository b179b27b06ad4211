/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include "../server/config/option.h"

#define WIDTH 80

/* The next word; what stands in brackets is one. */
static bool next_unit(struct jt_slice *rest, struct jt_slice *out)
{
    size_t depth = 0;
    struct jt_slice word = {0};
    if (!jt_slice_next_word(rest, out)) {
        return false;
    }
    for (word = *out;;) {
        for (size_t i = 0; i < word.n; i++) {
            depth += word.p[i] == '[';
            depth -= word.p[i] == ']' && depth > 0;
        }
        if (depth == 0 || !jt_slice_next_word(rest, &word)) {
            return true;
        }
        out->n = (size_t)(word.p + word.n - out->p);
    }
}

/* Words of text, the first at column `at`, continued lines indented to `indent`. */
static void wrap(FILE *out, size_t at, size_t indent, struct jt_slice text)
{
    struct jt_slice word = {0};
    for (bool is_first = true; next_unit(&text, &word); is_first = false) {
        if (!is_first && at + 1 + word.n > WIDTH) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!is_first) {
            (void)fputc(' ', out);
            at++;
        }
        (void)fprintf(out, "%.*s", JT_FMT(word));
        at += word.n;
    }
    (void)fputc('\n', out);
}

static void paragraphs(FILE *out, const char *text)
{
    for (struct jt_slice rest = jt_str(text); rest.n > 0;) {
        const uint8_t *end = memmem(rest.p, rest.n, "\n\n", 2);
        size_t k = end == NULL ? rest.n : (size_t)(end - rest.p);
        (void)fputc('\n', out);
        wrap(out, 0, 0, jt_slice(rest.p, k));
        rest = jt_slice_from(rest, k + 2);
    }
}

static void name_of(const struct jt_command *c, char out[static 64])
{
    (void)snprintf(out, 64, "jeton %s%s%s", c->noun == NULL ? "" : c->noun,
                   c->noun == NULL ? "" : " ", c->verb);
}

static void flag_text(const struct jt_flag *f, char out[static 64])
{
    (void)snprintf(out, 64, "%s%s%s%s", f->name[1] == '\0' ? "-" : "--", f->name,
                   f->takes == NULL ? "" : " ", f->takes == NULL ? "" : f->takes);
}

static void flags(FILE *out, const struct jt_command *c)
{
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        (void)fprintf(out, "\n%s\n", heading);
        for (; f->name != NULL; f++) {
            char left[64];
            char says[256];
            flag_text(f, left);
            (void)snprintf(says, sizeof says, "%s%s", f->says, f->repeats ? "; repeatable" : "");
            if (strlen(left) > 28) {
                (void)fprintf(out, "  %s\n%32s", left, "");
            } else {
                (void)fprintf(out, "  %-30s", left);
            }
            wrap(out, 32, 32, jt_str(says));
        }
    }
}

struct jt_slice jt_example_line(struct jt_slice *rest, size_t width)
{
    size_t end = 0;
    while (end < rest->n) {
        const uint8_t *flag = memmem(rest->p + end + 1, rest->n - end - 1, " -", 2);
        size_t k = flag == NULL ? rest->n : (size_t)(flag - rest->p);
        if (end > 0 && k > width) {
            break;
        }
        end = k;
    }
    struct jt_slice line = jt_slice(rest->p, end);
    *rest = jt_slice_from(*rest, end);
    return line;
}

static void example(FILE *out, const char *text)
{
    struct jt_slice rest = jt_str(text);
    struct jt_slice line = jt_example_line(&rest, WIDTH - 4);
    (void)fprintf(out, "  %.*s", JT_FMT(line));
    while (rest.n > 0) {
        line = jt_example_line(&rest, WIDTH - 7);
        (void)fprintf(out, " \\\n     %.*s", JT_FMT(line));
    }
    (void)fputc('\n', out);
}

void jt_help_command(FILE *out, const struct jt_command *c)
{
    char name[64];
    char usage[800];
    name_of(c, name);
    (void)snprintf(usage, sizeof usage, "%s%s%s%s%s%s", name, c->operand == NULL ? "" : " ",
                   c->operand == NULL ? "" : c->operand, c->usage[0] == '\0' ? "" : " ", c->usage,
                   (c->groups & JT_FLAGS_OUTPUT) != 0 ? " [-o json]" : "");
    (void)fprintf(out, "%s.\n\nExamples\n", c->purpose);
    for (size_t i = 0;
         i < sizeof c->examples / sizeof c->examples[0] && c->examples[i].line != NULL; i++) {
        (void)fprintf(out, "  # %s\n", c->examples[i].says);
        example(out, c->examples[i].line);
    }
    (void)fprintf(out, "\nUsage\n  ");
    wrap(out, 2, strlen(name) + 3, jt_str(usage));
    paragraphs(out, c->about);
    flags(out, c);
}

static void command_line(FILE *out, const struct jt_command *c)
{
    char left[64];
    (void)snprintf(left, sizeof left, "%s%s%s", c->noun == NULL ? "" : c->noun,
                   c->noun == NULL ? "" : " ", c->verb);
    (void)fprintf(out, "  %-18s", left);
    wrap(out, 20, 20, jt_str(c->purpose));
}

void jt_help_noun(FILE *out, const struct jt_noun *noun)
{
    (void)fprintf(out, "jeton %s: %s.\n\n", noun->name, noun->purpose);
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (c->noun != NULL && strcmp(c->noun, noun->name) == 0) {
            command_line(out, c);
        }
    }
    (void)fprintf(out, "\njeton %s VERB --help tells more about each.\n", noun->name);
}

static const char exit_codes[] =
#define X(name, code, text) "  " #code "  " text "\n"
#include "exit.def"
#undef X
    ;

void jt_help_overview(FILE *out)
{
    (void)fprintf(out,
                  "jeton %s: OAuth 2.0 access tokens for services that call each other.\n\n"
                  "Try it: jeton dev\n\n",
                  JT_VERSION);
    const struct jt_command *c = NULL;
    const char *noun = "";
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        const char *next = c->noun == NULL ? "" : c->noun;
        (void)fprintf(out, "%s", strcmp(next, noun) != 0 ? "\n" : "");
        noun = next;
        command_line(out, c);
    }
    (void)fprintf(out,
                  "\nExit codes\n%s\n"
                  "jeton COMMAND --help has examples and all flags of a command,\n"
                  "jeton help config all settings.\n",
                  exit_codes);
}

const char *jt_option_takes(const struct jt_option *o)
{
    switch (o->type) {
    case JT_OPTION_COUNT:
        return "a number";
    case JT_OPTION_DURATION:
        return "a duration";
    case JT_OPTION_SIZE:
        return "a size";
    case JT_OPTION_LISTEN:
        return "a list of addresses";
    case JT_OPTION_NETS:
        return "a list of networks";
    case JT_OPTION_ADDRESS:
        return "an address";
    case JT_OPTION_CHOICE:
    case JT_OPTION_ALG:
    case JT_OPTION_LEVEL:
    case JT_OPTION_HEADER:
    case JT_OPTION_FORMAT:
        return o->choices;
    case JT_OPTION_TEXT:
    case JT_OPTION_ISSUER:
    default:
        return "text";
    }
}

const char jt_config_example[] = "  server:\n"
                                 "    issuer: https://login.example.com\n"
                                 "    listen: [\"0.0.0.0:443\", \"[::]:443\"]\n"
                                 "    tls_cert: /etc/jeton/cert.pem\n"
                                 "    tls_key: /etc/jeton/key.pem\n"
                                 "  token:\n"
                                 "    lifetime: 15m\n";
const char jt_config_about[] =
    "A flag wins over the environment, that over the file, and that over the default. The file is "
    "YAML: jeton serve --config FILE. Every key has a variable: server.issuer is "
    "JETON_SERVER_ISSUER. Lists in a variable are separated by commas, and an empty variable "
    "counts as not set. Durations are written 0s, 30m, 24h, 90d; sizes 512MiB, 10GiB or in bytes. "
    "SIGHUP (systemctl reload jeton) takes changes over, but for those marked \"at start\".";

void jt_help_config(FILE *out)
{
    (void)fprintf(out, "Settings of the server.\n\nExample\n%s", jt_config_example);
    paragraphs(out, jt_config_about);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        bool is_new = i == 0 || strcmp(o->section, jt_options[i - 1].section) != 0;
        (void)fprintf(out, "%s%s  %s%s%s%s%s\n    ", is_new ? "\n" : "", o->name,
                      jt_option_takes(o), o->fallback[0] == '\0' ? "" : " (", o->fallback,
                      o->fallback[0] == '\0' ? "" : ")", o->live ? "" : ", at start");
        wrap(out, 4, 4, jt_str(o->doc));
    }
}
