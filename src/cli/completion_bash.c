/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion_bash.c - one function for `complete -F`, without the bash-completion package.
 *
 * Names of files are left to readline, which knows about quoting and "~": compopt asks for them.
 */
#include "completion.h"

static const char head[] =
    "# Completion of jeton for bash, made by: jeton completion bash\n"
    "_jeton()\n"
    "{\n"
    "    local IFS=$' \\t\\n' path= words= names=\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    COMPREPLY=()\n"
    "    # --flag=value comes as three words.\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == '=' ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    (( COMP_CWORD == 1 )) || path=${COMP_WORDS[1]}\n"
    "    case $path in\n"
    "    help";
static const char tail[] = "    esac\n"
                           "    if [[ -n $names ]]; then\n"
                           "        compopt -o \"$names\"\n"
                           "        return\n"
                           "    fi\n"
                           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                           "}\n"
                           "complete -F _jeton jeton\n";

static void verbs(FILE *out, const char *noun)
{
    const char *blank = "";
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (noun == NULL ? c->noun == NULL : c->noun != NULL && strcmp(c->noun, noun) == 0) {
            (void)fprintf(out, "%s%s", blank, c->verb);
            blank = " ";
        }
    }
}

/* What may stand first, or behind help. */
static void first_words(FILE *out, const char *path, const char *more)
{
    (void)fprintf(out, "    %s) words='", path);
    verbs(out, NULL);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        (void)fprintf(out, " %s", jt_nouns[i].name);
    }
    (void)fprintf(out, " %s' ;;\n", more);
}

/* What compopt is told, so that readline completes the names of files. */
static const char *names_of(enum jt_value_kind kind)
{
    return kind == JT_VALUE_FILE ? "default" : kind == JT_VALUE_DIR ? "dirnames" : "";
}

/* What follows a flag that takes a value. */
static void value(FILE *out, const struct jt_flag *f)
{
    enum jt_value_kind kind = jt_value_kind(f->takes);
    (void)fprintf(out, "        %s%s) words='", jt_flag_dashes(f), f->name);
    if (kind == JT_VALUE_CHOICES) {
        jt_value_choices(out, f->takes);
    }
    (void)fprintf(out, "' names=%s ;;\n", names_of(kind));
}

static void command(FILE *out, const struct jt_command *c)
{
    enum jt_value_kind kind = c->operand == NULL ? JT_VALUE_FREE : jt_value_kind(c->operand);
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    (void)fprintf(out, "    '%s%s%s')\n        words='", c->noun == NULL ? "" : c->noun,
                  c->noun == NULL ? "" : " ", c->verb);
    if (kind == JT_VALUE_CHOICES) {
        jt_value_choices(out, c->operand);
        (void)fputc(' ', out);
    }
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            (void)fprintf(out, "%s%s%s", jt_flag_dashes(f), f->name,
                          strcmp(f->name, "help") == 0 ? "" : " ");
        }
    }
    (void)fputs("'\n", out);
    if (names_of(kind)[0] != '\0') {
        (void)fprintf(out, "        [[ $cur == -* ]] || names=%s\n", names_of(kind));
    }
    (void)fputs("        case $prev in\n", out);
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        for (; f->name != NULL; f++) {
            if (f->takes != NULL) {
                value(out, f);
            }
        }
    }
    (void)fputs("        esac\n        ;;\n", out);
}

void jt_completion_bash(FILE *out)
{
    (void)fputs(head, out);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        (void)fprintf(out, " | %s", jt_nouns[i].name);
    }
    (void)fputs(") (( COMP_CWORD == 2 )) || path+=\" ${COMP_WORDS[2]}\" ;;\n"
                "    esac\n"
                "    case $path in\n",
                out);
    first_words(out, "''", "help");
    first_words(out, "help", "config");
    for (size_t i = 0; i < jt_nouns_n; i++) {
        (void)fprintf(out, "    %s | 'help %s') words='", jt_nouns[i].name, jt_nouns[i].name);
        verbs(out, jt_nouns[i].name);
        (void)fputs("' ;;\n", out);
    }
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        command(out, c);
    }
    (void)fputs(tail, out);
}
