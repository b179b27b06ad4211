/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_argon2.c - Argon2id (RFC 9106) in its PHC text:
 * $argon2id$v=19$m=65536,t=3,p=4$SALT$HASH, by libargon2. All lanes run on the caller's thread, so
 * that a pool of threads is the bound that it says it is.
 */
#include <argon2.h>

#include "../base/num.h"
#include "../base/secret.h"
#include "password_internal.h"

#define MEMORY_MAX_KIB (128 * 1024)
#define PASSES_MAX 16
#define LANES_MAX 8

struct argon2id {
    uint64_t memory_kib, passes, lanes;
    struct jt_password_parts parts;
};

static void wipe(struct argon2id *h)
{
    explicit_bzero(h, sizeof *h);
}

/* NAME=N up to a comma or the end, taken off *rest. */
static bool take(struct jt_slice *rest, const char *name, uint64_t max, uint64_t *out)
{
    size_t comma = jt_slice_find(*rest, ',');
    struct jt_slice item = jt_slice(rest->p, comma);
    struct jt_slice before = jt_str(name);
    *rest = jt_slice_from(*rest, comma + 1);
    return jt_slice_starts(item, before) &&
           jt_parse_u64(jt_slice_from(item, before.n), max, out) == JT_OK;
}

static enum jt_err read_cost(struct jt_slice text, struct argon2id *out, const char **why)
{
    const uint64_t any = UINT32_MAX;
    if (!take(&text, "m=", any, &out->memory_kib) || !take(&text, "t=", any, &out->passes) ||
        !take(&text, "p=", any, &out->lanes) || text.n > 0) {
        *why = "its parameters are not m=KIBIBYTES,t=PASSES,p=LANES";
        return JT_E_SYNTAX;
    }
    if (out->passes < 1 || out->passes > PASSES_MAX || out->lanes < 1 || out->lanes > LANES_MAX ||
        out->memory_kib < 8 * out->lanes || out->memory_kib > MEMORY_MAX_KIB) {
        *why = "it does not have m up to 131072 (128 MiB), t up to 16 and p up to 8";
        return JT_E_RANGE;
    }
    return JT_OK;
}

static enum jt_err read_hash(struct jt_slice text, struct argon2id *out, const char **why)
{
    (void)jt_password_part(&text);
    (void)jt_password_part(&text); /* the name, between two "$" */
    if (!jt_slice_eq(jt_password_part(&text), JT_LIT("v=19"))) {
        *why = "it is not of version 19 (v=19)";
        return JT_E_RANGE;
    }
    JT_TRY(read_cost(jt_password_part(&text), out, why));
    return jt_password_read_parts(text, &out->parts, why);
}

static enum jt_err import(struct jt_slice text, struct jt_buf *out, const char **why)
{
    JT_AUTO(wipe) struct argon2id h = {0};
    JT_TRY(read_hash(text, &h, why));
    jt_buf_printf(out, "$argon2id$v=19$m=%llu,t=%llu,p=%llu", (unsigned long long)h.memory_kib,
                  (unsigned long long)h.passes, (unsigned long long)h.lanes);
    jt_password_put_parts(out, &h.parts);
    return jt_buf_ok(out) ? JT_OK : JT_E_NOMEM;
}

static enum jt_password_verdict check(struct jt_slice hash, struct jt_slice secret)
{
    JT_AUTO(wipe) struct argon2id h = {0};
    JT_AUTO(jt_secret_wipe) struct jt_secret copy = {0}; /* libargon2 wants to be able to write */
    uint8_t key[JT_PASSWORD_KEY_MAX];
    const char *why = NULL;
    if (jt_secret_set(&copy, secret) != JT_OK) {
        return JT_PASSWORD_DIFFERS;
    }
    if (read_hash(hash, &h, &why) != JT_OK) {
        return JT_PASSWORD_FAILED;
    }
    argon2_context c = {
        .out = key,
        .outlen = (uint32_t)h.parts.nkey,
        .pwd = copy.p,
        .pwdlen = (uint32_t)copy.n,
        .salt = h.parts.salt,
        .saltlen = (uint32_t)h.parts.nsalt,
        .t_cost = (uint32_t)h.passes,
        .m_cost = (uint32_t)h.memory_kib,
        .lanes = (uint32_t)h.lanes,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    if (argon2id_ctx(&c) != ARGON2_OK) {
        return JT_PASSWORD_FAILED;
    }
    bool same = jt_equal_ct(key, h.parts.key, h.parts.nkey);
    explicit_bzero(key, sizeof key);
    return same ? JT_PASSWORD_FITS : JT_PASSWORD_DIFFERS;
}

const struct jt_password_ops jt_password_argon2id = {"argon2id", "$argon2id$", import, check};
