/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_client.c - rows of the table of commands: jeton client.
 */
#include "command.h"

static const struct jt_flag client_create_flags[] = {
    {"id", "ID", false,
     "the client_id to use; without it NAME itself, or a random one if NAME cannot be an id"},
    {"allow", "AUDIENCE=SCOPE,SCOPE", true, "what it may ask for: scopes of one resource"},
    {"owner", "TEXT", false, "who answers for it: a team, an address"},
    {"cidr", "NET", true, "only from this network, 10.1.0.0/16, or address (from anywhere)"},
    {"label", "TEXT", false, "label of its secret: an environment, such as prod"},
    {"expires", "TIME", false,
     "when its secret ends: 90d from now, 2026-12-01 (UTC) or 2026-12-01T12:00:00Z (never)"},
    {"rotation", "off|allowed|required", false,
     "may it replace its secrets and keys by itself, or must it (off)"},
    {"rotate-every", "DURATION", false, "with required: how old a secret or key may become (90d)"},
    {"no-secret", NULL, false, "make no secret"},
    {"secret-file", "FILE", false,
     "the secret that it has already, in this file; - is standard input"},
    {"secret-hash-file", "FILE", false,
     "the hash of its secret, as another server kept it, in this file"},
    {"secret-out", "FILE", false, "write the secret to a new file (mode 0600), do not print it"},
    JT_FLAGS_END};
static const struct jt_flag update_flags[] = {
    {"name", "TEXT", false, "another name; the client_id stays"},
    {"owner", "TEXT", false, "who answers for it"},
    {"cidr", "NET", true, "add a network, 10.1.0.0/16, or address from which it may ask"},
    {"no-cidr", "NET", true, "remove one; without any, it may ask from anywhere"},
    {"compat", "WORD,WORD", true,
     "work as another server did, such as cidaas-or, aud-token-url, rs256-assertion"},
    {"no-compat", "WORD,WORD", true, "no longer work so"},
    {"rotation", "off|allowed|required", false,
     "may it replace its secrets and keys by itself, or must it"},
    {"rotate-every", "DURATION", false, "with required: how old a secret or key may become (90d)"},
    JT_FLAGS_END};
static const struct jt_flag delete_flags[] = {
    {"yes", NULL, false, "do not ask, even on a terminal"}, JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_client[] = {
    {"client",
     "create",
     "NAME",
     "[--id ID] [--allow AUDIENCE=SCOPE,SCOPE]... [--owner TEXT] [--cidr NET]... "
     "[--label TEXT] [--expires TIME] [--rotation off|allowed|required] [--rotate-every DURATION] "
     "[--no-secret | --secret-file FILE | --secret-hash-file FILE] [--secret-out FILE]",
     "Create a client: a machine that asks for tokens",
     "The secret is shown once, or written to a file; the server keeps only its hash. --allow "
     "takes the scopes behind its last \"=\", separated by commas. A client that comes from "
     "another "
     "server may keep its secret; a weak one is refused. Hashes are bcrypt, PBKDF2, Argon2id, "
     "SHA-256-crypt or SHA-512-crypt.",
     client_create_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client create reports --id reports --allow https://api.example.com=api:read",
       "a client that may read one API; its secret is printed"},
      {"jeton client create \"Nightly export\" --owner data-team --allow "
       "https://api.example.com=api:read,api:write --secret-out ./export.secret",
       "the secret goes to a file that only you can read"}},
     jt_cmd_client_create},
    {"client",
     "list",
     NULL,
     "",
     "List the clients",
     "",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client list", "all of them, as a table"},
      {"jeton client list -o jsonl | jq -r .client_id", "their identifiers only"}},
     jt_cmd_client_list},
    {"client",
     "show",
     "CLIENT",
     "",
     "Show one client: what it may have, and its credentials",
     "CLIENT is a client_id. Secrets cannot be shown again: the server does not have them.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client show demo", "grants and credentials"},
      {"jeton client show demo -o json", "the same for a program"}},
     jt_cmd_client_show},
    {"client",
     "update",
     "CLIENT",
     "[--name TEXT] [--owner TEXT] [--cidr NET]... [--no-cidr NET]... [--compat WORD,WORD]... "
     "[--no-compat WORD,WORD]... [--rotation off|allowed|required] [--rotate-every DURATION]",
     "Change a client",
     "Only what is named changes. If somebody else changes the client at the same moment, the "
     "change is applied to the new state. What it may have is changed with jeton grant. With "
     "--rotation allowed the client itself may replace a secret or key (POST /credentials/rotate); "
     "with required it must: one that is older than --rotate-every is refused.",
     update_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client update billing --owner \"team payments\"", "somebody else answers for it"},
      {"jeton client update billing --cidr 10.1.0.0/16 --no-cidr 10.2.0.0/16",
       "it moved to another network"}},
     jt_cmd_client_update},
    {"client",
     "enable",
     "CLIENT",
     "",
     "Let a disabled client have tokens again",
     "",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client enable billing", "it may ask for tokens again"},
      {"jeton client enable billing -o json | jq .enabled", "for a script"}},
     jt_cmd_client_enable},
    {"client",
     "disable",
     "CLIENT",
     "",
     "Refuse a client, and keep everything about it",
     "It gets no token until it is enabled, and the server calls its tokens inactive when asked. "
     "An API that checks tokens by itself takes those it has seen until they expire.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client disable billing", "at once; jeton client enable undoes it"},
      {"jeton client disable billing -o json | jq .enabled", "for a script"}},
     jt_cmd_client_disable},
    {"client",
     "delete",
     "CLIENT",
     "[--yes]",
     "Delete a client, its credentials and its grants",
     "It cannot be undone; jeton client disable can. On a terminal it asks. Not while a resource "
     "names the client in introspect-by.",
     delete_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton client delete billing", "after a question"},
      {"jeton client delete billing --yes -o json", "for a script"}},
     jt_cmd_client_delete},
    {0},
};
