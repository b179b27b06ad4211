/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who asks: client authentication (RFC 6749 section 2.3), one file per method.
 *
 * A jt_principal is made here and nowhere else; having one is the proof of authentication.
 * Every refusal looks the same on the wire, and that of a secret costs the same keyed hash; the
 * reason is for audit. What would hold up the event loop, slow hashes and other issuers' keys, is
 * an errand: the request waits for it, and is then authenticated anew with what it brought.
 * Owns:    the principal lives in the request's arena and points into the directory.
 */
#ifndef JT_AUTH_AUTH_H
#define JT_AUTH_AUTH_H

#include "../../core/base/arena.h"
#include "../../core/crypt/peer.h"
#include "../../core/http/basic.h"
#include "../../core/http/form.h"
#include "../issuers/issuers.h"
#include "../reason.h"
#include "../store/directory.h"
#include "../store/keyring.h"
#include "assertion.h"
#include "checks.h"
#include "replay.h"

struct jt_principal;

enum jt_auth_verdict {
    JT_AUTH_UNDECIDED = 0,
    JT_AUTH_PROVEN,
    JT_AUTH_REFUSED,
    JT_AUTH_LATER, /* result.errand has to be run first */
};

struct jt_errand; /* what a method needs done elsewhere; errand.h */

/* What a request carries. */
struct jt_auth_input {
    const struct jt_authz *authz;
    const struct jt_form *form;
    const struct jt_assertion *assertion; /* NULL: none */
    const struct jt_peer_cert *cert;      /* the caller's TLS certificate; NULL: none */
    struct jt_errand *errand;             /* that has come back; NULL: none was run yet */
};

/* What deciding takes. */
struct jt_auth_context {
    const struct jt_directory *directory;
    const struct jt_keyring *keyring;
    struct jt_crypt *crypt;
    struct jt_checks *checks;
    struct jt_replays *replays;
    struct jt_issuers *issuers; /* whose keys are known */
    struct jt_arena *arena;
    struct jt_slice issuer; /* our own */
    int64_t now_s;
    bool clock_trusted;
    const struct jt_addr *peer; /* whose address the request comes from; NULL: from anywhere, for
                                   jt_auth_assume only */
    bool rotating; /* to be replaced: by the client's policy it may be over for some days */
    struct jt_slice environment; /* this server's: credentials labelled for another one are refused;
                                    empty: labels say nothing */
};

struct jt_auth_result {
    enum jt_auth_verdict verdict;
    enum jt_reason reason;                /* when refused */
    const struct jt_principal *principal; /* when proven */
    const char *method;                   /* of the one that was used, or NULL */
    struct jt_slice claimed;              /* the client_id that was said */
    bool tried;                           /* a proof was offered, and it was wrong */
    struct jt_slice credential_id;        /* of the credential that was tried, if known */
    const char *detail;                   /* what was wrong with it, for audit; NULL: no words */
    struct jt_errand *errand;             /* LATER */
    struct jt_replay_id replay; /* PROVEN by an assertion: to be on disk before the answer */
};

/* Reads what several methods look at. False: out of memory. */
bool jt_auth_input_read(struct jt_arena *a, const struct jt_authz *authz,
                        const struct jt_form *form, const struct jt_peer_cert *cert,
                        struct jt_auth_input *out);
/*
 * Runs every method's detect; more than one is refused, exactly one verifies. A certificate beside
 * another proof that is right is a second method only when it would be a proof of that client too:
 * in a service mesh every connection has one.
 */
void jt_authenticate(const struct jt_auth_context *ctx, const struct jt_auth_input *in,
                     struct jt_auth_result *out);

/*
 * Who would ask, were this client to prove itself now from ctx->peer with the best of its
 * credentials: proven with a hypothetical principal, which can be decided about, but for which no
 * token is made; or refused with the reason that this credential would get.
 */
void jt_auth_assume(const struct jt_auth_context *ctx, struct jt_slice client_id,
                    struct jt_auth_result *out);

/* The client_id of a request that carries a proof, before anything is verified; empty: no proof. */
struct jt_slice jt_auth_claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in);

const struct jt_client *jt_principal_client(const struct jt_principal *p);
const struct jt_credential *jt_principal_credential(const struct jt_principal *p);
/* SHA-256 of the certificate that the request came with, whatever the proof was; may be empty. */
struct jt_slice jt_principal_certificate(const struct jt_principal *p);
bool jt_principal_is_hypothetical(const struct jt_principal *p);

#endif
