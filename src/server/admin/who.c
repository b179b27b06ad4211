/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.c - who administers, and may they?
 *
 * On the Unix socket the kernel says who is at the other end: root and the server's own user may do
 * everything. From elsewhere (admin.listen) the caller shows an access token of this server, issued
 * for this server, that has the scope which the route's row needs, or a certificate of a CA of
 * admin.client_ca, which holds all scopes; of both the token decides.
 * RFC: 6750 (Bearer, and how it is refused), 5280
 */
#include <stdio.h>

#include "admin.h"

#define ACTOR_MAX 400 /* well below the room of struct jt_admin.words */
#define WHERE_MAX 700
#define NAMES_MAX 120u
/* Wrong proofs are counted under this name for each address; no client_id has a blank in front. */
#define NOBODY JT_LIT(" admin.listen")

static const char *const scopes[] = {
    [JT_NEEDS_UNSAID] = NULL,         [JT_NEEDS_NOTHING] = NULL,
    [JT_NEEDS_READ] = "jeton:read",   [JT_NEEDS_AUDIT] = "jeton:audit",
    [JT_NEEDS_ADMIN] = "jeton:admin",
};

const char *jt_needs_scope(enum jt_needs n)
{
    return scopes[n];
}

/* jeton:admin stands for all: who may grant scopes could give them to himself. */
static bool suffices(struct jt_slice held, enum jt_needs n)
{
    struct jt_slice word = {0};
    while (jt_slice_next_word(&held, &word)) {
        if (jt_slice_eq(word, jt_str(scopes[JT_NEEDS_ADMIN])) ||
            jt_slice_eq(word, jt_str(scopes[n]))) {
            return true;
        }
    }
    return false;
}

/* Who tried what, for the event of a refusal. */
void jt_admin_say_where(struct jt_flow *f)
{
    char *text = jt_arena_alloc(&f->x->arena, WHERE_MAX);
    const struct jt_http_head *h = &f->x->head;
    struct jt_slice who = jt_admin_of(f)->actor;
    if (text == NULL) {
        return;
    }
    (void)snprintf(text, WHERE_MAX, "%.*s%s%.*s %.*s", JT_FMT(who), who.n > 0 ? ": " : "",
                   JT_FMT(h->method_text), (int)(h->path.n < 200 ? h->path.n : 200),
                   (const char *)h->path.p);
    f->detail = jt_str(text);
}

static enum jt_next refuse(struct jt_flow *f, enum jt_reason r)
{
    jt_admin_say_where(f);
    return jt_deny(f, r);
}

/* A proof was offered, and it was wrong. */
static enum jt_next refuse_proof(struct jt_flow *f, enum jt_reason r)
{
    jt_throttle_fail(f->app->throttle, NOBODY, &f->x->peer, f->begun_us);
    return refuse(f, r);
}

/* "certificate CN=ops, sha256 0a1b..." */
static void put_certificate(struct jt_buf *b, const struct jt_peer_cert *c)
{
    static const char digits[] = "0123456789abcdef";
    struct jt_slice hash = jt_peer_cert_sha256(c);
    JT_AUTO(jt_buf_free) struct jt_buf names;
    jt_buf_init(&names, (size_t)64 * 1024);
    jt_peer_cert_names(c, &names);
    size_t n = names.n;
    if (n > NAMES_MAX) { /* at a character's boundary */
        for (n = NAMES_MAX; n > 0 && (names.p[n] & 0xc0) == 0x80; n--) {
        }
    }
    jt_buf_puts(b, "certificate ");
    jt_buf_put(b, jt_slice(names.p, n));
    jt_buf_puts(b, n < names.n ? "..., sha256 " : ", sha256 ");
    for (size_t i = 0; i < hash.n; i++) {
        jt_buf_putc(b, (uint8_t)digits[hash.p[i] >> 4]);
        jt_buf_putc(b, (uint8_t)digits[hash.p[i] & 15]);
    }
}

/* Who asks, by what was shown. False: out of memory. */
static bool name_actor(struct jt_flow *f, const struct jt_inspected *t,
                       const struct jt_peer_cert *c, enum jt_chain v)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, ACTOR_MAX);
    if (t != NULL) {
        struct jt_slice id = t->claims.client_id;
        jt_buf_printf(&b, "client %.*s (jti %.*s)%s", (int)(id.n < NAMES_MAX ? id.n : NAMES_MAX),
                      (const char *)id.p, JT_FMT(t->claims.jti), c != NULL ? ", " : "");
    }
    if (c != NULL) {
        put_certificate(&b, c);
    }
    if (v != JT_CHAIN_GOOD && v != JT_CHAIN_ISSUER) { /* that is what the reason says */
        jt_buf_printf(&b, " (%s)", jt_chain_text(v));
    }
    return jt_buf_ok(&b) && jt_arena_copy(&f->x->arena, jt_buf_slice(&b), &jt_admin_of(f)->actor);
}

/* Does a CA of admin.client_ca vouch for the certificate that was shown, now? */
static enum jt_chain vouched(const struct jt_flow *f)
{
    return f->settings->admin_ca.n == 0
               ? JT_CHAIN_ISSUER
               : jt_peer_cert_chain(f->x->cert, f->settings->admin_ca, f->now_us / 1000000);
}

