/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct jt_flag client_create_flags[] = {
    {"id", "ID", false,
     "the client_id to use; without it NAME itself, or a random one if NAME cannot be an id"},
    {"allow", "AUDIENCE=SCOPE,SCOPE", true, "what it may ask for: scopes of one resource"},
    {"owner", "TEXT", false, "who answers for it: a team, an address"},
    {"no-secret", NULL, false, "make no secret"},
    {"secret-out", "FILE", false, "write the secret to a new file (mode 0600), do not print it"},
    JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_client[] = {
    {"client",
     "create",
     "NAME",
     "[--id ID] [--allow AUDIENCE=SCOPE,SCOPE]... [--owner TEXT] [--no-secret | --secret-out FILE]",
     "Create a client: a machine that asks for tokens",
     "The secret is shown once, or written to a file; the server keeps only its hash. --allow "
     "takes the scopes behind its last \"=\", separated by commas.",
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
    {0},
};
