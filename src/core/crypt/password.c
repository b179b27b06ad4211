/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include "../base/b64.h"
#include "password_internal.h"

static const struct jt_password_ops *const all[] = {
    &jt_password_bcrypt_a,      &jt_password_bcrypt_b,
    &jt_password_bcrypt_y,      &jt_password_sha256_crypt,
    &jt_password_sha512_crypt,  &jt_password_pbkdf2_sha1,
    &jt_password_pbkdf2_sha256, &jt_password_pbkdf2_sha512,
    &jt_password_argon2id,      NULL,
};

static const struct jt_password_ops *ops_of(struct jt_slice text)
{
    for (size_t i = 0; all[i] != NULL; i++) {
        if (jt_slice_starts(text, jt_str(all[i]->prefix))) {
            return all[i];
        }
    }
    return NULL;
}

const char *jt_password_kind(struct jt_slice hash)
{
    const struct jt_password_ops *o = ops_of(hash);
    return o == NULL ? NULL : o->name;
}

struct jt_slice jt_password_part(struct jt_slice *rest)
{
    size_t k = jt_slice_find(*rest, '$');
    struct jt_slice part = jt_slice(rest->p, k);
    *rest = jt_slice_from(*rest, k + 1);
    return part;
}

static bool read_part(struct jt_slice text, size_t max, uint8_t *out, size_t *n)
{
    while (text.n > 0 && text.p[text.n - 1] == '=') {
        text.n--; /* some write the padding */
    }
    return JT_B64_BYTES(text.n) <= max + 2 && jt_b64_bare_decode(text, out, n) == JT_OK &&
           *n <= max;
}

enum jt_err jt_password_read_parts(struct jt_slice text, struct jt_password_parts *out,
                                   const char **why)
{
    struct jt_slice salt = jt_password_part(&text);
    if (!read_part(salt, JT_PASSWORD_SALT_MAX, out->salt, &out->nsalt) ||
        out->nsalt < JT_PASSWORD_SALT_MIN) {
        *why = "its salt is not 8 to 64 bytes in base64";
        return JT_E_SYNTAX;
    }
    if (!read_part(text, JT_PASSWORD_KEY_MAX, out->key, &out->nkey) ||
        out->nkey < JT_PASSWORD_KEY_MIN) {
        *why = "its last part is not 16 to 64 bytes in base64";
        return JT_E_SYNTAX;
    }
    return JT_OK;
}

void jt_password_put_parts(struct jt_buf *out, const struct jt_password_parts *p)
{
    jt_buf_putc(out, '$');
    jt_b64_bare_put(out, jt_slice(p->salt, p->nsalt));
    jt_buf_putc(out, '$');
    jt_b64_bare_put(out, jt_slice(p->key, p->nkey));
}

static bool printable(struct jt_slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= 0x20 || text.p[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static enum jt_err import_line(struct jt_slice text, struct jt_buf *out, const char **why)
{
    const struct jt_password_ops *o = ops_of(text);
    if (o == NULL) {
        *why = "it is none of bcrypt ($2a$, $2b$, $2y$), PBKDF2 ($pbkdf2-sha256$, "
               "$pbkdf2-sha512$, $pbkdf2-sha1$ or Keycloak's JSON), Argon2id ($argon2id$), "
               "SHA-256-crypt ($5$) and SHA-512-crypt ($6$)";
        return JT_E_SYNTAX;
    }
    if (text.n > JT_PASSWORD_HASH_MAX || !printable(text)) {
        *why = "it is longer than 256 characters, or has white space or others that hashes have "
               "not";
        return JT_E_SYNTAX;
    }
    return o->import(text, out, why);
}

enum jt_err jt_password_import(struct jt_slice text, struct jt_buf *out, const char **why)
{
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, JT_PASSWORD_TEXT_MAX);
    *why = "";
    if (text.n > JT_PASSWORD_TEXT_MAX) {
        *why = "it is longer than 4096 bytes";
        return JT_E_SYNTAX;
    }
    if (text.n == 0 || text.p[0] != '{') {
        return import_line(text, out, why);
    }
    JT_TRY(jt_password_keycloak(text, &line, why));
    return import_line(jt_buf_slice(&line), out, why);
}

enum jt_password_verdict jt_password_check(struct jt_slice hash, struct jt_slice secret)
{
    const struct jt_password_ops *o = ops_of(hash);
    if (o == NULL || hash.n > JT_PASSWORD_HASH_MAX) {
        return JT_PASSWORD_FAILED;
    }
    return o->check(hash, secret);
}
