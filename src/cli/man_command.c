/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man_command.c - the page of one command.
 */
#include "help.h"
#include "man.h"
#include "roff.h"

/* What a line of an example holds beside the margins of a page 80 columns wide. */
#define EXAMPLE_WIDTH 66

void jt_man_name(const struct jt_command *c, char out[static JT_MAN_NAME])
{
    (void)snprintf(out, JT_MAN_NAME, "jeton%s%s-%s", c->noun == NULL ? "" : "-",
                   c->noun == NULL ? "" : c->noun, c->verb);
}

void jt_man_exit_codes(FILE *out)
{
    static const struct {
        int code;
        const char *text;
    } codes[] = {
#define X(name, code, text) {code, text},
#include "exit.def"
#undef X
    };
    jt_roff_section(out, "SH", "EXIT STATUS");
    (void)fputs(".PD 0\n", out); /* one line each, no space between */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        (void)fprintf(out, ".TP 4\n.B %d\n", codes[i].code);
        jt_roff_text(out, jt_str(codes[i].text));
    }
    (void)fputs(".PD\n", out);
}

static void synopsis(FILE *out, const struct jt_command *c)
{
    jt_roff_section(out, "SH", "SYNOPSIS");
    /* Lines after the first stand further in. */
    (void)fprintf(out, ".in +8n\n.ti -8n\n\\fBjeton %s%s%s\\fR", c->noun == NULL ? "" : c->noun,
                  c->noun == NULL ? "" : " ", c->verb);
    if (c->operand != NULL) {
        (void)fputc(' ', out);
        jt_roff_usage(out, jt_str(c->operand));
    }
    if (c->usage[0] != '\0') {
        (void)fputc(' ', out);
        jt_roff_usage(out, jt_str(c->usage));
    }
    if ((c->groups & JT_FLAGS_OUTPUT) != 0) {
        (void)fputc(' ', out);
        jt_roff_usage(out, JT_LIT("[-o json]"));
    }
    (void)fputs("\n.in -8n\n", out);
}

static void flag(FILE *out, const struct jt_flag *f)
{
    (void)fprintf(out, ".TP\n\\fB%s", f->name[1] == '\0' ? "\\-" : "\\-\\-");
    jt_roff_literal(out, jt_str(f->name));
    (void)fputs("\\fR", out);
    if (f->takes != NULL) {
        (void)fputc(' ', out);
        jt_roff_usage(out, jt_str(f->takes));
    }
    (void)fputc('\n', out);
    jt_roff_text(out, jt_str(f->says));
    if (f->repeats) {
        (void)fputs("(repeatable)\n", out);
    }
}

static void flags(FILE *out, const struct jt_command *c)
{
    const char *heading = NULL;
    const struct jt_flag *f = NULL;
    jt_roff_section(out, "SH", "OPTIONS");
    for (size_t i = 0; (f = jt_command_flags(c, i, &heading)) != NULL; i++) {
        if (f != c->flags) {
            jt_roff_section(out, "SS", heading);
        }
        for (; f->name != NULL; f++) {
            flag(out, f);
        }
    }
}

static void examples(FILE *out, const struct jt_command *c)
{
    jt_roff_section(out, "SH", "EXAMPLES");
    for (size_t i = 0;
         i < sizeof c->examples / sizeof c->examples[0] && c->examples[i].line != NULL; i++) {
        struct jt_slice rest = jt_str(c->examples[i].line);
        (void)fputs(i == 0 ? "" : ".PP\n", out);
        jt_roff_text(out, jt_str(c->examples[i].says));
        (void)fputs(".RS 4\n.EX\n", out);
        jt_roff_literal(out, jt_example_line(&rest, EXAMPLE_WIDTH));
        while (rest.n > 0) {
            (void)fputs(" \\e\n  ", out);
            jt_roff_literal(out, jt_example_line(&rest, EXAMPLE_WIDTH - 2));
        }
        (void)fputs("\n.EE\n.RE\n", out);
    }
}

/* The other commands of its noun; for those that read the configuration, its page. */
static void see_also(FILE *out, const struct jt_command *c)
{
    char name[JT_MAN_NAME];
    jt_roff_section(out, "SH", "SEE ALSO");
    const struct jt_command *other = NULL;
    for (size_t i = 0; c->noun != NULL && (other = jt_command_at(i)) != NULL; i++) {
        if (other != c && other->noun != NULL && strcmp(other->noun, c->noun) == 0) {
            jt_man_name(other, name);
            jt_roff_page(out, name, '1', ",");
        }
    }
    for (const struct jt_flag *f = c->flags; f->name != NULL; f++) {
        if (strcmp(f->name, "config") == 0) {
            jt_roff_page(out, "jeton.yaml", '5', ",");
        }
    }
    jt_roff_page(out, "jeton", '1', "");
}

void jt_man_command(FILE *out, const struct jt_command *c)
{
    char name[JT_MAN_NAME];
    jt_man_name(c, name);
    jt_roff_title(out, name, '1', "Commands of jeton");
    jt_roff_section(out, "SH", "NAME");
    jt_roff_literal(out, jt_str(name));
    (void)fputs(" \\- ", out);
    jt_roff_text(out, jt_str(c->purpose));
    synopsis(out, c);
    jt_roff_section(out, "SH", "DESCRIPTION");
    if (c->about[0] == '\0') {
        jt_roff_literal(out, jt_str(c->purpose));
        (void)fputs(".\n", out);
    } else {
        jt_roff_paragraphs(out, c->about);
    }
    flags(out, c);
    examples(out, c);
    jt_man_exit_codes(out);
    see_also(out, c);
}
