/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_grant.c - rows of the table of commands: jeton grant.
 */
#include "command.h"

static const struct jt_flag list_flags[] = {
    {"resource", "AUDIENCE", false, "only grants on this resource"}, JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_grant[] = {
    {"grant",
     "add",
     "CLIENT AUDIENCE SCOPE...",
     "",
     "Let a client have scopes of a resource",
     "What it has already stays; its tokens so far do not change.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton grant add billing https://orders.example.com orders:read", "one more scope"},
      {"jeton grant add billing https://orders.example.com orders:read orders:write -o json",
       "two, and the client as it is then"}},
     jt_cmd_grant_add},
    {"grant",
     "remove",
     "CLIENT AUDIENCE [SCOPE...]",
     "",
     "Take scopes of a resource from a client",
     "Without SCOPE it takes all of them. New tokens no longer have what was taken; jeton revoke "
     "--client ends those that do.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton grant remove billing https://orders.example.com orders:write", "one scope"},
      {"jeton grant remove billing https://orders.example.com", "the whole resource"}},
     jt_cmd_grant_remove},
    {"grant",
     "list",
     "[CLIENT]",
     "[--resource AUDIENCE]",
     "List who may have what",
     "All grants, those of one client, or those on one resource.",
     list_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton grant list --resource https://orders.example.com", "who can reach an API"},
      {"jeton grant list billing -o jsonl", "what one client may have, one resource a line"}},
     jt_cmd_grant_list},
    {0},
};
