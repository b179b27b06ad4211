/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion_zsh.c - a function for fpath: _describe for the words, _arguments for the flags.
 */
#include "completion.h"

/* What _arguments and _describe read has ":" and brackets as its own signs. */
static const struct jt_quoting quoting = {"\\:[]", "'\\''"};

static const char head[] = "#compdef jeton\n"
                           "# Completion of jeton for zsh, made by: jeton completion zsh\n"
                           "_jeton()\n"
                           "{\n"
                           "    local curcontext=\"$curcontext\" state line\n"
                           "    typeset -A opt_args\n"
                           "    local -a found\n"
                           "    local path_=\n"
                           "    (( CURRENT == 2 )) || path_=$words[2]\n"
                           "    case $path_ in\n"
                           "    (help";
static const char tail[] = "    esac\n"
                           "}\n"
                           "_jeton \"$@\"\n";

static void row(FILE *out, const char *name, const char *says)
{
    (void)fprintf(out, "            '%s:", name);
    jt_quoted(out, says, &quoting);
    (void)fputs("'\n", out);
}

static void verbs(FILE *out, const char *noun)
{
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (noun == NULL ? c->noun == NULL : c->noun != NULL && strcmp(c->noun, noun) == 0) {
            row(out, c->verb, c->purpose);
        }
    }
}

static void begin_words(FILE *out, const char *path)
{
    (void)fprintf(out, "    (%s)\n        found=(\n", path);
}

static void end_words(FILE *out)
{
    (void)fputs("        )\n        _describe -t commands command found\n        ;;\n", out);
}

static void first_words(FILE *out, const char *path, const char *more, const char *more_says)
{
    begin_words(out, path);
    verbs(out, NULL);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        row(out, jt_nouns[i].name, jt_nouns[i].purpose);
    }
    row(out, more, more_says);
    end_words(out);
}

/* ":message:action" */
static void value(FILE *out, const char *takes)
{
    (void)fputc(':', out);
    jt_quoted(out, takes, &quoting);
    (void)fputc(':', out);
    switch (jt_value_kind(takes)) {
    case JT_VALUE_CHOICES:
        (void)fputc('(', out);
        jt_value_choices(out, takes);
        (void)fputc(')', out);
        break;
    case JT_VALUE_FILE:
        (void)fputs("_files", out);
        break;
    case JT_VALUE_DIR:
        (void)fputs("_files -/", out);
        break;
    case JT_VALUE_FREE:
    default:
        (void)fputc(' ', out); /* a message, and nothing to choose */
        break;
    }
}

static void flag(FILE *out, const struct jt_flag *f)
{
    bool is_short = f->name[1] == '\0';
    (void)fprintf(out, " \\\n            '%s%s%s%s[", f->repeats ? "*" : "", jt_flag_dashes(f),
                  f->name,
                  f->takes == NULL ? ""
                  : is_short       ? "+"
                                   : "=");
    jt_quoted(out, f->says, &quoting);
    (void)fputc(']', out);
    if (f->takes != NULL) {
        value(out, f->takes);
    }
    (void)fputc('\'', out);
}

static void command(FILE *out, const struct jt_command *c)
{
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    bool has_noun = c->noun != NULL;
    /* _arguments counts from the word before the operands. */
    (void)fprintf(out,
                  "    ('%s%s%s')\n        shift %d words\n        (( CURRENT -= %d ))\n"
                  "        _arguments",
                  has_noun ? c->noun : "", has_noun ? " " : "", c->verb, has_noun ? 2 : 1,
                  has_noun ? 2 : 1);
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            flag(out, f);
        }
    }
    if (c->operand != NULL) {
        (void)fputs(" \\\n            '*", out);
        value(out, c->operand);
        (void)fputc('\'', out);
    }
    (void)fputs("\n        ;;\n", out);
}

void jt_completion_zsh(FILE *out)
{
    (void)fputs(head, out);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        (void)fprintf(out, "|%s", jt_nouns[i].name);
    }
    (void)fputs(") (( CURRENT == 3 )) || path_+=\" $words[3]\" ;;\n"
                "    esac\n"
                "    case $path_ in\n",
                out);
    first_words(out, "''", "help", "Show what there is, or more about one command");
    first_words(out, "help", "config", "every setting of the server");
    for (size_t i = 0; i < jt_nouns_n; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s|'help %s'", jt_nouns[i].name, jt_nouns[i].name);
        begin_words(out, path);
        verbs(out, jt_nouns[i].name);
        end_words(out);
    }
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        command(out, c);
    }
    (void)fputs(tail, out);
}
