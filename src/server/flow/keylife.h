/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keylife.h - the life of a signing key: published, active, retiring, gone; or revoked.
 *
 * The first key of an algorithm signs at once. A later one is published first, and signs when
 * everybody who caches the key set must have seen it (keys.publish_wait). The one before then
 * retires: it stays published until the last token that it signed is over.
 * Threads: the functions jt_keylife_* are change functions, for the store thread; jt_keylife_due is
 *          for any thread with an epoch.
 */
#ifndef JT_FLOW_KEYLIFE_H
#define JT_FLOW_KEYLIFE_H

#include "../audit/writer.h"

#define JT_KEYS_WAITING_MAX 8 /* published ones of one algorithm that do not sign yet */
#define JT_KEYS_SPARE 4       /* room in JT_KEYS_MAX that only first keys may take */

/* What a change of keys needs and what it says. */
struct jt_keyorder {
    enum jt_alg alg;              /* set by what takes a kid */
    struct jt_slice kid;          /* for one key */
    char kid_text[64];            /* where jt_keylife_due puts it */
    struct jt_signing_key *fresh; /* made beforehand; NULL once it was put */
    /* longest_s: a token may live at least so long; longer, if a resource says so. */
    int64_t publish_wait_s, longest_s;
    const char *refused; /* what stands in the way, after JT_E_CONFLICT and JT_E_LIMIT */
    char said[200];      /* the kids: NUL-terminated, for the event's detail */
};

/*
 * A new key (ctx: struct jt_keyorder with alg and fresh). JT_E_LIMIT: too many wait already, or are
 * published.
 */
enum jt_err jt_keylife_add(struct jt_change *chg, void *ctx);
/* The waiting key of alg whose time has come signs from now on. JT_E_NOTFOUND: none. */
enum jt_err jt_keylife_promote(struct jt_change *chg, void *ctx);
/*
 * A key ends: a waiting one leaves at once, the active one retires if a successor may sign.
 * JT_E_NOTFOUND; JT_E_CONFLICT with refused.
 */
enum jt_err jt_keylife_retire(struct jt_change *chg, void *ctx);
/*
 * It leaves at once and its tokens are inactive. If it signed, the first waiting key signs in its
 * place, ripe or not; without one, fresh. JT_E_BUSY: it signs, and there is neither. JT_E_NOTFOUND,
 * JT_E_CONFLICT: revoked already.
 */
enum jt_err jt_keylife_revoke(struct jt_change *chg, void *ctx);
/* Its last token, or its record, is over: removed. JT_E_NOTFOUND: there is no key that is. */
enum jt_err jt_keylife_remove(struct jt_change *chg, void *ctx);
/* All tokens that it signed so far are revoked; it signs on, and new ones are good. */
enum jt_err jt_keylife_end_tokens(struct jt_change *chg, void *ctx);
/* An active key learns that its tokens may live longest_s. */
enum jt_err jt_keylife_stretch(struct jt_change *chg, void *ctx);

/*
 * A resource has its tokens, which may live longest_s, signed with alg: the active key learns it
 * and is published again; the first key is fresh, which otherwise stays with the caller.
 * JT_E_UNSUPPORTED: there is neither.
 */
JT_MUST enum jt_err jt_keylife_use(struct jt_change *chg, struct jt_keyorder *o);
/* No resource uses alg any more: its active key is published until the last token is over. */
JT_MUST enum jt_err jt_keylife_leave(struct jt_change *chg, const struct jt_keyorder *o);

/* What is to be done about keys now; one thing at a time. */
enum jt_keydue { JT_KEYDUE_NOTHING = 0, JT_KEYDUE_PROMOTE, JT_KEYDUE_REMOVE, JT_KEYDUE_ROTATE };
/*
 * Sets alg, and kid: the key that signs next, leaves, or is to be followed (a copy in out itself).
 * Removals come first, rotations last: one that cannot be done never holds up the others.
 * rotate_every_s 0: never by itself.
 */
enum jt_keydue jt_keylife_due(const struct jt_directory *d, int64_t now_s, int64_t publish_wait_s,
                              int64_t rotate_every_s, struct jt_keyorder *out);
/* The waiting key of that algorithm that signs first; the one that signs now; or NULL. */
const struct jt_signing_key *jt_keylife_next(const struct jt_directory *d, enum jt_alg alg);
const struct jt_signing_key *jt_keylife_active(const struct jt_directory *d, enum jt_alg alg);

#endif
