/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man_overview.c - jeton(1).
 */
#include "man.h"
#include "roff.h"

struct row {
    const char *name, *says;
};

static const struct row variables[] = {
#define X(name, says) {name, says},
#include "environment.def"
#undef X
};

static const struct row files[] = {
    {"/etc/jeton/jeton.yaml", "The configuration, when jeton serve is started with --config and "
                              "this path; there is no file that is read by itself."},
    {"/var/lib/jeton/", "The data directory (server.data). It belongs to the server alone; what "
                        "follows is in it."},
    {"jeton.db", "Clients, resources, keys: an SQLite database."},
    {"audit.db", "The audit log: an SQLite database."},
    {"master.key", "The key under which the keys in jeton.db are sealed, mode 0600. Without it the "
                   "data cannot be used: keep a copy apart from the backups of the databases."},
    {"admin.sock", "The socket that all commands of administration talk to. It answers root and "
                   "the user that the server runs as."},
    {"lock", "Held by the server that runs."},
};

static const char about[] =
    "jeton is a token server for machines, and the commands that administer it. Clients ask for "
    "access tokens with the client credentials grant of OAuth 2.0 (RFC 6749 section 4.4) and send "
    "them to resources, which are APIs. There are no users.\n\n"
    "To try it, run jeton dev: it starts a server that needs no configuration and prints what to "
    "paste into another terminal.\n\n"
    "Commands are an action, such as jeton serve, or a noun and a verb, such as jeton client "
    "create. Flags come after the command, as --flag VALUE or --flag=VALUE, before or behind what "
    "it is about; after -- nothing is a flag. Every command takes --help, which shows examples "
    "and all flags. Data goes to standard output, errors and hints to standard error. Most "
    "commands print a table for people, JSON with -o json, and one JSON object a line with -o "
    "jsonl.";

static void command_rows(FILE *out, const char *noun)
{
    char name[JT_MAN_NAME];
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (noun == NULL ? c->noun == NULL : c->noun != NULL && strcmp(c->noun, noun) == 0) {
            jt_man_name(c, name);
            (void)fputs(".TP\n", out);
            jt_roff_page(out, name, '1', "");
            jt_roff_text(out, jt_str(c->purpose));
        }
    }
}

static void commands(FILE *out)
{
    jt_roff_section(out, "SH", "COMMANDS");
    command_rows(out, NULL);
    for (size_t i = 0; i < jt_nouns_n; i++) {
        char heading[256];
        (void)snprintf(heading, sizeof heading, "jeton %s: %s", jt_nouns[i].name,
                       jt_nouns[i].purpose);
        jt_roff_section(out, "SS", heading);
        command_rows(out, jt_nouns[i].name);
    }
}

static void rows(FILE *out, const struct row *r, size_t n, const char *font)
{
    for (size_t i = 0; i < n; i++) {
        (void)fprintf(out, ".TP\n\\f%s", font);
        jt_roff_literal(out, jt_str(r[i].name));
        (void)fputs("\\fR\n", out);
        jt_roff_text(out, jt_str(r[i].says));
    }
}

void jt_man_overview(FILE *out)
{
    jt_roff_title(out, "jeton", '1', "Commands of jeton");
    jt_roff_section(out, "SH", "NAME");
    (void)fputs("jeton \\- OAuth 2.0 access tokens for services that call each other\n", out);
    jt_roff_section(out, "SH", "SYNOPSIS");
    (void)fputs("\\fBjeton\\fR \\fIVERB\\fR [\\fIFLAG\\fR]...\n.br\n"
                "\\fBjeton\\fR \\fINOUN\\fR \\fIVERB\\fR [\\fIFLAG\\fR]...\n.br\n"
                "\\fBjeton help\\fR [\\fINOUN\\fR] [\\fIVERB\\fR]\n.br\n"
                "\\fBjeton help config\\fR\n",
                out);
    jt_roff_section(out, "SH", "DESCRIPTION");
    jt_roff_paragraphs(out, about);
    commands(out);
    jt_man_exit_codes(out);
    jt_roff_section(out, "SH", "ENVIRONMENT");
    rows(out, variables, sizeof variables / sizeof variables[0], "B");
    (void)fputs(".PP\nEvery key of the configuration has a variable too, see\n", out);
    jt_roff_page(out, "jeton.yaml", '5', ".");
    jt_roff_section(out, "SH", "FILES");
    rows(out, files, sizeof files / sizeof files[0], "I");
    jt_roff_section(out, "SH", "SEE ALSO");
    jt_roff_page(out, "jeton.yaml", '5', "");
}
