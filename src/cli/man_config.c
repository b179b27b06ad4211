/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man_config.c - jeton.yaml(5), from the rows of option.def.
 */
#include "../server/config/option.h"
#include "help.h"
#include "man.h"
#include "roff.h"

static void example(FILE *out)
{
    jt_roff_section(out, "SH", "EXAMPLES");
    (void)fputs(".EX\n", out);
    for (struct jt_slice rest = jt_str(jt_config_example); rest.n > 0;) {
        size_t k = jt_slice_find(rest, '\n');
        jt_roff_literal(out, jt_slice(rest.p, k));
        (void)fputc('\n', out);
        rest = jt_slice_from(rest, k + 1);
    }
    (void)fputs(".EE\n", out);
}

static void option(FILE *out, const struct jt_option *o)
{
    char variable[JT_OPTION_ENV_SIZE];
    jt_option_env(o, variable);
    (void)fputs(".TP\n\\fB", out);
    jt_roff_literal(out, jt_str(o->name));
    (void)fputs("\\fR  ", out);
    jt_roff_literal(out, jt_str(jt_option_takes(o)));
    if (o->fallback[0] != '\0') {
        (void)fputs(" (", out);
        jt_roff_literal(out, jt_str(o->fallback));
        (void)fputc(')', out);
    }
    (void)fputs(o->live ? "" : ", at start", out);
    (void)fputc('\n', out);
    jt_roff_text(out, jt_str(o->doc));
    (void)fputs(".br\n", out);
    jt_roff_literal(out, jt_str(variable));
    (void)fputc('\n', out);
}

void jt_man_config(FILE *out)
{
    jt_roff_title(out, "jeton.yaml", '5', "Files of jeton");
    jt_roff_section(out, "SH", "NAME");
    (void)fputs("jeton.yaml \\- settings of the token server\n", out);
    jt_roff_section(out, "SH", "SYNOPSIS");
    (void)fputs("\\fBjeton serve \\-\\-config\\fR \\fIFILE\\fR\n.br\n"
                "\\fBjeton check \\-\\-config\\fR \\fIFILE\\fR\n",
                out);
    jt_roff_section(out, "SH", "DESCRIPTION");
    jt_roff_paragraphs(out, jt_config_about);
    (void)fputs(".PP\n", out);
    jt_roff_paragraphs(out, "A key that is not listed here is an error, told with its line. Each "
                            "key stands here with what it takes, its default in parentheses, and "
                            "its variable.");
    jt_roff_section(out, "SH", "SETTINGS");
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        if (i == 0 || strcmp(jt_options[i].section, jt_options[i - 1].section) != 0) {
            jt_roff_section(out, "SS", jt_options[i].section);
        }
        option(out, &jt_options[i]);
    }
    example(out);
    jt_roff_section(out, "SH", "SEE ALSO");
    jt_roff_page(out, "jeton", '1', ",");
    jt_roff_page(out, "jeton-serve", '1', ",");
    jt_roff_page(out, "jeton-check", '1', "");
}
