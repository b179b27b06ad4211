/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - the certificate that a caller showed, and what it shows.
 *
 * Who presents one has proven to hold its key, by the handshake here or by a proxy's word; whether
 * anybody vouches for it is decided per credential: by a chain to the credential's own CAs, or by
 * being the registered certificate itself (RFC 8705 section 2).
 * Invariant: immutable; at most JT_PEER_CERTS_MAX certificates of JT_PEER_BYTES_MAX bytes together.
 * Owns:      copies of the bytes. Counted: the last release frees it.
 * Threads:   one worker's; the count is a plain one.
 * RFC:       5280, 8705
 */
#ifndef JT_CRYPT_PEER_H
#define JT_CRYPT_PEER_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/slice.h"

#define JT_PEER_CERTS_MAX 8u
#define JT_PEER_BYTES_MAX 16384u

/* Which name of a certificate is compared: exactly one (RFC 8705 section 2.1.2). */
enum jt_tls_name {
    JT_TLS_NONE = 0,
    JT_TLS_SUBJECT, /* the distinguished name, as RFC 4514 writes it */
    JT_TLS_DNS,
    JT_TLS_URI,
    JT_TLS_IP,
    JT_TLS_EMAIL,
};

struct jt_peer_cert;

/*
 * ders: the certificate itself, then what came with it. JT_E_SYNTAX: the first is not one whole
 * certificate (the others are looked at when a chain is built). JT_E_LIMIT: too many, too large.
 */
JT_MUST enum jt_err jt_peer_cert_new(const struct jt_slice *ders, size_t n,
                                     const struct jt_peer_cert **out);
/* The same once more, to be released once more. NULL: NULL. */
const struct jt_peer_cert *jt_peer_cert_ref(const struct jt_peer_cert *c);
/* NULL-safe; nulls the pointer. */
void jt_peer_cert_release(const struct jt_peer_cert **c);

struct jt_slice jt_peer_cert_der(const struct jt_peer_cert *c);
/* SHA-256 of the DER, 32 bytes: x5t#S256 before base64url. */
struct jt_slice jt_peer_cert_sha256(const struct jt_peer_cert *c);
/* Its subject, then its alternative names, printable, appended: for people. */
void jt_peer_cert_names(const struct jt_peer_cert *c, struct jt_buf *out);

enum jt_peer_verdict {
    JT_PEER_UNDECIDED = 0, /* out of memory */
    JT_PEER_YES,
    JT_PEER_NO,
};

/*
 * Has it exactly this name? Subject: attribute by attribute in their order, those of a multi-valued
 * one in any order, values without regard to case and repeated blanks (RFC 5280 section 7.1).
 * Alternative names: one of them is equal; no wildcards, and the subject's CN is none of them.
 * A name with a NUL in it is equal to nothing.
 */
enum jt_peer_verdict jt_peer_cert_has(const struct jt_peer_cert *c, enum jt_tls_name kind,
                                      struct jt_slice name);
/* May this be such a name? False: *why says what is wrong with it. */
JT_MUST bool jt_tls_name_ok(enum jt_tls_name kind, struct jt_slice name, const char **why);

/* X(name, "words for the operator") */
#define JT_CHAIN_FAULTS(X)                                                                         \
    X(EXPIRED, "the certificate has expired")                                                      \
    X(NOT_YET, "the certificate is not valid yet")                                                 \
    X(CA_TIME, "a certificate above it has expired or is not valid yet")                           \
    X(ISSUER, "none of the credential's CA certificates stands behind it")                         \
    X(PURPOSE, "the certificate is not for client authentication")                                 \
    X(NOT_CA, "a certificate above it is not one of a CA, or may not issue this one")              \
    X(WEAK, "a key or signature in the chain is too weak")                                         \
    X(SIGNATURE, "a signature in the chain is wrong")                                              \
    X(OTHER, "the chain is not valid")

enum jt_chain {
    JT_CHAIN_UNDECIDED = 0, /* out of memory */
    JT_CHAIN_GOOD,
#define X(name, text) JT_CHAIN_##name,
    JT_CHAIN_FAULTS(X)
#undef X
};

/*
 * Is there a chain from it to one of these CA certificates (DER, one after the other), at that
 * time, for client authentication? Nothing but these is trusted, neither a certificate that came
 * with it nor any of the system; an intermediate CA among them is an anchor like a root.
 */
enum jt_chain jt_peer_cert_chain(const struct jt_peer_cert *c, struct jt_slice cas, int64_t now_s);
/* Only its own validity: for a certificate that is registered itself. */
enum jt_chain jt_peer_cert_in_time(const struct jt_peer_cert *c, int64_t now_s);
const char *jt_chain_text(enum jt_chain v);

#endif
