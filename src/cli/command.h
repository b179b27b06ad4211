/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - every command, once: parsing, help and manual pages are made from these rows.
 *
 * A command is here only when it does what it says.
 * Threads: constant data.
 */
#ifndef JT_CLI_COMMAND_H
#define JT_CLI_COMMAND_H

#include "say.h"

struct jt_args;

struct jt_flag {
    const char *name;  /* "scope" for --scope; "o" is written -o */
    const char *takes; /* "NAME[=TEXT]"; NULL for a switch */
    bool repeats;
    const char *says;
};

enum jt_flag_group {
    JT_FLAGS_OUTPUT = 1, /* -o */
    JT_FLAGS_ADMIN = 2,  /* --socket --data, --server and what proves who asks, and --timeout */
    JT_FLAGS_LONG = 4,   /* the server may need hours: --timeout is a day unless it is given */
    JT_FLAGS_ISSUER = 8, /* --issuer --ca-file --client-id --secret-file, and --timeout */
};

struct jt_command {
    const char *noun;            /* "resource"; NULL for an action */
    const char *verb;            /* "create", "dev" */
    const char *operand;         /* "CLIENT AUDIENCE SCOPE...", "[TOKEN]"; NULL: takes none */
    const char *usage;           /* the flags worth showing in one line: "--scope NAME[=TEXT]..." */
    const char *purpose;         /* one sentence without full stop */
    const char *about;           /* paragraphs separated by an empty line */
    const struct jt_flag *flags; /* its own; the last has no name */
    unsigned groups;
    struct {
        const char *line, *says;
    } examples[3]; /* the third may be absent */
    enum jt_exit (*run)(const struct jt_args *args);
};

/* The end of a list of flags. */
#define JT_FLAGS_END                                                                               \
    {                                                                                              \
        0                                                                                          \
    }

struct jt_noun {
    const char *name, *purpose;
};

/* The rows, one file for each noun; the last row of each has no verb. */
extern const struct jt_command jt_commands_server[], jt_commands_resource[], jt_commands_client[],
    jt_commands_grant[], jt_commands_credential[], jt_commands_key[], jt_commands_audit[],
    jt_commands_issuer[], jt_commands_action[];
/* The i-th of all commands; NULL after the last. */
const struct jt_command *jt_command_at(size_t i);
extern const struct jt_noun jt_nouns[];
extern const size_t jt_nouns_n;
/* Flags of a group, the last without name, and its heading. */
extern const struct jt_flag jt_flags_output[], jt_flags_admin[], jt_flags_remote[],
    jt_flags_remote_issuer[], jt_flags_issuer[], jt_flags_timeout[], jt_flags_common[];

/* NULL when there is none. noun NULL: an action. */
const struct jt_command *jt_command_find(const char *noun, const char *verb);
const struct jt_noun *jt_noun_find(const char *name);
/* The i-th list of flags of a command: its own, then those of its groups; NULL after the last.
 * *heading names the group. */
const struct jt_flag *jt_command_flags(const struct jt_command *c, size_t i, const char **heading);

/* the functions, one file per noun or verb */
enum jt_exit jt_cmd_dev(const struct jt_args *args);
enum jt_exit jt_cmd_serve(const struct jt_args *args);
enum jt_exit jt_cmd_check(const struct jt_args *args);
enum jt_exit jt_cmd_resource_create(const struct jt_args *args);
enum jt_exit jt_cmd_resource_list(const struct jt_args *args);
enum jt_exit jt_cmd_resource_show(const struct jt_args *args);
enum jt_exit jt_cmd_resource_update(const struct jt_args *args);
enum jt_exit jt_cmd_resource_delete(const struct jt_args *args);
enum jt_exit jt_cmd_client_create(const struct jt_args *args);
enum jt_exit jt_cmd_client_list(const struct jt_args *args);
enum jt_exit jt_cmd_client_show(const struct jt_args *args);
enum jt_exit jt_cmd_client_update(const struct jt_args *args);
enum jt_exit jt_cmd_client_enable(const struct jt_args *args);
enum jt_exit jt_cmd_client_disable(const struct jt_args *args);
enum jt_exit jt_cmd_client_delete(const struct jt_args *args);
enum jt_exit jt_cmd_grant_add(const struct jt_args *args);
enum jt_exit jt_cmd_grant_remove(const struct jt_args *args);
enum jt_exit jt_cmd_grant_list(const struct jt_args *args);
enum jt_exit jt_cmd_credential_add(const struct jt_args *args);
enum jt_exit jt_cmd_credential_list(const struct jt_args *args);
enum jt_exit jt_cmd_credential_rotate(const struct jt_args *args);
enum jt_exit jt_cmd_credential_test(const struct jt_args *args);
enum jt_exit jt_cmd_credential_revoke(const struct jt_args *args);
enum jt_exit jt_cmd_key_list(const struct jt_args *args);
enum jt_exit jt_cmd_key_show(const struct jt_args *args);
enum jt_exit jt_cmd_key_rotate(const struct jt_args *args);
enum jt_exit jt_cmd_key_retire(const struct jt_args *args);
enum jt_exit jt_cmd_key_revoke(const struct jt_args *args);
enum jt_exit jt_cmd_audit_list(const struct jt_args *args);
enum jt_exit jt_cmd_audit_show(const struct jt_args *args);
enum jt_exit jt_cmd_audit_tail(const struct jt_args *args);
enum jt_exit jt_cmd_audit_export(const struct jt_args *args);
enum jt_exit jt_cmd_explain(const struct jt_args *args);
enum jt_exit jt_cmd_why(const struct jt_args *args);
enum jt_exit jt_cmd_revoke(const struct jt_args *args);
enum jt_exit jt_cmd_rekey(const struct jt_args *args);
enum jt_exit jt_cmd_backup(const struct jt_args *args);
enum jt_exit jt_cmd_restore(const struct jt_args *args);
enum jt_exit jt_cmd_token(const struct jt_args *args);
enum jt_exit jt_cmd_introspect(const struct jt_args *args);
/* jeton revoke TOKEN: what jeton revoke does when nothing of an administrator is named. */
enum jt_exit jt_net_revoke(const struct jt_args *args);
enum jt_exit jt_cmd_version(const struct jt_args *args);
enum jt_exit jt_cmd_completion(const struct jt_args *args);

#endif
