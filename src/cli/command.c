/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct jt_command *jt_command_find(const char *noun, const char *verb)
{
    for (size_t i = 0; i < jt_commands_n; i++) {
        if (same(jt_commands[i].noun, noun) && same(jt_commands[i].verb, verb)) {
            return &jt_commands[i];
        }
    }
    return NULL;
}

const struct jt_noun *jt_noun_find(const char *name)
{
    for (size_t i = 0; i < jt_nouns_n; i++) {
        if (strcmp(jt_nouns[i].name, name) == 0) {
            return &jt_nouns[i];
        }
    }
    return NULL;
}

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
