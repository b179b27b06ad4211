/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/args.h"

static enum jt_exit nothing(const struct jt_args *args)
{
    (void)args;
    return JT_EXIT_DONE;
}

static const struct jt_flag flags[] = {{"scope", "NAME", true, "repeats"},
                                       {"lifetime", "DURATION", false, "once"},
                                       {"no-secret", NULL, false, "a switch"},
                                       {0}};
static const struct jt_command with_operand = {
    "thing", "create", "NAME", "", "", "", flags, JT_FLAGS_OUTPUT, {{"", ""}, {"", ""}}, nothing};
static const struct jt_command with_many = {
    "grant", "add", "CLIENT AUDIENCE SCOPE...", "",     "", "",
    flags,   0,     {{"", ""}, {"", ""}},       nothing};
static const struct jt_command with_two = {
    "credential", "revoke", "CLIENT ID", "", "", "", flags, 0, {{"", ""}, {"", ""}}, nothing};
static const struct jt_command with_rest = {NULL,  "why", "CLIENT [SCOPE...]",  "",     "", "",
                                            flags, 0,     {{"", ""}, {"", ""}}, nothing};
static const struct jt_command with_optional = {
    NULL, "revoke", "[TOKEN]", "", "", "", flags, 0, {{"", ""}, {"", ""}}, nothing};
static const struct jt_command without = {
    NULL, "act", NULL, "", "", "", flags, 0, {{"", ""}, {"", ""}}, nothing};

static size_t count(const char *const *argv)
{
    size_t n = 0;
    while (argv[n] != NULL) {
        n++;
    }
    return n;
}

static void good(const char *const *argv, struct jt_args *out)
{
    char err[JT_ARGS_ERROR];
    if (jt_args_read(&with_operand, count(argv), argv, out, err) != JT_ARGS_RUN) {
        fail_msg("%s", err);
    }
}

static void forms_of_flags(void **state)
{
    (void)state;
    struct jt_args a;
    good((const char *const[]){"--scope", "a", "x", "--scope=b=c", "--lifetime=", "--no-secret",
                               "-o", "json", NULL},
         &a);
    assert_string_equal(a.operand, "x");
    assert_int_equal(a.output, JT_OUT_JSON);
    size_t i = 0;
    assert_string_equal(jt_args_next(&a, "scope", &i), "a");
    assert_string_equal(jt_args_next(&a, "scope", &i), "b=c");
    assert_null(jt_args_next(&a, "scope", &i));
    assert_string_equal(jt_args_get(&a, "lifetime"), "");
    assert_true(jt_args_has(&a, "no-secret"));
    assert_null(jt_args_get(&a, "nothing"));
}

static void forms_of_output(void **state)
{
    (void)state;
    struct jt_args a;
    good((const char *const[]){"x", NULL}, &a);
    assert_int_equal(a.output, JT_OUT_TABLE);
    good((const char *const[]){"x", "-ojsonl", NULL}, &a);
    assert_int_equal(a.output, JT_OUT_JSONL);
    good((const char *const[]){"-o=table", "x", NULL}, &a);
    assert_int_equal(a.output, JT_OUT_TABLE);
}

static void operands(void **state)
{
    (void)state;
    struct jt_args a;
    good((const char *const[]){"--", "--scope", NULL}, &a);
    assert_string_equal(a.operand, "--scope");
    assert_int_equal(a.n, 0);
    good((const char *const[]){"-", NULL}, &a);
    assert_string_equal(a.operand, "-");
    good((const char *const[]){"--scope", "--", "x", NULL}, &a); /* a value may look like a flag */
    assert_string_equal(jt_args_get(&a, "scope"), "--");
    good((const char *const[]){"-3ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZPw", "-ojson", NULL}, &a);
    assert_string_equal(a.operand, "-3ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZPw");
    good((const char *const[]){"--ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZPw", NULL}, &a);
    assert_string_equal(a.operand, "--ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZPw");
}

/* How many operands are taken; -1 when the words are refused. */
static int taken(const struct jt_command *c, const char *const *argv, struct jt_args *a)
{
    char err[JT_ARGS_ERROR];
    return jt_args_read(c, count(argv), argv, a, err) == JT_ARGS_RUN ? (int)a->noperands : -1;
}

