/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_action.c - rows of the table of commands: explain, why, revoke, rekey, version and
 * completion.
 */
#include "command.h"

static const struct jt_flag why_flags[] = {
    {"from", "ADDRESS", false, "as if it came from this address; without it networks do not count"},
    JT_FLAGS_END};
static const struct jt_flag revoke_flags[] = {
    {"jti", "JTI", false, "one token, by its jti"},
    {"client", "CLIENT", false, "all tokens that the client has now"},
    {"credential", "ID", false, "all tokens that were got with the credential"},
    {"key", "KID", false, "all tokens that the key has signed"},
    {"yes", NULL, false, "do not ask, even on a terminal"},
    JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_action[] = {
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
     "why",
     "CLIENT AUDIENCE [SCOPE...]",
     "[--from ADDRESS]",
     "Say what a token request would get, and why",
     "Nothing is issued. AUDIENCE - asks as a request that names no resource; without SCOPE, as "
     "one "
     "that names no scope. The exit code is 0 whatever the answer is.",
     why_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton why billing https://orders.example.com orders:read",
       "may it, and what is in the token"},
      {"jeton why billing - --from 10.1.0.7 -o json | jq -r .decision", "for a program"}},
     jt_cmd_why},
    {NULL,
     "revoke",
     "[TOKEN]",
     "| --jti JTI | --client CLIENT | --credential ID | --key KID",
     "End tokens before their time",
     "With TOKEN, or - for standard input, the client that the token was issued to asks an issuer, "
     "with its id and secret (RFC 7009); exit code 0 says that the issuer took it, which by the "
     "standard it also does for a token it does not know. With a flag an administrator asks the "
     "server.\n\n"
     "Client, credential and key stay as they are: what is issued from now on is good. The server "
     "calls the tokens inactive from now on; an API that checks tokens by itself takes those it "
     "gets until they expire. On a terminal it asks before it ends all tokens of a client or key.",
     revoke_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN | JT_FLAGS_ISSUER,
     {{"jeton revoke - --issuer https://auth.example.com --client-id demo --secret-file "
       "./demo.secret",
       "a client's own token, from standard input"},
      {"jeton revoke --client billing --yes", "all that a client has"}},
     jt_cmd_revoke},
    {NULL,
     "rekey",
     NULL,
     "",
     "Wrap the data keys under a new master key",
     "Replaces DIR/master.key while the server runs. Secrets, signing keys and tokens stay as they "
     "are. A backup made before needs the master key of its time.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton rekey", "the server of this machine"},
      {"jeton rekey --data ./data -o json", "another one, for a script"}},
     jt_cmd_rekey},
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
    {NULL,
     "completion",
     "bash|zsh|fish",
     "",
     "Print a script that lets a shell complete jeton's words",
     "The script holds all commands, flags and choices of this version, so make it again after an "
     "upgrade. A package puts it where shells look for it; nothing needs to be done then.",
     no_flags,
     0,
     {{"jeton completion bash > ~/.local/share/bash-completion/completions/jeton",
       "for your own bash, from the next login on"},
      {"jeton completion fish > ~/.config/fish/completions/jeton.fish", "for fish"}},
     jt_cmd_completion},
    {0},
};
