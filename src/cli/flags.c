/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

const struct jt_flag jt_flags_output[] = {
    {"o", "table|json|jsonl", false,
     "form of what is printed: a table for people, JSON, or one JSON object a line"},
    JT_FLAGS_END};
const struct jt_flag jt_flags_admin[] = {
    {"data", "DIR", false,
     "the server's data directory, where its socket is (JETON_DATA; otherwise /var/lib/jeton)"},
    {"socket", "FILE", false, "the administration socket itself (JETON_SOCKET)"},
    {"timeout", "DURATION", false, "how long to wait for the answer (10s)"},
    JT_FLAGS_END};
const struct jt_flag jt_flags_common[] = {{"help", NULL, false, "show this help"}, JT_FLAGS_END};

const struct jt_flag *jt_command_flags(const struct jt_command *c, size_t i, const char **heading)
{
    const struct {
        const char *heading;
        const struct jt_flag *flags;
        bool is_in;
    } lists[] = {
        {"Flags", c->flags, c->flags[0].name != NULL},
        {"Finding the server", jt_flags_admin, (c->groups & JT_FLAGS_ADMIN) != 0},
        {"Output", jt_flags_output, (c->groups & JT_FLAGS_OUTPUT) != 0},
        {"Help", jt_flags_common, true},
    };
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        if (lists[k].is_in && i-- == 0) {
            *heading = lists[k].heading;
            return lists[k].flags;
        }
    }
    return NULL;
}
