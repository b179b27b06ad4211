/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct jt_flag audit_list_flags[] = {
    {"since", "DURATION", false, "only events of the last 15m, 1h, 7d, ..."},
    {"client", "ID", false, "only events of this client"},
    {"type", "TYPE", false, "only events of this type, such as token.denied"},
    {"limit", "N", false, "at most this many events (100); 0 is all"},
    JT_FLAGS_END};
static const struct jt_flag no_flags[] = {JT_FLAGS_END};

const struct jt_command jt_commands_audit[] = {
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
    {0},
};
