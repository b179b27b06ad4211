/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_credential.c - rows of the table of commands: jeton credential.
 */
#include "command.h"

static const struct jt_flag add_flags[] = {
    {"secret", NULL, false, "a secret, made by the server"},
    {"secret-file", "FILE", false, "the secret in this file; - is standard input"},
    {"secret-hash-file", "FILE", false,
     "the hash of a secret, as another server kept it, in this file"},
    {"jwk", "FILE", false, "the public key in this file, as JWK or PEM: for private_key_jwt"},
    {"trust", "FILE", false,
     "the rule in this file: tokens of another issuer that fit are the client's proof"},
    {"cert", "FILE", false, "the client's certificate in this file (PEM), itself and no other"},
    {"tls-subject", "DN", false, "certificates of --ca with this subject: CN=worker,O=Acme,C=DE"},
    {"tls-san-dns", "NAME", false, "certificates of --ca with this DNS name"},
    {"tls-san-uri", "URI", false, "certificates of --ca with this URI, such as spiffe://..."},
    {"tls-san-ip", "ADDRESS", false, "certificates of --ca with this IP address"},
    {"tls-san-email", "ADDRESS", false, "certificates of --ca with this e-mail address"},
    {"ca", "FILE", false, "who issues them: CA certificates in PEM, for this credential alone"},
    {"label", "TEXT", false, "what it is for: an environment, such as prod"},
    {"not-before", "TIME", false,
     "when it begins: 2h from now, 2026-12-01 (UTC) or 2026-12-01T12:00:00Z (now)"},
    {"expires", "TIME", false,
     "when it ends: 90d from now, 2026-12-01 (UTC) or 2026-12-01T12:00:00Z (never)"},
    {"cidr", "NET", true, "only from this network, 10.1.0.0/16, or address (from anywhere)"},
    {"secret-out", "FILE", false, "write the secret to a new file (mode 0600), do not print it"},
    JT_FLAGS_END};
static const struct jt_flag rotate_flags[] = {
    {"label", "TEXT", false, "which one, when the client has credentials of several labels"},
    {"jwk", "FILE", false, "the next public key, in place of a secret: keys end, secrets stay"},
    {"cert", "FILE", false,
     "the same with the client's certificate in this file (PEM), itself and no other"},
    {"tls-subject", "DN", false, "certificates of --ca with this subject: CN=worker,O=Acme,C=DE"},
    {"tls-san-dns", "NAME", false, "certificates of --ca with this DNS name"},
    {"tls-san-uri", "URI", false, "certificates of --ca with this URI, such as spiffe://..."},
    {"tls-san-ip", "ADDRESS", false, "certificates of --ca with this IP address"},
    {"tls-san-email", "ADDRESS", false, "certificates of --ca with this e-mail address"},
    {"ca", "FILE", false, "who issues them: CA certificates in PEM, for this credential alone"},
    {"overlap", "DURATION", false, "how long the one before stays good (24h)"},
    {"now", NULL, false, "it ends at once, and its tokens with it"},
    {"expires", "TIME", false, "when the new one ends: 90d from now, or 2026-12-01 (never)"},
    {"secret-out", "FILE", false, "write the secret to a new file (mode 0600), do not print it"},
    JT_FLAGS_END};
static const struct jt_flag test_flags[] = {
    {"audience", "TEXT", false,
     "what aud must be where a rule does not say; without it, the server's issuer"},
    {"issuer", "URL", false, "the server's issuer (JETON_ISSUER)"},
    {"now", "TIME", false,
     "as if it were this time: 2026-12-01T00:00:00Z, 2h from now, or \"2h ago\""},
    {"no-fetch", NULL, false, "ask nobody for keys; signatures are then not checked"},
    {"ca-file", "FILE", false, "CAs that count besides the system's when keys are fetched"},
    {"allow-network", "NET", true,
     "keys may be fetched in this network although it is not public, as trust.allow_networks"},
    JT_FLAGS_END};
