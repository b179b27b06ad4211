/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#define END                                                                                        \
    {                                                                                              \
        0                                                                                          \
    }

static const struct jt_flag dev_flags[] = {
    {"data", "DIR", false,
     "keep everything in this directory, so that a second start has the same client and secret"},
    {"listen", "ADDR:PORT", false, "address to listen on, loopback only (127.0.0.1:8443)"},
    END};
static const struct jt_flag serve_flags[] = {
    {"config", "FILE", false, "configuration in YAML"},
    {"data", "DIR", false, "server.data: where databases and keys are (/var/lib/jeton)"},
    {"listen", "ADDR:PORT", true, "server.listen: address to listen on (127.0.0.1:8443)"},
    {"issuer", "URL", false, "server.issuer: the URL that tokens name as their issuer"},
    {"tls-cert", "FILE", false, "server.tls_cert: TLS certificate with its chain, in PEM"},
    {"tls-key", "FILE", false, "server.tls_key: its private key, in PEM, mode 0600"},
    END};
static const struct jt_flag check_flags[] = {
    {"config", "FILE", false, "the configuration to check; without it, the environment alone"},
    END};
static const struct jt_flag resource_create_flags[] = {
    {"scope", "NAME[=TEXT]", true, "a permission, and what it means in words people read"},
    {"alg", "RS256|ES256", false, "how its tokens are signed (token.alg: RS256)"},
    {"lifetime", "DURATION", false, "how long its tokens live (token.lifetime: 1h)"},
    END};
static const struct jt_flag resource_update_flags[] = {
    {"scope", "NAME[=TEXT]", true, "add a permission, or change its text"},
    {"no-scope", "NAME", true, "remove a permission"},
    {"alg", "RS256|ES256", false, "how its tokens are signed from now on"},
    {"lifetime", "DURATION", false, "how long its new tokens live"},
    {"introspect-by", "CLIENT", true, "let this client introspect tokens for the resource"},
    {"no-introspect-by", "CLIENT", true, "no longer let it"},
    END};
static const struct jt_flag client_create_flags[] = {
    {"id", "ID", false,
     "the client_id to use; without it NAME itself, or a random one if NAME cannot be an id"},
    {"allow", "AUDIENCE=SCOPE,SCOPE", true, "what it may ask for: scopes of one resource"},
    {"owner", "TEXT", false, "who answers for it: a team, an address"},
    {"no-secret", NULL, false, "make no secret"},
    {"secret-out", "FILE", false, "write the secret to a new file (mode 0600), do not print it"},
    END};
static const struct jt_flag audit_list_flags[] = {
    {"since", "DURATION", false, "only events of the last 15m, 1h, 7d, ..."},
    {"client", "ID", false, "only events of this client"},
    {"type", "TYPE", false, "only events of this type, such as token.denied"},
    {"limit", "N", false, "at most this many events (100); 0 is all"},
    END};
static const struct jt_flag token_flags[] = {
    {"scope", "SCOPE", false, "what the token shall permit, separated by blanks (JETON_SCOPE)"},
    {"resource", "AUDIENCE", false, "the API that the token is for (JETON_RESOURCE)"},
    {"audience", "AUDIENCE", false, "the same for issuers that call it audience, such as Auth0"},
    {"header", NULL, false, "print a whole header: Authorization: Bearer ..."},
    END};
static const struct jt_flag introspect_flags[] = {
    {"bearer", NULL, false, "ask with the token itself instead of a client's secret"}, END};
static const struct jt_flag no_flags[] = {END};

const struct jt_noun jt_nouns[] = {
    {"resource", "the APIs that tokens are for, and their scopes"},
    {"client", "the machines that ask for tokens"},
    {"audit", "what happened, who did it, and why it was refused"},
};
const size_t jt_nouns_n = sizeof jt_nouns / sizeof jt_nouns[0];

