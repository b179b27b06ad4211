/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allow.c - who administers, and may they? The first step of each route.
 *
 * On the Unix socket the kernel says who is at the other end: root and the server's own user may do
 * everything. From elsewhere (admin.listen) the caller shows an access token of this server, issued
 * for this server, that has the scope which the route's row needs, or a certificate of a CA of
 * admin.client_ca, which holds all scopes; of both the token decides. What was read from elsewhere
 * is recorded like a change, once a minute for each caller and path.
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

/* A name that is not known here, such as that of a filter mistyped, would silently widen what is
 * shown or removed. */
static bool query_known(const struct jt_flow *f, struct jt_slice *unknown)
{
    const struct jt_form *q = &jt_admin_of(f)->query;
    for (size_t i = 0; i < q->n; i++) {
        struct jt_slice rest = jt_str(f->endpoint->query == NULL ? "" : f->endpoint->query);
        struct jt_slice word = {0};
        *unknown = q->items[i].name;
        while (jt_slice_next_word(&rest, &word) && !jt_slice_eq(word, *unknown)) {
            word = (struct jt_slice){0};
        }
        if (word.n == 0) {
            return false;
        }
    }
    return true;
}

static enum jt_next unknown_query(struct jt_flow *f, struct jt_slice name)
{
    char *text = jt_arena_alloc(&f->x->arena, 256);
    const char *there = f->endpoint->query;
    if (text == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    (void)snprintf(
        text, 256, "there is no parameter \"%.*s\" here; %s%s", (int)(name.n < 64 ? name.n : 64),
        (const char *)name.p,
        there == NULL ? "this takes none" : "there may be: ", there == NULL ? "" : there);
    return jt_problem(f, 400, "query", text);
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
static void say_where(struct jt_flow *f)
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
    say_where(f);
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
                       const struct jt_peer_cert *c)
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
    bool both = f->x->cert != NULL && vouched(f) == JT_CHAIN_GOOD;
    if (!name_actor(f, &t, both ? f->x->cert : NULL)) {
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

static enum jt_next by_certificate(struct jt_flow *f)
{
    enum jt_chain v = vouched(f);
    if (v == JT_CHAIN_UNDECIDED || !name_actor(f, NULL, f->x->cert)) {
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
    if (is_certificate && vouched(f) == JT_CHAIN_GOOD) {
        return by_certificate(f);
    }
    if (throttled(f)) {
        return refuse(f, JT_R_THROTTLED);
    }
    if (is_certificate) {
        return by_certificate(f);
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

/* From now on it need not be recorded again for a while. */
static void recorded(struct jt_job *job)
{
    struct jt_flow *f = job->ctx;
    const struct jt_admin *a = jt_admin_of(f);
    if (job->result == JT_OK) {
        jt_reads_note(&f->local->reads, a->reading, f->begun_us / 1000000);
    }
    a->recorded(job);
}

static bool hash_reading(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_http_head *h = &f->x->head;
    size_t n = a->actor.n + 1 + h->path.n;
    uint8_t *p = jt_arena_alloc(&f->x->arena, n);
    if (p == NULL) {
        return false;
    }
    memcpy(p, a->actor.p, a->actor.n);
    p[a->actor.n] = '\0';
    memcpy(p + a->actor.n + 1, h->path.p, h->path.n);
    return jt_sha256(f->local->crypt, jt_slice(p, n), a->reading) == JT_OK;
}

/* A change has its own event. */
static enum jt_next record_reading(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (f->x->from == JT_LISTEN_ADMIN || f->endpoint->needs == JT_NEEDS_ADMIN) {
        return JT_NEXT;
    }
    if (!hash_reading(f)) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    if (jt_reads_known(&f->local->reads, a->reading, f->begun_us / 1000000)) {
        return JT_NEXT;
    }
    say_where(f);
    f->job.event = jt_flow_event(f, JT_EV_ADMIN_READ);
    f->detail = a->actor;
    jt_event_clip(&f->job.event);
    enum jt_next n = jt_flow_submit(f);
    if (n == JT_PARK) { /* it is handed over at the end of this batch */
        a->recorded = f->job.done;
        f->job.done = recorded;
    }
    return n;
}

enum jt_next jt_admin_allow(struct jt_flow *f)
{
    enum jt_next n = jt_admin_enter(f);
    if (n != JT_NEXT) {
        return n;
    }
    struct jt_admin *a = jt_admin_of(f);
    if (f->x->head.has_query &&
        jt_form_read(f->x->head.query, &f->x->arena, &a->query) != JT_FORM_OK) {
        return jt_problem(f, 400, "query", "the query part of the URL is malformed");
    }
    struct jt_slice unknown = {0};
    if (!query_known(f, &unknown)) {
        return unknown_query(f, unknown);
    }
    if (!jt_route_segments(f)) {
        return jt_problem(f, 400, "path", "the path has a broken %XX");
    }
    return record_reading(f);
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

const struct jt_step jt_admin_metrics_steps[] = {{"allow", jt_admin_enter},
                                                 {"respond", jt_metrics_respond}};
