/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - from the words on the command line to one row of the table of commands.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/json/json.h"
#include "../server/config/suggest.h"
#include "args.h"
#include "help.h"
#include "man.h"
#include "out.h"
#include "remote.h"

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static enum jt_exit unknown_command(const char *word)
{
    struct jt_suggest s = jt_suggest(jt_str(word));
    for (size_t i = 0; i < jt_nouns_n; i++) {
        jt_suggest_offer(&s, jt_str(jt_nouns[i].name));
    }
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (c->noun == NULL) {
            jt_suggest_offer(&s, jt_str(c->verb));
        }
    }
    jt_suggest_offer(&s, JT_LIT("help"));
    if (word[0] == '-') {
        jt_say_error("\"%.60s\" stands before the command; flags come after it", word);
    } else if (jt_suggest_found(&s)) {
        jt_say_error("unknown command \"%.60s\" (did you mean \"%.*s\"?)", word, JT_FMT(s.best));
    } else {
        jt_say_error("unknown command \"%.60s\"", word);
    }
    jt_say_hint("jeton help lists all commands");
    return JT_EXIT_USAGE;
}

static bool has_verb(const struct jt_noun *noun, const char *verb)
{
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (c->noun != NULL && strcmp(c->noun, noun->name) == 0 && strcmp(c->verb, verb) == 0) {
            return true;
        }
    }
    return false;
}

/* What another noun, or another tool, calls the same. */
static struct jt_slice same_verb(const struct jt_noun *noun, const char *word)
{
    static const char *const groups[][5] = {{"create", "add", "new"},
                                            {"delete", "remove", "revoke", "rm"},
                                            {"update", "edit", "set", "change"},
                                            {"list", "ls"},
                                            {"show", "get", "describe"}};
    static const size_t width = sizeof groups[0] / sizeof groups[0][0];
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        bool is_in = false;
        for (size_t i = 0; i < width && groups[g][i] != NULL; i++) {
            is_in = is_in || strcmp(groups[g][i], word) == 0;
        }
        for (size_t i = 0; is_in && i < width && groups[g][i] != NULL; i++) {
            if (has_verb(noun, groups[g][i])) {
                return jt_str(groups[g][i]);
            }
        }
    }
    return (struct jt_slice){0};
}

static enum jt_exit unknown_verb(const struct jt_noun *noun, const char *word)
{
    struct jt_suggest s = jt_suggest(jt_str(word));
    const struct jt_command *c = NULL;
    struct jt_slice same = same_verb(noun, word);
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (c->noun != NULL && strcmp(c->noun, noun->name) == 0) {
            jt_suggest_offer(&s, jt_str(c->verb));
        }
    }
    s.best = same.n > 0 ? same : s.best;
    if (jt_suggest_found(&s)) {
        jt_say_error("unknown command \"%s %.60s\" (did you mean \"%s %.*s\"?)", noun->name, word,
                     noun->name, JT_FMT(s.best));
    } else {
        jt_say_error("unknown command \"%s %.60s\"", noun->name, word);
    }
    jt_say_hint("jeton %s --help lists what there is", noun->name);
    return JT_EXIT_USAGE;
}

static enum jt_exit run(const struct jt_command *c, size_t argc, const char *const *argv)
{
    struct jt_args args;
    char err[JT_ARGS_ERROR];
    const char *space = c->noun == NULL ? "" : " ";
    const char *noun = c->noun == NULL ? "" : c->noun;
    switch (jt_args_read(c, argc, argv, &args, err)) {
    case JT_ARGS_HELP:
        jt_help_command(stdout, c);
        return JT_EXIT_DONE;
    case JT_ARGS_RUN: {
        enum jt_exit code = c->run(&args);
        jt_remote_close();
        return code;
    }
    case JT_ARGS_WRONG:
    default:
        jt_say_error("%s", err);
        jt_say_hint("jeton %s%s%s --help has examples", noun, space, c->verb);
        return JT_EXIT_USAGE;
    }
}

/* jeton NOUN …: argv starts behind the noun. */
static enum jt_exit dispatch_noun(const struct jt_noun *noun, size_t argc, const char *const *argv)
{
    if (argc == 0) {
        jt_help_noun(stderr, noun);
        return JT_EXIT_USAGE;
    }
    if (is_help(argv[0]) && argc == 1) {
        jt_help_noun(stdout, noun);
        return JT_EXIT_DONE;
    }
    const struct jt_command *c = jt_command_find(noun->name, argv[0]);
    return c == NULL ? unknown_verb(noun, argv[0]) : run(c, argc - 1, argv + 1);
}

/* jeton help [NOUN] [VERB], jeton help config */
static enum jt_exit help(size_t argc, const char *const *argv)
{
    const struct jt_noun *noun = argc > 0 ? jt_noun_find(argv[0]) : NULL;
    if (argc == 0) {
        jt_help_overview(stdout);
        return JT_EXIT_DONE;
    }
    if (noun != NULL && argc == 1) {
        jt_help_noun(stdout, noun);
        return JT_EXIT_DONE;
    }
    if (argc == 1 && strcmp(argv[0], "config") == 0) {
        jt_help_config(stdout);
        return JT_EXIT_DONE;
    }
    if (argc == 2 && strcmp(argv[0], "--man") == 0) {
        return jt_man_write(argv[1]); /* for the build; not in the help */
    }
    const struct jt_command *c =
        noun != NULL ? jt_command_find(noun->name, argv[1]) : jt_command_find(NULL, argv[0]);
    if (c == NULL) {
        return noun != NULL ? unknown_verb(noun, argv[1]) : unknown_command(argv[0]);
    }
    jt_help_command(stdout, c);
    return JT_EXIT_DONE;
}

static enum jt_exit dispatch(size_t argc, const char *const *argv)
{
    if (argc == 0) {
        jt_help_overview(stderr);
        return JT_EXIT_USAGE;
    }
    if (is_help(argv[0])) {
        return help(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "--version") == 0) {
        return run(jt_command_find(NULL, "version"), argc - 1, argv + 1);
    }
    const struct jt_noun *noun = jt_noun_find(argv[0]);
    if (noun != NULL) {
        return dispatch_noun(noun, argc - 1, argv + 1);
    }
    const struct jt_command *c = jt_command_find(NULL, argv[0]);
    return c == NULL ? unknown_command(argv[0]) : run(c, argc - 1, argv + 1);
}

/*
 * Who starts us with stdin, stdout or stderr closed would have the next file or socket take its
 * number, and get log lines into it. What is put there cannot be read or written either, so errors
 * stay errors.
 */
static bool fill_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!fill_standard_fds()) {
        return JT_EXIT_FAILED;
    }
    /* For the width of letters in tables; nothing else looks at the locale. */
    const char *locale = setlocale(LC_CTYPE, "");
    if (locale == NULL || strcmp(locale, "C") == 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
    jt_json_guard_memory();
    enum jt_exit code = dispatch(argc > 0 ? (size_t)argc - 1 : 0, (const char *const *)argv + 1);
    code = jt_out_finish(code);
    return (int)code;
}
