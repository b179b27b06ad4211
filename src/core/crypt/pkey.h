/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkey.h - asymmetric keys, and contexts that sign and verify with them.
 *
 * A jt_pkey is immutable after it is made and may be shared by threads. A jt_signer or
 * jt_sigcheck is bound to one key and one algorithm, is set up once, and belongs to one thread.
 * Signatures are in JWS form (RFC 7518 section 3): ECDSA is r || s of fixed length, not DER.
 * A key is tagged with its kind; algorithm and kind must fit (RFC 8725 section 3.1), here,
 * at the one choke point.
 */
#ifndef JT_CRYPT_PKEY_H
#define JT_CRYPT_PKEY_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/slice.h"

enum jt_key_kind { JT_KEY_NONE = 0, JT_KEY_RSA, JT_KEY_P256, JT_KEY_ED25519 };

/* The algorithm of a signature. One row each in jose/alg.c. */
enum jt_alg { JT_ALG_NONE = 0, JT_ALG_RS256, JT_ALG_ES256, JT_ALG_PS256, JT_ALG_EDDSA };

#define JT_SIG_MAX 1024 /* RSA of 8192 bits */

struct jt_pkey;
struct jt_signer;
struct jt_sigcheck;

/* RSA of 2048 bits with e = 65537, P-256, or Ed25519. */
JT_MUST enum jt_err jt_pkey_generate(enum jt_key_kind kind, struct jt_pkey **out);
/* The same key once more, to be freed once more. */
struct jt_pkey *jt_pkey_ref(const struct jt_pkey *k);
void jt_pkey_free(struct jt_pkey **k);
enum jt_key_kind jt_pkey_kind(const struct jt_pkey *k);
/* PKCS#8 DER of the private key, appended. */
JT_MUST enum jt_err jt_pkey_private_der(const struct jt_pkey *k, struct jt_buf *out);
JT_MUST enum jt_err jt_pkey_from_private_der(struct jt_slice der, struct jt_pkey **out);
/* SubjectPublicKeyInfo in PEM, appended. */
JT_MUST enum jt_err jt_pkey_public_pem(const struct jt_pkey *k, struct jt_buf *out);

/* The first public key in a PEM text. JT_E_SYNTAX: there is none. JT_E_UNSUPPORTED: of a kind that
 * is not known here. */
JT_MUST enum jt_err jt_pkey_from_public_pem(struct jt_slice pem, struct jt_pkey **out);

/* The public numbers as RFC 7518 section 6 writes them: big-endian, RSA minimal length, EC fixed.
 */
struct jt_pubparams {
    enum jt_key_kind kind;
    uint8_t a[1024]; /* RSA n, EC x, Ed25519 x (RFC 8037) */
    size_t a_n;
    uint8_t b[1024]; /* RSA e, EC y, Ed25519: nothing */
    size_t b_n;
};
JT_MUST enum jt_err jt_pkey_params(const struct jt_pkey *k, struct jt_pubparams *out);
/*
 * A public key from its numbers. Refused: RSA under 2048 or over 8192 bits, e even, below 65537 or
 * over 32 bits; a point not on the curve, the identity, coordinates not of the curve's length;
 * Ed25519 points of small order.
 */
JT_MUST enum jt_err jt_pkey_from_params(const struct jt_pubparams *p, struct jt_pkey **out);

/* JT_E_UNSUPPORTED when alg does not fit the key. The key may be freed before the signer. */
JT_MUST enum jt_err jt_signer_new(const struct jt_pkey *k, enum jt_alg alg, struct jt_signer **out);
void jt_signer_free(struct jt_signer **s);
/* *out_n is the signature's length. No allocation for ECDSA beyond OpenSSL's own. */
JT_MUST enum jt_err jt_sign(struct jt_signer *s, struct jt_slice message,
                            uint8_t out[static JT_SIG_MAX], size_t *out_n);

JT_MUST enum jt_err jt_sigcheck_new(const struct jt_pkey *k, enum jt_alg alg,
                                    struct jt_sigcheck **out);
void jt_sigcheck_free(struct jt_sigcheck **s);

enum jt_sig_verdict { JT_SIG_UNDECIDED = 0, JT_SIG_VALID, JT_SIG_INVALID };
/* UNDECIDED only for a fault of the machine (no memory). Wrong length is INVALID. */
JT_MUST enum jt_sig_verdict jt_sigcheck(struct jt_sigcheck *s, struct jt_slice message,
                                        struct jt_slice signature);

#endif
