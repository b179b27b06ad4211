/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_crypt.c - bcrypt, SHA-256-crypt and SHA-512-crypt, by libxcrypt.
 */
#include <crypt.h>
#include <stdlib.h>

#include "../base/num.h"
#include "../base/secret.h"
#include "password_internal.h"

#define BCRYPT_LEN 60 /* $2b$10$, 22 of salt, 31 of hash */
#define BCRYPT_HASH_LEN 31
#define BCRYPT_COST_MIN 4
#define BCRYPT_COST_MAX 14
#define SHA256_HASH_LEN 43
#define SHA512_HASH_LEN 86
#define SHA_SALT_MAX 16
#define SHA_ROUNDS_MIN 1000
#define SHA_ROUNDS_MAX 1000000

static bool crypt_alphabet(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!((c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            return false; /* "." and "/" stand right before "0" */
        }
    }
    return true;
}

static enum jt_err keep(struct jt_slice text, struct jt_buf *out)
{
    jt_buf_put(out, text);
    return jt_buf_ok(out) ? JT_OK : JT_E_NOMEM;
}

static enum jt_err import_bcrypt(struct jt_slice text, struct jt_buf *out, const char **why)
{
    uint64_t cost = 0;
    if (text.n != BCRYPT_LEN || text.p[6] != '$' || !crypt_alphabet(jt_slice_from(text, 7)) ||
        text.p[4] < '0' || text.p[4] > '9' || text.p[5] < '0' || text.p[5] > '9') {
        *why = "a bcrypt hash has 60 characters: $2b$, two digits, $ and 53 of A-Z a-z 0-9 . /";
        return JT_E_SYNTAX;
    }
    cost = (uint64_t)(text.p[4] - '0') * 10 + (uint64_t)(text.p[5] - '0');
    if (cost < BCRYPT_COST_MIN || cost > BCRYPT_COST_MAX) {
        *why = "its cost is not from 4 to 14";
        return JT_E_RANGE;
    }
    return keep(text, out);
}

/* [rounds=N$]SALT$HASH behind the prefix */
static enum jt_err import_sha(struct jt_slice text, size_t nhash, struct jt_buf *out,
                              const char **why)
{
    const struct jt_slice word = JT_LIT("rounds=");
    struct jt_slice rest = jt_slice_from(text, 3);
    uint64_t rounds = 5000;
    if (jt_slice_starts(rest, word)) {
        struct jt_slice n = jt_slice_from(jt_password_part(&rest), word.n);
        if (jt_parse_u64(n, SHA_ROUNDS_MAX, &rounds) != JT_OK || rounds < SHA_ROUNDS_MIN) {
            *why = "its rounds are not from 1000 to 1000000";
            return JT_E_RANGE;
        }
    }
    struct jt_slice salt = jt_password_part(&rest);
    if (salt.n == 0 || salt.n > SHA_SALT_MAX || !crypt_alphabet(salt) || rest.n != nhash ||
        !crypt_alphabet(rest)) {
        *why = "behind its salt of 1 to 16 characters a SHA-256-crypt hash has 43 of A-Z a-z 0-9 "
               ". /, and a SHA-512-crypt hash 86";
        return JT_E_SYNTAX;
    }
    return keep(text, out);
}

static enum jt_err import_sha256(struct jt_slice text, struct jt_buf *out, const char **why)
{
    return import_sha(text, SHA256_HASH_LEN, out, why);
}

static enum jt_err import_sha512(struct jt_slice text, struct jt_buf *out, const char **why)
{
    return import_sha(text, SHA512_HASH_LEN, out, why);
}

/* Salts are not compared: libxcrypt clears unused bits of bcrypt's. */
static enum jt_password_verdict compare(const char *made, struct jt_slice hash, size_t nhash)
{
    if (made == NULL || made[0] != '$') {
        return JT_PASSWORD_FAILED;
    }
    struct jt_slice m = jt_str(made);
    if (m.n < nhash || hash.n < nhash) {
        return JT_PASSWORD_FAILED;
    }
    return jt_equal_ct(m.p + m.n - nhash, hash.p + hash.n - nhash, nhash) ? JT_PASSWORD_FITS
                                                                          : JT_PASSWORD_DIFFERS;
}

static enum jt_password_verdict run(struct jt_slice hash, struct jt_slice secret, size_t nhash)
{
    char phrase[JT_SECRET_MAX + 1];
    char setting[JT_PASSWORD_HASH_MAX + 1];
    enum jt_password_verdict v = JT_PASSWORD_FAILED;
    struct crypt_data *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return JT_PASSWORD_FAILED;
    }
    memcpy(phrase, secret.p, secret.n);
    phrase[secret.n] = '\0';
    memcpy(setting, hash.p, hash.n);
    setting[hash.n] = '\0';
    v = compare(crypt_rn(phrase, setting, d, (int)sizeof *d), hash, nhash);
    explicit_bzero(phrase, sizeof phrase);
    explicit_bzero(d, sizeof *d);
    free(d);
    return v;
}

/* libxcrypt takes phrases that end at the first NUL. */
static bool whole(struct jt_slice secret, size_t max)
{
    return secret.n > 0 && secret.n <= max && jt_slice_find(secret, 0) == secret.n;
}

static enum jt_password_verdict check_bcrypt(struct jt_slice hash, struct jt_slice secret)
{
    return whole(secret, JT_BCRYPT_SECRET_MAX) ? run(hash, secret, BCRYPT_HASH_LEN)
                                               : JT_PASSWORD_DIFFERS;
}

static enum jt_password_verdict check_sha(struct jt_slice hash, struct jt_slice secret,
                                          size_t nhash)
{
    return whole(secret, CRYPT_MAX_PASSPHRASE_SIZE - 1) && secret.n <= JT_SECRET_MAX
               ? run(hash, secret, nhash)
               : JT_PASSWORD_DIFFERS;
}

static enum jt_password_verdict check_sha256(struct jt_slice hash, struct jt_slice secret)
{
    return check_sha(hash, secret, SHA256_HASH_LEN);
}

static enum jt_password_verdict check_sha512(struct jt_slice hash, struct jt_slice secret)
{
    return check_sha(hash, secret, SHA512_HASH_LEN);
}

const struct jt_password_ops jt_password_bcrypt_a = {"bcrypt", "$2a$", import_bcrypt, check_bcrypt};
const struct jt_password_ops jt_password_bcrypt_b = {"bcrypt", "$2b$", import_bcrypt, check_bcrypt};
const struct jt_password_ops jt_password_bcrypt_y = {"bcrypt", "$2y$", import_bcrypt, check_bcrypt};
const struct jt_password_ops jt_password_sha256_crypt = {"sha256-crypt", "$5$", import_sha256,
                                                         check_sha256};
const struct jt_password_ops jt_password_sha512_crypt = {"sha512-crypt", "$6$", import_sha512,
                                                         check_sha512};
