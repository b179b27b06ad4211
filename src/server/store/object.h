/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - the things that are stored: resource, client, signing key, data key, setting.
 *
 * Each is immutable once made, and one block of memory with all its text inside: a change
 * makes a new one. Sizes are counted by what an outsider could make large.
 * Owns:    whoever holds the pointer; jt_object_free gives the block back.
 * Threads: immutable, so any.
 */
#ifndef JT_STORE_OBJECT_H
#define JT_STORE_OBJECT_H

#include "../../core/base/err.h"
#include "../../core/crypt/crypt.h"
#include "../../core/crypt/peer.h"
#include "../../core/crypt/pkey.h"
#include "../../core/http/cidr.h"

enum jt_object_kind {
    JT_OBJ_NONE = 0,
    JT_OBJ_RESOURCE,
    JT_OBJ_CLIENT,
    JT_OBJ_SIGNING_KEY,
    JT_OBJ_DATA_KEY,
    JT_OBJ_SETTING,
    JT_OBJ_REVOCATION, /* of one token */
    JT_OBJ_TOKEN,      /* an opaque one */
    JT_OBJ_USE,        /* when a credential was last used */
    JT_OBJ_REMINDER,   /* of an end to come: what was told */
    JT_OBJ_REPLAY,     /* an assertion that was used */
};

/* The start of every object. */
struct jt_object {
    enum jt_object_kind kind;
    struct jt_slice name; /* audience, client_id, kid, …: unique per kind */
};

struct jt_scope {
    struct jt_slice name;
    struct jt_slice text; /* for people; may be empty */
};

enum jt_token_format { JT_FORMAT_JWT = 0, JT_FORMAT_OPAQUE };
/* What the sender of a token must hold besides it (RFC 8705 section 3). */
enum jt_bind { JT_BIND_NONE = 0, JT_BIND_CERTIFICATE };

struct jt_resource {
    struct jt_object o; /* name: the audience */
    enum jt_alg alg;
    enum jt_token_format format;
    enum jt_bind bind;
    int64_t lifetime_s; /* of its tokens */
    int64_t created_s, updated_s;
    uint64_t version; /* 1, then one more for each change */
    bool builtin;     /* named by the issuer; never counts when the resource is omitted */
    size_t nscopes;
    const struct jt_scope *scopes; /* in the order given */
    size_t nintrospectors;
    const struct jt_slice *introspectors; /* client ids that may introspect its tokens */
};

enum jt_credential_kind {
    JT_CRED_NONE = 0,
    JT_CRED_SECRET,
    JT_CRED_JWK,   /* a public key: private_key_jwt */
    JT_CRED_CERT,  /* a certificate as a whole: self_signed_tls_client_auth */
    JT_CRED_TLS,   /* a name in certificates of given CAs: tls_client_auth */
    JT_CRED_TRUST, /* a rule for the tokens of another issuer */
};
/* Retiring: replaced by another one, and good until it expires. */
enum jt_credential_state {
    JT_CRED_UNDECIDED = 0,
    JT_CRED_ACTIVE,
    JT_CRED_REVOKED,
    JT_CRED_RETIRING,
};

struct jt_credential {
    struct jt_slice id; /* 12 of [a-z0-9] */
    uint32_t number;    /* unique in this server, for jti; from 1 */
    enum jt_credential_kind kind;
    enum jt_credential_state state;
    struct jt_slice label;
    uint32_t hash_key;            /* SECRET: id of the data key that made hash; 0: see material */
    uint8_t hash[JT_SHA256_SIZE]; /* HMAC-SHA-256 of the whole secret */
    /* SECRET with hash_key 0: the hash it came with, as text. JWK: the public key as JSON. CERT:
     * the certificate in DER. TLS: the name. TRUST: the rule as JSON. */
    struct jt_slice material;
    enum jt_tls_name tls; /* TLS: which field has the name */
    struct jt_slice ca;   /* TLS: the CAs, one certificate in DER after the other */
    int64_t created_s, not_before_s, expires_s; /* 0: no bound */
    uint64_t not_before_seq; /* tokens it obtained with a lower issue sequence are revoked */
    uint32_t parent; /* number of the one by which the client made it; 0: an administrator */
    size_t nnets;
    const struct jt_net *nets; /* it may be used from; none: anywhere */
};

