/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

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
     "version",
     NULL,
     "",
     "Print the version",
     "",
     no_flags,
     JT_FLAGS_OUTPUT,
     {{"jeton version", "for people"}, {"jeton version -o json", "for a program"}},
     jt_cmd_version},
    {0},
};
