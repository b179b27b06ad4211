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
#include "../../core/crypt/pkey.h"

enum jt_object_kind {
    JT_OBJ_NONE = 0,
    JT_OBJ_RESOURCE,
    JT_OBJ_CLIENT,
    JT_OBJ_SIGNING_KEY,
    JT_OBJ_DATA_KEY,
    JT_OBJ_SETTING,
};

/* The start of every object. */
struct jt_object {
    enum jt_object_kind kind;
    uint64_t hash;        /* of name; set by jt_directory */
    struct jt_slice name; /* audience, client_id, kid, data key id, setting name: unique per kind */
};

struct jt_scope {
    struct jt_slice name;
    struct jt_slice text; /* for people; may be empty */
};

struct jt_resource {
    struct jt_object o; /* name: the audience */
    enum jt_alg alg;
    int64_t lifetime_s; /* of its tokens */
    int64_t created_s, updated_s;
    uint64_t version; /* 1, then one more for each change */
    bool builtin;     /* named by the issuer; never counts when the resource is omitted */
    size_t nscopes;
    const struct jt_scope *scopes; /* in the order given */
    size_t nintrospectors;
    const struct jt_slice *introspectors; /* client ids that may introspect its tokens */
};

enum jt_credential_kind { JT_CRED_NONE = 0, JT_CRED_SECRET };
enum jt_credential_state { JT_CRED_UNDECIDED = 0, JT_CRED_ACTIVE, JT_CRED_REVOKED };

struct jt_credential {
    struct jt_slice id; /* 12 of [a-z0-9] */
    uint32_t number;    /* unique in this server, for jti; from 1 */
    enum jt_credential_kind kind;
    enum jt_credential_state state;
    struct jt_slice label;
    uint32_t hash_key;                          /* id of the data key that made hash */
    uint8_t hash[JT_SHA256_SIZE];               /* HMAC-SHA-256 of the whole secret */
    int64_t created_s, not_before_s, expires_s; /* 0: no bound */
};

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
};

struct jt_signing_key {
    struct jt_object o; /* name: the kid */
    enum jt_alg alg;
    enum jt_key_state state;
    int64_t created_s;
    uint32_t data_key;      /* id of the data key that seals it */
    struct jt_slice sealed; /* PKCS#8 DER under AES-256-GCM; aad is the kid */
    struct jt_pkey *pkey;   /* opened after loading; NULL in the store */
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

/* Deep copies into one block. The kind is set by the function. NULL: out of memory. */
struct jt_resource *jt_resource_dup(const struct jt_resource *r);
struct jt_client *jt_client_dup(const struct jt_client *c);
struct jt_signing_key *
jt_signing_key_dup(const struct jt_signing_key *k); /* pkey is not copied: NULL */
struct jt_data_key *jt_data_key_dup(const struct jt_data_key *k);
struct jt_setting *jt_setting_dup(const struct jt_setting *s);
/* By its kind. */
struct jt_object *jt_object_dup(const struct jt_object *o);
/* Any of the above, pkey of a signing key included. NULL-safe. */
void jt_object_free(struct jt_object *o);

#endif
