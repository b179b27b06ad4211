/* SPDX-License-Identifier: Apache-2.0 */
#include "completion.h"

#include "args.h"

static const struct {
    const char *name;
    void (*print)(FILE *out);
} shells[] = {
    {"bash", jt_completion_bash},
    {"zsh", jt_completion_zsh},
    {"fish", jt_completion_fish},
};

enum jt_value_kind jt_value_kind(const char *takes)
{
    if (strcmp(takes, "FILE") == 0) {
        return JT_VALUE_FILE;
    }
    if (strcmp(takes, "DIR") == 0) {
        return JT_VALUE_DIR;
    }
    bool parts = strchr(takes, '|') != NULL;
    return parts && strpbrk(takes, " []=") == NULL ? JT_VALUE_CHOICES : JT_VALUE_FREE;
}

void jt_value_choices(FILE *out, const char *takes)
{
    for (; *takes != '\0'; takes++) {
        (void)fputc(*takes == '|' ? ' ' : *takes, out);
    }
}

const char *jt_flag_dashes(const struct jt_flag *f)
{
    return f->name[1] == '\0' ? "-" : "--";
}

void jt_quoted(FILE *out, const char *text, const struct jt_quoting *how)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs(how->quote, out);
            continue;
        }
        if (strchr(how->special, *text) != NULL) {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
}

enum jt_exit jt_cmd_completion(const struct jt_args *args)
{
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(args->operand, shells[i].name) == 0) {
            shells[i].print(stdout);
            return JT_EXIT_DONE;
        }
    }
    return jt_say_fail(JT_EXIT_USAGE, "\"%.60s\" is not bash, zsh or fish", args->operand);
}
