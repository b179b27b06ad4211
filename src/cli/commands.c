/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

const struct jt_noun jt_nouns[] = {
    {"resource", "the APIs that tokens are for, and their scopes"},
    {"client", "the machines that ask for tokens"},
    {"grant", "which client may have which scopes"},
    {"credential", "how clients prove who they are: secrets, their ends and their uses"},
    {"key", "the keys that tokens are signed with"},
    {"audit", "what happened, who did it, and why it was refused"},
};
const size_t jt_nouns_n = sizeof jt_nouns / sizeof jt_nouns[0];

/* In the order of the help. */
static const struct jt_command *const groups[] = {
    jt_commands_server, jt_commands_resource,   jt_commands_client,
    jt_commands_grant,  jt_commands_credential, jt_commands_key,
    jt_commands_audit,  jt_commands_issuer,     jt_commands_action};

const struct jt_command *jt_command_at(size_t i)
{
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        for (const struct jt_command *c = groups[g]; c->verb != NULL; c++) {
            if (i-- == 0) {
                return c;
            }
        }
    }
    return NULL;
}