static void several_operands(void **state)
{
    (void)state;
    struct jt_args a;
    assert_int_equal(taken(&with_many, (const char *const[]){"c", "a", "s", NULL}, &a), 3);
    assert_string_equal(a.operand, "c");
    assert_string_equal(a.operands[0], "c");
    assert_string_equal(a.operands[1], "a");
    assert_string_equal(a.operands[2], "s");
    const char *const mixed[] = {"c", "--scope", "x", "a", "s", "--", "--t", NULL};
    assert_int_equal(taken(&with_many, mixed, &a), 4);
    assert_string_equal(a.operands[3], "--t");
    assert_int_equal(taken(&with_two, (const char *const[]){"c", "i", NULL}, &a), 2);
    assert_int_equal(taken(&with_rest, (const char *const[]){"c", NULL}, &a), 1);
    assert_int_equal(taken(&with_rest, (const char *const[]){"c", "s", "t", NULL}, &a), 3);
    assert_int_equal(taken(&with_optional, (const char *const[]){NULL}, &a), 0);
    assert_null(a.operand);
    assert_int_equal(taken(&with_optional, (const char *const[]){"-", NULL}, &a), 1);
    assert_string_equal(a.operand, "-");
}

static void help_wins(void **state)
{
    (void)state;
    char err[JT_ARGS_ERROR];
    struct jt_args a;
    const char *const long_form[] = {"x", "--help", "--wrong"};
    const char *const short_form[] = {"-h"};
    assert_int_equal(jt_args_read(&with_operand, 3, long_form, &a, err), JT_ARGS_HELP);
    assert_int_equal(jt_args_read(&with_operand, 1, short_form, &a, err), JT_ARGS_HELP);
}

static void bad(const struct jt_command *c, const char *const *argv, const char *says)
{
    char err[JT_ARGS_ERROR] = "";
    struct jt_args a;
    assert_int_equal(jt_args_read(c, count(argv), argv, &a, err), JT_ARGS_WRONG);
    assert_string_equal(err, says);
}

static void faults(void **state)
{
    (void)state;
    const struct jt_command *c = &with_operand;
    bad(c, (const char *const[]){NULL}, "NAME is missing: jeton thing create NAME");
    bad(c, (const char *const[]){"", NULL}, "NAME is empty");
    bad(c, (const char *const[]){"x", "y", NULL},
        "\"y\" is one word too many: there is already NAME \"x\"");
    bad(&without, (const char *const[]){"x", NULL},
        "\"x\" is one word too many: this command takes flags only");
    bad(c, (const char *const[]){"x", "--scop", "a", NULL},
        "unknown flag --scop (did you mean --scope?)");
    bad(c, (const char *const[]){"x", "--scpoe=a", NULL},
        "unknown flag --scpoe (did you mean --scope?)");
    bad(c, (const char *const[]){"x", "--frobnicate", NULL}, "unknown flag --frobnicate");
    bad(c, (const char *const[]){"x", "-scope", "a", NULL},
        "unknown flag -scope (did you mean --scope?)");
    bad(c, (const char *const[]){"x", "-3ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZP", NULL},
        "unknown flag -3ozbFDpgx7dLW1yZ8CuFVGIRlFh1kIFLQpJ4rMsZP (if it is none, put -- before "
        "it)");
    bad(c, (const char *const[]){"x", "-q", NULL},
        "unknown flag -q (if it is none, put -- before it)");
    bad(&without, (const char *const[]){"-q", NULL}, "unknown flag -q");
    bad(c, (const char *const[]){"x", "--scope", NULL}, "--scope needs a value: NAME");
    bad(c, (const char *const[]){"x", "--no-secret=1", NULL}, "--no-secret takes no value");
    bad(c, (const char *const[]){"x", "--lifetime", "1", "--lifetime", "2", NULL},
        "--lifetime is given twice");
    bad(c, (const char *const[]){"x", "--no-secret", "--no-secret", NULL},
        "--no-secret is given twice");
    bad(c, (const char *const[]){"x", "-o", "jsno", NULL},
        "-o takes table, json or jsonl, not \"jsno\" (did you mean \"json\"?)");
    bad(c, (const char *const[]){"x", "-o", "yaml", NULL},
        "-o takes table, json or jsonl, not \"yaml\"");
    bad(c, (const char *const[]){"x", "-o", NULL}, "-o needs a value: table|json|jsonl");
    bad(c, (const char *const[]){"x", "-o", "json", "-ojson", NULL}, "-o is given twice");
    bad(&without, (const char *const[]){"-o", "json", NULL}, "unknown flag -o");
    bad(c, (const char *const[]){"x", "--scope", "\xff", NULL},
        "the value of --scope is not UTF-8 text");
    bad(c, (const char *const[]){"\xff", NULL}, "NAME is not UTF-8 text");
}

