/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_resource.c - rows of the table of commands: jeton resource.
 */
#include "command.h"

static const struct jt_flag resource_create_flags[] = {
    {"scope", "NAME[=TEXT]", true, "a permission, and what it means in words people read"},
    {"alg", "RS256|PS256|ES256|EdDSA", false, "how its tokens are signed (token.alg: RS256)"},
    {"format", "jwt|opaque", false,
     "jwt: APIs can check tokens themselves (the default); opaque: they ask the server"},
    {"lifetime", "DURATION", false, "how long its tokens live (token.lifetime: 1h)"},
    {"bind", "none|certificate", false,
     "certificate: a token is good only together with the certificate it was got with (none)"},
    JT_FLAGS_END};
static const struct jt_flag resource_update_flags[] = {
    {"scope", "NAME[=TEXT]", true, "add a permission, or change its text"},
    {"no-scope", "NAME", true, "remove a permission, from its clients too"},
    {"alg", "RS256|PS256|ES256|EdDSA", false, "how its tokens are signed from now on"},
    {"format", "jwt|opaque", false, "what its new tokens are"},
    {"lifetime", "DURATION", false, "how long its new tokens live"},
    {"bind", "none|certificate", false,
     "certificate: bind its tokens to the caller's certificate; plain ones are good no more"},
    {"introspect-by", "CLIENT", true, "let this client introspect tokens for the resource"},
    {"no-introspect-by", "CLIENT", true, "no longer let it"},
    JT_FLAGS_END};
static const struct jt_flag delete_flags[] = {
    {"yes", NULL, false, "do not ask, even on a terminal"}, JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_resource[] = {
    {"resource",
     "create",
     "AUDIENCE",
     "--scope NAME[=TEXT]... [--alg ALG] [--format jwt|opaque] [--lifetime DURATION] "
     "[--bind none|certificate]",
     "Create a resource: an API that tokens are for",
     "AUDIENCE is the API's identifier, a URI such as https://orders.example.com; tokens carry it "
     "as their aud claim. Its scopes are the permissions that clients can be given.",
     resource_create_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton resource create https://orders.example.com --scope orders:read=\"Read orders\" "
       "--scope orders:write",
       "an API with two scopes"},
      {"jeton resource create urn:example:billing --scope bill --alg ES256 --lifetime 15m",
       "short tokens with small signatures"}},
     jt_cmd_resource_create},
    {"resource",
     "list",
     NULL,
     "",
     "List the resources",
     "",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton resource list", "all of them, as a table"},
      {"jeton resource list -o jsonl | jq -r .audience", "their identifiers only"}},
     jt_cmd_resource_list},
    {"resource",
     "show",
     "AUDIENCE",
     "",
     "Show one resource",
     "",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton resource show https://api.example.com", "scopes, algorithm, life of its tokens"},
      {"jeton resource show https://api.example.com -o json", "the same for a program"}},
     jt_cmd_resource_show},
    {"resource",
     "update",
     "AUDIENCE",
     "[--scope NAME[=TEXT]]... [--no-scope NAME]... [--alg ALG] [--format jwt|opaque] [--lifetime "
     "DURATION] "
     "[--bind none|certificate] [--introspect-by CLIENT]... [--no-introspect-by CLIENT]...",
     "Change a resource",
     "Only what is named changes. Flags take effect in the order in which they stand. If somebody "
     "else changes the resource at the same moment, the change is applied to the new state.",
     resource_update_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton resource update https://api.example.com --scope api:admin=\"Everything\" "
       "--lifetime 15m",
       "a new scope, and shorter tokens"},
      {"jeton resource update https://api.example.com --introspect-by gateway",
       "the client gateway may ask whether tokens for this API are active"}},
     jt_cmd_resource_update},
    {"resource",
     "delete",
     "AUDIENCE",
     "[--yes]",
     "Delete a resource and its scopes",
     "Not while clients have grants on it: take those first. On a terminal it asks.",
     delete_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton resource delete https://orders.example.com", "after a question"},
      {"jeton resource delete urn:example:billing --yes -o json", "for a script"}},
     jt_cmd_resource_delete},
    {0},
};
