/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_issuer.c - rows of the table of commands: jeton token and introspect, with any issuer.
 */
#include "command.h"

static const struct jt_flag token_flags[] = {
    {"scope", "SCOPE", false, "what the token shall permit, separated by blanks (JETON_SCOPE)"},
    {"resource", "AUDIENCE", false, "the API that the token is for (JETON_RESOURCE)"},
    {"audience", "AUDIENCE", false, "the same for issuers that call it audience, such as Auth0"},
    {"header", NULL, false, "print a whole header: Authorization: Bearer ..."},
    JT_FLAGS_END};
static const struct jt_flag introspect_flags[] = {
    {"bearer", NULL, false, "ask with the token itself instead of a client's secret"},
    JT_FLAGS_END};

const struct jt_command jt_commands_issuer[] = {
    {NULL,
     "token",
     NULL,
     "[--scope SCOPE] [--resource AUDIENCE] [--header]",
     "Get an access token from any issuer, as a client",
     "Asks with client id and secret (the client credentials grant, RFC 6749) and prints the token "
     "and nothing else; with -o json the issuer's whole answer. The issuer's endpoints are found "
     "from its metadata. Proxies are taken from https_proxy and no_proxy, but not for loopback.\n\n"
     "Exit code 1: the issuer refused; 2: something is missing or wrong on this side; 5: the "
     "issuer cannot be reached, its certificate is not trusted, or it does not answer in time.",
     token_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ISSUER,
     {{"jeton token --issuer https://auth.example.com --client-id demo --secret-file ./demo.secret "
       "--scope api:read",
       "with everything on the command line but the secret"},
      {"jeton token --header | curl -H @- https://api.example.com/orders",
       "call an API; the rest comes from JETON_ISSUER and so on"}},
     jt_cmd_token},
    {NULL,
     "introspect",
     "[TOKEN]",
     "[--bearer]",
     "Ask an issuer whether a token is active, and what it says",
     "TOKEN is read from standard input when it is - or left out. Exit code 0: active; 1: not "
     "active, or refused. Who may ask about a token is the issuer's to decide (RFC 7662).",
     introspect_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ISSUER,
     {{"jeton introspect --issuer https://auth.example.com --client-id gateway --secret-file "
       "./gateway.secret -",
       "the token comes from standard input"},
      {"jeton introspect --bearer -o json | jq .exp", "a token asks about itself"}},
     jt_cmd_introspect},
    {0},
};
