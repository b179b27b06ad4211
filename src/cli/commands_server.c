/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_server.c - rows of the table of commands: the commands that run, check, copy and put
 * back a server.
 */
#include "command.h"

static const struct jt_flag dev_flags[] = {
    {"data", "DIR", false,
     "keep everything in this directory, so that a second start has the same client and secret"},
    {"listen", "ADDR:PORT", false, "address to listen on, loopback only (127.0.0.1:8443)"},
    JT_FLAGS_END};
static const struct jt_flag serve_flags[] = {
    {"config", "FILE", false, "configuration in YAML"},
    {"data", "DIR", false, "server.data: where databases and keys are (/var/lib/jeton)"},
    {"listen", "ADDR:PORT", true, "server.listen: address to listen on (127.0.0.1:8443)"},
    {"issuer", "URL", false, "server.issuer: the URL that tokens name as their issuer"},
    {"tls-cert", "FILE", false, "server.tls_cert: TLS certificate with its chain, in PEM"},
    {"tls-key", "FILE", false, "server.tls_key: its private key, in PEM, mode 0600"},
    JT_FLAGS_END};
static const struct jt_flag check_flags[] = {
    {"config", "FILE", false, "the configuration to check; without it, the environment alone"},
    JT_FLAGS_END};

static const struct jt_flag restore_flags[] = {
    {"data", "DIR", false, "the data directory (JETON_DATA; otherwise /var/lib/jeton)"},
    {"force", NULL, false, "if DIR has databases, keep them under other names and replace them"},
    {"yes", NULL, false, "do not ask, even on a terminal"},
    JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_server[] = {
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
    {NULL,
     "backup",
     "FILE",
     "",
     "Copy both databases of the running server into one file",
     "The server goes on meanwhile; the file holds everything as it was at one moment, clients, "
     "signing keys and the audit log. It is written by the server, with its user's rights and mode "
     "0600, and never replaces a file. This waits a day at most, unless --timeout says "
     "otherwise. It is for the server's own machine, not for --server.\n\n"
     "master.key is not in it. Keep a copy of that in another place: without it a backup is "
     "useless, and with both in one place anybody who has them has every key.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN | JT_FLAGS_LONG,
     {{"jeton backup /var/backups/jeton/monday.db", "a backup of the server on this machine"},
      {"jeton backup ./now.db --data ./data -o json | jq .bytes", "for a script"}},
     jt_cmd_backup},
    {NULL,
     "restore",
     "FILE",
     "[--data DIR] [--force] [--yes]",
     "Put a backup in place of the databases of a server that does not run",
     "The backup is checked first, and the master key of its time must be in DIR already (or come "
     "from the service manager): put it there by hand, it is in no backup. Run this as the user "
     "that the server runs as.\n\n"
     "All tokens issued before end with the next start, those issued after the backup too. What "
     "was revoked, disabled or rotated after the backup is as it was before: look through clients "
     "and credentials. Resource servers that check tokens by themselves take the old ones until "
     "they expire.",
     restore_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton restore /var/backups/jeton/monday.db --data /var/lib/jeton",
       "into a directory that has only master.key"},
      {"jeton restore monday.db --data ./data --force --yes",
       "over databases that are there; they are kept as *.before-restore-*"}},
     jt_cmd_restore},
    {0},
};
