/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_pbkdf2.c - PBKDF2 (RFC 8018 section 5.2) as Hydra writes it:
 * $pbkdf2-sha256$i=25000,l=32$SALT$HASH. Without l= the hash's own length counts; passlib's form,
 * $pbkdf2-sha256$29000$SALT$HASH with "." for "+", is taken too and becomes Hydra's.
 */
#include <openssl/evp.h>

#include "../base/num.h"
#include "../base/secret.h"
#include "password_internal.h"

#define ITERATIONS_MIN 1000
#define ITERATIONS_MAX 2000000

struct pbkdf2 {
    uint64_t iterations;
    struct jt_password_parts parts;
};

static void wipe(struct pbkdf2 *h)
{
    explicit_bzero(h, sizeof *h);
}

/* i=N[,l=N], or N */
static enum jt_err read_cost(struct jt_slice text, uint64_t *iterations, uint64_t *length,
                             const char **why)
{
    size_t comma = jt_slice_find(text, ',');
    struct jt_slice i = jt_slice(text.p, comma);
    struct jt_slice l = jt_slice_from(text, comma + 1);
    if (jt_slice_starts(i, JT_LIT("i="))) {
        i = jt_slice_from(i, 2);
    }
    if (comma < text.n &&
        (!jt_slice_starts(l, JT_LIT("l=")) ||
         jt_parse_u64(jt_slice_from(l, 2), JT_PASSWORD_KEY_MAX, length) != JT_OK)) {
        *why = "its parameters are not i=ITERATIONS,l=LENGTH with a length up to 64";
        return JT_E_SYNTAX;
    }
    if (jt_parse_u64(i, ITERATIONS_MAX, iterations) != JT_OK || *iterations < ITERATIONS_MIN) {
        *why = "its iterations are not from 1000 to 2000000";
        return JT_E_RANGE;
    }
    return JT_OK;
}

static enum jt_err read_hash(struct jt_slice text, struct pbkdf2 *out, const char **why)
{
    uint64_t length = 0;
    (void)jt_password_part(&text);
    (void)jt_password_part(&text); /* the name, between two "$" */
    JT_TRY(read_cost(jt_password_part(&text), &out->iterations, &length, why));
    JT_TRY(jt_password_read_parts(text, &out->parts, why));
    if (length != 0 && length != out->parts.nkey) {
        *why = "its last part is not as long as l= says";
        return JT_E_SYNTAX;
    }
    return JT_OK;
}

/* passlib's alphabet has "." in the place of "+". */
static void usual_alphabet(struct jt_slice text, struct jt_buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        jt_buf_putc(out, text.p[i] == '.' ? '+' : text.p[i]);
    }
}

static enum jt_err import(struct jt_slice text, struct jt_buf *out, const char **why)
{
    JT_AUTO(wipe) struct pbkdf2 h = {0};
    JT_AUTO(jt_buf_free) struct jt_buf usual;
    jt_buf_init(&usual, JT_PASSWORD_HASH_MAX);
    usual_alphabet(text, &usual);
    JT_TRY(jt_buf_ok(&usual) ? read_hash(jt_buf_slice(&usual), &h, why) : JT_E_NOMEM);
    struct jt_slice rest = jt_slice_from(text, 1);
    struct jt_slice name = jt_password_part(&rest);
    jt_buf_printf(out, "$%.*s$i=%llu,l=%zu", JT_FMT(name), (unsigned long long)h.iterations,
                  h.parts.nkey);
    jt_password_put_parts(out, &h.parts);
    return jt_buf_ok(out) ? JT_OK : JT_E_NOMEM;
}

static enum jt_password_verdict check(struct jt_slice hash, struct jt_slice secret,
                                      const EVP_MD *md)
{
    JT_AUTO(wipe) struct pbkdf2 h = {0};
    uint8_t key[JT_PASSWORD_KEY_MAX];
    const char *why = NULL;
    if (secret.n > JT_SECRET_MAX) {
        return JT_PASSWORD_DIFFERS;
    }
    if (read_hash(hash, &h, &why) != JT_OK ||
        PKCS5_PBKDF2_HMAC((const char *)secret.p, (int)secret.n, h.parts.salt, (int)h.parts.nsalt,
                          (int)h.iterations, md, (int)h.parts.nkey, key) != 1) {
        return JT_PASSWORD_FAILED;
    }
    bool same = jt_equal_ct(key, h.parts.key, h.parts.nkey);
    explicit_bzero(key, sizeof key);
    return same ? JT_PASSWORD_FITS : JT_PASSWORD_DIFFERS;
}

static enum jt_password_verdict check_sha1(struct jt_slice hash, struct jt_slice secret)
{
    return check(hash, secret, EVP_sha1());
}

static enum jt_password_verdict check_sha256(struct jt_slice hash, struct jt_slice secret)
{
    return check(hash, secret, EVP_sha256());
}

static enum jt_password_verdict check_sha512(struct jt_slice hash, struct jt_slice secret)
{
    return check(hash, secret, EVP_sha512());
}

const struct jt_password_ops jt_password_pbkdf2_sha1 = {"pbkdf2-sha1", "$pbkdf2-sha1$", import,
                                                        check_sha1};
const struct jt_password_ops jt_password_pbkdf2_sha256 = {"pbkdf2-sha256", "$pbkdf2-sha256$",
                                                          import, check_sha256};
const struct jt_password_ops jt_password_pbkdf2_sha512 = {"pbkdf2-sha512", "$pbkdf2-sha512$",
                                                          import, check_sha512};