static void faults_of_operands(void **state)
{
    (void)state;
    bad(&with_many, (const char *const[]){NULL},
        "CLIENT is missing: jeton grant add CLIENT AUDIENCE SCOPE...");
    bad(&with_many, (const char *const[]){"c", NULL},
        "AUDIENCE is missing: jeton grant add CLIENT AUDIENCE SCOPE...");
    bad(&with_many, (const char *const[]){"c", "a", NULL},
        "SCOPE is missing: jeton grant add CLIENT AUDIENCE SCOPE...");
    bad(&with_many, (const char *const[]){"c", "a", "s", "", NULL}, "SCOPE is empty");
    bad(&with_many, (const char *const[]){"c", "\xff", NULL}, "AUDIENCE is not UTF-8 text");
    bad(&with_two, (const char *const[]){"c", NULL},
        "ID is missing: jeton credential revoke CLIENT ID");
    bad(&with_two, (const char *const[]){"c", "i", "j", NULL},
        "\"j\" is one word too many: jeton credential revoke CLIENT ID");
    bad(&with_rest, (const char *const[]){NULL}, "CLIENT is missing: jeton why CLIENT [SCOPE...]");
    bad(&with_optional, (const char *const[]){"t", "u", NULL},
        "\"u\" is one word too many: there is already TOKEN \"t\"");
}

static void too_many_words(void **state)
{
    (void)state;
    const char *argv[JT_OPERANDS_MAX + 2] = {0};
    for (size_t i = 0; i < JT_OPERANDS_MAX; i++) {
        argv[i] = "s";
    }
    struct jt_args a;
    assert_int_equal(taken(&with_many, argv, &a), JT_OPERANDS_MAX);
    argv[JT_OPERANDS_MAX] = "s";
    bad(&with_many, argv, "more than 64 words; use several commands");
}

static void too_many_flags(void **state)
{
    (void)state;
    const char *argv[JT_ARGS_MAX + 2] = {0};
    char word[] = "--scope=a";
    for (size_t i = 0; i <= JT_ARGS_MAX; i++) {
        argv[i] = word;
    }
    bad(&with_operand, argv, "more than 256 flags");
}

static void durations(void **state)
{
    (void)state;
    struct jt_args a;
    int64_t v = 5;
    good((const char *const[]){"x", NULL}, &a);
    assert_true(jt_args_duration(&a, "lifetime", 1, &v));
    assert_int_equal(v, 5);
    good((const char *const[]){"x", "--lifetime", "15m", NULL}, &a);
    assert_true(jt_args_duration(&a, "lifetime", 1, &v));
    assert_int_equal(v, 900);
    good((const char *const[]){"x", "--lifetime", "0", NULL}, &a);
    assert_true(jt_args_duration(&a, "lifetime", 0, &v));
    assert_int_equal(v, 0);
    assert_false(jt_args_duration(&a, "lifetime", 1, &v));
    good((const char *const[]){"x", "--lifetime", "1w", NULL}, &a);
    assert_false(jt_args_duration(&a, "lifetime", 0, &v));
    assert_int_equal(v, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_flags),     cmocka_unit_test(forms_of_output),
        cmocka_unit_test(operands),           cmocka_unit_test(several_operands),
        cmocka_unit_test(help_wins),          cmocka_unit_test(faults),
        cmocka_unit_test(faults_of_operands), cmocka_unit_test(too_many_words),
        cmocka_unit_test(too_many_flags),     cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