/* Behaviour that only some callers need, and that is off unless somebody asked for it. */
enum jt_compat {
    JT_COMPAT_CIDAAS_OR = 1u << 0,       /* introspection: one matching list suffices */
    JT_COMPAT_AUD_TOKEN_URL = 1u << 1,   /* assertions may name the endpoint, and live an hour */
    JT_COMPAT_RS256_ASSERTION = 1u << 2, /* assertions may be signed with RS256 */
};

/* May a client replace its credentials by itself? */
enum jt_rotation { JT_ROTATION_OFF = 0, JT_ROTATION_ALLOWED, JT_ROTATION_REQUIRED };

/* All scopes of one resource that a client may have. */
struct jt_client_grant {
    struct jt_slice audience;
    size_t nscopes;
    const struct jt_slice *scopes;
};

struct jt_client {
    struct jt_object o; /* name: the client_id */
    struct jt_slice display, owner;
    bool enabled;
    unsigned compat; /* bits of enum jt_compat */
    enum jt_rotation rotation;
    int64_t rotate_every_s;  /* REQUIRED: the age at which a credential ends */
    uint64_t not_before_seq; /* its tokens with a lower issue sequence are revoked */
    size_t nnets;
    const struct jt_net *nets; /* it may come from; none: anywhere */
    int64_t created_s, updated_s;
    uint64_t version;
    size_t ncredentials;
    const struct jt_credential *credentials;
    size_t ngrants;
    const struct jt_client_grant *grants;
};

enum jt_key_state {
    JT_KEYSTATE_NONE = 0,
    JT_KEYSTATE_PUBLISHED,
    JT_KEYSTATE_ACTIVE,
    JT_KEYSTATE_RETIRING,
    JT_KEYSTATE_RETIRED,
    JT_KEYSTATE_REVOKED, /* left the published set at once; its tokens are inactive */
};

struct jt_signing_key {
    struct jt_object o; /* name: the kid */
    enum jt_alg alg;
    enum jt_key_state state;
    int64_t created_s;
    int64_t signs_s;         /* PUBLISHED: may sign from then on. ACTIVE and later: signed since */
    int64_t until_s;         /* RETIRING, or of an unused algorithm: published until then */
    int64_t longest_s;       /* the longest life that a token it signed may have */
    uint64_t not_before_seq; /* tokens it signed with a lower issue sequence are revoked */
    uint32_t data_key;       /* id of the data key that seals it */
    struct jt_slice sealed;  /* PKCS#8 DER under AES-256-GCM; aad is the kid */
    struct jt_pkey *pkey;    /* opened after loading; NULL in the store */
};

enum jt_data_key_use {
    JT_DATA_KEY_NONE = 0,
    JT_DATA_KEY_SECRETS,    /* HMAC of client secrets */
    JT_DATA_KEY_SEAL,       /* private keys at rest */
    JT_DATA_KEY_REFERENCES, /* jti, error_ref, cursors */
};

struct jt_data_key {
    struct jt_object o; /* name: the decimal id */
    uint32_t id;        /* from 1 */
    enum jt_data_key_use use;
    int64_t created_s;
    struct jt_slice wrapped; /* 32 bytes under the master key; aad is "data-key:" id ":" use */
};

struct jt_setting {
    struct jt_object o;
    struct jt_slice value;
};

/* One token that was revoked before its time. Named by its issue sequence, 8 bytes big-endian. */
struct jt_revocation {
    struct jt_object o;
    int64_t expires_s; /* of the token: then this leaves too */
};