static enum jt_next by_bearer(struct jt_flow *f)
{
    struct jt_inspected t;
    if (jt_flow_keys(f) != JT_OK) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    switch (jt_inspect(f->local, f->authz.token, &f->x->arena, &t)) {
    case JT_INSPECT_ACTIVE:
        break;
    case JT_INSPECT_INACTIVE:
        return refuse_proof(f, JT_R_BEARER_INVALID);
    case JT_INSPECT_UNDECIDED:
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (!jt_inspected_shown_by(&t, f->x->cert)) {
        return refuse_proof(f, JT_R_BEARER_BOUND);
    }
    bool both = f->x->cert != NULL && vouched(f) == JT_CHAIN_GOOD;
    if (!name_actor(f, &t, both ? f->x->cert : NULL, JT_CHAIN_GOOD)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (!t.resource->builtin) { /* some API has seen it */
        return refuse_proof(f, JT_R_BEARER_AUDIENCE);
    }
    if (!suffices(t.claims.scope, f->endpoint->needs)) {
        f->auth.claimed = t.claims.client_id;
        return refuse(f, JT_R_ADMIN_SCOPE);
    }
    return JT_NEXT;
}

static enum jt_next by_certificate(struct jt_flow *f, enum jt_chain v)
{
    if (v == JT_CHAIN_UNDECIDED || !name_actor(f, NULL, f->x->cert, v)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    return v == JT_CHAIN_GOOD ? JT_NEXT : refuse_proof(f, JT_R_ADMIN_CERTIFICATE);
}

/* Wrong proofs cost patience, here as on the public side; nobody guesses a certificate. */
static bool throttled(struct jt_flow *f)
{
    bool by_prefix = false;
    f->wait_s = jt_throttle_wait(f->app->throttle, NOBODY, &f->x->peer, f->begun_us, &by_prefix);
    if (f->wait_s > 0) {
        jt_count(by_prefix ? &f->local->metrics.limited_prefix : &f->local->metrics.limited_client);
    }
    return f->wait_s > 0;
}

static enum jt_next from_elsewhere(struct jt_flow *f)
{
    jt_authz_read(f->x->head.authorization, &f->x->arena, &f->authz);
    bool is_certificate = f->authz.scheme == JT_AUTHZ_NONE && f->x->cert != NULL;
    enum jt_chain v = is_certificate ? vouched(f) : JT_CHAIN_UNDECIDED;
    if (v == JT_CHAIN_GOOD) {
        return by_certificate(f, v);
    }
    if (throttled(f)) {
        return refuse(f, JT_R_THROTTLED);
    }
    if (is_certificate) {
        return by_certificate(f, v);
    }
    if (f->authz.scheme == JT_AUTHZ_BEARER) {
        return by_bearer(f);
    }
    return f->authz.scheme == JT_AUTHZ_NONE ? refuse(f, JT_R_ADMIN_PROOF)
                                            : refuse_proof(f, JT_R_ADMIN_PROOF);
}

static enum jt_next from_here(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    char *actor = jt_arena_alloc(&f->x->arena, 32);
    if (actor == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    int n = snprintf(actor, 32, "uid %u", (unsigned)f->x->peer_uid);
    a->actor = f->detail = jt_slice(actor, (size_t)n);
    return f->x->peer_uid == 0 || f->x->peer_uid == f->app->uid
               ? JT_NEXT
               : jt_deny(f, JT_R_ADMIN_NOT_ALLOWED);
}

enum jt_next jt_admin_enter(struct jt_flow *f)
{
    struct jt_admin *a = jt_arena_alloc(&f->x->arena, sizeof *a);
    JT_ASSERT(f->endpoint->needs > JT_NEEDS_NOTHING);
    if (a == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    f->admin = a;
    enum jt_next n = f->x->from == JT_LISTEN_ADMIN ? from_here(f) : from_elsewhere(f);
    f->detail = n == JT_NEXT ? a->actor : f->detail;
    return n;
}

static const char *challenge_of(struct jt_flow *f, const struct jt_reason_row *row)
{
    static const char plain[] = "Bearer realm=\"jeton\"";
    char *text = NULL;
    if (f->reason != JT_R_ADMIN_SCOPE) {
        return strcmp(row->error, "invalid_token") == 0
                   ? "Bearer realm=\"jeton\", error=\"invalid_token\", "
                     "error_description=\"The access token is not valid.\""
                   : plain;
    }
    text = jt_arena_alloc(&f->x->arena, 160);
    if (text == NULL) {
        return plain;
    }
    (void)snprintf(text, 160,
                   "Bearer realm=\"jeton\", error=\"insufficient_scope\", "
                   "error_description=\"The access token lacks a scope.\", scope=\"%s\"",
                   jt_needs_scope(f->endpoint->needs));
    return text;
}

enum jt_next jt_admin_challenge(struct jt_flow *f)
{
    const struct jt_reason_row *row = jt_reason_row(f->reason);
    char wait[32];
    char detail[160];
    (void)snprintf(wait, sizeof wait, "%lld", (long long)f->wait_s);
    (void)snprintf(detail, sizeof detail, "this needs the scope %s",
                   jt_needs_scope(f->endpoint->needs));
    bool lacks = f->reason == JT_R_ADMIN_SCOPE;
    const struct jt_problem p = {
        .status = row->status,
        .code = row->status == 401 ? "unauthorized" : row->name,
        .detail = lacks ? detail : row->wire,
        .ref = jt_flow_ref(f),
        .authenticate = row->status == 429 ? NULL : challenge_of(f, row),
        .retry_after = row->status == 429 ? wait : NULL,
    };
    return jt_problem_write(f, &p);
}
