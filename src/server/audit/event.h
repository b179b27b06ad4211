/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - one line of what happened.
 *
 * Text in an event is borrowed until the event is stored; every field is bounded when the
 * event is made (jt_event_clip), because a stranger's client_id may stand in it.
 * No secret and no token ever goes into an event; a token is named by its jti.
 */
#ifndef JT_AUDIT_EVENT_H
#define JT_AUDIT_EVENT_H

#include "../../core/base/arena.h"
#include "../../core/base/buf.h"
#include "../../core/base/err.h"
#include "../../core/crypt/crypt.h"
#include "../../core/http/cidr.h"
#include "../../core/json/jw.h"

/* X(NAME, "name", "what it tells") */
#define JT_EVENT_TYPES(X)                                                                          \
    X(TOKEN_ISSUED, "token.issued", "an access token was issued")                                  \
    X(TOKEN_DENIED, "token.denied", "a token request was refused")                                 \
    X(INTROSPECTION_DENIED, "introspection.denied", "an introspection request was refused")        \
    X(INTROSPECTION_COUNTED, "introspection.counted", "introspections of one minute, counted")     \
    X(INTROSPECTED, "introspection", "one introspection (audit.introspection: each)")              \
    X(REQUEST_REFUSED, "request.refused", "a request that could not be read")                      \
    X(DENIALS_COUNTED, "denials.counted", "refusals of one minute beyond the singly recorded")     \
    X(TOKEN_REVOKED, "token.revoked", "a token was revoked before its time")                       \
    X(TOKENS_REVOKED, "tokens.revoked", "all tokens of a client, credential or key were revoked")  \
    X(REVOCATION_IGNORED, "revocation.ignored",                                                    \
      "a client asked to revoke a token that is unknown, over or not its own")                     \
    X(REVOCATION_DENIED, "revocation.denied", "a revocation request was refused")                  \
    X(CLIENT_CREATED, "client.created", "an administrator created a client")                       \
    X(RESOURCE_CREATED, "resource.created", "an administrator created a resource")                 \
    X(RESOURCE_UPDATED, "resource.updated", "an administrator changed a resource")                 \
    X(RESOURCE_DELETED, "resource.deleted", "an administrator deleted a resource")                 \
    X(CLIENT_UPDATED, "client.updated", "an administrator changed a client")                       \
    X(CLIENT_ENABLED, "client.enabled", "an administrator enabled a client")                       \
    X(CLIENT_DISABLED, "client.disabled", "an administrator disabled a client")                    \
    X(CLIENT_DELETED, "client.deleted", "an administrator deleted a client")                       \
    X(GRANT_ADDED, "grant.added", "an administrator let a client have scopes")                     \
    X(GRANT_REMOVED, "grant.removed", "an administrator took scopes from a client")                \
    X(CREDENTIAL_ADDED, "credential.added", "a client was given a credential")                     \
    X(CREDENTIAL_ROTATED, "credential.rotated", "a client was given a credential for its others")  \
    X(ROTATION_DENIED, "rotation.denied", "a client may not replace its credential, or not now")   \
    X(CREDENTIAL_REVOKED, "credential.revoked", "a credential and its tokens were revoked")        \
    X(CREDENTIAL_UPGRADED, "credential.upgraded",                                                  \
      "a secret was used, and the hash it was brought along with replaced by a keyed one")         \
    X(CREDENTIAL_EXPIRING, "credential.expiring",                                                  \
      "a credential ends soon: the reason says within what time")                                  \
    X(KEY_EXPIRING, "key.expiring", "a signing key ends soon")                                     \
    X(CERTIFICATE_EXPIRING, "certificate.expiring", "the TLS certificate ends soon")               \
    X(KEY_CREATED, "key.created", "a signing key was made")                                        \
    X(KEY_ACTIVATED, "key.activated", "a signing key began to sign, and the one before ended")     \
    X(KEY_RETIRING, "key.retiring", "a signing key no longer signs")                               \
    X(KEY_RETIRED, "key.retired", "a signing key left, with its last token over")                  \
    X(KEY_REVOKED, "key.revoked", "a signing key and its tokens were revoked")                     \
    X(KEYS_REWRAPPED, "keys.rewrapped", "the data keys were wrapped under a new master key")       \
    X(CONFIGURATION_RELOADED, "configuration.reloaded",                                            \
      "configuration and certificates were read again")                                            \
    X(BACKUP_MADE, "backup.made", "an administrator copied both databases into a file")            \
    X(SERVER_RESTORED, "server.restored",                                                          \
      "the server starts from a backup: all earlier tokens ended")                                 \
    X(ADMIN_READ, "admin.read", "somebody read over admin.listen; once a minute for each path")    \
    X(ADMIN_DENIED, "admin.denied", "an administration request was not allowed")                   \
    X(SERVER_STARTED, "server.started", "the server started")                                      \
    X(SERVER_STOPPED, "server.stopped", "the server stopped")                                      \
    X(AUDIT_PRUNED, "audit.pruned",                                                                \
      "events older than audit.retain, or over audit.max_size, were removed")

enum jt_event_type {
    JT_EV_NONE = 0,
#define X(name, text, tells) JT_EV_##name,
    JT_EVENT_TYPES(X)
#undef X
};

const char *jt_event_type_name(enum jt_event_type t);
enum jt_event_type jt_event_type_from(struct jt_slice name); /* NONE when unknown */

struct jt_event {
    uint64_t seq;    /* 0 until the writer numbers it; from 1, without gaps */
    int64_t time_us; /* wall clock */
    enum jt_event_type type;
    uint64_t count; /* 1, or how many a counted event stands for */
    struct jt_addr address;
    struct jt_slice client_id;
    struct jt_slice credential_id;
    struct jt_slice resource;
    struct jt_slice scope;
    struct jt_slice jti;
    struct jt_slice reason;       /* a name of reason.def, or empty */
    struct jt_slice detail;       /* more words for people; for administration: who did it */
    uint8_t hash[JT_SHA256_SIZE]; /* chain value up to and with this event; set by the writer */
};

/* Greatest length of each text field; longer ones are cut when the event is made. */
#define JT_EVENT_TEXT_MAX 512
#define JT_EVENT_SCOPE_MAX 2048

/* Replaces a text with a client secret or a token anywhere in it by words that say so. */
void jt_event_hide(struct jt_slice *s);
/* Cuts every field to its maximum, and hides what looks like a secret or a token. */
void jt_event_clip(struct jt_event *e);
/* Copies all text into the arena; false when it is full. */
bool jt_event_copy(struct jt_arena *a, const struct jt_event *from, struct jt_event *to);

/*
 * The bytes that are hashed: "JE1", then seq, time, type name, count, address, and each text in the
 * order above, numbers big-endian, texts after their 32-bit length. Appended.
 */
void jt_event_encode(const struct jt_event *e, struct jt_buf *out);
/* hash = SHA-256(previous || encoding). scratch is reset. */
JT_MUST enum jt_err jt_event_chain(struct jt_crypt *c,
                                   const uint8_t previous[static JT_SHA256_SIZE],
                                   struct jt_event *e, struct jt_buf *scratch);
/*
 * As JSON: seq time type ref client_id credential_id address resource scope jti reason (and count
 * over 1, detail, hash in hex); empty ones are left out. ref is 26 characters made by the caller.
 */
void jt_event_json(struct jt_jw *w, const struct jt_event *e, struct jt_slice ref);

#endif
