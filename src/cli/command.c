/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct jt_command *jt_command_find(const char *noun, const char *verb)
{
    const struct jt_command *c = NULL;
    for (size_t i = 0; (c = jt_command_at(i)) != NULL; i++) {
        if (same(c->noun, noun) && same(c->verb, verb)) {
            break;
        }
    }
    return c;
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
