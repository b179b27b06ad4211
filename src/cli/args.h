/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - the words after the command, read into flags and operands.
 *
 * Flags are written --flag value or --flag=value, in any place; -o json, -o=json and -ojson are
 * the same; after -- everything is an operand, and so is what can be the id of a signing key.
 * A command names its operands as its help shows them, required ones first: "CLIENT SCOPE..." takes
 * one scope or more, "CLIENT [SCOPE...]" any number.
 * Owns:   nothing; all text is argv's.
 * Errors: a sentence in err, with the nearest spelling.
 */
#ifndef JT_CLI_ARGS_H
#define JT_CLI_ARGS_H

#include "command.h"

#define JT_ARGS_MAX 256 /* flags */
#define JT_OPERANDS_MAX 64
#define JT_ARGS_ERROR 600

enum jt_output { JT_OUT_TABLE = 0, JT_OUT_JSON, JT_OUT_JSONL };

struct jt_args {
    const struct jt_command *command;
    const char *operand; /* the first; NULL when there is none */
    size_t noperands;
    const char *operands[JT_OPERANDS_MAX]; /* all of them, the first too */
    enum jt_output output;
    size_t n;
    struct {
        const struct jt_flag *flag;
        const char *value; /* "" for a switch */
    } given[JT_ARGS_MAX];
};

enum jt_args_end {
    JT_ARGS_WRONG = 0, /* err says why */
    JT_ARGS_RUN,
    JT_ARGS_HELP, /* --help stands somewhere */
};

/* argv without program, noun and verb. */
enum jt_args_end jt_args_read(const struct jt_command *command, size_t argc,
                              const char *const *argv, struct jt_args *out,
                              char err[static JT_ARGS_ERROR]);
/* The value of a flag, NULL when it was not given. */
const char *jt_args_get(const struct jt_args *a, const char *name);
bool jt_args_has(const struct jt_args *a, const char *name);
/* The next value of a flag that repeats: start with *i = 0. NULL after the last. */
const char *jt_args_next(const struct jt_args *a, const char *name, size_t *i);
/* A duration ("15m") in seconds; *out stays when not given. False, with an error said, when it is
 * not one from lowest seconds. */
bool jt_args_duration(const struct jt_args *a, const char *name, int64_t lowest, int64_t *out);

#endif
