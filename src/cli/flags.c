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
    JT_FLAGS_END};
const struct jt_flag jt_flags_remote[] = {
    {"server", "URL", false,
     "a server on another machine: the https:// address of its admin.listen (JETON_SERVER)"},
    {"client-cert", "FILE", false,
     "prove who asks with this client certificate, in PEM (JETON_CLIENT_CERT)"},
    {"client-key", "FILE", false,
     "its private key, in PEM (JETON_CLIENT_KEY; otherwise it is in the file of the certificate)"},
    {"token-file", "FILE", false,
     "or with this access token, - is standard input (JETON_TOKEN_FILE)"},
    {"client-secret-file", "FILE", false,
     "or with a token that --client-id gets from --issuer with this secret, - is standard input "
     "(JETON_CLIENT_SECRET, JETON_CLIENT_SECRET_FILE)"},
    JT_FLAGS_END};
const struct jt_flag jt_flags_remote_issuer[] = {
    {"client-id", "ID", false, "the client (JETON_CLIENT_ID)"},
    {"issuer", "URL", false, "who gives it the token (JETON_ISSUER)"},
    {"ca-file", "FILE", false,
     "trust the CAs in this PEM file and no others (JETON_CA_FILE; otherwise the system's)"},
    JT_FLAGS_END};
const struct jt_flag jt_flags_issuer[] = {
    {"issuer", "URL", false, "whom to ask (JETON_ISSUER)"},
    {"ca-file", "FILE", false,
     "trust the CAs in this PEM file and no others (JETON_CA_FILE; otherwise the system's)"},
    {"client-id", "ID", false, "who asks (JETON_CLIENT_ID, OAUTH2_CLIENT_ID)"},
    {"secret-file", "FILE", false,
     "its secret, - is standard input (JETON_CLIENT_SECRET, JETON_CLIENT_SECRET_FILE, "
     "OAUTH2_CLIENT_SECRET)"},
    JT_FLAGS_END};
const struct jt_flag jt_flags_timeout[] = {
    {"timeout", "DURATION", false,
     "how long to wait for an answer (10s on the socket, 30s over the network)"},
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
        {"From another machine", jt_flags_remote, (c->groups & JT_FLAGS_ADMIN) != 0},
        {"From another machine, as a client", jt_flags_remote_issuer,
         (c->groups & JT_FLAGS_ADMIN) != 0 && (c->groups & JT_FLAGS_ISSUER) == 0},
        {"The issuer, and who asks", jt_flags_issuer, (c->groups & JT_FLAGS_ISSUER) != 0},
        {"Waiting", jt_flags_timeout, (c->groups & (JT_FLAGS_ADMIN | JT_FLAGS_ISSUER)) != 0},
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
