/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands_audit.c - rows of the table of commands: jeton audit.
 */
#include "command.h"

static const struct jt_flag audit_list_flags[] = {
    {"since", "TIME", false, "only from then on: 1h ago, or 2026-12-01T00:00:00Z"},
    {"until", "TIME", false, "only until then: 15m ago, or 2026-12-01T00:00:00Z"},
    {"client", "ID", false, "only events of this client"},
    {"type", "TYPE", false, "only events of this type, such as token.denied"},
    {"limit", "N", false, "at most this many events (100); 0 is all"},
    JT_FLAGS_END};
static const struct jt_flag audit_tail_flags[] = {
    {"n", "N", false, "begin with the last N events (10)"},
    {"client", "ID", false, "only events of this client"},
    {"type", "TYPE", false, "only events of this type, such as token.denied"},
    JT_FLAGS_END};
static const struct jt_flag audit_export_flags[] = {
    {"since", "TIME", false, "only from then on: 24h ago, or 2026-12-01T00:00:00Z"},
    {"until", "TIME", false, "only until then: 1h ago, or 2026-12-01T00:00:00Z"},
    {"client", "ID", false, "only events of this client"},
    {"type", "TYPE", false, "only events of this type, such as token.denied"},
    JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_audit[] = {
    {"audit",
     "list",
     NULL,
     "[--since TIME] [--until TIME] [--client ID] [--type TYPE] [--limit N]",
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
    {"audit",
     "tail",
     NULL,
     "[-n N] [--client ID] [--type TYPE]",
     "Print the newest audit events, and new ones as they come",
     "Oldest first, so that the newest stands at the bottom. Ctrl-C ends it.",
     audit_tail_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton audit tail --type token.denied", "watch what is refused"},
      {"jeton audit tail -n 0 -o jsonl | jq -r .reason", "new events only, for a program"}},
     jt_cmd_audit_tail},
    {"audit",
     "export",
     NULL,
     "[--since TIME] [--until TIME] [--client ID] [--type TYPE]",
     "Print all audit events as JSON lines, oldest first",
     "Each line has the hash of its event, which chains it to the one before. -o json makes one "
     "array of them.",
     audit_export_flags,
     JT_FLAGS_OUTPUT | JT_FLAGS_ADMIN,
     {{"jeton audit export > audit.jsonl", "the whole log"},
      {"jeton audit export --since 24h --type token.issued | wc -l", "tokens of the last day"}},
     jt_cmd_audit_export},
    {0},
};