static const struct jt_flag revoke_flags[] = {
    {"yes", NULL, false, "do not ask, even on a terminal"}, JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_credential[] = {
    {"credential",
     "add",
     "CLIENT",
     "(--secret | --secret-file FILE | --secret-hash-file FILE | --jwk FILE | --cert FILE | "
     "--trust FILE | "
     "(--tls-subject DN | --tls-san-dns NAME | --tls-san-uri URI | --tls-san-ip ADDRESS | "
     "--tls-san-email ADDRESS) --ca FILE) [--label TEXT] [--not-before TIME] [--expires TIME] "
     "[--cidr NET]... [--secret-out FILE]",
     "Give a client one more credential",
     "A secret is shown once, or written to a file; the server keeps only its hash. One that is "
     "brought along is in no answer, and refused when it is weak. Of a key the server gets the "
     "public half only. A certificate is shown by the client as it connects. The others stay as "
     "they are.",
     add_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton credential add billing --secret --label staging --expires 90d",
       "a secret of its own for another environment"},
      {"jeton credential add billing --secret --cidr 10.1.0.0/16 --secret-out ./billing.secret",
       "good from one network only; the secret goes to a file"},
      {"jeton credential add billing --jwk ./billing.jwk",
       "a public key: the client signs, and no secret is shared"}},
     jt_cmd_credential_add},
    {"credential",
     "list",
     "CLIENT",
     "",
     "List the credentials of a client, and who still uses them",
     "After a rotation it says when the one before can go: when its successor is in use and it is "
     "not. Uses reach the list within a few seconds.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton credential list billing", "states, ends and last uses"},
      {"jeton credential list billing -o jsonl | jq -r .credential_id", "their ids only"}},
     jt_cmd_credential_list},
    {"credential",
     "rotate",
     "CLIENT",
     "[--jwk FILE | --cert FILE] [--tls-subject DN | --tls-san-dns NAME | --tls-san-uri URI] "
     "[--tls-san-ip ADDRESS | --tls-san-email ADDRESS] [--ca FILE] [--label TEXT] [--overlap "
     "DURATION | --now] [--expires TIME] "
     "[--secret-out FILE]",
     "Give a client a new secret, or its next key, and let the one before end",
     "Both are good during the overlap, so that the client can change over without an outage; "
     "jeton credential list tells when it has. --now is for a secret that has leaked.",
     rotate_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton credential rotate billing --overlap 7d --secret-out ./billing.secret",
       "a week to change over; the secret goes to a file"},
      {"jeton credential rotate billing --label prod --now", "the secret of prod has leaked"}},
     jt_cmd_credential_rotate},
    {"credential",
     "test",
     "TRUST-FILE TOKEN-FILE",
     "[--audience TEXT] [--now TIME] [--no-fetch] [--ca-file FILE] [--allow-network NET]...",
     "Hold a token against trust rules, claim by claim",
     "TRUST-FILE has a rule, as jeton credential add --trust takes it, or an array of rules; "
     "TOKEN-FILE has a token as the platform gives it, - is standard input. Both are looked at "
     "here, as the server would; the server is not asked. The issuer is, for its keys, when a rule "
     "does not have them.\n\n"
     "The exit code is 0 when the server would accept the token, 1 when not. Whether a token was "
     "used before only the server knows.",
     test_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton credential test ./github.json ./token --issuer https://auth.example.com",
       "what fits and what does not"},
      {"jeton credential test ./k8s.json - --issuer https://auth.example.com -o json",
       "a token from standard input (kubectl create token app --audience ... |), for a program"}},
     jt_cmd_credential_test},
    {"credential",
     "revoke",
     "CLIENT ID",
     "[--yes]",
     "End a credential and the tokens that were got with it",
     "ID is a credential_id, as jeton credential list shows it. On a terminal it asks.",
     revoke_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton credential revoke billing ajwibnqlxq8z", "after a question"},
      {"jeton credential revoke billing ajwibnqlxq8z --yes -o json", "for a script"}},
     jt_cmd_credential_revoke},
    {0},
};
