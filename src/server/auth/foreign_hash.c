/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_hash.c - a secret against the hashes that a client was imported with. These are slow, so
 * they are compared elsewhere: first an errand is asked for, then its outcome is looked at.
 */
#include "../../core/token/client_secret.h"
#include "method.h"

static bool is_foreign(const struct jt_credential *k)
{
    return k->kind == JT_CRED_SECRET && k->hash_key == 0;
}

/* For audit, when nothing was compared: what is not usable is not worth the time. */
static const char *not_compared(enum jt_reason why)
{
    static const struct {
        enum jt_reason why;
        const char *words;
    } rows[] = {
        {JT_R_SECRET_REVOKED, "not compared with an imported hash: its credential was revoked"},
        {JT_R_SECRET_EXPIRED, "not compared with an imported hash: its credential has expired"},
        {JT_R_SECRET_NOT_YET,
         "not compared with an imported hash: its credential is not valid yet"},
        {JT_R_ROTATION_REQUIRED, "not compared with an imported hash: its credential is older than "
                                 "the client's rotation policy allows"},
        {JT_R_CREDENTIAL_ENVIRONMENT,
         "not compared with an imported hash: its credential is labelled for another environment"},
        {JT_R_CLIENT_DISABLED, "not compared with an imported hash: the client is disabled"},
        {JT_R_CLIENT_NETWORK,
         "not compared with an imported hash: the client may not come from this address"},
        {JT_R_CREDENTIAL_NETWORK,
         "not compared with an imported hash: its credential may not be used from this address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].why == why) {
            return rows[i].words;
        }
    }
    return "not compared with an imported hash: it may not be used now";
}

static bool fill(const struct jt_auth_context *ctx, const struct jt_client *c,
                 struct jt_hash_errand *e, const char **detail)
{
    for (size_t i = 0; i < c->ncredentials && e->nhashes < JT_HASHES_MAX; i++) {
        const struct jt_credential *k = &c->credentials[i];
        enum jt_reason why = is_foreign(k) ? jt_auth_usable(c, k, ctx) : JT_R_INTERNAL;
        if (why == JT_R_NONE) {
            e->hashes[e->nhashes].number = k->number;
            if (!jt_arena_copy(ctx->arena, k->material, &e->hashes[e->nhashes++].text)) {
                return false;
            }
        } else if (is_foreign(k)) {
            *detail = not_compared(why);
        }
    }
    return true;
}

static enum jt_auth_verdict ask(const struct jt_auth_context *ctx,
                                const struct jt_secret_said *said, const struct jt_client *c,
                                struct jt_auth_result *out)
{
    struct jt_hash_errand *e = jt_arena_alloc(ctx->arena, sizeof *e);
    if (e == NULL || !fill(ctx, c, e, &out->detail) ||
        !jt_arena_copy(ctx->arena, said->client_id, &e->client_id)) {
        return jt_auth_refuse(out, JT_R_INTERNAL, NULL);
    }
    e->errand.kind = JT_ERRAND_HASH;
    for (size_t i = 0; i < said->n; i++) {
        if (!jt_slice_starts(said->secrets[i], JT_LIT("jcs_"))) { /* ours have keyed hashes */
            if (jt_secret_set(&e->secrets[e->nsecrets++], said->secrets[i]) != JT_OK) {
                return jt_auth_refuse(out, JT_R_INTERNAL, NULL);
            }
        }
    }
    if (e->nhashes == 0 || e->nsecrets == 0) {
        return JT_AUTH_UNDECIDED;
    }
    out->detail = NULL;
    out->errand = &e->errand;
    return JT_AUTH_LATER;
}

/* The credential as it is now: it may have changed meanwhile. */
static const struct jt_credential *by_number(const struct jt_client *c, uint32_t number)
{
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (c->credentials[i].number == number) {
            return &c->credentials[i];
        }
    }
    return NULL;
}

static bool too_long_for_bcrypt(const struct jt_hash_errand *e)
{
    bool bcrypt = false;
    for (size_t i = 0; i < e->nhashes; i++) {
        bcrypt |= jt_slice_starts(e->hashes[i].text, JT_LIT("$2"));
    }
    return bcrypt && e->secrets[0].n > JT_BCRYPT_SECRET_MAX;
}

enum jt_auth_verdict jt_auth_check_foreign(const struct jt_auth_context *ctx,
                                           const struct jt_auth_input *in,
                                           const struct jt_secret_said *said,
                                           const struct jt_client *c, struct jt_auth_result *out,
                                           const struct jt_credential **found)
{
    if (in->errand == NULL) {
        return ask(ctx, said, c, out);
    }
    JT_ASSERT(in->errand->kind == JT_ERRAND_HASH);
    const struct jt_hash_errand *e =
        (const struct jt_hash_errand *)(const void *)in->errand; /* its first member */
    if (e->errand.failed || (e->fits == 0 && e->undecided)) {
        return jt_auth_refuse(out, JT_R_SECRET_BUSY, NULL);
    }
    *found = e->fits == 0 ? NULL : by_number(c, e->fits);
    out->detail = *found == NULL && too_long_for_bcrypt(e)
                      ? "it has over 72 bytes, and bcrypt looks at no more than these"
                      : NULL;
    return JT_AUTH_UNDECIDED;
}
