/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - one worker's view of the signing keys: contexts set up once, and the JWKS as text.
 *
 * Rebuilt when the directory's keys or resources have changed. The JWKS publishes only the
 * types that resources use, because some readers fail on a mixed set.
 * Threads: one owner.
 */
#ifndef JT_FLOW_KEYS_H
#define JT_FLOW_KEYS_H

#include "../../core/jose/jws.h"
#include "../store/directory.h"

#define JT_KEYS_MAX 32         /* published: what a worker holds */
#define JT_KEYS_STORED_MAX 256 /* in the directory, revoked ones included */

struct jt_key_view {
    char kid[64];
    size_t kid_n;
    enum jt_alg alg;
    enum jt_key_state state;
    uint64_t not_before_seq;  /* tokens with a lower issue sequence are revoked */
    struct jt_signer *signer; /* active keys only */
    struct jt_sigcheck *check;
    struct jt_buf header; /* of access tokens, base64url */
};

struct jt_keys {
    uint64_t key_version, resource_version;
    bool built;
    size_t n;
    struct jt_key_view v[JT_KEYS_MAX];
    struct jt_buf jwks;
    char etag[48];
};

/* Brings the view up to date if the directory has changed. On failure the view is empty. */
JT_MUST enum jt_err jt_keys_refresh(struct jt_keys *k, const struct jt_directory *d,
                                    struct jt_crypt *c, int64_t now_s);
/* Is there one that signs? */
bool jt_keys_any(const struct jt_keys *k);
/* The active key of an algorithm, or NULL. */
const struct jt_key_view *jt_keys_active(const struct jt_keys *k, enum jt_alg alg);
const struct jt_key_view *jt_keys_by_kid(const struct jt_keys *k, struct jt_slice kid);
/* The algorithm that tokens of the built-in resource are signed with: one that is published anyway.
 */
enum jt_alg jt_keys_builtin_alg(const struct jt_keys *k, enum jt_alg preferred);
void jt_keys_free(struct jt_keys *k);

#endif