const struct jt_command jt_commands[] = {
    {NULL,
     "dev",
     NULL,
     "[--data DIR] [--listen ADDR:PORT]",
     "Start a server to try things with, nothing to configure",
     "HTTPS on 127.0.0.1:8443 with a CA of its own, one resource https://api.example.com with the "
     "scopes api:read and api:write, and one client, demo, that may have both. Everything needed "
     "is printed, with commands to paste. Stop it with Ctrl-C.\n\n"
     "Without --data it works in a temporary directory and removes that at the end. With -o json "
     "the first line printed is one JSON object for scripts.",
     dev_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton dev", "a server that leaves nothing behind"},
      {"jeton dev --data ~/jeton-dev --listen 127.0.0.1:9443",
       "the same client and secret at every start, on another port"}},
     jt_cmd_dev},
    {NULL,
     "serve",
     NULL,
     "[--config FILE] [--data DIR] [--listen ADDR:PORT]... [--issuer URL] [--tls-cert FILE "
     "--tls-key FILE]",
     "Run the token server",
     "Settings come from flags, then the environment (JETON_SERVER_ISSUER and so on), then the "
     "file, then the defaults; jeton help config lists them all. Without a TLS certificate the "
     "server listens on loopback only. "
     "SIGTERM or Ctrl-C lets requests in progress finish.",
     serve_flags,
     0,
     {{"jeton serve --config /etc/jeton/jeton.yaml", "settings from a file"},
      {"jeton serve --data ./data --issuer https://login.example.com --listen 127.0.0.1:8080",
       "plain HTTP on loopback, behind a proxy that does TLS"}},
     jt_cmd_serve},
    {NULL,
     "check",
     NULL,
     "[--config FILE]",
     "Check the configuration and list which protections are on",
     "Reads what jeton serve would read and starts nothing. A mistake is told with file, line and "
     "column and what to write instead, and ends with exit code 2.",
     check_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton check --config /etc/jeton/jeton.yaml", "before a restart"},
      {"jeton check --config jeton.yaml -o json", "for a deployment script"}},
     jt_cmd_check},
    {"resource",
     "create",
     "AUDIENCE",
     "--scope NAME[=TEXT]... [--alg RS256|ES256] [--lifetime DURATION]",
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
     "[--scope NAME[=TEXT]]... [--no-scope NAME]... [--alg RS256|ES256] [--lifetime DURATION] "
     "[--introspect-by CLIENT]... [--no-introspect-by CLIENT]...",
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
    {"audit",
     "list",
     NULL,
     "[--since DURATION] [--client ID] [--type TYPE] [--limit N]",
     "List audit events, newest first",
     "Every token issued, every refusal and every change by an administrator is one event. "
     "jeton explain REF tells more about a refusal.",
     audit_list_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton audit list --since 1h --type token.denied", "what was refused in the last hour"},
      {"jeton audit list --client demo --limit 0 -o jsonl", "everything one client did, for jq"}},
     jt_cmd_audit_list},
    {"audit",
     "show",
     "REF",
     "",
     "Show one audit event",
     "REF is an event's reference (ref, error_ref or X-Request-Id) or its number (seq).",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton audit show 1", "the first event there is"},
      {"jeton audit show 4k2m7q5xw3zr6tybn2dcvjh2fa -o json", "by reference, for a program"}},
     jt_cmd_audit_show},
    {NULL,
     "explain",
     "REF",
     "",
     "Explain why a request was refused, and what to do",
     "REF is the error_ref of a refused request, or the X-Request-Id of its answer. The answer on "
     "the wire says little on purpose; this says exactly what was wrong.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton explain 4k2m7q5xw3zr6tybn2dcvjh2fa", "the reason, and the next step"},
      {"jeton explain 4k2m7q5xw3zr6tybn2dcvjh2fa -o json | jq -r .reason", "the reason's name"}},
     jt_cmd_explain},
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
    {NULL,
     "revoke",
     "[TOKEN]",
     "",
     "End a token before its time, at any issuer",
     "The client that the token was issued to asks, with its id and secret (RFC 7009). TOKEN is "
     "read from standard input when it is - or left out. Exit code 0 says that the issuer took it; "
     "by the standard it says the same of a token that it does not know.",
     no_flags,
     JT_FLAGS_ISSUER,
     {{"jeton revoke --issuer https://auth.example.com --client-id demo --secret-file "
       "./demo.secret -",
       "the token comes from standard input"},
      {"jeton revoke - --timeout 5s", "issuer and client from JETON_ISSUER and so on"}},
     jt_net_revoke},
    {NULL,
     "version",
     NULL,
     "",
     "Print the version",
     "",
     no_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton version", "for people"}, {"jeton version -o json", "for a program"}},
     jt_cmd_version},
};
const size_t jt_commands_n = sizeof jt_commands / sizeof jt_commands[0];
