/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"

#define NAMES_MAX 400u /* bytes of a certificate's names that an event tells */
#define HASH_SHOWN 8u  /* bytes of its SHA-256 */

static const struct jt_cert_judge *const judges[] = {
    &jt_cert_judge_tls,
    &jt_cert_judge_self_signed,
    NULL,
};

static const struct jt_cert_judge *judge_of(const struct jt_credential *k)
{
    for (size_t i = 0; judges[i] != NULL; i++) {
        if (judges[i]->kind == k->kind) {
            return judges[i];
        }
    }
    return NULL;
}

/* A certificate and a client_id, and no other proof: beside one it is only what it is. */
static bool detect(const struct jt_auth_input *in)
{
    return in->cert != NULL && in->authz->scheme == JT_AUTHZ_NONE && in->assertion == NULL &&
           jt_form_get(in->form, "client_secret").n == 0 &&
           jt_form_get(in->form, "client_id").n > 0;
}

static struct jt_slice claimed(const struct jt_auth_context *ctx, const struct jt_auth_input *in)
{
    (void)ctx;
    return jt_form_get(in->form, "client_id");
}

/* What looking through the client's credentials came to. */
struct search {
    const struct jt_credential *near; /* that fits, or of that name; NULL: none is its */
    const struct jt_cert_judge *judge;
    bool fits; /* near is right, whether it may be used or not */
    enum jt_reason why;
    const char *detail;
};

static enum jt_reason look_at(const struct jt_auth_context *ctx, const struct jt_client *c,
                              const struct jt_credential *k, const struct jt_peer_cert *cert,
                              struct search *s)
{
    const struct jt_cert_judge *j = judge_of(k);
    const char *detail = NULL;
    if (j == NULL) {
        return JT_R_CERT_UNKNOWN;
    }
    enum jt_reason why = j->judge(k, cert, ctx->now_s, &detail);
    bool fits = why == JT_R_NONE;
    if (fits) {
        why = jt_auth_usable(c, k, ctx);
    }
    bool near = fits || (!s->fits && why == JT_R_CERT_CHAIN);
    if (near || s->judge == NULL) {
        *s = (struct search){near ? k : NULL, j, fits, why, fits ? NULL : detail};
    }
    return why;
}

static struct search look(const struct jt_auth_context *ctx, const struct jt_client *c,
                          const struct jt_peer_cert *cert)
{
    struct search s = {.why = JT_R_CERT_UNKNOWN};
    for (size_t i = 0; i < c->ncredentials; i++) {
        enum jt_reason why = look_at(ctx, c, &c->credentials[i], cert, &s);
        if (why == JT_R_NONE || why == JT_R_INTERNAL) {
            s.why = why;
            break;
        }
    }
    return s;
}

enum jt_reason jt_auth_certificate_proves(const struct jt_auth_context *ctx,
                                          const struct jt_client *c,
                                          const struct jt_peer_cert *cert)
{
    return look(ctx, c, cert).why;
}

/* How the certificate's SHA-256 begins: enough to compare it with a list. */
static void put_hash(struct jt_buf *b, const struct jt_peer_cert *cert)
{
    struct jt_slice hash = jt_peer_cert_sha256(cert);
    jt_buf_puts(b, "; sha256 ");
    for (size_t i = 0; i < hash.n && i < HASH_SHOWN; i++) {
        jt_buf_printf(b, "%02x", hash.p[i]);
    }
}

/* The certificate's names and its hash for the event, in the arena. */
static const char *names_of(const struct jt_peer_cert *cert, struct jt_arena *a)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 1u << 16);
    jt_peer_cert_names(cert, &b);
    if (!jt_buf_ok(&b)) {
        jt_buf_free(&b);
        jt_buf_init(&b, 1u << 16);
        jt_buf_puts(&b, "the certificate has more names than can be told");
    }
    b.n = b.n < NAMES_MAX ? b.n : NAMES_MAX;
    put_hash(&b, cert);
    return jt_buf_ok(&b) ? jt_arena_strz(a, jt_buf_slice(&b)) : NULL;
}

static enum jt_auth_verdict wrong(const struct jt_auth_context *ctx, const struct jt_auth_input *in,
                                  const struct search *s, struct jt_auth_result *out)
{
    /* An attempt of somebody else's, as a wrong secret is; what the credential lacks is none. */
    out->tried = !s->fits && s->why != JT_R_INTERNAL;
    bool unknown = s->why == JT_R_CERT_UNKNOWN || s->why == JT_R_CLIENT_UNKNOWN;
    return jt_auth_refuse(out, s->why, unknown ? names_of(in->cert, ctx->arena) : s->detail);
}

static enum jt_auth_verdict verify(const struct jt_auth_context *ctx,
                                   const struct jt_auth_input *in, struct jt_auth_proof *proof,
                                   struct jt_auth_result *out)
{
    out->claimed = claimed(ctx, in);
    const struct jt_client *c = jt_directory_client(ctx->directory, out->claimed);
    if (c == NULL) {
        return wrong(ctx, in, &(struct search){.why = JT_R_CLIENT_UNKNOWN}, out);
    }
    const struct search s = look(ctx, c, in->cert);
    if (s.judge != NULL) {
        out->method = s.judge->name;
    }
    if (s.near != NULL) {
        out->credential_id = s.near->id;
    }
    if (s.why != JT_R_NONE) {
        return wrong(ctx, in, &s, out);
    }
    *proof = (struct jt_auth_proof){.client = c, .credential = s.near};
    return JT_AUTH_PROVEN;
}

const struct jt_auth_ops jt_auth_certificate = {"tls_client_auth", detect, claimed, verify};
