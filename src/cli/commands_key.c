/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_key.c - rows of the table of commands: jeton key.
 */
#include "command.h"

static const struct jt_flag show_flags[] = {
    {"pem", NULL, false, "print the public key in PEM and nothing else"}, JT_FLAGS_END};
static const struct jt_flag rotate_flags[] = {
    {"alg", "RS256|PS256|ES256|EdDSA", false, "only this algorithm (all that have an active key)"},
    JT_FLAGS_END};
static const struct jt_flag revoke_flags[] = {
    {"yes", NULL, false, "do not ask, even on a terminal"}, JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_key[] = {
    {"key",
     "list",
     NULL,
     "",
     "List the signing keys",
     "published: in the JWKS, does not sign yet; active: signs; retiring: its tokens are still "
     "good; revoked: they are not.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton key list", "all of them, as a table"},
      {"jeton key list -o jsonl | jq -r 'select(.state==\"active\").kid'", "those that sign now"}},
     jt_cmd_key_list},
    {"key",
     "show",
     "KID",
     "[--pem]",
     "Show one signing key, or its public key in PEM",
     "The private key is shown nowhere: it never leaves the server.",
     show_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton key show z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4 --pem",
       "for an API that takes a PEM file"},
      {"jeton key show z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4 -o json | jq .jwk",
       "the same as JWK"}},
     jt_cmd_key_show},
    {"key",
     "rotate",
     NULL,
     "[--alg ALG]",
     "Make new signing keys and let the ones before end",
     "A new key is published first and signs once everybody can have seen it (keys.publish_wait); "
     "the one before stays published until its last token is over. Nothing is interrupted. With -o "
     "json it prints a list.",
     rotate_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton key rotate", "every algorithm in use"},
      {"jeton key rotate --alg ES256 -o jsonl | jq -r .kid", "one algorithm; the new key's id"}},
     jt_cmd_key_rotate},
    {"key",
     "retire",
     "KID",
     "",
     "Let a key sign no more; its tokens stay good",
     "Another key of its algorithm takes over; it must have been published for keys.publish_wait, "
     "so that everybody knows it. A key that has leaked is revoked instead.",
     no_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton key retire z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4", "and say what signs now"},
      {"jeton key retire z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4 -o json | jq -r .next",
       "for a script"}},
     jt_cmd_key_retire},
    {"key",
     "revoke",
     "KID",
     "[--yes]",
     "End a key that has leaked, and every token it signed",
     "Another key of its algorithm takes over at once, known to everybody or not. Every client "
     "with a token of it needs a new "
     "one; an API sees that when it fetches the JWKS again. On a terminal it asks.",
     revoke_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton key revoke z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4", "after a question"},
      {"jeton key revoke z8L9IC8jZQvD-YCijwNEetj7SSUuTtoxl1bc1HdsGi4 --yes", "for a script"}},
     jt_cmd_key_revoke},
    {0},
};
