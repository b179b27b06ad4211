/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands keeps its promises: examples that parse, help for everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/args.h"
#include "cli/help.h"
#include "server/config/option.h"

/* The commands themselves are not part of this test. */
#define NOTHING(name)                                                                              \
    enum jt_exit name(const struct jt_args *args)                                                  \
    {                                                                                              \
        (void)args;                                                                                \
        return JT_EXIT_DONE;                                                                       \
    }
NOTHING(jt_cmd_dev)
NOTHING(jt_cmd_serve)
NOTHING(jt_cmd_check)
NOTHING(jt_cmd_resource_create)
NOTHING(jt_cmd_resource_list)
NOTHING(jt_cmd_resource_show)
NOTHING(jt_cmd_resource_update)
NOTHING(jt_cmd_client_create)
NOTHING(jt_cmd_client_list)
NOTHING(jt_cmd_client_show)
NOTHING(jt_cmd_audit_list)
NOTHING(jt_cmd_audit_show)
NOTHING(jt_cmd_backup)
NOTHING(jt_cmd_restore)
NOTHING(jt_cmd_explain)
NOTHING(jt_cmd_resource_delete)
NOTHING(jt_cmd_client_update)
NOTHING(jt_cmd_client_enable)
NOTHING(jt_cmd_client_disable)
NOTHING(jt_cmd_client_delete)
NOTHING(jt_cmd_grant_add)
NOTHING(jt_cmd_grant_remove)
NOTHING(jt_cmd_grant_list)
NOTHING(jt_cmd_credential_add)
NOTHING(jt_cmd_credential_list)
NOTHING(jt_cmd_credential_rotate)
NOTHING(jt_cmd_credential_revoke)
NOTHING(jt_cmd_credential_test)
NOTHING(jt_cmd_key_list)
NOTHING(jt_cmd_key_show)
NOTHING(jt_cmd_key_rotate)
NOTHING(jt_cmd_key_retire)
NOTHING(jt_cmd_key_revoke)
NOTHING(jt_cmd_audit_tail)
NOTHING(jt_cmd_audit_export)
NOTHING(jt_cmd_why)
NOTHING(jt_cmd_revoke)
NOTHING(jt_cmd_rekey)
NOTHING(jt_cmd_token)
NOTHING(jt_cmd_introspect)
NOTHING(jt_net_revoke)
NOTHING(jt_cmd_version)
NOTHING(jt_cmd_completion)

#define WORDS_MAX 32

/* Words as a shell would part them: blanks, double quotes, up to a pipe or a file. */
static size_t split(char *line, const char **words)
{
    size_t n = 0;
    char *to = line;
    bool quoted = false;
    bool inside = false;
    for (char *from = line; *from != '\0' && *from != '|' && *from != '>'; from++) {
        if (*from == '"') {
            quoted = !quoted;
            continue;
        }
        if (*from == ' ' && !quoted) {
            *to++ = '\0';
            inside = false;
            continue;
        }
        if (!inside) {
            assert_true(n < WORDS_MAX);
            words[n++] = to;
            inside = true;
        }
        *to++ = *from;
    }
    *to = '\0';
    return n;
}

static void examples_can_be_run(void **state)
{
    (void)state;
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        for (size_t k = 0; k < 3 && (k < 2 || c->examples[k].line != NULL); k++) {
            char line[400];
            const char *words[WORDS_MAX];
            char err[JT_ARGS_ERROR] = "";
            struct jt_args args;
            (void)snprintf(line, sizeof line, "%s", c->examples[k].line);
            size_t n = split(line, words);
            size_t skip = c->noun == NULL ? 2 : 3;
            assert_true(n >= skip);
            assert_string_equal(words[0], "jeton");
            assert_string_equal(words[skip - 1], c->verb);
            if (jt_args_read(c, n - skip, words + skip, &args, err) != JT_ARGS_RUN) {
                fail_msg("%s: %s", c->examples[k].line, err);
            }
            assert_true(strlen(c->examples[k].says) > 5);
        }
    }
}

static void every_row_is_complete(void **state)
{
    (void)state;
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        const char *heading = NULL;
        const struct jt_flag *f = NULL;
        assert_ptr_equal(jt_command_find(c->noun, c->verb), c);
        assert_true(strlen(c->purpose) > 10);
        assert_true(c->purpose[strlen(c->purpose) - 1] != '.');
        assert_non_null(c->run);
        assert_true(c->noun == NULL || jt_noun_find(c->noun) != NULL);
        for (size_t k = 0; (f = jt_command_flags(c, k, &heading)) != NULL; k++) {
            assert_true(strlen(heading) > 0);
            assert_non_null(f->name);
            for (; f->name != NULL; f++) {
                assert_true(strlen(f->says) > 10);
            }
        }
    }
    assert_null(jt_command_find("client", "dev"));
    assert_null(jt_command_find(NULL, "create"));
    assert_null(jt_noun_find("dev"));
}

static char *text_of(void (*print)(FILE *, const void *), const void *what)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    print(f, what);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* Undoes the continuation of long examples. */
static void join_lines(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (strncmp(from, " \\\n     ", 8) == 0) {
            from += 8;
            continue;
        }
        *to++ = *from++;
    }
    *to = '\0';
}

static void print_command(FILE *f, const void *what)
{
    jt_help_command(f, what);
}

static void print_noun(FILE *f, const void *what)
{
    jt_help_noun(f, what);
}

static void print_config(FILE *f, const void *what)
{
    (void)what;
    jt_help_config(f);
}

static void print_overview(FILE *f, const void *what)
{
    (void)what;
    jt_help_overview(f);
}

static void help_says_everything(void **state)
{
    (void)state;
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        char *text = text_of(print_command, c);
        assert_memory_equal(text, c->purpose, strlen(c->purpose));
        join_lines(text);
        for (size_t k = 0; k < 3 && (k < 2 || c->examples[k].line != NULL); k++) {
            assert_non_null(strstr(text, c->examples[k].line));
        }
        for (const struct jt_flag *f = c->flags; f->name != NULL; f++) {
            char flag[64];
            (void)snprintf(flag, sizeof flag, "%s%s", f->name[1] == '\0' ? "-" : "--", f->name);
            assert_non_null(strstr(text, flag));
        }
        free(text);
    }
    char *overview = text_of(print_overview, NULL);
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        assert_non_null(strstr(overview, c->verb));
    }
    free(overview);
    char *config = text_of(print_config, NULL);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        assert_non_null(strstr(config, jt_options[i].name));
    }
    free(config);
    char *noun = text_of(print_noun, jt_noun_find("client"));
    assert_non_null(strstr(noun, "client create"));
    assert_null(strstr(noun, "resource create"));
    free(noun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_can_be_run),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(help_says_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