/* What many opaque tokens have in common. Counted; see profile.h. */
struct jt_profile {
    struct jt_slice client_id, audience, scope;
    struct jt_slice cnf; /* SHA-256 of the certificate they are bound to; empty: none */
    size_t users;
    struct jt_profile *next;
    struct jt_profiles *home; /* NULL: borrowed, not counted */
    uint64_t hash;
};

/* An opaque token. Named by its SHA-256; the token itself is nowhere. */
struct jt_opaque {
    struct jt_object o;
    uint64_t sequence;
    int64_t issued_s, expires_s;
    const struct jt_profile *profile;
    uint32_t credential;
};

#define JT_REPLAY_ID 16
/* An assertion that was used. Named by 16 bytes that stand for who made it and its jti; removed by
 * time: all that expire up to 8 bytes big-endian. */
struct jt_replay {
    struct jt_object o;
    int64_t expires_s; /* then it would be refused by its own exp */
};

#define JT_AGENT_MAX 64u /* characters kept of a User-Agent */
#define JT_USE_HOURS 24u
#define JT_USE_CALLERS 4u

/* Somebody who used a credential: an address, and the program it named last. */
struct jt_use_caller {
    struct jt_addr address;
    int64_t last_s;
    uint8_t nagent;
    char agent[JT_AGENT_MAX];
};

/* How a credential was used. Named by its number in decimal. */
struct jt_use {
    struct jt_object o;
    uint32_t number;
    uint32_t hour; /* the newest one counted, since 1970; it is hours[hour % JT_USE_HOURS] */
    int64_t first_s, last_s;
    uint64_t count;
    struct jt_addr address; /* the last one */
    uint32_t hours[JT_USE_HOURS];
    uint8_t ncallers;
    struct jt_use_caller callers[JT_USE_CALLERS]; /* the last one first, each address once */
};

/* What was told about the end of something. Named by the id in decimal (reminders.h). */
struct jt_reminder {
    struct jt_object o;
    uint64_t id;
    int64_t ends_s;
    uint32_t days; /* the last threshold that was told */
};

/* Deep copies into one block. The kind is set by the function. NULL: out of memory. */
struct jt_resource *jt_resource_dup(const struct jt_resource *r);
struct jt_client *jt_client_dup(const struct jt_client *c);
struct jt_signing_key *
jt_signing_key_dup(const struct jt_signing_key *k); /* pkey is not copied: NULL */
struct jt_data_key *jt_data_key_dup(const struct jt_data_key *k);
struct jt_setting *jt_setting_dup(const struct jt_setting *s);
struct jt_use *jt_use_dup(const struct jt_use *u);
struct jt_reminder *jt_reminder_dup(const struct jt_reminder *r);
struct jt_revocation *jt_revocation_dup(const struct jt_revocation *r);
struct jt_replay *jt_replay_dup(const struct jt_replay *r);
/* By its kind. */
struct jt_object *jt_object_dup(const struct jt_object *o);
/* Any of the above, pkey of a signing key included. NULL-safe. */
void jt_object_free(struct jt_object *o);

/* The credential with this id; NULL: there is none, or no client. */
const struct jt_credential *jt_client_credential(const struct jt_client *c, struct jt_slice id);
/* How long a client may still replace what is over by its policy alone. */
#define JT_ROTATION_GRACE_S (7 * INT64_C(86400))
/* When the client's policy (rotation: required) ends a secret or a key; 0: never. */
int64_t jt_credential_due(const struct jt_client *c, const struct jt_credential *k);
/* When it can no longer be used; 0: no bound. */
int64_t jt_credential_ends(const struct jt_client *c, const struct jt_credential *k);
/* Is it labelled for another environment than this server's? Not without a label, and nowhere when
 * the server names none. */
bool jt_credential_is_foreign(const struct jt_credential *k, struct jt_slice environment);

#endif
