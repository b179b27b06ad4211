/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion_fish.c - one `complete` line for each word, with the place where it is offered.
 */
#include "completion.h"

static const struct jt_quoting quoting = {"\\", "\\'"};

static const char head[] =
    "# Completion of jeton for fish, made by: jeton completion fish\n"
    "function __jeton_at --description 'The words before the cursor are these'\n"
    "    set -l words (commandline -opc)\n"
    "    test \"$words[2..-1]\" = \"$argv\"\n"
    "end\n"
    "function __jeton_in --description 'The words before the cursor begin with these'\n"
    "    set -l words (commandline -opc)\n"
    "    set -l last (math 1 + (count $argv))\n"
    "    test (count $words) -ge $last; and test \"$words[2..$last]\" = \"$argv\"\n"
    "end\n"
    "complete -c jeton -f\n";

static void word(FILE *out, const char *place, const char *name, const char *says)
{
    (void)fprintf(out, "complete -c jeton -n '__jeton_at %s' -a %s -d '", place, name);
    jt_quoted(out, says, &quoting);
    (void)fputs("'\n", out);
}

static void verbs(FILE *out, const char *place, const char *noun)
{
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (noun == NULL ? c->noun == NULL : c->noun != NULL && strcmp(c->noun, noun) == 0) {
            word(out, place, c->verb, c->purpose);
        }
    }
}

static void first_words(FILE *out, const char *place)
{
    verbs(out, place, NULL);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        word(out, place, jt_nouns[i].name, jt_nouns[i].purpose);
    }
}

static void begin(FILE *out, const struct jt_command *c)
{
    (void)fprintf(out, "complete -c jeton -n '__jeton_in %s%s%s'", c->noun == NULL ? "" : c->noun,
                  c->noun == NULL ? "" : " ", c->verb);
}

/* What a value may be. */
static void value(FILE *out, const char *takes)
{
    switch (jt_value_kind(takes)) {
    case JT_VALUE_CHOICES:
        (void)fputs(" -x -a '", out);
        jt_value_choices(out, takes);
        (void)fputc('\'', out);
        break;
    case JT_VALUE_FILE:
        (void)fputs(" -r -F", out);
        break;
    case JT_VALUE_DIR:
        (void)fputs(" -x -a '(__fish_complete_directories)'", out);
        break;
    case JT_VALUE_FREE:
    default:
        (void)fputs(" -x", out);
        break;
    }
}

static void command(FILE *out, const struct jt_command *c)
{
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            begin(out, c);
            (void)fprintf(out, " %s %s", f->name[1] == '\0' ? "-s" : "-l", f->name);
            if (f->takes != NULL) {
                value(out, f->takes);
            }
            (void)fputs(" -d '", out);
            jt_quoted(out, f->says, &quoting);
            (void)fputs("'\n", out);
        }
    }
    if (c->operand != NULL && jt_value_kind(c->operand) != JT_VALUE_FREE) {
        begin(out, c);
        value(out, c->operand);
        (void)fputc('\n', out);
    }
}

void jt_completion_fish(FILE *out)
{
    (void)fputs(head, out);
    first_words(out, "");
    word(out, "", "help", "Show what there is, or more about one command");
    first_words(out, "help");
    word(out, "help", "config", "every setting of the server");
    for (size_t i = 0; i < jt_nouns_n; i++) {
        char place[64];
        (void)snprintf(place, sizeof place, "help %s", jt_nouns[i].name);
        verbs(out, jt_nouns[i].name, jt_nouns[i].name);
        verbs(out, place, jt_nouns[i].name);
    }
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        command(out, c);
    }
}
